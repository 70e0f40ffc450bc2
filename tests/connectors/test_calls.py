"""Calls against far sides that refuse, lie or lag: what is previewed, what counts as proved, and whose words are shown."""
import json
import os
import signal
import subprocess
import time

import pytest

from far import TESTS, worker, write_config
from replay import Replay
from traps import LOGIN, GROUPS, alert, anomaly, approval, member, run, task


class Rig:
    """One source on a replay server, a worker on it, and the command line."""

    def __init__(self, build, folder, source, secrets, exchanges):
        self.replay = Replay(exchanges)
        self.program = os.path.join(build, "watchdesk")
        lines = [line.replace("{base}", self.replay.base) for line in source]
        self.config = write_config(folder, lines, secrets, ["operator: m.ito", "store: %s" % json.dumps(str(folder / "store.db"))])
        homes = {"XDG_%s" % n: str(folder) for n in ("CONFIG_HOME", "STATE_HOME", "DATA_HOME", "CACHE_HOME", "RUNTIME_DIR")}
        self.env = {**os.environ, **homes, "WD_SHARE": os.path.dirname(TESTS)}
        command = [worker(build), "worker", "--foreground", "--config", self.config]
        self.worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env)

    def close(self):
        self.worker.send_signal(signal.SIGTERM)
        try:
            self.worker.wait(10)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()
        self.replay.__exit__()

    def call(self, *args):
        return subprocess.run([self.program, "--config", self.config, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, env=self.env)

    def find(self, kind, *words):
        until = time.monotonic() + 20
        while True:
            done = self.call("list", kind, *words, "--json")
            rows = json.loads(done.stdout or "[]")
            if rows:
                return rows[0]["key"]
            assert time.monotonic() < until, "no %s: %s" % (kind, done.stderr)
            time.sleep(0.1)

    def run(self, runbook, key, *more, status=0):
        done = self.call("run", runbook, "--target", key, "--reason", "it is a test", *more)
        told = done.stdout + done.stderr
        assert done.returncode == status, told
        return told

    def asked(self, method, path):
        return [r for r in self.replay.requests if (r["method"], r["path"]) == (method, path)]


@pytest.fixture
def rig(build, tmp_path):
    made = []

    def make(source, secrets, exchanges):
        made.append(Rig(build, tmp_path, source, secrets, exchanges))
        return made[-1]

    yield make
    for one in made:
        one.close()


def always(path, reply, method="GET", **more):
    return {"path": path, "method": method, "reply": reply, "times": 0, **more}


# ---- airflow3 ----------------------------------------------------------------------------------

RUN = run("r1", state="failed", end_date="2026-11-23T08:05:00Z")
ONE = "/api/v2/dags/d/dagRuns/r1"
AIRFLOW = ["connector: airflow3", "url: {base}", "username: oncall"]


def airflow(rig, *exchanges, tasks=()):
    base = [
        {**LOGIN, "times": 0},
        always("/api/v2/importErrors", {"import_errors": [], "total_entries": 0}),
        always("/api/v2/monitor/health", {}),
        always("/api/v2/dags/~/dagRuns", {"dag_runs": [RUN], "total_entries": 1}),
        always(ONE, RUN),
        always(ONE + "/taskInstances", {"task_instances": list(tasks), "total_entries": len(tasks)}),
    ]
    return rig(AIRFLOW, {"password": "s3cret"}, list(exchanges) + base)


def test_a_dry_run_names_mapped_tasks(rig):
    dry = {"task_instances": [task("load", "failed", 0), task("load", "failed", 7, "eu"), task("mart", "upstream_failed")], "total_entries": 3}
    r = airflow(rig, always(ONE + "/clear", dry, "POST", json={"dry_run": True, "only_failed": True}))
    told = r.run("rerun-failed-tasks", r.find("runs"), "--dry-run")
    for line in ("load [0], now failed", "load [eu], now failed", "mart, now upstream_failed", "3 tasks will be cleared"):
        assert line in told, told


def test_nothing_to_clear_is_not_sent(rig):
    r = airflow(rig, always(ONE + "/clear", {"task_instances": [], "total_entries": 0}, "POST"))
    told = r.run("rerun-failed-tasks", r.find("runs"), "--yes", status=4)
    assert "nothing to clear" in told
    assert all(q["json"]["dry_run"] for q in r.asked("POST", ONE + "/clear"))


def test_a_422_is_told_in_its_words(rig):
    dry = always(ONE + "/clear", {"task_instances": [task("load", "failed")], "total_entries": 1}, "POST", json={"dry_run": True})
    refused = {"detail": [{"type": "value_error", "loc": ["body", "only_failed"], "msg": "Input should be a valid boolean", "input": 1}]}
    r = airflow(rig, dry, always(ONE + "/clear", refused, "POST", status=422))
    told = r.run("rerun-failed-tasks", r.find("runs"), "--yes", status=1)
    assert "422" in told and "Input should be a valid boolean" in told


DATES = ["--param", "from=2026-11-01", "--param", "to=2026-11-02", "--confirm", "d", "--yes"]
OLD = {"id": 4, "dag_id": "d", "from_date": "2026-11-01T00:00:00Z", "to_date": "2026-11-02T00:00:00Z", "completed_at": "2026-11-05T00:00:00Z"}
DRY = always("/api/v2/backfills/dry_run", {"backfills": [{"logical_date": "2026-11-01T00:00:00Z"}], "total_entries": 1}, "POST")


def test_a_backfill_is_proved_by_its_number(rig):
    """An older one of the same dates is listed from the start; ours shows up at the third look."""
    looks = []

    def listed(request):
        looks.append(request)
        return {"reply": {"backfills": [OLD] if len(looks) < 3 else [{**OLD, "id": 5, "completed_at": None}, OLD], "total_entries": 1}}

    r = airflow(rig, DRY, always("/api/v2/backfills", {**OLD, "id": 5}, "POST"), always("/api/v2/backfills", None, answer=listed))
    told = r.run("backfill", r.find("runs"), *DATES)
    assert "Airflow lists backfill 5" in told and "proves nothing" not in told
    assert len(looks) == 3


def test_a_second_backfill_is_a_conflict(rig):
    r = airflow(rig, DRY, always("/api/v2/backfills", {"detail": "There is already a running backfill for dag d"}, "POST", status=409))
    assert "There is already a running backfill" in r.run("backfill", r.find("runs"), *DATES, status=1)
    assert len(r.asked("POST", "/api/v2/backfills")) == 1


def test_a_range_without_dates_is_not_sent(rig):
    r = airflow(rig, always("/api/v2/backfills/dry_run", {"backfills": [], "total_entries": 0}, "POST"))
    assert "no run would be created" in r.run("backfill", r.find("runs"), *DATES, status=4)
    assert not r.asked("POST", "/api/v2/backfills")


# ---- alertmanager ------------------------------------------------------------------------------

OURS, THEIRS = "5f1d6a0e-0000-4000-8000-00000000000a", "5f1d6a0e-0000-4000-8000-00000000000b"
LABELS = {"alertname": "Disk", "severity": "critical", "path": 'C:\\ "data"'}
SILENCE = {"createdBy": "r.lopez", "comment": "tonight", "endsAt": "2099-01-01T00:00:00.000Z", "status": {"state": "active"}}


def own_connector(folder, name, *changes):
    """The shipped connector with other times, beside the configuration."""
    with open(os.path.join(os.path.dirname(TESTS), "backends/catalog/%s.yaml" % name)) as f:
        text = f.read()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "connectors").mkdir()
    (folder / "connectors" / (name + ".yaml")).write_text(text)


def test_suppressed_by_another_is_no_proof(rig, tmp_path):
    """The far side took our silence, and the alert is suppressed, but not by it."""
    own_connector(tmp_path, "alertmanager", ("within: 30s", "within: 3s"))
    posted = []

    def made(request):
        posted.append(request)
        return {"reply": {"silenceID": OURS}}

    def alerts(request):
        return {"reply": [alert("a1", *(("suppressed", [], ["00ff"]) if posted else ("active",)), **LABELS)]}

    r = rig(["connector: alertmanager", "url: {base}", "every: 1h"], {}, [always("/api/v2/alerts", None, answer=alerts), always("/api/v2/silences", None, "POST", answer=made)])
    told = r.run("silence-alert", r.find("incidents"), "--param", "duration=2h", "--yes", status=3)
    assert "not confirmed" in told and len(posted) == 1


def test_a_silence_is_for_one_alert(rig):
    posted, looks = [], []

    def made(request):
        posted.append(request["json"])
        return {"reply": {"silenceID": OURS}}

    def alerts(request):
        if posted and "filter" not in request["query"]:
            looks.append(request)
        by = [OURS] if len(looks) >= 3 else []
        state = "suppressed" if posted else "active"
        return {"reply": [alert("a1", state, by, ["00ff"] if posted else [], **LABELS)]}

    exchanges = [always("/api/v2/alerts", None, answer=alerts), always("/api/v2/silences", None, "POST", answer=made), always("/api/v2/silence/" + OURS, {**SILENCE, "id": OURS})]
    r = rig(["connector: alertmanager", "url: {base}", "every: 1h"], {}, exchanges)
    told = r.run("silence-alert", r.find("incidents"), "--param", "duration=2h", "--yes")
    assert "silence %s created" % OURS in told and len(looks) >= 3
    assert {m["name"]: (m["value"], m["isRegex"], m["isEqual"]) for m in posted[0]["matchers"]} == {k: (v, False, True) for k, v in LABELS.items()}
    filters = next(q["query"]["filter"] for q in r.replay.requests if "filter" in q["query"])
    assert filters == ['alertname="Disk"'], filters


def test_the_end_of_a_silence_shows_all_that_it_holds(rig):
    held = [alert("a1", "suppressed", [THEIRS], **LABELS), alert("a2", "suppressed", [THEIRS], alertname="Load"), alert("a3", alertname="Free")]
    ended = []

    def delete(request):
        ended.append(request)
        return {"reply": ""}

    def alerts(request):
        return {"reply": [alert("a1", **LABELS), alert("a2", alertname="Load")] if ended else held}

    def silence(request):
        return {"reply": {**SILENCE, "id": THEIRS, "status": {"state": "expired" if ended else "active"}}}

    exchanges = [always("/api/v2/alerts", None, answer=alerts), always("/api/v2/silence/" + THEIRS, None, answer=silence), always("/api/v2/silence/" + THEIRS, None, "DELETE", answer=delete)]
    r = rig(["connector: alertmanager", "url: {base}", "every: 1h"], {}, exchanges)
    key = r.find("incidents", "Disk")
    told = r.run("end-silence", key, "--yes")
    assert "the silence of r.lopez ends, which holds 2 alerts" in told and "Load, since" in told and "Free" not in told
    assert "the silence is expired" in told


def missing(rig):
    """An Alertmanager whose alerts, a heartbeat among them, are gone once they were collected."""
    state = {"there": True}

    def alerts(request):
        return {"reply": [alert("a1", **LABELS), alert("w", alertname="Watchdog", severity="none", cluster="k8s")] if state["there"] else []}

    r = rig(["connector: alertmanager", "url: {base}", "every: 2s"], {}, [always("/api/v2/alerts", None, answer=alerts)])
    assert r.find("incidents") and r.find("checks")
    state["there"] = False
    return r


def listed(r, kind, words):
    return json.loads(r.call("list", kind, words, "--json").stdout or "[]")


def test_alerts_that_are_missing_for_a_moment(rig):
    """After a start Alertmanager knows nothing until Prometheus has sent its alerts again, up to a minute later."""
    r = missing(rig)
    before = len(r.asked("GET", "/api/v2/alerts"))
    until = time.monotonic() + 30
    while len(r.asked("GET", "/api/v2/alerts")) < before + 7:  # two rounds of three collections, and one that shows that they ended
        assert time.monotonic() < until
        time.sleep(0.05)
    assert listed(r, "incidents", "state:open") and listed(r, "checks", "state:ok Watchdog")


def test_alerts_that_stay_away(rig, tmp_path):
    """The incident is over; the heartbeat is not well."""
    own_connector(tmp_path, "alertmanager", ("gone_after: 75s", "gone_after: 1s"))
    r = missing(rig)
    until = time.monotonic() + 30
    while not (listed(r, "incidents", "state:resolved") and listed(r, "checks", "state:failing Watchdog")):
        assert time.monotonic() < until, r.call("list", "all").stdout
        time.sleep(0.2)


# ---- servicenow, okta, aws-cost ------------------------------------------------------------------


def recent(row):
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    return json.loads(json.dumps(row).replace("@recent@", now).replace("@today@", now[:10]))


def test_an_approval_that_may_not_be_written(rig):
    row = recent(approval("1" * 32, "requested", "m.ito: finance_ro"))
    path = "/api/now/table/sysapproval_approver"
    denied = {"error": {"message": "Operation Failed", "detail": "ACL Exception Update Failed due to security constraints"}, "status": "failure"}
    exchanges = [
        always(path, {"result": [row]}), always("/api/now/table/incident", {"result": []}), always("/api/now/table/change_request", {"result": []}),
        always(path + "/" + "1" * 32, {"result": {"sys_id": "1" * 32, "state": "requested", "approver": "On Call", "sysapproval.number": "RITM1"}}),
        always(path + "/" + "1" * 32, denied, "PATCH", status=403),
    ]
    r = rig(["connector: servicenow", "url: {base}", "username: oncall"], {"password": "s3cret"}, exchanges)
    told = r.run("approve-access", r.find("access"), "--confirm", "m.ito", "--yes", status=1)
    assert "403" in told and "ACL Exception" in told
    assert len(r.asked("PATCH", path + "/" + "1" * 32)) == 1


EVERYONE = {"id": "00gall", "type": "BUILT_IN", "profile": {"name": "Everyone"}}
OKTA = ["connector: okta", "url: {base}", "groups: [warehouse-admins]"]


def okta(rig, *exchanges):
    base = [always("/api/v1/groups", GROUPS["reply"]), always("/api/v1/groups/00gadmins/users", [member("00u1")]), always("/api/v1/logs", []), always("/api/v1/users/00u1", member("00u1"))]
    return rig(OKTA, {"token": "s3cret"}, list(exchanges) + base)


def test_okta_says_why_nobody_is_suspended(rig):
    refused = {"errorCode": "E0000001", "errorSummary": "Api validation failed: suspend", "errorCauses": [{"errorSummary": "Cannot suspend a user that is not active"}]}
    r = okta(rig, always("/api/v1/users/00u1/lifecycle/suspend", refused, "POST", status=400))
    told = r.run("suspend-user", r.find("grants"), "--confirm", "00u1", "--yes", status=1)
    assert "Api validation failed: suspend" in told


def test_a_204_alone_proves_no_removal(rig):
    """Still a member at the first look (a rule put the user back), then not."""
    looks = []

    def groups(request):
        looks.append(request)
        return {"reply": [EVERYONE] + (GROUPS["reply"] if len(looks) < 4 else [])}

    r = okta(rig, always("/api/v1/groups/00gadmins/users/00u1", "", "DELETE", status=204), always("/api/v1/users/00u1/groups", None, answer=groups))
    told = r.run("revoke-grant", r.find("grants"), "--confirm", "00u1", "--yes")
    assert "without warehouse-admins" in told and len(looks) >= 4


AWS = ["connector: aws-cost", "url: {base}"]
KEYS = {"access_key": "AKIAEXAMPLE", "secret_key": "s3cret"}
TARGET = "AWSInsightsIndexService."


def test_feedback_is_read_back(rig):
    given = []

    def listed(request):
        row = recent(anomaly("n1", 1840.0, 450.0, value="WH_ETL"))
        return {"reply": {"Anomalies": [{**row, "Feedback": given[0]} if given else row]}}

    def feedback(request):
        given.append(request["json"]["Feedback"])
        return {"reply": {"AnomalyId": request["json"]["AnomalyId"]}}

    r = rig(AWS, KEYS, [
        always("/", None, "POST", headers={"X-Amz-Target": TARGET + "GetAnomalies"}, answer=listed),
        always("/", None, "POST", headers={"X-Amz-Target": TARGET + "ProvideAnomalyFeedback"}, answer=feedback),
    ])
    told = r.run("mark-expected", r.find("cost"), "--yes")
    assert given == ["PLANNED_ACTIVITY"] and "feedback is PLANNED_ACTIVITY" in told and "$1 840 spent, $450 usual" in told


def test_feedback_that_is_refused(rig):
    r = rig(AWS, KEYS, [
        always("/", recent({"Anomalies": [anomaly("n1", 1840.0, 450.0)]}), "POST", headers={"X-Amz-Target": TARGET + "GetAnomalies"}),
        always("/", {"__type": "ResourceNotFoundException", "Message": "The anomaly is older than 90 days"}, "POST", headers={"X-Amz-Target": TARGET + "ProvideAnomalyFeedback"}, status=400),
    ])
    told = r.run("acknowledge", r.find("cost"), "--yes", status=1)
    assert "The anomaly is older than 90 days" in told
