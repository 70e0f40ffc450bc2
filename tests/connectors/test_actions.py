"""Every call of the connectors, from the command line through the worker, on the simulated platform: it must change there."""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from far import TESTS, psql


class Desk:
    """The demo without its console, and a worker on it."""

    def __init__(self, build):
        self.program = os.path.join(build, "watchdesk")
        command = [sys.executable, os.path.join(TESTS, "demo/demo.py"), "--build", build, "--check"]
        self.demo = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = json.loads(self.demo.stdout.readline())
        self.env = {**os.environ, **self.about["env"], "WD_SHARE": os.path.dirname(TESTS)}
        self.worker = subprocess.Popen(
            [os.path.join(build, "watchdesk-worker"), "worker", "--foreground", "--config", self.about["config"]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env,
        )

    def close(self):
        self.worker.send_signal(signal.SIGTERM)
        try:
            self.worker.wait(10)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()
        self.demo.stdin.close()
        self.demo.wait(30)

    def call(self, *args):
        command = [self.program, "--config", self.about["config"], *args]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, env=self.env)

    def find(self, kind, words, within=20):
        """The key of the one record that these words find."""
        until = time.monotonic() + within
        while True:
            done = self.call("list", kind, words, "--json")
            rows = json.loads(done.stdout) if done.stdout.strip() else []
            if rows:
                return rows[0]["key"]
            assert time.monotonic() < until, "no %s like %r: %s" % (kind, words, done.stderr)
            time.sleep(0.3)

    def keys(self, kind, words):
        return [row["key"] for row in json.loads(self.call("list", kind, words, "--json").stdout or "[]")]

    def run(self, runbook, key, confirm=None, status=0, **params):
        args = ["run", runbook, "--reason", "it is a test", "--yes"]
        for one in [key] if isinstance(key, str) else key:
            args += ["--target", one]
        args += ["--confirm", confirm] if confirm else []
        for name, value in params.items():
            args += ["--param", "%s=%s" % (name.rstrip("_"), value)]
        done = self.call(*args)
        assert done.returncode == status, done.stdout[-1500:] + done.stderr[-500:]
        return done.stdout

    def preview(self, runbook, key, **params):
        args = ["run", runbook, "--target", key, "--dry-run", "--json"]
        for name, value in params.items():
            args += ["--param", "%s=%s" % (name.rstrip("_"), value)]
        return json.loads(self.call(*args).stdout)

    def state(self, system):
        with urllib.request.urlopen(self.about["url"] + "/sim/state") as reply:
            return json.load(reply)[system]


@pytest.fixture(scope="module")
def desk(build):
    if not os.access(os.path.join(build, "watchdesk"), os.X_OK):
        pytest.fail("%s/watchdesk is not built" % build)
    d = Desk(build)
    yield d
    d.close()


def wait_for(what, within=30):
    until = time.monotonic() + within
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.2)


def test_rerun_of_failed_tasks(desk):
    key = desk.find("runs", "orders_daily state:failed")
    run = key.split("/", 1)[1]
    assert desk.state("airflow")["orders_daily"][run] == "failed"
    told = desk.run("rerun-failed-tasks", key)
    assert "2 tasks will be cleared" in told and "cleared, the run is queued" in told
    # Which of the runs of one name it was.
    assert "orders_daily " + run.split("__")[1][:10] in told
    assert desk.state("airflow")["orders_daily"][run] == "success"


def test_backfill(desk):
    key = desk.find("runs", "products_daily")
    told = desk.run("backfill", key, confirm="products_daily", from_="2026-03-01", to="2026-03-03")
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        assert day in told
        wait_for(lambda: desk.state("airflow")["products_daily"].get("backfill__%sT00:00:00+00:00" % day) == "success")
    assert "2026-03-01 to 2026-03-03, 3 dates: 3 runs will be created" in desk.preview("backfill", key, from_="2026-03-01", to="2026-03-03", reprocess="completed")["confirm"]["sentence"]


def test_hours_of_a_backfill(desk):
    """An hourly pipeline is run for some hours of a day, in UTC or with a zone; what is asked says them, and how many runs."""
    key = desk.find("runs", "fx_rates")
    hours = {"from_": "2026-03-01 22:00", "to": "2026-03-02T02:00+01:00"}
    asked = desk.preview("backfill", key, **hours)["confirm"]["sentence"]
    assert "2026-03-01T22:00:00Z to 2026-03-02T01:00:00Z: 4 runs will be created" in asked
    told = desk.run("backfill", key, confirm="fx_rates", **hours)
    for hour in ("01T22", "01T23", "02T01"):
        assert "2026-03-%s:00:00Z" % hour in told
        wait_for(lambda: desk.state("airflow")["fx_rates"].get("backfill__2026-03-%s:00:00+00:00" % hour) == "success")
    assert "\n2026-03-02\n" in told.replace(" ", "")  # midnight is said as its day
    whole = desk.preview("backfill", key, from_="2026-02-01", to="2026-02-02")["confirm"]["sentence"]
    assert "2026-02-01 to 2026-02-02, 2 dates: 48 runs will be created" in whole
    turned = desk.preview("backfill", key, from_="2026-03-02 01:00", to="2026-03-02 00:00")
    assert "is after the last" in turned["refused"]


def test_pause_and_resume(desk):
    key = desk.find("runs", "fx_rates")
    desk.run("pause-schedule", key)
    assert {"action": "pause", "target": "fx_rates"}.items() <= desk.state("actions")[-1].items()
    desk.run("resume-schedule", key)
    assert {"action": "unpause", "target": "fx_rates"}.items() <= desk.state("actions")[-1].items()


def test_mark_failed(desk):
    key = desk.find("runs", "state:running revenue_snapshot")
    desk.run("mark-run-failed", key, confirm="revenue_snapshot")
    assert desk.state("airflow")["revenue_snapshot"][key.split("/", 1)[1]] == "failed"


def test_silence_and_its_end(desk):
    key = desk.find("incidents", "slot debezium_orders")
    desk.run("silence-alert", key, duration="2h")
    silence = desk.state("alertmanager")["silences"][-1]
    assert silence["createdBy"] == "oncall" and silence["status"]["state"] == "active"
    assert {m["name"]: m["value"] for m in silence["matchers"]}["alertname"] == "ReplicationSlotGrowth"
    assert desk.state("alertmanager")["alerts"]["ReplicationSlotGrowth"] == 1
    wait_for(lambda: desk.find("incidents", "state:silenced slot debezium_orders"))
    desk.run("end-silence", key)
    assert desk.state("alertmanager")["alerts"]["ReplicationSlotGrowth"] == 0


def test_acknowledge_everywhere(desk):
    desk.run("acknowledge", desk.find("incidents", "WH_BI queries"))
    silence = desk.state("alertmanager")["silences"][-1]
    assert silence["comment"].startswith("ACK! ") and silence["createdBy"] == "oncall"
    desk.run("acknowledge", desk.find("incidents", '"Orders dashboard"'))
    assert desk.state("servicenow")["incident"]["INC0010342"] == "2"
    desk.run("acknowledge", desk.find("cost", "WH_ETL source:aws-cost"))
    assert "YES" in {a["feedback"] for a in desk.state("aws").values() if a["value"] == "WH_ETL"}


def test_approvals(desk):
    key = desk.find("access", "source:servicenow state:pending m.ito")
    desk.run("approve-access", key, confirm="m.ito")
    assert desk.state("servicenow")["sysapproval_approver"][key.split(":", 2)[2]] == "approved"
    key = desk.find("access", "source:servicenow state:pending a.haddad")
    desk.run("deny-access", key, confirm="a.haddad")
    assert desk.state("servicenow")["sysapproval_approver"][key.split(":", 2)[2]] == "rejected"


def test_okta(desk):
    key = desk.find("grants", "source:okta contractor-7 asset:warehouse-admins")
    assert "contractor-7" in desk.state("okta")["groups"]["warehouse-admins"]
    desk.run("revoke-grant", key, confirm="contractor-7")
    assert "contractor-7" not in desk.state("okta")["groups"]["warehouse-admins"]
    key = desk.find("grants", "source:okta contractor-9")
    desk.run("end-sessions", key, confirm="contractor-9", status=6)  # Okta has no list of sessions: accepted, no proof
    assert desk.state("okta")["sessions"]["contractor-9"] == 0
    desk.run("suspend-user", key, confirm="contractor-9")
    assert desk.state("okta")["suspended"] == ["contractor-9"]


@pytest.fixture
def cluster(desk, note):
    if not desk.about["postgres"]:
        note("actions on PostgreSQL are not tested: it is not installed")
        pytest.skip("no PostgreSQL")
    return desk.about["postgres"]


MEMBER = "select count(*) from pg_auth_members a join pg_roles g on g.oid = roleid join pg_roles m on m.oid = member where m.rolname = '%s' and g.rolname = '%s'"


def test_postgres_requests(desk, cluster):
    assert psql(cluster, MEMBER % ("k.adler", "finance_rw")) == "0"
    desk.run("approve-access", desk.find("access", "source:pg-prod state:pending k.adler"), confirm="k.adler")
    assert psql(cluster, MEMBER % ("k.adler", "finance_rw")) == "1"
    desk.run("deny-access", desk.find("access", "source:pg-prod state:pending s.brandt"), confirm="s.brandt")
    assert psql(cluster, "select state, decided_by from watchdesk.access_request where requester = 's.brandt' order by id desc limit 1") == "denied|oncall"


def test_postgres_revoke_ends_sessions(desk, cluster):
    sessions = "select count(*) from pg_stat_activity where usename = '%s'"
    assert psql(cluster, sessions % "contractor-7") == "2"
    told = desk.run("revoke-grant", desk.find("grants", "source:pg-prod contractor-7 asset:warehouse_admin"), confirm="contractor-7")
    assert "contractor-7 loses etl_owner with it" in told and "session ends: pid" in told
    assert psql(cluster, MEMBER % ("contractor-7", "warehouse_admin")) == "0"
    assert psql(cluster, sessions % "contractor-7") == "0"
    desk.run("end-sessions", desk.find("grants", "source:pg-prod svc-airflow"), confirm="svc-airflow")
    assert psql(cluster, sessions % "svc-airflow") == "0"


CLIENT = ["psql", "-X", "-q", "-d", "postgres"]


def test_postgres_sessions_that_come_back(desk, cluster):
    """An application logs in again at once: the sessions that were told to end are gone, and that is the proof."""
    logged_in = "select count(*) from pg_stat_activity where usename = 'svc-looker'"
    at = ["-h", cluster["socket_dir"], "-p", str(cluster["port"]), "-U", "svc-looker", "-c", "select pg_sleep(600)"]
    loop = "while :; do \"$@\"; sleep 0.01; done"
    app = subprocess.Popen(["sh", "-c", loop, "app", *CLIENT, *at], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(lambda: psql(cluster, logged_in) == "1")
        told = desk.run("end-sessions", desk.find("grants", "source:pg-prod svc-looker asset:mart_reader"), confirm="svc-looker")
        assert "1 session told to end" in told and "0 of these sessions" in told
        wait_for(lambda: psql(cluster, logged_in) == "1")
    finally:
        os.killpg(app.pid, signal.SIGKILL)
        app.wait()


def test_postgres_suspend_and_back(desk, cluster):
    can = "select rolcanlogin from pg_roles where rolname = 'v.khan'"
    desk.run("suspend-user", desk.find("grants", "source:pg-prod v.khan"), confirm="v.khan")
    assert psql(cluster, can) == "f"
    key = desk.find("grants", 'source:pg-prod v.khan "cannot log in" state:active')
    desk.run("unsuspend-user", key, confirm="v.khan")
    assert psql(cluster, can) == "t"


def test_postgres_what_is_no_membership(desk, cluster):
    """A superuser's row and a role that is not managed: refused before anything is sent."""
    key = desk.find("grants", "source:pg-prod superuser actor:%s" % cluster["user"])
    done = desk.call("run", "revoke-grant", "--target", key, "--reason", "r", "--confirm", cluster["user"], "--yes")
    assert done.returncode == 4 and "attribute of the role" in done.stdout + done.stderr
    key = desk.find("grants", "source:pg-prod actor:watchdesk asset:watchdesk_operator")
    done = desk.call("run", "revoke-grant", "--target", key, "--reason", "r", "--confirm", "watchdesk", "--yes")
    assert done.returncode == 4 and "not in watchdesk.managed_role" in done.stdout + done.stderr
    done = desk.call("run", "end-sessions", "--target", key, "--reason", "r", "--confirm", "watchdesk", "--yes")
    assert done.returncode == 0 and "already so, nothing was sent" in done.stdout + done.stderr


def test_the_story_ends_well(desk):
    """When the last failed run of orders_daily is through, the mart is fresh and the check is gone."""
    wait_for(lambda: len(desk.keys("runs", "orders_daily state:failed")) == 2)
    desk.run("rerun-failed-tasks", desk.keys("runs", "orders_daily state:failed"))
    wait_for(lambda: "DataFreshness" not in desk.state("alertmanager")["alerts"])
    wait_for(lambda: json.loads(desk.call("list", "checks", "mart.orders state:ok", "--json").stdout or "[]"), 20)


def test_nothing_is_left(desk):
    folder = desk.about["folder"]
    desk.close()
    assert not os.path.exists(folder)
    if desk.about["postgres"]:
        assert not os.path.exists(desk.about["postgres"]["socket_dir"])
    desk.close = lambda: None
