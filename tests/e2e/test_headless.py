"""The headless commands on the demo: each lane, each exit status, each gate, and what reaches the platform."""
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import threading

import pytest

import rig
from terminal import Tty
from desk import ROOT, wait_for

CANARY = "sim-airflow-7Qk2"


def first(desk, kind, *filters):
    return desk.wait_rows(kind, *filters)[0]


def failed_run(desk, n):
    """The n-th failed run of the story: each test has one of its own."""
    rows = desk.wait_rows("runs", "orders_daily", "source:airflow-prod", "age<2h", least=3)
    return sorted(rows, key=lambda r: r["id"])[n]


@pytest.fixture
def airflow(desk, demo):
    desk.use_demo(demo, "airflow-prod")
    desk.start_worker()
    return desk


def test_every_lane_is_filled(desk, demo):
    desk.use_demo(demo)
    desk.start_worker()
    for kind in ("runs", "incidents", "access", "grants", "cost", "checks", "changes", "triage"):
        row = first(desk, kind)
        shown = desk.show(row["key"])
        assert shown["key"] == row["key"] and shown["title"] == row["title"]
        assert row["title"] in desk.run("show", row["key"]).out
        assert row["title"] in desk.run("list", kind, "--limit", "2000").out
    names = {s["name"] for s in desk.run("list", "sources", "--json").json()}
    assert names >= {"airflow-prod", "airflow-eu", "alertmanager", "servicenow", "okta", "aws-cost"}
    if demo["postgres"]:
        assert names >= {"pg-prod", "focus"}
    if demo["sshd"]:
        desk.wait_rows("checks", "source:hosts")
    assert all(s["unknown_states"] == 0 for s in desk.run("list", "sources", "--json").json())


def test_log_and_what_has_none(desk, demo):
    desk.use_demo(demo, "airflow-prod", "alertmanager")
    desk.start_worker()
    run = failed_run(desk, 0)
    done = desk.run("log", run["key"])
    assert 'relation "stg.orders" does not exist' in done.out and "batch 205 of 205" in done.out
    done = desk.run("log", first(desk, "incidents")["key"], status=1)
    assert "log" in done.err and done.out == ""
    desk.run("log", "run:airflow-prod:orders_daily/none", status=1)


def test_exit_statuses(desk, demo):
    desk.use_demo(demo, "alertmanager")
    assert "watchdesk" in desk.run("--version").out
    assert "69 no store" in desk.run("help").out
    desk.run("list", "runs", status=69)
    desk.run("show", "run:a:b", status=69)
    desk.start_worker()
    alert = first(desk, "incidents", "state:open")
    for words in (["list", "nonsense"], ["list", "runs", "age<"], ["show"], ["run"], ["run", "silence-alert"], ["frobnicate"], ["list", "--nope"], ["list", "runs", "--limit", "x"],
                  ["run", "silence-alert", "--target", alert["key"], "--param", "duration=soon"], ["run", "silence-alert", "--target", alert["key"], "--param", "colour=red"]):
        done = desk.run(*words, status=2)
        assert done.err.startswith("watchdesk") or "usage" in done.err or "unrecognized" in done.err, words
    assert "no record" in desk.run("show", "run:airflow:none", status=5).err
    assert "no runbook" in desk.run("run", "make-coffee", "--target", alert["key"], status=5).err
    assert "no record" in desk.run("run", "silence-alert", "--target", "incident:alertmanager:none", status=5).err
    desk.write("broken.yaml", "sources:\n  a: [\n")
    done = desk.run("--config", desk.write("broken.yaml", "sources:\n  a: {connector: airflow3\n"), "list", status=78)
    assert "broken.yaml:" in done.err


COMMANDS = ("console", "list", "show", "log", "run", "answer", "audit", "doctor", "worker", "connector", "runbook", "help")


def test_every_command_has_a_page(desk):
    for command in COMMANDS:
        pages = [desk.run(command, word).out for word in ("--help", "-h")]
        assert pages[0] == pages[1] and pages[0].startswith("usage: watchdesk " + command)
        assert len(re.findall(r"^  watchdesk", pages[0].partition("Examples")[2], re.M)) == 2, pages[0]
        if command not in ("connector", "runbook"):  # whose files have a page of that name
            assert desk.run("help", command).out == pages[0]
    assert desk.run("--help").out == desk.run("-h").out == desk.run("help").out
    # All that the pages show as options are options: wrong values are refused, unknown names are not.
    assert 'did you mean "list"' in desk.run("lst", status=2).err
    assert 'did you mean "incidents"' in desk.run("list", "incidens", status=2).err
    assert "did you mean --limit" in desk.run("list", "--limt", "3", status=2).err
    assert "wants a value" in desk.run("list", "--limit", status=2).err


def test_help_says_all_that_files_may_hold(desk):
    texts = {topic: desk.run("help", topic).out for topic in ("connector", "runbook", "functions", "states", "filter", "keys", "theme", "config")}
    for topic, words in {"connector": ["watermark", "accept_status", "rate_limit"], "runbook": ["stop_after_errors", "on_failure", "foreach"], "functions": ["add_time(", "scope()"], "states": ["timed_out", "critical"],
                         "filter": ["label", "age"], "keys": ["snooze", "Shift-Tab"], "theme": ["lane-now", "underline"], "config": ["idle_exit", "known_hosts", "plain_http"]}.items():
        assert all(re.search(r"\b" + re.escape(w), texts[topic]) for w in words), topic
    # The file at the end of a page is one that is taken.
    for topic, check in (("connector", "connector"), ("runbook", "runbook")):
        path = desk.write(topic + "s/name.yaml", texts[topic].partition("stands once\n\n")[2])
        desk.run(check, "check", path)


def test_options_may_come_before_any_command(desk, demo):
    desk.use_demo(demo, "alertmanager")
    for before in (["--config", desk.config], ["--config=" + desk.config, "--store", desk.store]):
        assert "incident" in desk.run(*before, "connector", "try", "alertmanager").out
        desk.run(*before, "worker", "--stop")
        assert desk.run(*before, "connector", "--help").out.startswith("usage: watchdesk connector")


def test_output_that_is_lost_is_an_error(desk, demo):
    desk.use_demo(demo, "alertmanager")
    desk.start_worker()
    alert = first(desk, "incidents")["key"]
    good = desk.write("connectors/ok.yaml", "connector: ok\ntitle: T\nsettings: {url: {type: url}}\nauth: [none]\ncollect:\n  a: {kind: incident, get: /a, record: {id: id, state: {default: open}}}\n")
    book = os.path.join(ROOT, "runbooks", "catalog", "backfill.yaml")
    for words in (["list"], ["list", "--json"], ["list", "sources"], ["list", "--format", "key"], ["show", alert], ["audit", "--json"], ["audit", "verify"], ["doctor"], ["help"], ["list", "--help"], ["--version"],
                  ["runbook", "list"], ["runbook", "check", book], ["connector", "check", good], ["connector", "--help"], ["run", "silence-alert", "--target", alert, "--param", "duration=5m", "--dry-run"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(desk.argv(*words), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=desk.env(), cwd=desk.folder, timeout=120)
        assert done.returncode == 74 and b"could not be written" in done.stderr, (words, done)


def test_a_list_is_one_line_a_record(desk, demo):
    desk.use_demo(demo, "alertmanager")
    desk.start_worker()
    first(desk, "incidents")
    rows = desk.rows("incidents")
    lines = desk.run("list", "incidents", "--limit", "2000").out.splitlines()
    assert len(lines) == len(rows) and not any(line.startswith("SEV") for line in lines)
    for row in rows:
        assert [line for line in lines if " %s  " % row["key"] in line and row["title"][:40] in line], row
    chosen = desk.run("list", "incidents", "--format", "key,state,labels.alertname,started").out.splitlines()
    assert sorted(chosen) == sorted("\t".join((r["key"], r["state"], r.get("labels", {}).get("alertname", ""), r.get("started", ""))) for r in rows)
    assert 'no field "kee"' in desk.run("list", "incidents", "--format", "kee", status=2).err
    assert desk.run("list", "sources", "--format", "name,connector").out == "alertmanager\talertmanager\n"
    assert 'no field "nam"' in desk.run("list", "sources", "--format", "nam", status=2).err
    # A key that is longer than its column still ends at a blank.
    assert not [line for line in lines for row in rows if re.search(re.escape(row["key"]) + r"\S", line)]
    # On a terminal the columns have names.
    tty = Tty(desk.argv("list", "incidents", "--limit", "5"), desk.env(True), cols=200)
    tty.wait(r"SEV +STATE +SINCE +KEY +WHAT +OWNER +WHY")
    assert tty.wait_end() == 0



ISO = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"


def numbers_like_times(v, path=""):
    if isinstance(v, dict):
        return [p for k, x in v.items() for p in numbers_like_times(x, path + "." + k)]
    if isinstance(v, list):
        return [p for x in v for p in numbers_like_times(x, path)]
    return [path] if isinstance(v, int) and v > 10**14 else []


def test_times_in_json_are_iso(desk, airflow):
    run = first(desk, "runs")["key"]
    desk.run("run", "resume-schedule", "--target", run, "--yes", "--reason", "try")
    answers = [desk.run(*words, "--json").json() for words in (["list", "all"], ["list", "sources"], ["list", "actions"], ["show", run], ["audit"], ["run", "resume-schedule", "--target", run, "--dry-run"])]
    assert not [p for a in answers for p in numbers_like_times(a)]
    assert re.match(ISO, answers[1][0]["last_good"]) and re.match(ISO, answers[2][0]["ended"]) and re.match(ISO, answers[4][0]["at"])
    assert re.match(ISO, answers[3]["seen"]) and "times" not in answers[3]
    # The audit in sentences: who did what to what, and nothing of JSON.
    lines = desk.run("audit").out.splitlines()
    assert re.search(r"^1  20\S+Z  action \d+  oncall@\S+ starts resume-schedule \(reversible\) on " + re.escape(run) + r", 1 request, reason: try$", lines[0]), lines[0]
    assert not [line for line in lines if '"class"' in line or '"state"' in line], lines


def test_runbooks_are_listed_and_checked(desk):
    rows = desk.run("runbook", "list", "--json").json()
    assert {r["runbook"] for r in rows} >= {"backfill", "revoke-grant"} and all(r["risk"] and r["title"] for r in rows)
    assert len(desk.run("runbook", "list").out.splitlines()) == len(rows)
    good = os.path.join(ROOT, "runbooks", "catalog", "backfill.yaml")
    assert desk.run("runbook", "check", good).out == good + ": ok\n"
    bad = desk.write("runbooks/bad.yaml", "runbook: bad\ntitle: T\napplies: {kind: run}\nrisk: harmless\nsteps: [{call: x}]\n")
    done = desk.run("runbook", "check", good, bad, status=78)
    assert "bad.yaml:4:7: unknown risk" in done.err and good in done.out
    assert "bad.yaml:4:7" in desk.run("runbook", "list", status=78).err
    desk.run("runbook", status=2)
    desk.run("runbook", "check", status=2)


def test_a_locale_that_is_not_generated_is_utf8(desk):
    for lang, wanted in (("xx_YY.UTF-8", "UTF-8"), ("C", "drawn in ASCII")):
        out = desk.run("doctor", status=78, env=desk.env(LANG=lang)).out
        assert wanted in next(line for line in out.splitlines() if " terminal " in line), out


def test_dry_run_sends_nothing(airflow, far_platform):
    run = failed_run(airflow, 0)
    before = far_platform.state()["actions"]
    done = airflow.run("run", "rerun-failed-tasks", "--target", run["key"], "--dry-run")
    assert "2 tasks will be cleared" in done.out and "load_orders" in done.out and "/clear" in done.out
    preview = airflow.run("run", "rerun-failed-tasks", "--target", run["key"], "--dry-run", "--json").json()
    assert preview["prod"] and not preview["reason_required"] and len(preview["plan_hash"]) == 64
    for words in ([], ["--reason", "because"]):
        done = airflow.run("run", "rerun-failed-tasks", "--target", run["key"], *words, status=4)
    assert "--yes" in done.err
    assert far_platform.state()["actions"] == before
    assert airflow.actions() == [] and airflow.audit() == []


def test_rerun_is_proved_and_audited_in_order(airflow, far_platform):
    run = failed_run(airflow, 0)
    done = airflow.run("run", "rerun-failed-tasks", "--target", run["key"], "--yes", "--reason", "stg.orders is back", "--json")
    job = done.json()
    assert job["state"] == "succeeded" and job["targets"][0]["state"] == "succeeded"
    state = far_platform.state()
    assert state["airflow"]["orders_daily"][run["id"].partition("/")[2]] == "success"
    assert [a["target"] for a in state["actions"] if a["action"] == "clear"].count(run["id"]) == 1
    rows = airflow.audit(job["job"])
    assert [r["event"] for r in rows] == ["intent", "request", "reply", "target", "outcome"]
    intent, request = rows[0]["body"], rows[1]["body"]
    assert intent["reason"] == "stg.orders is back" and intent["targets"] == [run["key"]] and intent["plan_hash"] == job["plan_hash"]
    assert request["request"] == intent["requests"][0]
    assert all(r["who"] == "oncall" for r in rows)
    # Each row holds the hash of the one before, so none can be taken out.
    assert [r["prev"] for r in rows[1:]] == [r["hash"] for r in rows[:-1]]
    assert CANARY not in json.dumps(rows)
    assert airflow.show(run["key"])["state"] == "succeeded"


def test_silence(desk, demo, far_platform):
    desk.use_demo(demo, "alertmanager")
    desk.start_worker()
    alert = first(desk, "incidents", "state:open", "label:alertname=QueryQueueLong")
    desk.run("run", "silence-alert", "--target", alert["key"], "--param", "duration=45m", "--yes", "--reason", "known")
    silences = [s for s in far_platform.state()["alertmanager"]["silences"] if s["createdBy"] == "oncall"]
    assert len(silences) == 1 and {"name": "alertname", "value": "QueryQueueLong", "isRegex": False, "isEqual": True} in silences[0]["matchers"]
    assert far_platform.state()["alertmanager"]["alerts"]["QueryQueueLong"] == 1
    desk.wait_rows("incidents", "label:alertname=QueryQueueLong", "state:silenced")
    desk.run("run", "end-silence", "--target", alert["key"], "--yes", "--reason", "over")
    assert far_platform.state()["alertmanager"]["alerts"]["QueryQueueLong"] == 0


def test_acknowledge_an_incident(desk, demo, far_platform):
    desk.use_demo(demo, "servicenow")
    desk.start_worker()
    row = first(desk, "incidents", "state:open")
    desk.run("run", "acknowledge", "--target", row["key"], "--yes")
    number = desk.show(row["key"])["labels"]["number"]
    assert far_platform.state()["servicenow"]["incident"][number] == "2"


def test_approval_wants_the_typed_name(desk, demo, far_platform):
    desk.use_demo(demo, "servicenow")
    desk.start_worker()
    row = first(desk, "access", "state:pending", "source:servicenow")
    before = far_platform.state()["servicenow"]
    call = ["run", "approve-access", "--target", row["key"], "--reason", "the owner agreed"]
    done = desk.run(*call, "--yes", status=4)
    assert "--confirm" in done.err
    desk.run(*call, "--yes", "--confirm", "somebody else", status=4)
    assert far_platform.state()["servicenow"] == before
    confirm = desk.run(*call, "--dry-run", "--json").json()["confirm"]
    desk.run(*call, "--yes", "--confirm", confirm["type"])
    assert far_platform.state()["servicenow"] != before
    desk.wait_rows("access", "id:" + row["id"], "state:approved")


def test_revocation(desk, demo, far_platform):
    desk.use_demo(demo, "okta")
    desk.start_worker()
    row = first(desk, "grants", "source:okta", "contractor-9", "warehouse-admins")
    assert "contractor-9" in far_platform.state()["okta"]["groups"]["warehouse-admins"]
    confirm = desk.run("run", "revoke-grant", "--target", row["key"], "--dry-run", "--json").json()["confirm"]
    desk.run("run", "revoke-grant", "--target", row["key"], "--yes", "--reason", "left", "--confirm", confirm["type"])
    assert "contractor-9" not in far_platform.state()["okta"]["groups"]["warehouse-admins"]
    desk.wait_rows("grants", "id:" + row["id"], "state:revoked")


def test_the_same_action_twice_at_once(desk):
    with rig.FarSide() as far:
        let_go = threading.Event()

        def slow(method, body):
            assert let_go.wait(240)
            return rig.Reply({})

        sent = 1
        far.paths.update({"/things": rig.Reply([{"id": "t1"}]), "/poke": slow, "/state": lambda *_: rig.Reply({"done": far.count("POST", "/poke") == sent})})
        far.use(desk)
        key = first(desk, "incidents")["key"]
        one = desk.start("run", "poke", "--target", key, "--yes")
        wait_for(lambda: far.count("POST", "/poke") == 1, "the first action's request")
        other = desk.run("run", "poke", "--target", key, "--yes", status=4)
        assert "oncall" in other.out and "action" in other.out, "it does not say who has it: %r" % other
        let_go.set()
        assert desk.end_of(one).status == 0
        assert far.count("POST", "/poke") == 1
        assert [j["state"] for j in desk.actions()] == ["failed", "succeeded"]
        assert [r["event"] for r in desk.audit(desk.actions()[0]["job"])] == ["refused"]
        # The lock went with the action.
        sent = 2
        desk.run("run", "poke", "--target", key, "--yes")
        assert far.count("POST", "/poke") == 2


def writer(desk, *changes):
    """The child by which consoles write: as a console of another build, or a forged one, could."""
    lines = "".join(json.dumps(c) + "\n" for c in changes)
    done = subprocess.run(desk.argv("store-write", desk.store), input=lines, capture_output=True, text=True, env=desk.env(), timeout=120)
    desk.check()
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def version_of(runbook):
    with open(os.path.join(ROOT, "runbooks", "catalog", runbook + ".yaml"), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def forge(desk, runbook, version, row, plan_hash, params=None, reason=""):
    """An action as a console would ask for it, on the last preview, without the console's own gates. The job, once it failed."""
    with sqlite3.connect(desk.store) as db:
        preview = db.execute("select max(job) from job where type = 'preview'").fetchone()[0]
    spec = {"runbook": runbook, "version": version, "params": params or {}, "operator": "oncall", "reason": reason, "preview": preview, "plan_hash": plan_hash}
    args = {"type": "action", "runbook": runbook, "title": "t", "who": "oncall", "host": "h", "reason": reason, "plan_hash": plan_hash,
            "targets": [{"key": row["key"], "title": row["title"]}], "spec": spec}
    answer = writer(desk, {"id": 1, "change": "job_add", "args": args})[0]
    assert answer["answer"]["job"], answer
    return desk.wait_action(["failed"], job=answer["answer"]["job"])


def test_a_plan_that_changed_since_its_preview_is_refused(desk, demo, far_platform):
    desk.use_demo(demo, "alertmanager")
    desk.start_worker()
    row = first(desk, "incidents", "state:open", "label:alertname=ReplicationSlotGrowth")
    result = desk.run("run", "silence-alert", "--target", row["key"], "--param", "duration=30m", "--dry-run", "--json").json()
    before = far_platform.actions("alertmanager")
    version, params = version_of("silence-alert"), {"duration": "8h"}
    job = forge(desk, "silence-alert", version, row, result["plan_hash"], params, "r")
    assert "the plan changed since the preview" in job["error"]
    job = forge(desk, "silence-alert", version, row, "0" * 64, params, "r")
    assert "another plan than its preview" in job["error"]
    assert far_platform.actions("alertmanager") == before
    assert [r["event"] for r in desk.audit()] == ["refused", "refused"]


def test_gates_hold_for_a_forged_action(desk):
    """The worker asks again what the console asked: a reason, the number of targets, read_only."""
    poke = rig.POKE.replace("reason: none", "reason: required") + "limits: {targets: 1}\n"
    version = hashlib.sha256(poke.encode()).hexdigest()
    with rig.FarSide() as far:
        far.paths.update({"/things": rig.Reply([{"id": "t1"}, {"id": "t2"}]), "/poke": rig.Reply({}), "/state": rig.Reply({"done": True})})
        far.use(desk, start=False)
        desk.write("runbooks/poke.yaml", poke)
        desk.start_worker()
        rows = desk.wait_rows("incidents", least=2)
        call = ["run", "poke", "--target", rows[0]["key"]]
        assert "reason" in desk.run(*call, "--yes", status=4).err
        done = desk.run(*call, "--target", rows[1]["key"], "--yes", "--reason", "r", status=4)
        assert "2 targets, and poke takes at most 1" in done.out + done.err
        result = desk.run(*call, "--dry-run", "--json").json()
        assert "wants a reason" in forge(desk, "poke", version, rows[0], result["plan_hash"])["error"]
        desk.stop_worker()
        far.use(desk, start=False, read_only=True)
        desk.write("runbooks/poke.yaml", poke)
        desk.start_worker()
        result = desk.run(*call, "--dry-run", "--json", status=None).json()
        assert "read_only" in forge(desk, "poke", version, rows[0], result["plan_hash"], reason="r")["error"]
        assert far.count("POST", "/poke") == 0
        assert {r["event"] for r in desk.audit()} == {"refused"}


def test_what_cannot_be_known_is_unknown_and_sent_once(desk):
    with rig.FarSide() as far:
        far.paths.update({"/things": rig.Reply([{"id": "t1"}]), "/poke": lambda method, body: None, "/state": rig.Reply({"done": False})})
        far.use(desk)
        key = first(desk, "incidents")["key"]
        done = desk.run("run", "poke", "--target", key, "--yes", status=3)
        assert "UNKNOWN" in (done.out + done.err).upper()
        assert far.count("POST", "/poke") == 1
        # The far side did it after all: looking proves it, and nothing is sent.
        far.paths["/state"] = rig.Reply({"done": True})
        done = desk.run("run", "poke", "--target", key, "--yes", status=0)
        assert "already so, nothing will be sent: far: done is true" in done.out and "already so, nothing was sent" in done.out
        assert far.count("POST", "/poke") == 1
        far.paths.update({"/poke": rig.Reply({"detail": "not today"}, 409), "/state": rig.Reply({"done": False})})
        done = desk.run("run", "poke", "--target", key, "--yes", status=1)
        assert "not today" in done.out + done.err
        assert far.count("POST", "/poke") == 2


def test_read_only(desk, demo, far_platform):
    desk.use_demo(demo, "alertmanager", read_only=True)
    desk.start_worker()
    row = first(desk, "incidents", "state:open")
    before = far_platform.actions("alertmanager")
    done = desk.run("run", "silence-alert", "--target", row["key"], "--yes", "--reason", "r", status=4)
    assert "read" in done.err
    assert far_platform.actions("alertmanager") == before


def test_filters_count_what_is_not_shown(airflow):
    airflow.wait_rows("runs", least=100)
    done = airflow.run("list", "runs", "state:failed", "orders_daily", "--limit", "1")
    assert done.err.startswith("1 of "), done.err
    wait_for(lambda: not airflow.rows("runs", "!source:airflow-prod"), "the inverted filter")


def test_doctor(desk, demo):
    desk.use_demo(demo, "alertmanager")
    desk.start_worker()
    first(desk, "incidents")
    done = desk.run("doctor")
    assert "BAD" not in done.out and "alertmanager" in done.out
    desk.write("connectors/alertmanager.yaml", "connector: alertmanager\ntitle: x\nsettingz: {}\n")
    done = desk.run("doctor", status=78)
    assert "alertmanager.yaml:3:1" in done.out


DOCTOR = """\
theme: neon
sources:
  literal: {connector: airflow3, env: prod, url: "https://x.example", username: a, password: hunter2hunter2}
  nourl: {connector: airflow3, username: a, password: {command: [echo, long-enough]}}
  unset: {connector: airflow3, env: blue, url: "https://x.example", username: a, password: {env: WD_TEST_NOT_SET}}
  short: {connector: airflow3, env: prod, url: "https://x.example", username: a, password: {command: [echo, abc]}}
  gone: {connector: airflow3, env: prod, url: "https://x.example", username: a, password: {file: /nonexistent/s}}
  odd: {connector: airflow3, env: prod, url: "ftp//x", username: a, password: {command: [echo, long-enough]}}
  typo: {connector: airflow3, env: prod, url: "https://x.example", usrname: a}
  set: {connector: airflow3, env: prod, url: "https://x.example", username: a, password: {env: WD_TEST_IS_SET}}
  ca: {connector: airflow3, env: prod, url: "https://x.example", ca_file: /nonexistent/ca, username: a, password: {command: [echo, long-enough]}}
  ghost: {connector: ghost, env: prod}
  off: {connector: airflow3, env: prod, disabled: true, url: "https://x.example", username: a, password: {env: WD_TEST_NOT_SET}}
hosts:
  h: {env: prod, identity: /nonexistent/id}
"""
STEP = "title: T\napplies: {kind: run%s}\nrisk: reversible\nsteps: [{call: %s}]\n"
FOUND = [
    ("bad", "theme", "neon"),
    ("bad", "source", r"literal: .*config\.yaml:3:\d+: password: a secret is not written"),
    ("bad", "source", r'nourl: .*:4:\d+: .*needs the key "url"'),
    ("warn", "env", "source nourl has no `env:`"),
    ("warn", "env", 'source unset: "blue" is no known environment'),
    ("bad", "secret", "unset: password: .*WD_TEST_NOT_SET is not set"),
    ("warn", "secret", "short: password is shorter than 8 bytes"),
    ("bad", "secret", "gone: password: .*/nonexistent/s"),
    ("bad", "source", r"odd: .*:8:\d+: url: "),
    ("bad", "source", r'typo: .*"usrname".*did you mean "username"'),
    ("bad", "source", r"ca: .*/nonexistent/ca: No such file"),
    ("bad", "connector", "no ghost.yaml"),
    ("bad", "source", 'ghost: without a working connector "ghost"'),
    ("bad", "runbook", 'any: no connector has a call "nosuch"'),
    ("bad", "runbook", 'one: connector airflow3 has no call "nosuch"'),
    ("bad", "host", "h: /nonexistent/id"),
    ("bad", "store", "cannot be created|no store can be made"),
]


def test_doctor_finds_what_a_source_would_stumble_on(desk):
    desk.write("config.yaml", DOCTOR)
    desk.write("runbooks/any.yaml", "runbook: any\n" + STEP % ("", "nosuch"))
    desk.write("runbooks/one.yaml", "runbook: one\n" + STEP % (", connector: [airflow3]", "nosuch"))
    done = desk.run("--store", "/proc/none/here/store.db", "doctor", "--json", status=78, env=desk.env(True, WD_TEST_IS_SET="long-enough"))
    rows = done.json()
    for level, check, text in FOUND:
        assert [r for r in rows if r["level"] == level and r["check"] == check and re.search(text, r["text"])], (check, text, rows)
    assert not [r for r in rows if r["text"].startswith(("off:", "set:"))]
    assert "hunter2" not in done.out + done.err


def test_doctor_without_a_configuration_says_so(desk):
    done = desk.run("doctor", status=78)
    assert re.search(r"^BAD  config .*config\.yaml: there is no such file", done.out, re.M), done
    assert re.search(r"^ok   store .*none yet", done.out, re.M), done


def test_the_audit_is_whole_or_says_what_is_missing(desk, airflow):
    desk.run("run", "resume-schedule", "--target", first(desk, "runs")["key"], "--yes", "--reason", "try")
    head = re.search(r"whole, head (\d+:[0-9a-f]{64})$", desk.run("audit", "verify").out.strip()).group(1)
    rows = desk.audit()
    assert [r["seq"] for r in rows] == list(range(1, len(rows) + 1)) and head == "%d:%s" % (rows[-1]["seq"], rows[-1]["hash"])
    assert len(desk.run("audit", "--limit", "2").out.splitlines()) == 2
    job = rows[-1]["job"]
    own = [r["seq"] for r in rows if r["job"] == job]
    assert [r["seq"] for r in desk.run("audit", str(job), "--json").json()] == own
    assert [int(line.split()[0]) for line in desk.run("audit", str(job), "--limit", "2").out.splitlines()] == own[-2:]
    assert [j["type"] for j in desk.run("list", "actions", "--json").json()] == ["action"]
    # Nobody sees in the chain alone that its end was cut off; against a head kept elsewhere it shows.
    desk.stop_worker()
    with sqlite3.connect(desk.store) as db:
        db.execute("delete from audit where seq = ?", (rows[-1]["seq"],))
    assert desk.run("audit", "verify").out.startswith("whole, head %d:" % (rows[-1]["seq"] - 1))
    assert "its end was cut off" in desk.run("audit", "verify", head, status=1).out
    with sqlite3.connect(desk.store) as db:
        db.execute("update audit set who = 'somebody else' where seq = 1")
    assert "entry 1 was changed" in desk.run("audit", "verify", status=1).out
    assert "is no head" in desk.run("audit", "verify", "12", status=2).err
