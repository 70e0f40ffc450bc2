"""Actions on real servers: Alertmanager, PostgreSQL, sshd, and moto with enforced signatures."""
import glob
import json
import os
import signal
import subprocess
import time

import pytest

import rig
from desk import ROOT, alive, wait_for
from keys import act
from servers.sshd import children
from test_bad_input import CANARY, CONNECTOR

# ---- Alertmanager --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alertmanager():
    with rig.alertmanager() as url:
        yield url


def fire(url, name, **labels):
    alert = {"labels": {"alertname": name, "severity": "critical", "env": "prod", **labels}, "annotations": {"summary": name + " is on"}}
    status, _ = rig.http(url + "/api/v2/alerts", [alert])
    assert status == 200


def silences(url, name):
    rows = rig.http(url + "/api/v2/silences")[1]
    return [s for s in rows if {"name": "alertname", "value": name, "isRegex": False, "isEqual": True} in s["matchers"]]


def alert_state(url, name):
    rows = rig.http(url + '/api/v2/alerts?filter=alertname%3D"' + name + '"')[1]
    return [r["status"]["state"] for r in rows]


def test_silence_and_its_end(desk, alertmanager):
    fire(alertmanager, "DiskFull", instance='etl "04" \\ x', note="a=b,{c}")
    desk.configure({"am": {"connector": "alertmanager", "url": alertmanager, "every": "2s"}}, operator="m.ito")
    desk.start_worker()
    key = desk.wait_rows("incidents", "state:open", "DiskFull")[0]["key"]
    desk.run("run", "silence-alert", "--target", key, "--param", "duration=30m", "--yes", "--reason", "moving data")
    made = silences(alertmanager, "DiskFull")
    assert [(s["createdBy"], s["comment"], s["status"]["state"]) for s in made] == [("m.ito", "moving data", "active")]
    assert len(made[0]["matchers"]) == 5, "a silence of one alert names all of its labels"
    assert alert_state(alertmanager, "DiskFull") == ["suppressed"]
    desk.wait_rows("incidents", "state:silenced", "DiskFull")
    desk.run("run", "end-silence", "--target", key, "--yes", "--reason", "moved")
    assert silences(alertmanager, "DiskFull")[0]["status"]["state"] == "expired"
    assert alert_state(alertmanager, "DiskFull") == ["active"]


def test_a_in_the_console_is_a_silence_in_our_name(desk, alertmanager):
    fire(alertmanager, "ReplicaLag", instance="pg-2")
    desk.configure({"am": {"connector": "alertmanager", "url": alertmanager, "every": "2s"}}, operator="m.ito")
    desk.start_worker()
    desk.wait_rows("incidents", "state:open", "ReplicaLag")
    tty = desk.console()
    tty.wait("ReplicaLag is on")
    tty.to_row("ReplicaLag is on")
    act(tty, "a", "acknowledge")
    tty.wait(r"1 of 1 proved", 90)
    assert [s["createdBy"] for s in silences(alertmanager, "ReplicaLag")] == ["m.ito"]
    assert alert_state(alertmanager, "ReplicaLag") == ["suppressed"]
    desk.wait_rows("incidents", "state:acknowledged", "ReplicaLag")


# ---- AWS -----------------------------------------------------------------------------------------

COST = """\
connector: cost-usage
title: Daily spend from Cost Explorer
settings:
  url: {type: url, required: true}
secrets: {access_key: {required: true}, secret_key: {required: true}}
headers: {Content-Type: application/x-amz-json-1.1}
auth:
  - aws-sigv4: {region: us-east-1, service: ce, access_key: "{{ secret.access_key }}", secret_key: "{{ secret.secret_key }}"}
collect:
  usage:
    kind: cost
    every: 2s
    min_every: 1s
    post: /
    headers: {X-Amz-Target: AWSInsightsIndexService.GetCostAndUsage}
    json: {TimePeriod: {Start: "2026-11-01", End: "2026-11-03"}, Granularity: DAILY, Metrics: [UnblendedCost]}
    items: ResultsByTime
    record:
      id: TimePeriod.Start
      title: format('spend of {}', TimePeriod.Start)
      state: {default: open}
      amount: Total.UnblendedCost.Amount
      currency: Total.UnblendedCost.Unit
"""


@pytest.fixture(scope="module")
def aws():
    """(address, key id, secret) of a user who may ask Cost Explorer."""
    import boto3

    with rig.moto(3) as url:
        iam = boto3.client("iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id="setup", aws_secret_access_key="setup")
        iam.create_user(UserName="watchdesk")
        key = iam.create_access_key(UserName="watchdesk")["AccessKey"]
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ce:*", "Resource": "*"}]}
        iam.put_user_policy(UserName="watchdesk", PolicyName="cost", PolicyDocument=json.dumps(allow))
        days = [{"TimePeriod": {"Start": "2026-11-0%d" % d, "End": "2026-11-0%d" % (d + 1)}, "Total": {"UnblendedCost": {"Amount": "1840.%d700000001" % d, "Unit": "USD"}}} for d in (1, 2)]
        assert rig.http(url + "/moto-api/static/ce/cost-and-usage-results", {"results": [{"ResultsByTime": days}] * 50})[0] == 201
        yield url, key["AccessKeyId"], key["SecretAccessKey"]


def use_aws(desk, aws, key=None, secret=None):
    url, good_key, good_secret = aws
    desk.write("connectors/cost-usage.yaml", COST)
    desk.configure({"spend": {"connector": "cost-usage", "url": url, "access_key": desk.secret("key", key or good_key), "secret_key": desk.secret("secret", secret or good_secret)}})
    desk.run("connector", "check", os.path.join(os.path.dirname(desk.config), "connectors", "cost-usage.yaml"), leaks=False)


def test_a_signed_call_is_accepted(desk, aws):
    use_aws(desk, aws)
    tried = desk.run("connector", "try", "spend", "--json", leaks=False)
    assert "2026-11-01" in tried.out
    desk.start_worker()
    rows = desk.wait_rows("cost", least=2)
    assert sorted((r["id"], r["amount"], r["currency"]) for r in rows) == [("2026-11-01", "1840.1700000001", "USD"), ("2026-11-02", "1840.2700000001", "USD")]


@pytest.mark.parametrize("wrong", ["secret", "key"])
def test_a_wrong_signature_is_refused(desk, aws, wrong):
    bad = "AKIAWRONGWRONGWRONG1" if wrong == "key" else "wrong/Secret+0123456789012345678901234567"
    use_aws(desk, aws, **{wrong: bad})
    desk.start_worker()
    row = desk.wait_source("spend", lambda s: s["state"] == "failing")
    assert "not allowed" in row["error"] and ("signature" if wrong == "secret" else "token") in row["error"], row["error"]
    assert desk.rows("cost") == []
    assert aws[2] not in desk.log_text() and bad not in desk.log_text()
    tried = desk.run("connector", "try", "spend", status=None, leaks=False)
    assert tried.status != 0 and row["error"][:20] in tried.err + tried.out


# ---- PostgreSQL ----------------------------------------------------------------------------------


class Cluster:
    def __init__(self, about):
        self.about = about
        self.psql = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"), key=lambda p: int(p.split("/")[4]))[-1]
        self.clients = []

    def command(self, user, *args):
        return [self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.about["socket_dir"], "-p", str(self.about["port"]), "-U", user, "-d", self.about["dbname"], *args]

    def run(self, *args):
        done = subprocess.run(self.command(self.about["user"], *args), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def sql(self, text):
        return self.run("-c", text)

    def session(self, user):
        self.clients.append(subprocess.Popen(self.command(user, "-c", "select pg_sleep(600)"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))

    def members(self, role):
        return self.sql("select m.rolname from pg_auth_members a join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member where g.rolname = '%s' order by 1" % role).split()

    def source(self, **more):
        return {"connector": "postgres-access", "every": "2s", "host": self.about["socket_dir"], "port": self.about["port"], "dbname": "postgres", "user": "watchdesk", **more}


@pytest.fixture(scope="module")
def cluster():
    with rig.helper("pg.py") as about:
        c = Cluster(about)
        c.run("-f", os.path.join(ROOT, "backends", "catalog", "sql", "postgres-access.sql"))
        c.sql('create role finance_ro; create role "we""ird; drop role x"; create role watchdesk login in role watchdesk_operator; '
              'create role "m.ito" login in role finance_ro; create role "k.adler" login; create role s_brandt login in role finance_ro, "we""ird; drop role x"; '
              "insert into watchdesk.managed_role values ('finance_ro', 'finance', 2), ('we\"ird; drop role x', 'nobody', 3); "
              "insert into watchdesk.access_request (requester, role, reason) values ('k.adler', 'finance_ro', 'close of October'), ('watchdesk', 'finance_ro', 'for myself')")
        try:
            yield c
        finally:
            for client in c.clients:
                rig.end(client)
                client.stderr.close()


@pytest.fixture
def pg(desk, cluster):
    desk.configure({"pg": cluster.source()})
    desk.start_worker()
    return desk


def test_a_revoked_role_is_gone_and_its_sessions_end(pg, cluster):
    row = pg.wait_rows("grants", "actor:m.ito", "asset:finance_ro")[0]
    assert "m.ito" in cluster.members("finance_ro")
    for _ in range(2):
        cluster.session("m.ito")
    count = "select count(*) from pg_stat_activity where usename = 'm.ito'"
    wait_for(lambda: cluster.sql(count) == "2", "two sessions")
    preview = pg.run("run", "end-sessions", "--target", row["key"], "--dry-run")
    assert "2 sessions of m.ito" in preview.out and cluster.sql(count) == "2"
    pg.run("run", "end-sessions", "--target", row["key"], "--yes", "--reason", "left", "--confirm", "m.ito")
    assert cluster.sql(count) == "0"
    assert all(c.wait(60) != 0 for c in cluster.clients[-2:]), "a session came to its end"
    preview = pg.run("run", "revoke-grant", "--target", row["key"], "--dry-run")
    assert "m.ito" in cluster.members("finance_ro"), "a preview changed something"
    pg.run("run", "revoke-grant", "--target", row["key"], "--yes", "--reason", "left", "--confirm", "m.ito")
    assert "m.ito" not in cluster.members("finance_ro")
    pg.wait_rows("grants", "actor:m.ito", "asset:finance_ro", "state:revoked")


def test_a_role_with_a_hostile_name_is_a_name(pg, cluster):
    name = 'we"ird; drop role x'
    row = next(r for r in pg.wait_rows("grants", "actor:s_brandt", least=2) if r["asset"] == name)
    pg.run("run", "revoke-grant", "--target", row["key"], "--yes", "--reason", "r", "--confirm", "s_brandt")
    assert cluster.members(name.replace("'", "''")) == [] and cluster.members("finance_ro").count("s_brandt") == 1


def test_approval_grants_in_one_transaction(pg, cluster):
    row = pg.wait_rows("access", "state:pending", "actor:k.adler")[0]
    pg.run("run", "approve-access", "--target", row["key"], "--dry-run")
    assert "k.adler" not in cluster.members("finance_ro") and cluster.sql("select state from watchdesk.access_request where requester = 'k.adler'") == "pending"
    pg.run("run", "approve-access", "--target", row["key"], "--yes", "--reason", "owner agreed", "--confirm", "k.adler")
    assert "k.adler" in cluster.members("finance_ro")
    assert cluster.sql("select state, decided_by, decision_reason from watchdesk.access_request where requester = 'k.adler'") == "approved|oncall|owner agreed"
    pg.wait_rows("grants", "actor:k.adler", "asset:finance_ro")


def test_the_database_refuses_an_own_request(desk, cluster):
    desk.configure({"pg": cluster.source()}, operator="watchdesk")
    desk.start_worker()
    row = desk.wait_rows("access", "state:pending", "actor:watchdesk")[0]
    done = desk.run("run", "approve-access", "--target", row["key"], "--yes", "--reason", "mine", "--confirm", "watchdesk", status=4)
    assert "own request" in done.out + done.err
    assert cluster.sql("select state from watchdesk.access_request where requester = 'watchdesk'") == "pending"


# ---- SSH -----------------------------------------------------------------------------------------

LONG = """\
runbook: long-script
title: Run until a file goes away
applies: {host: true}
risk: reversible
reason: none
undo: nothing
parameters:
  file: {type: string, prompt: File, required: true}
  code: {type: int, prompt: Exit code, default: 0}
steps:
  - title: run the script
    timeout: 60s
    ssh:
      host: "{{ record.host }}"
      vars: {FILE: "{{ params.file }}", CODE: "{{ params.code }}"}
      script: |
        printf 'begun with %s\\n' "$FILE"
        echo to stderr >&2
        : >"$FILE.begun"
        while [ -e "$FILE" ]; do sleep 0.05; done
        exit $CODE
limits: {targets: 5, parallel: 2, stop_after_errors: 2}
"""


@pytest.fixture
def sshd():
    with rig.helper("sshd.py") as about:
        yield about


def use_host(desk, about, transport, sources=None):
    host = {"host": about["host"], "port": about["port"], "user": about["user"], "identity": about["identity"], "known_hosts": about["known_hosts"], "transport": transport}
    if transport == "ssh":
        host["config"] = about["config"]
    desk.write("runbooks/long-script.yaml", LONG)
    desk.configure(sources or {}, hosts={"etl-04": host})
    desk.start_worker()


both = pytest.mark.parametrize("transport", ["ssh", "libssh2"])


@both
def test_output_and_exit_code_arrive(desk, sshd, transport):
    use_host(desk, sshd, transport)
    call = ["run", "long-script", "--target", "host:etl-04", "--yes", "--json"]
    hostile = desk.folder + "/it's; $(exit 9) `exit 8` \"y\" ${HOME} \\n"
    done = desk.run("run", "long-script", "--target", "host:etl-04", "--yes", "--param", "file=" + hostile)
    assert "begun with " + hostile in done.out and "to stderr" in done.out and "exit code 0" in done.out
    assert os.path.exists(hostile + ".begun")
    job = desk.run(*call, "--param", "file=" + desk.folder + "/none", "--param", "code=7", status=3).json()
    assert job["state"] == "unknown" and job["targets"][0]["known"] == "exit code 7; what it had done by then is not known"
    done = desk.run("run", "host-script", "--target", "host:etl-04", "--param", "path=" + desk.folder, "--yes", "--reason", "disk")
    assert "Mounted on" in done.out


TELL = """\
runbook: tell
title: Print a file
applies: {host: true}
risk: read
parameters:
  file: {type: string, prompt: File, required: true}
steps:
  - ssh:
      host: "{{ record.host }}"
      vars: {FILE: "{{ params.file }}"}
      script: |
        cat "$FILE" /dev/stdin
        cat "$FILE" >&2
"""


@both
def test_a_secret_in_the_output_is_not_kept(desk, sshd, transport):
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply([])
        secret = desk.secret("token", CANARY)
        desk.write("connectors/thing.yaml", CONNECTOR)
        desk.write("runbooks/tell.yaml", TELL)
        use_host(desk, sshd, transport, {"s": {"connector": "thing", "url": far.url, "token": secret}})
        desk.wait_source("s", lambda s: s["last_good"])
        done = desk.run("run", "tell", "--target", "host:etl-04", "--yes", "--param", "file=" + secret["file"])
    assert done.out.count("| [secret]") == 2, done
    assert CANARY not in done.out + done.err
    for path in filter(os.path.isfile, glob.glob(desk.store + "*")):
        with open(path, "rb") as f:
            assert CANARY.encode() not in f.read(), path


def name_of(pid):
    """The script starts a process that ends at once, over and over."""
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read().strip()
    except OSError:
        return ""


@both
def test_a_killed_sshd_is_unknown_never_success(desk, sshd, transport):
    use_host(desk, sshd, transport)
    gate = os.path.join(desk.folder, "gate")
    open(gate, "w").close()
    running = desk.start("run", "long-script", "--target", "host:etl-04", "--yes", "--json", "--param", "file=" + gate)
    wait_for(lambda: os.path.exists(gate + ".begun"), "the script")
    below = children(sshd["pid"])
    for pid in [sshd["pid"]] + [p for p in below if name_of(p) == "sshd"]:
        os.kill(pid, signal.SIGKILL)
    done = desk.end_of(running)
    os.unlink(gate)
    assert done.status == 3, done
    job = done.json()
    assert job["state"] == "unknown" and job["targets"][0]["state"] == "unknown"
    assert "not known" in job["targets"][0]["known"] or "cannot be known" in job["targets"][0]["known"]
    wait_for(lambda: not any(alive(p) for p in below), "the end of the script")


@both
def test_an_unknown_host_key_sends_nothing(desk, sshd, transport):
    empty = os.path.join(desk.folder, "known_hosts")
    open(empty, "w").close()
    use_host(desk, {**sshd, "known_hosts": empty}, transport)
    done = desk.run("run", "long-script", "--target", "host:etl-04", "--yes", "--param", "file=" + desk.folder + "/f", status=1)
    assert "host key" in (done.out + done.err).lower()
    assert not os.path.exists(desk.folder + "/f.begun")


@both
def test_a_refused_login_sends_nothing(desk, sshd, transport):
    use_host(desk, {**sshd, "identity": sshd["other_identity"]}, transport)
    started = time.monotonic()
    done = desk.run("run", "long-script", "--target", "host:etl-04", "--yes", "--param", "file=" + desk.folder + "/f", status=1)
    assert "login" in (done.out + done.err).lower() or "denied" in (done.out + done.err).lower() or "refused" in (done.out + done.err).lower()
    assert not os.path.exists(desk.folder + "/f.begun") and time.monotonic() - started < 20
