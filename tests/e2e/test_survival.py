"""What is left when a part of it dies: actions go on, are looked after, and are never sent twice."""
import json
import os
import signal
import sqlite3
import threading

import pytest

import rig
from desk import alive, wait_for
from keys import answer, choose, to_question

BLIND = rig.POKE.replace("runbook: poke", "runbook: blind").replace("call: poke", "call: blind")


class Gate:
    """A far side whose POST is answered when the test says so."""

    def __init__(self, far):
        self.far, self.open = far, threading.Event()
        far.paths.update({"/things": rig.Reply([{"id": "t1"}, {"id": "t2"}]), "/poke": self.slow, "/state": rig.Reply({"done": False})})

    def slow(self, method, body):
        assert self.open.wait(240)
        return rig.Reply({})

    def done(self):
        self.far.paths["/state"] = rig.Reply({"done": True})

    def sent(self):
        return self.far.count("POST", "/poke")

    def wait_sent(self):
        wait_for(lambda: self.sent() == 1, "the request")


@pytest.fixture
def gate():
    with rig.FarSide() as far:
        g = Gate(far)
        yield g
        g.open.set()


def workers(desk):
    return [pid for pid, line in desk.processes_left() if "watchdesk-worker worker" in line]


def start_by_keys(desk):
    tty = desk.console()
    tty.wait(r"^> .*open.* t[12] ")
    tty.to_row(" t1 ")
    choose(tty, "poke")
    to_question(tty)
    answer(tty)
    tty.wait(r"1 running")
    return tty


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP, None], ids=["SIGKILL", "SIGHUP", "hang-up"])
def test_a_console_that_dies_ends_no_action(desk, gate, how):
    gate.far.use(desk, start=False)
    tty = start_by_keys(desk)
    gate.wait_sent()
    worker = desk.worker_pid()
    if how is None:
        tty.hang_up()
    else:
        tty.signal(how)
    wait_for(lambda: not alive(tty.pid), "the end of the console")
    again = desk.console()
    again.wait(r"^> .*open.* t[12] ")
    again.press("7", r"^> +running .* poke ")
    gate.done()
    gate.open.set()
    again.wait(r"^> +done .* poke ")
    again.press("Enter", r"1 of 1 proved")
    again.wait(r"far: done is true")
    again.wait(r"poked t1")
    assert gate.sent() == 1 and desk.worker_pid() == worker and alive(worker)
    assert [j["state"] for j in desk.actions()] == ["succeeded"]


def test_a_headless_run_that_dies_ends_no_action(desk, gate):
    gate.far.use(desk)
    key = desk.wait_rows("incidents")[0]["key"]
    process = desk.start("run", "poke", "--target", key, "--yes")
    gate.wait_sent()
    process.kill()
    process.wait()
    gate.done()
    gate.open.set()
    desk.wait_action(["succeeded"])
    assert gate.sent() == 1


def started(desk, gate, runbook="poke"):
    key = desk.wait_rows("incidents")[0]["key"]
    process = desk.start("run", runbook, "--target", key, "--yes", "--json")
    gate.wait_sent()
    return process


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "not-known"])
def test_after_the_worker_died_it_only_looks(desk, gate, how, arrived):
    gate.far.use(desk)
    started(desk, gate)
    desk.stop_worker(how)
    if arrived:
        gate.done()
    gate.open.set()
    assert desk.actions()[0]["state"] not in ("succeeded", "failed", "unknown")
    desk.start_worker()
    job = desk.wait_action(["succeeded"] if arrived else ["unknown"])
    assert gate.sent() == 1, "it was sent again"
    events = [r["event"] for r in desk.audit(job["job"])]
    assert events[:2] == ["intent", "request"] and "resumed" in events and events[-1] == "outcome" and events.count("request") == 1


def test_what_cannot_be_looked_at_is_unknown(desk, gate):
    gate.far.use(desk, start=False)
    desk.write("runbooks/blind.yaml", BLIND)
    desk.start_worker()
    started(desk, gate, "blind")
    desk.stop_worker(signal.SIGKILL)
    gate.open.set()
    desk.start_worker()
    job = desk.wait_action(["unknown"])
    assert gate.sent() == 1 and job["unknown"] == 1
    # The lock is free again: a person may decide to do it once more.
    key = desk.rows("incidents")[0]["key"]
    desk.run("run", "blind", "--target", key, "--yes", status=6)
    assert gate.sent() == 2


def test_the_next_console_starts_the_worker_that_looks(desk, gate):
    gate.far.use(desk)
    started(desk, gate)
    desk.stop_worker(signal.SIGKILL)
    gate.done()
    gate.open.set()
    tty = desk.console()
    tty.wait(r"^> .*open.* t[12] ")
    tty.press("7", r"^> +done .* poke ")
    assert gate.sent() == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_an_open_console_starts_the_worker_again(desk, gate, how):
    gate.far.use(desk, start=False)
    tty = start_by_keys(desk)
    gate.wait_sent()
    first = desk.worker_pid()
    desk.stop_worker(how)
    gate.done()
    gate.open.set()
    tty.wait(r"The worker runs again")
    tty.wait(r"1 of 1 proved")
    assert desk.worker_pid() not in (0, first) and len(workers(desk)) == 1
    assert gate.sent() == 1, "it was sent again"


def test_a_worker_that_does_not_stay_is_said(desk, gate):
    gate.far.use(desk, start=False)
    tty = desk.console()
    tty.wait(r"^> .*open.* t[12] ")
    with open(desk.config, "a") as f:
        f.write("nonsense: [\n")
    desk.stop_worker()
    # Stopped within its first moments, it may not have been seen by the console.
    tty.wait(r"The worker (ended; it is started again|did not start; trying again)")
    tty.wait(r"The worker does not stay.*watchdesk doctor")
    assert "error" in desk.log_text() or desk.run("doctor", status=None).status != 0


def test_several_starts_give_one_worker(desk, gate):
    gate.far.use(desk, start=False)
    ttys = [desk.console() for _ in range(3)]
    for tty in ttys:
        tty.wait(r"^> .*open.* t[12] ")
    assert wait_for(lambda: len(workers(desk)) == 1, "one worker")
    assert desk.log_text().count("serving ") == 1
    pid = desk.worker_pid()
    for _ in range(2):
        desk.run("list")
    assert desk.worker_pid() == pid
    done = desk.run("worker", status=75)
    assert "another worker serves" in done.err and str(pid) in done.err


def test_the_worker_leaves_when_it_is_not_needed(desk, gate):
    gate.far.use(desk, start=False, worker={"idle_exit": "1s"})
    tty = desk.console()
    tty.wait(r"^> .*open.* t[12] ")
    first = desk.worker_pid()
    # As long as a console is open it stays, far beyond its idle time.
    tty.rest(7)
    assert desk.worker_pid() == first and alive(first), "the worker left while a console was open"
    tty.key("q")
    assert tty.wait_end() == 0
    wait_for(lambda: not alive(first), "the end of the idle worker")
    assert workers(desk) == []


def test_without_an_audit_nothing_starts(desk, gate):
    gate.far.use(desk)
    key = desk.wait_rows("incidents")[0]["key"]
    db = sqlite3.connect(desk.store, timeout=10)
    db.execute("create trigger full before insert on audit begin select raise(abort, 'disk full'); end")
    db.commit()
    db.close()
    done = desk.run("run", "poke", "--target", key, "--yes", status=4)
    assert "audit could not be written" in done.out + done.err
    assert gate.sent() == 0
    targets = desk.run("run", "poke", "--target", key, "--yes", "--json", status=4).json()["targets"]
    assert targets[0]["state"] == "refused"
    assert gate.sent() == 0 and desk.audit() == []


def test_worker_stop(desk, gate):
    gate.far.use(desk)
    desk.wait_rows("incidents")
    pid = desk.worker_pid()
    desk.run("worker", "--stop", "--store", desk.store, leaks=False)
    assert not alive(pid) and desk.worker_pid() in (0, pid)
    assert os.path.exists(desk.store)
    # Without a worker what is asked waits for the next one.
    desk.run("list", "incidents")


def test_following_a_log_keeps_only_the_last(desk, gate):
    lines = ["line %d" % i for i in range(3000)]
    gate.far.paths["/log"] = lambda method, body: rig.Reply("\n".join(lines + ["fetch %d" % gate.far.count("GET", "/log")]).encode(), kind="text/plain")
    gate.far.use(desk, start=False)
    runs = rig.FAR.replace("kind: incident", "kind: run").replace("default: open", "default: running")
    desk.write("connectors/far.yaml", runs + "log:\n  run:\n    get: /log\n    format: text\n")
    tty = desk.console()
    tty.press("2", r"^> .*running.* t[12] ")
    tty.press("l", r"line \d+")
    tty.press("f", r"fetch [12]$")
    tty.wait(r"fetch 4")

    def kept():
        db = sqlite3.connect(desk.store, timeout=10)
        try:
            jobs = [job for job, in db.execute("select job from job where type='log' and state='done' order by job")]
            return jobs, dict(db.execute("select job, count(*) from output group by job"))
        finally:
            db.close()

    def only_the_last():
        jobs, output = kept()
        # One that is under way keeps what it has until it is the last.
        return len(jobs) >= 4 and not set(jobs[:-1]) & set(output) and output.get(jobs[-1]) == 3001

    wait_for(only_the_last, "the end of the earlier fetches' output")
    assert tty.wait(r"fetch [4-9]")
# ---- what the store does not take is not sent ----------------------------------------------------


# ---- what the store does not take is not sent ----------------------------------------------------


def test_what_is_canceled_between_reading_and_starting_is_not_sent(desk, gate):
    gate.open.set()
    gate.far.use(desk, start=False)
    # Nothing but the action writes: while the store refuses anything else, no action is started.
    desk.configure({"far": {"connector": "far", "url": gate.far.url, "every": "1h"}})
    desk.start_worker()
    key = desk.wait_rows("incidents", "t1")[0]["key"]
    desk.run("run", "poke", "--target", key, "--dry-run")
    db = sqlite3.connect(desk.store, timeout=20, isolation_level=None)
    db.execute("begin immediate")
    os.kill(desk.worker_pid(), signal.SIGSTOP)
    preview, spec, plan = db.execute("select job, spec, json_extract(result, '$.plan_hash') from job where type = 'preview'").fetchone()
    spec = json.dumps({**json.loads(spec), "preview": preview, "plan_hash": plan})
    job = db.execute("insert into job(type, state, runbook, title, who, host, reason, plan_hash, spec, created) select 'action', 'queued', runbook, title, who, host, reason, ?, ?, created from job where job = ?",
                     (plan, spec, preview)).lastrowid
    db.execute("insert into target(job, n, key, rid, title, state, updated) select ?, n, key, rid, title, 'queued', updated from target where job = ?", (job, preview))
    db.execute("commit")
    db.execute("begin immediate")
    os.kill(desk.worker_pid(), signal.SIGCONT)
    # The worker has it in hand and waits to write: now the cancel comes first.
    wait_for(lambda: "%d -> starting" % job in desk.log_text(), "the worker's attempt", every=0.01)
    db.execute("update job set state = 'canceled', cancel_by = 'kim', ended = created where job = ?", (job,))
    db.execute("update target set state = 'canceled', known = 'canceled before it started' where job = ?", (job,))
    db.execute("commit")
    db.close()
    # What comes after it in the queue is done, and the same target is free.
    desk.run("run", "poke", "--target", key, "--dry-run")
    wait_for(lambda: "action %d is not started" % job in desk.log_text(), "the worker's word")
    assert gate.sent() == 0 and desk.audit(job) == []
    gate.far.paths["/state"] = lambda *_: rig.Reply({"done": gate.sent() > 0})
    desk.run("run", "poke", "--target", key, "--yes")
    assert gate.sent() == 1


@pytest.mark.parametrize("table", ["job", "target"])
def test_without_its_state_on_the_disk_nothing_starts(desk, gate, table):
    gate.open.set()
    gate.far.use(desk)
    key = desk.wait_rows("incidents", "t1")[0]["key"]
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("create trigger full before update on %s when new.state = 'starting' begin select raise(abort, 'disk full'); end" % table)
    job = desk.run("run", "poke", "--target", key, "--yes", "--json", status=None).json()
    assert gate.sent() == 0 and job["state"] == "failed"
    if table == "target":
        assert "not sent: that it starts could not be written: " in job["targets"][0]["known"] and "request" not in [r["event"] for r in desk.audit(job["job"])]


def test_a_log_is_whole_though_the_store_took_it_late(desk, gate):
    lines = ["line %d" % i for i in range(1200)]
    gate.far.paths["/log"] = rig.Reply("\n".join(lines).encode(), kind="text/plain")
    gate.far.use(desk, start=False)
    runs = rig.FAR.replace("kind: incident", "kind: run").replace("default: open", "default: running")
    desk.write("connectors/far.yaml", runs + "log:\n  run:\n    get: /log\n    format: text\n")
    desk.start_worker()
    key = desk.wait_rows("runs", "t1")[0]["key"]
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("create trigger full before insert on output begin select raise(abort, 'disk full'); end")
    shown = []
    reader = threading.Thread(target=lambda: shown.append(desk.run("log", key).out))
    reader.start()
    wait_for(lambda: "output_add is kept and told again" in desk.log_text(), "the worker's word")
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("drop trigger full")
    reader.join(120)
    assert [line for line in shown[0].splitlines() if line.startswith("line ")] == lines


@pytest.mark.parametrize("how", ["another", "gone"])
def test_what_is_something_else_by_now_is_not_looked_at(desk, gate, how):
    """The same key is another object when the worker comes back: whatever that shows proves nothing."""
    gate.far.use(desk, start=False)
    desk.write("connectors/far.yaml", rig.FAR.replace("title: id", "title: name").replace("opaque: {id: id}", "opaque: {id: name}"))
    gate.far.paths["/things"] = rig.Reply([{"id": "t1", "name": "old"}])
    desk.start_worker()
    started(desk, gate)
    if how == "another":
        gate.far.paths["/things"] = rig.Reply([{"id": "t1", "name": "new"}])
        desk.wait_rows("incidents", "new")
    looks = gate.far.count("GET", "/state")
    desk.stop_worker(signal.SIGKILL)
    if how == "gone":
        with sqlite3.connect(desk.store, timeout=20) as db:
            db.execute("delete from rec")
    gate.done()
    gate.open.set()
    desk.start_worker()
    job = desk.wait_action(["unknown", "succeeded", "failed"])
    with sqlite3.connect("file:%s?mode=ro" % desk.store, uri=True) as db:
        state, known = db.execute("select state, known from target where job = ?", (job["job"],)).fetchone()
    assert (job["state"], state) == ("unknown", "unknown") and "not what was confirmed any more" in known
    assert gate.sent() == 1 and gate.far.count("GET", "/state") == looks


@pytest.mark.parametrize("table", ["job", "target"])
def test_a_store_that_does_not_answer_is_asked_again(desk, gate, table):
    """What was under way is looked after as soon as it does."""
    gate.far.use(desk)
    started(desk, gate)
    desk.stop_worker(signal.SIGKILL)
    gate.done()
    gate.open.set()
    db = sqlite3.connect(desk.store, timeout=20, isolation_level=None)
    # A question that names a column which is not there fails; of targets the list of jobs needs other columns.
    column = {"job": "spec", "target": "known"}[table]
    db.execute("alter table %s rename column %s to away" % (table, column))
    desk.start_worker()
    wait_for(lambda: "asked again: " in desk.log_text(), "the failed question")
    db.execute("alter table %s rename column away to %s" % (table, column))
    db.close()
    job = desk.wait_action(["succeeded"])
    assert gate.sent() == 1 and [r["event"] for r in desk.audit(job["job"])].count("resumed") == 1
