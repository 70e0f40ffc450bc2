"""What each connector must make of replies of the documented shape: one table of cases a connector.

A case: name, source (lines of the configuration; {base} is the replay server), secrets {key: value}, collection,
exchanges (see replay.py), and what is expected:
    records   {id: {field: value}}, all that come; a value of Ellipsis: the field must be there; None: it must not
    status    exit status of `connector try`, 0 unless said
    says      words that stderr must have
    last      assertions on the requests that came: a function of the replay server
    loose_id  ids that begin with this are compared by it (they hold text that is made safe)
"""

# ---- airflow3 ----------------------------------------------------------------------------------

AIRFLOW = ["connector: airflow3", "env: prod", "url: {base}", "username: oncall"]
LOGIN = {
    "method": "POST",
    "path": "/auth/token",
    "json": {"username": "oncall", "password": "s3cret"},
    "status": 201,
    "reply": {"access_token": "tok-1"},
}
BEARER = {"Authorization": "Bearer tok-1"}
RUNS = "/api/v2/dags/~/dagRuns"
TASKS = "/api/v2/dags/orders_daily/dagRuns/scheduled__2026-11-22T00%3A00%3A00%2B00%3A00/taskInstances"
PAGE_1 = {
    "path": RUNS,
    "headers": BEARER,
    "query": {"limit": 100, "offset": 0, "order_by": "-run_after"},
    "file": "airflow3/runs-1.json",
}
PAGE_2 = {"path": RUNS, "query": {"offset": 2}, "file": "airflow3/runs-2.json"}


def airflow(name, collection, exchanges, **more):
    return {"name": "airflow3: " + name, "source": AIRFLOW, "secrets": {"password": "s3cret"}, "collection": collection, "exchanges": exchanges, **more}


def never_asks_twice_for_a_token(replay):
    assert [r["path"] for r in replay.requests].count("/auth/token") == 1


def since_is_utc(replay):
    since = [r["query"]["updated_at_gte"][0] for r in replay.requests if r["path"] == RUNS]
    assert since and all(s.endswith("Z") for s in since)


AIRFLOW_CASES = [
    airflow(
        "two pages, the second shorter; ids encoded once; a null logical date; a state that nobody knows",
        "runs",
        [LOGIN, PAGE_1, PAGE_2, {"path": TASKS, "file": "airflow3/tasks.json"}],
        records={
            "orders_daily/scheduled__2026-11-22T00:00:00+00:00": {
                "state": "failed",
                "started": "2026-11-23T08:00:04Z",
                "ended": "2026-11-23T08:05:44Z",
                "actor": "timetable",
                "asset": "orders_daily",
                "labels": {"run_type": "scheduled", "logical_date": "2026-11-22", "failed_tasks": "load_orders"},
                "opaque": {"dag_id": "orders_daily", "dag_run_id": "scheduled__2026-11-22T00:00:00+00:00"},
            },
            "adhoc load/manual__2026-11-23T08:01:00+00:00": {"state": "running", "actor": "m.ito", "ended": None},
            "orders_daily/backfill__2026-11-20T00:00:00+00:00": {"state": "succeeded"},
            "evil[2Jdag/x": {"state": "unknown", "raw_state": "paused_by_future_version"},
        },
        loose_id="evil",
        says=["1 unknown states"],
        last=lambda r: (never_asks_twice_for_a_token(r), since_is_utc(r)),
    ),
    airflow(
        "a token under its old name",
        "health",
        [{**LOGIN, "reply": {"jwt_token": "tok-1"}}, {"path": "/api/v2/monitor/health", "headers": BEARER, "file": "airflow3/health.json"}],
        records={"health/metadatabase": {"state": "ok"}, "health/scheduler": {"state": "failing", "severity": "critical"}},
    ),
    airflow(
        "401 once: a new login, then it works",
        "import_errors",
        [
            LOGIN,
            {"path": "/api/v2/importErrors", "headers": BEARER, "status": 401, "reply": {"detail": "Invalid JWT token"}},
            {**LOGIN, "reply": {"access_token": "tok-2"}},
            {"path": "/api/v2/importErrors", "headers": {"Authorization": "Bearer tok-2"}, "file": "airflow3/import-errors.json"},
        ],
        records={"import/dags-folder/finance/close_books.py": {"state": "failing", "title": "finance/close_books.py cannot be loaded", "opaque": ...}},
    ),
    airflow(
        "a refused login names the reason and is no storm",
        "health",
        [{**LOGIN, "status": 401, "reply": {"detail": "Invalid credentials"}, "times": 0}],
        records={},
        status=1,
        says=["401", "Invalid credentials"],
        last=lambda r: len(r.requests) <= 2 or pytest_fail("%d logins" % len(r.requests)),
    ),
    airflow(
        "422 with the list that FastAPI sends",
        "import_errors",
        [LOGIN, {"path": "/api/v2/importErrors", "status": 422, "reply": {"detail": [{"loc": ["query", "limit"], "msg": "Input should be less than 101", "type": "x"}]}}],
        records={},
        status=1,
        says=["422"],
    ),
    airflow(
        "an HTML page instead of JSON",
        "import_errors",
        [LOGIN, {"path": "/api/v2/importErrors", "reply": "<!DOCTYPE html><title>Sign in</title>", "type": "text/html"}],
        records={},
        status=1,
        says=["HTML"],
    ),
    airflow(
        "a reply that is cut off",
        "import_errors",
        [LOGIN, {"path": "/api/v2/importErrors", "reply": '{"import_errors": [{"import_error_id": 1'}],
        records={},
        status=1,
        says=["JSON"],
    ),
]


def pytest_fail(text):
    raise AssertionError(text)


# ---- alertmanager ------------------------------------------------------------------------------

ALERTS = {"path": "/am/api/v2/alerts", "file": "alertmanager/alerts.json"}


def alertmanager(name, collection, exchanges, **more):
    return {"name": "alertmanager: " + name, "source": ["connector: alertmanager", "url: {base}/am/"], "collection": collection, "exchanges": exchanges, **more}


ALERTMANAGER_CASES = [
    alertmanager(
        "open, silenced, acknowledged by a silence, unprocessed; without those that are checks",
        "alerts",
        [
            ALERTS,
            {"path": "/am/api/v2/silence/5f1d6a0e-0000-4000-8000-000000000001", "file": "alertmanager/silence-1.json"},
            {"path": "/am/api/v2/silence/5f1d6a0e-0000-4000-8000-000000000002", "file": "alertmanager/silence-2.json"},
        ],
        records={
            "00000000000000a1": {
                "state": "open",
                "severity": "critical",
                "title": "Disk 91 % on etl-04",
                "env": "prod",
                "asset": "etl-04",
                "started": "2026-11-23T08:10:00.250000Z",
            },
            "00000000000000a2": {"state": "silenced", "severity": "low", "actor": "r.lopez"},
            "00000000000000a4": {"state": "open", "title": "New", "severity": "low"},
            "00000000000000a5": {"state": "acknowledged", "severity": "critical", "actor": "m.ito"},
        },
    ),
    alertmanager(
        "alerts about data are checks",
        "checks",
        [ALERTS],
        records={"alert/00000000000000a3": {"kind": "check", "state": "failing", "severity": "critical", "asset": "mart.orders"}},
    ),
    alertmanager(
        "an error that is a bare JSON text",
        "checks",
        [{"path": "/am/api/v2/alerts", "status": 400, "reply": '"bad matcher format: bogus{"'}],
        records={},
        status=1,
        says=["400", "bad matcher format"],
    ),
]

# ---- servicenow --------------------------------------------------------------------------------

NEXT = '<{base}/api/now/table/incident?sysparm_limit=200&sysparm_query=a%5Eb%3D1&sysparm_offset=200>;rel="next",<{base}/x>;rel="first"'


def servicenow(name, collection, exchanges, **more):
    source = ["connector: servicenow", "url: {base}", "username: oncall"] + more.pop("settings", [])
    return {"name": "servicenow: " + name, "source": source, "secrets": {"password": "s3cret"}, "collection": collection, "exchanges": exchanges, **more}


def query_is_bounded(replay):
    query = replay.requests[0]["query"]["sysparm_query"][0]
    assert query.startswith("sys_updated_onRELATIVEGE@minute@ago@") and query.endswith("^ORDERBYsys_id")


SERVICENOW_CASES = [
    servicenow(
        "the next page by Link although the first is short; a row that the query should have kept out is left out",
        "incidents",
        [
            {
                "path": "/api/now/table/incident",
                "headers": {"Authorization": "Basic b25jYWxsOnMzY3JldA=="},
                "query": {"sysparm_display_value": "all", "sysparm_limit": 200},
                "file": "servicenow/incidents-1.json",
                "send": {"Link": NEXT},
            },
            {"path": "/api/now/table/incident", "query": {"sysparm_offset": 200, "sysparm_query": "a^b=1"}, "file": "servicenow/incidents-2.json"},
        ],
        records={
            "a" * 32: {
                "state": "open",
                "raw_state": "New",
                "severity": "critical",
                "title": "Orders dashboard is a day old",
                "owner": "data-core",
                "service": "orders",
                "started": "2026-11-23T08:48:00Z",
                "due": None,
            },
            "c" * 32: {"state": "silenced", "due": ...},
            "d" * 32: {"state": "unknown", "raw_state": "Awaiting vendor"},
        },
        says=["1 unknown states"],
        last=query_is_bounded,
    ),
    servicenow(
        "approvals: who asks, for what, until when an answer is owed",
        "approvals",
        [{"path": "/api/now/table/sysapproval_approver", "file": "servicenow/approvals.json"}],
        settings=["approver: oncall"],
        records={
            "e" * 32: {"state": "pending", "actor": "m.ito", "asset": "finance_ro", "due": "2026-11-23T16:00:00Z", "title": "m.ito: finance_ro until Fri", "owner": "finance"},
            "f" * 32: {"state": "canceled"},
        },
        last=lambda r: "^approver.user_name=oncall^" in r.requests[0]["query"]["sysparm_query"][0] or pytest_fail("approver"),
    ),
    servicenow(
        "changes: a closed one may have failed; a planned one has no end",
        "changes",
        [{"path": "/api/now/table/change_request", "file": "servicenow/changes.json"}],
        records={
            "1" * 32: {"state": "failed", "asset": "orders_daily", "actor": "ci", "started": "2026-11-23T08:31:00Z", "ended": "2026-11-23T08:35:00Z"},
            "2" * 32: {"state": "planned", "ended": None, "due": "2026-11-23T08:00:00Z"},
        },
    ),
    servicenow(
        "its 401 body",
        "incidents",
        [
            {
                "path": "/api/now/table/incident",
                "status": 401,
                "reply": {"error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}, "status": "failure"},
                "times": 0,
            }
        ],
        records={},
        status=1,
        says=["401", "Required to provide Auth information"],
    ),
    servicenow(
        "a Link to another host is not followed",
        "incidents",
        [{"path": "/api/now/table/incident", "file": "servicenow/incidents-1.json", "send": {"Link": '<https://evil.example.com/steal>;rel="next"'}}],
        records={},
        status=1,
        says=["evil.example.com"],
    ),
]

# ---- okta --------------------------------------------------------------------------------------

OKTA = ["connector: okta", "url: {base}", "groups: [warehouse-admins, 00gfin]", "admin_groups: [warehouse-admins]"]
SSWS = {"Authorization": "SSWS s3cret"}


def okta(name, collection, exchanges, **more):
    return {"name": "okta: " + name, "source": OKTA, "secrets": {"token": "s3cret"}, "collection": collection, "exchanges": exchanges, **more}


OKTA_CASES = [
    okta(
        "members of the named groups, each list by its Link headers",
        "grants",
        [
            {
                "path": "/api/v1/groups",
                "headers": SSWS,
                "absent": ["after"],
                "file": "okta/groups-1.json",
                "send": {"Link": '<{base}/api/v1/groups?limit=200>; rel="self", <{base}/api/v1/groups?after=g2&limit=200>; rel="next"'},
            },
            {"path": "/api/v1/groups", "query": {"after": "g2"}, "file": "okta/groups-2.json"},
            {
                "path": "/api/v1/groups/00gadmins/users",
                "absent": ["after"],
                "file": "okta/members-1.json",
                "send": {"Link": '<{base}/api/v1/groups/00gadmins/users?after=u2&limit=200>; rel="next"'},
            },
            {"path": "/api/v1/groups/00gadmins/users", "query": {"after": "u2"}, "file": "okta/members-2.json"},
            {"path": "/api/v1/groups/00gfin/users", "file": "okta/members-fin.json"},
        ],
        records={
            "00gadmins/00u1": {"state": "expiring", "severity": "high", "actor": "contractor-7", "asset": "warehouse-admins", "due": "2026-01-25T09:00:00Z", "title": "contractor-7 in warehouse-admins"},
            "00gadmins/00u2": {"state": "active", "due": None},
            "00gadmins/00u3": {"state": "active", "raw_state": "SUSPENDED"},
        },
    ),
    okta(
        "the log is asked for with an end, so that its endless next link does not keep us",
        "changes",
        [
            {
                "path": "/api/v1/logs",
                "query": {"sortOrder": "ASCENDING", "limit": 1000},
                "file": "okta/log.json",
            }
        ],
        records={
            "11111111-0000-11ee-8000-000000000001": {
                "state": "succeeded",
                "actor": "t.okafor",
                "asset": "warehouse-admins",
                "title": "Add user to group membership: Contractor 7 to warehouse-admins",
            },
            "11111111-0000-11ee-8000-000000000002": {"state": "failed", "title": "Update policy rule"},
        },
        last=lambda r: all("until" in q["query"] and "since" in q["query"] for q in r.requests) or pytest_fail("no end"),
    ),
    okta(
        "an invalid token",
        "grants",
        [{"path": "/api/v1/groups", "status": 401, "reply": {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorCauses": []}, "times": 0}],
        records={},
        status=1,
        says=["401", "Invalid token provided"],
    ),
    okta(
        "too many requests",
        "changes",
        [{"path": "/api/v1/logs", "status": 429, "send": {"X-Rate-Limit-Reset": "1790000000"}, "reply": {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit"}, "times": 0}],
        records={},
        status=1,
        says=["429"],
    ),
]

# ---- aws-cost ----------------------------------------------------------------------------------


def aws(name, exchanges, **more):
    return {
        "name": "aws-cost: " + name,
        "source": ["connector: aws-cost", "url: {base}"],
        "secrets": {"access_key": "AKIAEXAMPLE", "secret_key": "s3cret"},
        "collection": "anomalies",
        "exchanges": exchanges,
        **more,
    }


def signed(replay):
    for rq in replay.requests:
        assert rq["headers"]["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
        assert "/us-east-1/ce/aws4_request" in rq["headers"]["authorization"]
        assert not rq["query"]


GET = {"method": "POST", "path": "/", "headers": {"X-Amz-Target": "AWSInsightsIndexService.GetAnomalies", "Content-Type": "application/x-amz-json-1.1"}}
AWS_CASES = [
    aws(
        "the token of the first page goes back in the body; what feedback means; no percentage where nothing was expected",
        [
            {**GET, "json": {"MaxResults": 100}, "file": "aws-cost/anomalies-1.json", "type": "application/x-amz-json-1.1"},
            {**GET, "json": {"NextPageToken": "tok/en+1=="}, "file": "aws-cost/anomalies-2.json", "type": "application/x-amz-json-1.1"},
        ],
        records={
            "an-1": {"state": "open", "severity": "high", "amount": "1840.25", "expected": "450", "currency": "USD", "asset": "WH_ETL", "title": "WH_ETL $1 840, usual 450, warehouse", "ended": None},
            "an-2": {"state": "expected", "amount": "30.5", "expected": "0", "title": "AWS Glue $30.50, usual nothing"},
            "an-3": {"state": "resolved", "raw_state": "no feedback", "ended": "2026-01-05T00:00:00Z"},
            "an-4": {"state": "acknowledged"},
        },
        first_without=["NextPageToken", "MonitorArn"],
        last=signed,
    ),
    aws(
        "errors are HTTP 400 with a type",
        [{**GET, "status": 400, "type": "application/x-amz-json-1.1", "reply": {"__type": "LimitExceededException", "message": "You made too many calls"}, "times": 0}],
        records={},
        status=1,
        says=["400", "You made too many calls"],
    ),
    aws(
        "HTML for an operation that a server does not have",
        [{**GET, "status": 500, "type": "text/html", "reply": "<html><h1>Internal Server Error</h1></html>"}],
        records={},
        status=1,
        says=["500"],
    ),
]

CASES = AIRFLOW_CASES + ALERTMANAGER_CASES + SERVICENOW_CASES + OKTA_CASES + AWS_CASES
