"""The traps that the reference notes list, system by system, as cases like those of cases.py."""
from cases import ALERTS, BEARER, GET, LOGIN, TASKS, airflow, alertmanager, aws, okta, pytest_fail, servicenow

# ---- airflow3 ----------------------------------------------------------------------------------

RUNS = "/api/v2/dags/~/dagRuns"


def run(dag_run_id="manual__1", **more):
    row = {
        "dag_run_id": dag_run_id, "dag_id": "d", "dag_display_name": "d", "logical_date": None, "queued_at": "2026-11-23T08:00:00Z",
        "start_date": "2026-11-23T08:00:01Z", "end_date": None, "run_after": "2026-11-23T08:00:00Z", "last_scheduling_decision": None,
        "run_type": "manual", "state": "running", "triggered_by": "ui", "triggering_user_name": None, "conf": {}, "note": None,
    }
    return {**row, **more}


def task(task_id, state, map_index=-1, rendered=None, number=1):
    return {"task_id": task_id, "map_index": map_index, "rendered_map_index": rendered, "state": state, "try_number": number, "start_date": None, "end_date": None, "operator_name": "PythonOperator"}


def import_error(filename, bundle, when):
    return {"import_error_id": 1, "timestamp": when, "filename": filename, "bundle_name": bundle, "stack_trace": "SyntaxError: invalid syntax"}


MAPPED = [task("extract", "success")] + [task("load", "failed" if i % 50 == 0 else "success", i, "region %d" % i if i else None) for i in range(99)]
AIRFLOW = [
    airflow(
        "a server that pages by cursor tells no total: only the empty page ends it",
        "runs",
        [
            LOGIN,
            {"path": RUNS, "query": {"offset": 0}, "reply": {"dag_runs": [run("manual__%d" % i) for i in range(100)], "total_entries": None, "next_cursor": "x"}},
            {"path": RUNS, "query": {"offset": 100}, "reply": {"dag_runs": [run("last")], "total_entries": None, "next_cursor": None}},
            {"path": RUNS, "query": {"offset": 101}, "reply": {"dag_runs": [], "total_entries": None, "next_cursor": None}},
        ],
        records={**{"d/manual__%d" % i: {"state": "running"} for i in range(100)}, "d/last": {"labels": {"logical_date": None}}},
    ),
    airflow(
        "mapped tasks have one name and many indexes; the page after the first hundred",
        "runs",
        [
            LOGIN,
            {"path": RUNS, "reply": {"dag_runs": [run("scheduled__2026-11-22T00:00:00+00:00", dag_id="orders_daily", state="failed")], "total_entries": 1}},
            {"path": TASKS, "query": {"limit": 100, "offset": 0}, "reply": {"task_instances": MAPPED, "total_entries": 101}},
            {"path": TASKS, "query": {"offset": 100}, "reply": {"task_instances": [task("report", "failed")], "total_entries": 101}},
        ],
        records={"orders_daily/scheduled__2026-11-22T00:00:00+00:00": {"labels": {"failed_tasks": "load [0], load [region 50], report"}}},
    ),
    airflow(
        "import errors: the page after the first; one file name in two bundles; the time of the last parse is no beginning",
        "import_errors",
        [
            LOGIN,
            {"path": "/api/v2/importErrors", "query": {"offset": 0}, "headers": BEARER, "reply": {"import_errors": [import_error("a.py", "dags", "2026-11-23T08:00:00Z")], "total_entries": 2}},
            {"path": "/api/v2/importErrors", "query": {"offset": 1}, "reply": {"import_errors": [import_error("a.py", "team-b", "2026-11-23T08:00:30Z")], "total_entries": 2}},
        ],
        records={"import/dags/a.py": {"started": None, "updated": None, "labels": {"bundle": "dags"}}, "import/team-b/a.py": {"started": None}},
    ),
    airflow(
        "403 says what is not allowed",
        "health",
        [LOGIN, {"path": "/api/v2/monitor/health", "status": 403, "reply": {"detail": "Forbidden: user is not allowed to see this"}}],
        records={},
        status=1,
        says=["403", "not allowed to see this"],
    ),
    airflow(
        "a second 401 ends it: one new login, no storm",
        "health",
        [{**LOGIN, "times": 0}, {"path": "/api/v2/monitor/health", "status": 401, "reply": {"detail": "Invalid JWT token"}, "times": 0}],
        records={},
        status=1,
        says=["401"],
        last=lambda r: [q["path"] for q in r.requests].count("/auth/token") == 2 or pytest_fail("logins"),
    ),
]

# ---- alertmanager ------------------------------------------------------------------------------


def alert(fingerprint, state="active", silenced=(), inhibited=(), muted=(), **labels):
    return {
        "annotations": {}, "endsAt": "2026-11-23T09:04:00.000Z", "fingerprint": fingerprint, "receivers": [{"name": "oncall"}], "startsAt": "2026-11-23T08:10:00.250Z",
        "status": {"inhibitedBy": list(inhibited), "silencedBy": list(silenced), "mutedBy": list(muted), "state": state}, "updatedAt": "2026-11-23T09:00:00.000Z",
        "generatorURL": "http://prom:9090/graph", "labels": labels,
    }


ODD = [
    alert("b1", "suppressed", inhibited=["00a1"], alertname="ReplicaLag", severity="warning"),
    alert("b2", alertname="Watchdog", severity="none", prometheus="monitoring/k8s"),
    alert("b3", alertname="InfoInhibitor", severity="none"),
    alert("b4", muted=["offhours"], alertname="Slow", severity="high"),
    alert("b5", "suppressed", silenced=["5f1d6a0e-0000-4000-8000-00000000000f"], alertname="Gone", severity="critical"),
    alert("b6", severity="critical"),
    alert("b7", "suppressed", silenced=["5f1d6a0e-0000-4000-8000-000000000002"], alertname="Old", category="freshness", dataset="mart.x"),
]
ALERTMANAGER = [
    alertmanager(
        "inhibited is not silenced; heartbeats and helpers are no incidents; muted is open; a silence that was just removed",
        "alerts",
        [
            {"path": "/am/api/v2/alerts", "reply": ODD},
            {"path": "/am/api/v2/silence/5f1d6a0e-0000-4000-8000-00000000000f", "status": 404, "reply": ""},
        ],
        records={
            "b1": {"state": "silenced", "raw_state": "inhibited by another alert", "labels": {"silence": None, "inhibited_by": "00a1"}},
            "b4": {"state": "open", "severity": "high", "labels": {"muted_by": "offhours"}},
            "b5": {"state": "silenced", "raw_state": "silenced", "labels": {"silence": "5f1d6a0e-0000-4000-8000-00000000000f", "silenced_by": None}},
            "b6": {"state": "open", "title": "b6"},
        },
    ),
    alertmanager(
        "a silenced check says who silenced it",
        "checks",
        [
            {"path": "/am/api/v2/alerts", "reply": ODD},
            {"path": "/am/api/v2/silence/5f1d6a0e-0000-4000-8000-000000000002", "file": "alertmanager/silence-2.json"},
        ],
        records={"alert/b7": {"state": "warn", "severity": "none", "actor": "m.ito", "raw_state": "silenced", "labels": {"silence": "5f1d6a0e-0000-4000-8000-000000000002"}}},
    ),
    alertmanager(
        "a heartbeat that arrives is well",
        "heartbeats",
        [{"path": "/am/api/v2/alerts", "reply": ODD}],
        records={"heartbeat/Watchdog/monitoring/k8s": {"kind": "check", "state": "ok", "title": "Heartbeat Watchdog of monitoring/k8s"}},
    ),
    alertmanager("nothing fires", "alerts", [{"path": "/am/api/v2/alerts", "reply": []}], records={}),
    alertmanager(
        "the errors of its validation are objects",
        "alerts",
        [{**{k: v for k, v in ALERTS.items() if k != "file"}, "status": 422, "reply": {"code": 601, "message": "silenceID in path must be of type uuid"}}],
        records={},
        status=1,
        says=["422", "must be of type uuid"],
    ),
]

# ---- servicenow --------------------------------------------------------------------------------

INCIDENTS = "/api/now/table/incident"
APPROVALS = "/api/now/table/sysapproval_approver"


def both(value, display=None):
    return {"display_value": value if display is None else display, "value": value}


def approval(sys_id, state, text, approver="oncall"):
    return {
        "sys_id": both(sys_id), "state": both(state, state.title()), "approver": both("u9", "On Call"), "approver.user_name": both(approver), "due_date": both(""),
        "sys_created_on": both("2026-11-23 08:00:00"), "sys_updated_on": both("@recent@"), "sysapproval.number": both("RITM1"),
        "sysapproval.short_description": both(text), "sysapproval.opened_by.user_name": both("m.ito"), "sysapproval.due_date": both(""),
    }


def incident(sys_id, **fields):
    row = {"sys_id": both(sys_id), "number": both("INC1"), "short_description": both("x"), "state": both("1", "New"), "priority": both("2", "2 - High"), "sys_updated_on": both("@recent@")}
    return {**row, **{k: both(v) for k, v in fields.items()}}


def counted_from_now(replay):
    """A time would be read in the API user's zone; and only an order that does not change with the rows gives whole pages."""
    query = replay.requests[0]["query"]["sysparm_query"][0]
    first, order = query.split("^")[0], query.split("^")[-1]
    minutes = int(first.rpartition("@")[2])
    assert first.startswith("sys_updated_onRELATIVEGE@minute@ago@") and 14 * 1440 <= minutes <= 14 * 1440 + 1, query
    assert order == "ORDERBYsys_id", query


SLOW = {"message": "Transaction cancelled: maximum execution time exceeded", "detail": "Check logs for error trace"}
SERVICENOW = [
    servicenow(
        "the query counts minutes and orders by what does not change; fields that the user may not read are left out",
        "incidents",
        [{"path": INCIDENTS, "reply": {"result": [incident("a" * 32)]}}],
        records={"a" * 32: {"state": "open", "severity": "high", "owner": None, "due": None}},
        last=counted_from_now,
    ),
    servicenow(
        "named groups: in the query, and again in what came",
        "incidents",
        [{"path": INCIDENTS, "reply": {"result": [{**incident("a" * 32), "assignment_group": both("g1", "data-core")}, {**incident("b" * 32), "assignment_group": both("g7", "laptops")}, incident("c" * 32)]}}],
        settings=["groups: [data-core, platform]"],
        records={"a" * 32: {"owner": "data-core"}},
        last=lambda r: "^assignment_group.nameINdata-core,platform^ORDERBY" in r.requests[0]["query"]["sysparm_query"][0] or pytest_fail("groups"),
    ),
    servicenow(
        "200 with an error beside some rows is an error",
        "incidents",
        [{"path": INCIDENTS, "reply": {"result": [incident("a" * 32)], "error": SLOW, "status": "failure"}}],
        records={},
        status=1,
        says=["maximum execution time exceeded: Check logs"],
    ),
    servicenow(
        "an empty page is not the last one: access rules count after the limit",
        "incidents",
        [
            {"path": INCIDENTS, "absent": ["sysparm_offset"], "reply": {"result": []}, "send": {"Link": '<{base}/api/now/table/incident?sysparm_offset=200>;rel="next"'}},
            {"path": INCIDENTS, "query": {"sysparm_offset": 200}, "reply": {"result": [incident("b" * 32)]}},
        ],
        records={"b" * 32: {"state": "open"}},
    ),
    servicenow(
        "404 for nothing, as version 1 of the API has it",
        "changes",
        [{"path": "/api/now/table/change_request", "status": 404, "reply": {"error": {"message": "No Record found", "detail": "Records matching query not found"}, "status": "failure"}}],
        records={},
    ),
    servicenow(
        "404 for another reason stays an error",
        "changes",
        [{"path": "/api/now/table/change_request", "status": 404, "reply": {"error": {"message": "Requested URI does not represent any resource", "detail": None}, "status": "failure"}}],
        records={},
        status=1,
        says=["does not represent any resource"],
    ),
    servicenow(
        "403: what may not be read",
        "incidents",
        [{"path": INCIDENTS, "status": 403, "reply": {"error": {"message": "Insufficient rights to query records", "detail": "Field(s) present in the query do not have permission to be read"}, "status": "failure"}}],
        records={},
        status=1,
        says=["403", "do not have permission to be read"],
    ),
    servicenow(
        "too many requests an hour",
        "incidents",
        [{"path": INCIDENTS, "status": 429, "send": {"Retry-After": "1800", "X-RateLimit-Reset": "1790000000"}, "reply": {"error": {"message": "Rate limit exceeded"}, "status": "failure"}, "times": 0}],
        records={},
        status=1,
        says=["429", "Rate limit exceeded"],
        last=lambda r: len(r.requests) == 1 or pytest_fail("asked again"),
    ),
    servicenow(
        "approvals: another's row that the query should have kept out; what is not yet requested; a title that names no role",
        "approvals",
        [{"path": APPROVALS, "reply": {"result": [
            approval("1" * 32, "requested", "Laptop: 16 inch"),
            approval("2" * 32, "not requested", "m.ito: finance_ro"),
            approval("3" * 32, "requested", "m.ito: finance_ro", "somebody"),
            approval("4" * 32, "approved", "k.adler: pii_reader for case 2231"),
            approval("5" * 32, "rejected", "New joiner kit: needs approval by Friday"),
        ]}}],
        settings=["approver: oncall"],
        records={"1" * 32: {"state": "pending", "asset": None}, "4" * 32: {"state": "approved", "asset": "pii_reader"}, "5" * 32: {"state": "denied", "asset": None}},
    ),
]

# ---- okta --------------------------------------------------------------------------------------


def member(uid, status="ACTIVE", **profile):
    return {
        "id": uid, "status": status, "created": "2020-01-01T00:00:00.000Z", "activated": None, "statusChanged": None, "lastLogin": None, "lastUpdated": "2026-11-01T00:00:00.000Z",
        "passwordChanged": None, "profile": {"login": uid + "@example.com", **profile},
    }


GROUPS = {"path": "/api/v1/groups", "reply": [{"id": "00gadmins", "type": "OKTA_GROUP", "profile": {"name": "warehouse-admins"}}, {"id": "00gfin", "type": "OKTA_GROUP", "profile": {"name": "finance-ro"}}]}
LOG = {"uuid": "u1", "published": "2026-11-23T08:38:00.123Z", "eventType": "user.lifecycle.suspend", "displayMessage": "Suspend Okta user", "actor": {"alternateId": "a@x"}, "outcome": {"result": "SUCCESS"}, "target": [], "client": {}}
OKTA = [
    okta(
        "suspended and deactivated people still hold it, and need nobody; a membership has no beginning of its own",
        "grants",
        [
            GROUPS,
            {"path": "/api/v1/groups/00gadmins/users", "reply": [member("00u1"), member("00u2", "SUSPENDED"), member("00u3", "DEPROVISIONED"), member("00u4", "PASSWORD_EXPIRED")]},
            {"path": "/api/v1/groups/00gfin/users", "reply": []},
        ],
        records={
            "00gadmins/00u1": {"state": "active", "severity": "high", "started": None, "updated": None, "labels": {"user_since": "2020-01-01"}},
            "00gadmins/00u2": {"state": "active", "severity": "info", "raw_state": "SUSPENDED", "title": "00u2 in warehouse-admins (suspended)"},
            "00gadmins/00u3": {"state": "active", "severity": "info", "title": "00u3 in warehouse-admins (deprovisioned)"},
            "00gadmins/00u4": {"state": "active", "severity": "high", "title": "00u4 in warehouse-admins"},
        },
    ),
    okta(
        "a group that does not exist is said; the others are read",
        "grants",
        [{**GROUPS, "reply": GROUPS["reply"][:1]}, {"path": "/api/v1/groups/00gadmins/users", "reply": [member("00u1")]}],
        records={"00gadmins/00u1": {"state": "active"}},
        status=1,
        says=['"00gfin" (settings.groups) does not exist there'],
    ),
    okta(
        "the page after the first of the log; a time that ends the question",
        "changes",
        [
            {"path": "/api/v1/logs", "absent": ["after"], "reply": [LOG], "send": {"Link": '<{base}/api/v1/logs?after=1790000000_1&until=2026-11-23T09%3A00%3A00Z>; rel="next"'}},
            {"path": "/api/v1/logs", "query": {"after": "1790000000_1"}, "reply": [{**LOG, "uuid": "u2", "outcome": {"result": "DENY"}}]},
        ],
        records={"u1": {"state": "succeeded"}, "u2": {"state": "failed"}},
    ),
    okta(
        "a page of the log that is empty ends nothing, and one without next ends it",
        "changes",
        [
            {"path": "/api/v1/logs", "absent": ["after"], "reply": [], "send": {"Link": '<{base}/api/v1/logs?after=1>; rel="next"'}},
            {"path": "/api/v1/logs", "query": {"after": "1"}, "reply": [LOG]},
        ],
        records={"u1": {"state": "succeeded"}},
    ),
    okta(
        "a token without the right",
        "grants",
        [GROUPS, {"path": "/api/v1/groups/00gadmins/users", "status": 403, "reply": {"errorCode": "E0000006", "errorSummary": "You do not have permission to perform the requested action", "errorCauses": []}, "times": 0}],
        records={},
        status=1,
        says=["403", "You do not have permission"],
    ),
]
# Both groups are asked at once; the second may be on its way when the first is refused.
OKTA[-1]["exchanges"].append({"path": "/api/v1/groups/00gfin/users", "status": 403, "reply": {"errorSummary": "You do not have permission to perform the requested action"}, "times": 0})

# ---- aws-cost ----------------------------------------------------------------------------------


def anomaly(ident, actual, expected, service="Amazon S3", value=None, **more):
    impact = {"MaxImpact": 1.0, "TotalImpact": 60.0, "TotalActualSpend": actual}
    row = {
        "AnomalyId": ident, "AnomalyStartDate": "2026-11-20T00:00:00Z", "AnomalyEndDate": "@today@", "DimensionValue": value or service,
        "RootCauses": [{"Service": service, "Region": "us-east-1", "LinkedAccount": "111122223333"}], "AnomalyScore": {"MaxScore": 0.8, "CurrentScore": 0.7},
        "Impact": impact if expected is None else {**impact, "TotalExpectedSpend": expected}, "MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/abcd-1",
    }
    return {**row, **more}


AWS = [
    aws(
        "titles say how much; amounts are what was sent, digit by digit; feedback NO ends it",
        [{**GET, "reply": {"Anomalies": [
            anomaly("n1", 1840.17, 449.99, "Amazon Redshift", "WH_ETL"), anomaly("n2", 30.1, 0), anomaly("n3", 0.0000008, None),
            anomaly("n4", 1234567890.12, 3.0, Feedback="NO"), anomaly("n5", 100.0, 50.0, RootCauses=[], MonitorArn=None),
        ]}}],
        records={
            "n1": {"amount": "1840.17", "expected": "449.99", "currency": "USD", "title": "WH_ETL $1 840, usual 449, 111122223333", "url": "https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/abcd-1/anomalies/n1"},
            "n2": {"amount": "30.1", "expected": "0", "title": "Amazon S3 $30.10, usual nothing, 111122223333"},
            "n3": {"expected": None, "amount": ..., "title": "Amazon S3 $0.00, 111122223333"},
            "n4": {"amount": "1234567890.12", "state": "resolved", "raw_state": "NO"},
            "n5": {"title": "Amazon S3 $100, usual 50"},
        },
    ),
    aws(
        "throttled: HTTP 400, told by its type alone, and not asked again at once",
        [{**GET, "status": 400, "reply": {"__type": "com.amazon.coral.availability#ThrottlingException"}, "times": 0}],
        records={},
        status=1,
        says=["400", "ThrottlingException"],
        last=lambda r: len(r.requests) == 1 or pytest_fail("asked again"),
    ),
    aws(
        "a token that comes twice ends the list",
        [{**GET, "reply": {"Anomalies": [anomaly("n1", 1.0, 1.0)], "NextPageToken": "same"}, "times": 0}],
        records={"n1": {}},
        status=...,
        last=lambda r: len(r.requests) <= 3 or pytest_fail("%d pages" % len(r.requests)),
    ),
]

TRAPS = AIRFLOW + ALERTMANAGER + SERVICENOW + OKTA + AWS
