"""The steps of a runbook that are more than one request: sql on a real PostgreSQL, foreach, confirm."""
import json
import signal
import sqlite3
import subprocess
import threading

import pytest

import rig
from desk import wait_for
from keys import QUESTION, answer, choose, to_question

HEAD = "title: T\napplies: {kind: %s, connector: [%s]}\nrisk: reversible\nreason: none\nundo: nothing\n"


def runbook(desk, name, kind, connector, rest):
    desk.write("runbooks/%s.yaml" % name, "runbook: %s\n" % name + HEAD % (kind, connector) + rest)


# ---- sql -----------------------------------------------------------------------------------------

JOBS = """\
connector: jobs
title: Jobs in a table
settings: {host: {type: string, required: true}, port: {type: int}, user: {type: string}}
postgres: {host: "{{ settings.host }}", port: "{{ settings.port }}", dbname: postgres, user: "{{ settings.user }}"}
collect:
  jobs:
    kind: run
    every: 2s
    min_every: 1s
    sql: select id, name, state from job order by id
    record:
      id: to_string(id)
      title: name
      state: {value: state, map: {failed: failed, queued: queued}}
      opaque: {job_id: id}
"""
REQUEUE = """\
parameters:
  note: {type: string, prompt: Note, default: again}
  state: {type: string, prompt: Of state, default: failed}
steps:
  - title: queue it
    sql:
      text: |
        update job set state = 'queued', note = $2
        where (id = $1 or $1 = 3) and state = $3 returning id, note
      values: ["{{ record.opaque.job_id }}", "{{ params.note }}", "{{ params.state }}"]
      rows: {min: 1, max: 1}
"""


class Jobs:
    def __init__(self, about):
        self.about = about

    def sql(self, text):
        command = ["psql", "-X", "-A", "-t", "-q", "-h", self.about["socket_dir"], "-p", str(self.about["port"]), "-U", "watch", "-d", "postgres", "-c", text]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def states(self):
        return self.sql("select string_agg(id || ':' || state || ':' || note, ' ' order by id) from job")

    def source(self):
        return {"connector": "jobs", "host": self.about["socket_dir"], "port": self.about["port"], "user": "watch"}


@pytest.fixture(scope="module")
def cluster():
    with rig.helper("pg.py") as about:
        yield Jobs(about)


@pytest.fixture
def jobs(desk, cluster):
    cluster.sql("drop table if exists job; create table job (id int primary key, name text, state text, note text default '');"
                "insert into job(id, name, state) values (1, 'orders', 'failed'), (2, 'crm', 'failed'), (3, 'geo', 'failed')")
    desk.write("connectors/jobs.yaml", JOBS)
    runbook(desk, "requeue", "run", "jobs", REQUEUE)
    desk.configure({"pg": cluster.source()})
    desk.start_worker()
    return cluster


def job_key(desk, title):
    return desk.wait_rows("runs", title, "source:pg")[0]["key"]


def test_sql_is_previewed_by_roll_back_and_then_changes(desk, jobs):
    key = job_key(desk, "orders")
    note = "it's $1 {{ record.id }} \\ \"q\""
    before = jobs.states()
    shown = desk.run("run", "requeue", "--target", key, "--param", "note=" + note, "--dry-run").out
    assert "1 row would change" in shown and "sql on pg, 1 row: update job set state = 'queued', note = $2\\nwhere" in shown
    assert "[$1 = 1, $2 = %s, $3 = \"failed\"]" % json.dumps(note) in shown
    assert jobs.states() == before, "a preview changed something"
    done = desk.run("run", "requeue", "--target", key, "--param", "note=" + note, "--yes")
    assert "committed, 1 row" in done.out and '"id":1' in done.out
    assert jobs.states() == "1:queued:%s 2:failed: 3:failed:" % note
    events = [r["event"] for r in desk.audit(desk.actions()[0]["job"])]
    assert events == ["intent", "request", "reply", "target", "outcome"]


def test_a_row_count_out_of_range_changes_nothing(desk, jobs):
    before = jobs.states()
    done = desk.run("run", "requeue", "--target", job_key(desk, "geo"), "--yes", status=4)
    assert "would change 3 rows, at most 1 are allowed: rolled back" in done.out + done.err
    done = desk.run("run", "requeue", "--target", job_key(desk, "crm"), "--param", "state=gone", "--yes", status=4)
    assert "would change 0 rows, at least 1 are wanted: rolled back" in done.out + done.err
    assert jobs.states() == before and desk.actions() == []


def test_the_limits_hold_when_it_runs_too(desk, jobs):
    """A statement that is not tried out before: the first step makes what the second one finds."""
    key = job_key(desk, "orders")
    steps = """\
steps:
  - sql: {text: "update job set note = 'one' where id = 1", rows: {min: 1}}
  - sql: {text: "update job set note = note || 'two' where note = 'one' and id > $1", values: ["{{ params.above }}"], rows: {min: 1, max: 1}, preview: false}
parameters: {above: {type: int, default: 0}}
"""
    desk.stop_worker()
    runbook(desk, "two", "run", "jobs", steps)
    desk.start_worker()
    desk.run("run", "two", "--target", key, "--yes")
    assert jobs.sql("select note from job where id = 1") == "onetwo"
    job = desk.run("run", "two", "--target", key, "--param", "above=1", "--yes", "--json", status=1).json()
    assert job["state"] == "failed" and "would change 0 rows, at least 1 are wanted: rolled back" in job["targets"][0]["known"]
    assert jobs.sql("select note from job where id = 1") == "one"


def test_a_session_lost_at_commit_is_unknown(desk, jobs):
    jobs.sql("create or replace function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;"
             "create constraint trigger t after update on job deferrable initially deferred for each row execute function die()")
    job = desk.run("run", "requeue", "--target", job_key(desk, "crm"), "--yes", "--json", status=3).json()
    assert job["state"] == "unknown" and job["targets"][0]["state"] == "unknown"
    assert [r["event"] for r in desk.audit(job["job"])].count("request") == 1


def test_sql_wants_a_source_that_has_it(desk, jobs):
    with rig.FarSide() as far:
        far.paths["/things"] = rig.Reply([{"id": "t1"}])
        desk.stop_worker()
        desk.write("connectors/far.yaml", rig.FAR)
        runbook(desk, "own", "incident", "far", "steps: [{sql: {text: select 1}}]\n")
        runbook(desk, "other", "incident", "far", "steps: [{sql: {source: '{{ params.where }}', text: \"update job set note = $1 where id = 2\", values: ['{{ record.id }}']}}]\nparameters: {where: {type: string, default: pg}}\n")
        desk.configure({"pg": jobs.source(), "far": {"connector": "far", "url": far.url}})
        desk.start_worker()
        key = desk.wait_rows("incidents")[0]["key"]
        done = desk.run("run", "own", "--target", key, "--yes", status=4)
        assert "source far is no PostgreSQL source" in done.out and "request " not in done.out
        done = desk.run("run", "other", "--target", key, "--param", "where=none", "--yes", status=4)
        assert "none" in done.err
        desk.run("run", "other", "--target", key, "--yes")
        assert jobs.sql("select note from job where id = 2") == "t1"


# ---- foreach -------------------------------------------------------------------------------------

LOAD = """\
  load:
    post: /load
    json: {id: "{{ id }}", day: "{{ params.day }}"}
    says: "loaded"
"""
DAYS = """\
parameters:
  from: {type: date, prompt: From, default: "2026-11-01"}
  to: {type: date, prompt: To, default: "2026-11-03"}
steps:
  - foreach:
      in: "{{ dates(params.from, params.to) }}"
      as: day
      steps:
        - {call: load, with: {day: "{{ day }}"}%s}
%s"""


class Loads:
    """A far side that takes a day, refuses some of them, and waits at one until it is let go."""

    def __init__(self, far):
        self.far, self.bad, self.slow, self.open = far, set(), None, threading.Event()
        far.paths.update({"/things": rig.Reply([{"id": "t1"}, {"id": "t2"}]), "/load": self.load, "/poke": rig.Reply({})})

    def load(self, method, body):
        day = json.loads(body)["day"]
        if day == self.slow:
            assert self.open.wait(60)
        return rig.Reply({"detail": "no"}, 409) if day in self.bad else rig.Reply({})

    def days(self):
        with self.far.lock:
            return [json.loads(b)["day"] for m, p, b in self.far.seen if p == "/load"]

    def pokes(self):
        return self.far.count("POST", "/poke")


@pytest.fixture
def loads():
    with rig.FarSide() as far:
        made = Loads(far)
        yield made
        made.open.set()


def use(desk, loads, **runbooks):
    desk.write("connectors/far.yaml", rig.FAR + LOAD)
    for name, rest in runbooks.items():
        runbook(desk, name, "incident", "far", rest)
    desk.configure({"far": {"connector": "far", "url": loads.far.url}})
    desk.start_worker()
    return desk.wait_rows("incidents", "t1")[0]["key"]


def test_every_item_is_shown_then_sent(desk, loads):
    key = use(desk, loads, days=DAYS % ("", ""))
    shown = desk.run("run", "days", "--target", key, "--dry-run").out
    for n in (1, 2, 3):
        assert 'request  day 2026-11-0%d (%d of 3): POST %s/load {"day":"2026-11-0%d","id":"t1"}' % (n, n, loads.far.url, n) in shown
    assert "for each day: no proof of load on far" in shown and loads.days() == []
    done = desk.run("run", "days", "--target", key, "--yes", status=6)
    assert loads.days() == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert "day 2026-11-02 (2 of 3): loaded" in done.out
    requests = [r["body"]["request"] for r in desk.audit() if r["event"] == "request"]
    assert len(requests) == 3 and "2026-11-03" in requests[2]


def test_a_failure_in_the_middle_stops(desk, loads):
    key = use(desk, loads, days=DAYS % ("", ""))
    loads.bad.add("2026-11-02")
    job = desk.run("run", "days", "--target", key, "--yes", "--json", status=1).json()
    assert loads.days() == ["2026-11-01", "2026-11-02"]
    known = job["targets"][0]["known"]
    assert known.startswith("day 2026-11-02 (2 of 3): ") and known.endswith("; stopped there, 1 not begun") and "409" in known


def test_continue_of_the_loop_and_of_a_step(desk, loads):
    key = use(desk, loads, items=DAYS % ("", "    on_failure: continue\n  - call: blind\n"), steps=DAYS % (", on_failure: continue", ""))
    loads.bad.add("2026-11-02")
    job = desk.run("run", "items", "--target", key, "--yes", "--json", status=1).json()
    assert loads.days() == ["2026-11-01", "2026-11-02", "2026-11-03"] and loads.pokes() == 1
    assert job["targets"][0]["known"].startswith("1 failed, the first: day 2026-11-02 (2 of 3): ") and job["state"] == "failed"
    job = desk.run("run", "steps", "--target", key, "--yes", "--json", status=6).json()
    assert len(loads.days()) == 6 and job["state"] == "accepted"
    known = job["targets"][0]["known"]
    assert "1 failed, the first: day 2026-11-02 (2 of 3): " in known and known.endswith("day 2026-11-03 (3 of 3): loaded (no proof)")


def test_other_steps_run_for_the_item_that_failed(desk, loads):
    key = use(desk, loads, days=DAYS % (", on_failure: [{exec: [printf, 'after %s', '{{ day }}']}]", ""))
    loads.bad.add("2026-11-02")
    done = desk.run("run", "days", "--target", key, "--yes", status=1)
    assert "| after 2026-11-02" in done.out and len(loads.days()) == 2
    assert "409" in desk.run("run", "days", "--target", key, "--yes", "--json", status=1).json()["targets"][0]["known"]


def test_lists_that_are_none(desk, loads):
    key = use(desk, loads, days=DAYS % ("", ""), odd="steps: [{foreach: {in: '{{ record.title }}', as: x, steps: [{call: blind}]}}]\n")
    for words, said in ((("to=2027-12-06",), "the list has 401 items, at most 400 are taken at once"), (("to=2026-10-31",), "the list is empty"), (("from=2001-01-01",), "more than 3660 days")):
        call = ["run", "days", "--target", key, "--yes"]
        for word in words:
            call += ["--param", word]
        done = desk.run(*call, status=4)
        assert "foreach day: " in done.err and said in done.err
    assert "`in` gives no list" in desk.run("run", "odd", "--target", key, "--yes", status=4).err
    assert loads.days() == [] and desk.audit() == []


def test_after_the_worker_died_no_item_is_sent_again(desk, loads):
    key = use(desk, loads, days=DAYS % ("", ""))
    loads.slow = "2026-11-02"
    process = desk.start("run", "days", "--target", key, "--yes")
    wait_for(lambda: len(loads.days()) == 2, "the second day")
    desk.stop_worker(signal.SIGKILL)
    loads.open.set()
    desk.start_worker()
    job = desk.wait_action(["unknown"])
    known = desk_targets(desk, job["job"])[0]["known"]
    assert "day 2026-11-02 (2 of 3)" in known and "not known" in known
    assert loads.days() == ["2026-11-01", "2026-11-02"]
    assert desk.end_of(process).status == 3


def desk_targets(desk, job):
    with sqlite3.connect("file:%s?mode=ro" % desk.store, uri=True) as db:
        rows = db.execute("select key, state, known from target where job = ? order by n", (job,)).fetchall()
    return [{"key": k, "state": s, "known": w} for k, s, w in rows]


# ---- confirm -------------------------------------------------------------------------------------

ASK = """\
steps:
  - call: blind
  - confirm: {question: "Is {{ record.title }} drained?", within: %s}
  - {call: load, with: {day: last}}
"""
ASKED = r"asks before step 3 of 3: Is t1 drained\? \(yes or no, within "


def start(desk, key, name="ask"):
    """Until it asks: the command that waits for the end, and the number of the action."""
    process = desk.start("run", name, "--target", key, "--yes")
    job = wait_for(lambda: next((j for j in desk.actions() if j["asking"]), None), "the question")["job"]
    return process, job


def events(desk, job):
    return [r["event"] for r in desk.audit(job)]


def test_yes_goes_on_and_is_in_the_audit_before(desk, loads):
    key = use(desk, loads, ask=ASK % "1h")
    shown = desk.run("run", "ask", "--target", key, "--dry-run").out
    assert "request  asks: Is t1 drained? (yes or no, within 1 h)" in shown
    process, job = start(desk, key)
    assert loads.pokes() == 1 and loads.days() == []
    asked = desk.run("answer", str(job)).out
    assert key in asked and "asks before step 3 of 3: Is t1 drained?" in asked
    # The lock is kept meanwhile.
    assert "locked by action" in desk.run("run", "ask", "--target", key, "--yes", status=4).out
    assert "yes, to: asks before step 3 of 3" in desk.run("answer", str(job), "yes").out
    assert desk.end_of(process).status == 6
    assert loads.days() == ["last"] and loads.pokes() == 1
    rows = desk.audit(job)
    assert [r["event"] for r in rows] == ["intent", "request", "reply", "answer", "request", "reply", "target", "outcome"]
    assert rows[3]["who"] == "oncall" and rows[3]["body"]["answer"] == "yes" and "drained?" in rows[3]["body"]["question"]
    done = desk.run("answer", str(job), "yes", status=4)
    assert "asks nothing" in done.err
    desk.run("answer", "999", status=5)
    desk.run("answer", str(job), "maybe", status=2)


def test_no_cancels_there(desk, loads):
    key = use(desk, loads, ask=ASK % "1h")
    process, job = start(desk, key)
    # In read-only mode a yes is refused and a no is not.
    desk.configure({"far": {"connector": "far", "url": loads.far.url}}, read_only=True)
    assert "read_only" in desk.run("answer", str(job), "yes", status=4).err
    desk.run("answer", str(job), "no", "--target", key)
    done = desk.end_of(process)
    assert done.status == 4 and "canceled before step 3 of 3 by oncall: nothing of what follows was sent" in done.out
    assert loads.pokes() == 1 and loads.days() == []
    assert [r["body"]["answer"] for r in desk.audit(job) if r["event"] == "answer"] == ["no"]
    assert desk_targets(desk, job)[0]["state"] == "canceled"


def test_no_answer_in_time_cancels_there(desk, loads):
    key = use(desk, loads, ask=ASK % "1s")
    done = desk.run("run", "ask", "--target", key, "--yes", status=4)
    assert "canceled before step 3 of 3 since nobody answered within 1 s" in done.out
    assert loads.pokes() == 1 and loads.days() == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_a_question_does_not_outlive_its_worker(desk, loads, how):
    key = use(desk, loads, ask=ASK % "1h")
    process, job = start(desk, key)
    desk.stop_worker(how)
    desk.start_worker()
    assert desk.wait_action(["canceled"])["job"] == job
    known = desk_targets(desk, job)[0]["known"]
    assert "the worker ended while it waited" in known and "nothing of what follows was sent" in known and "asks before step 3 of 3" in known
    assert desk.run("answer", str(job), "yes", status=4).err
    assert loads.pokes() == 1 and loads.days() == [] and events(desk, job).count("request") == 1
    assert desk.end_of(process).status == 4


def test_an_answer_in_the_console(desk, loads):
    key = use(desk, loads, ask=ASK % "1h")
    tty = desk.console()
    tty.wait(r"^> .*open.* t[12] ")
    tty.to_row(" t1 ")
    choose(tty, "ask")
    to_question(tty)
    answer(tty)
    tty.wait(ASKED)
    tty.wait(r"1 ASKS")
    # A console that dies ends no question.
    tty.hang_up()
    job = wait_for(lambda: next((j for j in desk.actions() if j["asking"]), None), "the question")["job"]
    tty = desk.console()
    tty.press("7", r"^> +ASKS .* ask .* t1 ")
    tty.press("Enter", ASKED)
    tty.press("a", QUESTION)
    tty.wait(r"t1 asks before step 3 of 3: Is t1 drained\?")
    tty.rest(0.5)
    tty.press("Enter", r"Enter alone is not yes")
    tty.rest(0.5)
    tty.paste("y")
    tty.wait(r"Pasted text does not answer this")
    assert loads.days() == [] and "answer" not in events(desk, job)
    answer(tty)
    tty.wait(r"0 of 1 proved   1 accepted, no proof")
    assert loads.days() == ["last"] and events(desk, job).count("answer") == 1


def test_a_no_and_a_cancel_in_the_console(desk, loads):
    key = use(desk, loads, ask=ASK % "1h")
    for how, said in (("x", r"canceled before step 3 of 3 by oncall: nothing"), ("c", r"canceled before step 3 of 3 by oncall, who canceled")):
        process, job = start(desk, key)
        tty = desk.console()
        tty.press("7", r"^> +ASKS .* ask .* t1 ")
        tty.press("Enter", ASKED)
        tty.press(how, QUESTION)
        tty.key("Esc")
        tty.gone(QUESTION)
        tty.wait(ASKED)  # going back is no answer
        tty.press(how, QUESTION)
        answer(tty)
        tty.wait(said)
        assert desk.end_of(process).status == 4
        tty.key("q")
    assert loads.days() == [] and loads.pokes() == 2


def test_each_item_may_ask(desk, loads):
    steps = "steps: [{foreach: {in: [a, b], as: piece, steps: [{confirm: {question: 'Load {{ piece }}?', within: 1h}}, {call: load, with: {day: '{{ piece }}'}}]}}]\n"
    key = use(desk, loads, parts=steps)
    process, job = start(desk, key, "parts")
    assert "piece a (1 of 2): asks before step 2 of 4: Load a?" in desk.run("answer", str(job)).out
    desk.run("answer", str(job), "yes")
    wait_for(lambda: "Load b?" in desk.run("answer", str(job)).out, "the next question")
    assert loads.days() == ["a"]
    desk.run("answer", str(job), "no")
    done = desk.end_of(process)
    assert "piece b (2 of 2): canceled before step 4 of 4 by oncall" in done.out and loads.days() == ["a"]


def test_an_answer_is_to_the_question_that_was_read(desk, loads):
    steps = "steps: [{foreach: {in: [a, b, c], as: piece, steps: [{confirm: {question: 'Load {{ piece }}?', within: 1h}}, {call: load, with: {day: '{{ piece }}'}}]}}]\n"
    key = use(desk, loads, parts=steps)
    process, job = start(desk, key, "parts")
    tty = desk.console()
    tty.press("7", r"^> +ASKS ")
    tty.press("Enter", r"Load a\?")
    tty.press("a", QUESTION)
    desk.run("answer", str(job), "yes")
    wait_for(lambda: "Load b?" in desk.run("answer", str(job)).out, "the next question")
    tty.wait(r"piece a \(1 of 3\): asks .*Load a\?")  # what is read is what is answered
    answer(tty)
    tty.wait(r"Your answer did not count: it asks something else by now")
    assert loads.days() == ["a"] and events(desk, job).count("answer") == 1
    desk.run("answer", str(job), "no")
    assert desk.end_of(process).status == 4


def test_what_was_done_stays_done_when_the_worker_dies(desk, loads):
    keys = [use(desk, loads, ask=ASK % "1h"), desk.rows("incidents", "t2")[0]["key"]]
    process = desk.start("run", "ask", "--target", keys[0], "--target", keys[1], "--yes")
    job = wait_for(lambda: next((j for j in desk.actions() if j["asking"] == 2), None), "two questions")["job"]
    assert "2 targets ask" in desk.run("answer", str(job), "yes", status=2).err
    desk.run("answer", str(job), "yes", "--target", keys[0])
    wait_for(lambda: desk_targets(desk, job)[0]["state"] == "accepted", "the first target")
    desk.stop_worker(signal.SIGKILL)
    desk.start_worker()
    desk.wait_action(["partial"], accepted=1)
    assert [t["state"] for t in desk_targets(desk, job)] == ["accepted", "canceled"]
    outcome = desk.audit(job)[-1]
    assert outcome["event"] == "outcome" and (outcome["body"]["accepted"], outcome["body"]["canceled"]) == (1, 1)
    assert desk.end_of(process).status == 1 and loads.days() == ["last"]


def test_an_answer_that_cannot_be_audited_does_not_count(desk, loads):
    key = use(desk, loads, ask=ASK % "1h")
    process, job = start(desk, key)
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("create trigger full before insert on audit when new.event = 'answer' begin select raise(abort, 'disk full'); end")
    done = desk.run("answer", str(job), "yes", status=4)
    assert "the audit could not be written, so the answer does not count" in done.err and loads.days() == []
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("drop trigger full")
    assert "Is t1 drained?" in desk.run("answer", str(job)).out
    desk.run("answer", str(job), "yes")
    assert desk.end_of(process).status == 6 and loads.days() == ["last"]


# ---- what ends an action while it runs -----------------------------------------------------------


def cancel(desk, job):
    """As a console does; until the worker knows."""
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("update job set cancel_by = 'kim' where job = ?", (job,))
    wait_for(lambda: "%d: kim wants it to end" % job in desk.log_text(), "the worker's notice")


def at_the_slow_day(desk, loads, rest):
    """Until the second day is under way: the command that waits for the end, and the number of the action."""
    key = use(desk, loads, days=rest)
    loads.slow = "2026-11-02"
    process = desk.start("run", "days", "--target", key, "--yes")
    wait_for(lambda: len(loads.days()) == 2, "the second day")
    return process, desk.actions()[0]["job"]


def test_a_cancel_ends_a_target_between_its_items(desk, loads):
    process, job = at_the_slow_day(desk, loads, DAYS % ("", ""))
    cancel(desk, job)
    loads.open.set()
    done = desk.end_of(process)
    assert loads.days() == ["2026-11-01", "2026-11-02"] and done.status == 4
    known = "day 2026-11-03 (3 of 3): canceled before step 3 of 3 by kim, who canceled the action: nothing of what follows was sent"
    assert desk_targets(desk, job)[0] == {"key": "incident:far:t1", "state": "canceled", "known": known}
    assert events(desk, job).count("request") == 2


def test_a_cancel_leaves_what_only_looks(desk, loads):
    """The last request is out: whether it arrived is looked at all the same."""
    process, job = at_the_slow_day(desk, loads, (DAYS % ("", "  - {wait: {until: \"record.state == 'open'\", within: 1m}}\n")).replace("2026-11-03", "2026-11-02"))
    cancel(desk, job)
    loads.open.set()
    # What was so before proves nothing of what was sent.
    assert desk.end_of(process).status == 6 and desk_targets(desk, job)[0]["state"] == "accepted"


def test_a_cancel_ends_what_comes_after_a_failure(desk, loads):
    loads.bad.add("2026-11-02")
    process, job = at_the_slow_day(desk, loads, DAYS % (", on_failure: [{call: blind}]", ""))
    cancel(desk, job)
    loads.open.set()
    assert desk.end_of(process).status == 1 and loads.pokes() == 0
    known = desk_targets(desk, job)[0]["known"]
    assert "409" in known and "what on_failure says was not sent any more: canceled by kim" in known


def test_a_lost_lock_ends_what_is_not_sent(desk, loads):
    process, job = at_the_slow_day(desk, loads, DAYS % ("", ""))
    with sqlite3.connect(desk.store, timeout=20) as db:
        db.execute("delete from lock where job = ?", (job,))
    wait_for(lambda: "action %d stops since the lock was lost" % job in desk.log_text(), "the next renewal")
    loads.open.set()
    assert desk.end_of(process).status == 4
    assert loads.days() == ["2026-11-01", "2026-11-02"]
    assert "canceled before step 3 of 3 since the lock was lost (action %d holds no lock any more)" % job in desk_targets(desk, job)[0]["known"]



def test_the_same_target_twice_is_refused(desk, loads):
    key = use(desk, loads, blind="steps: [{call: blind}]\n")
    done = desk.run("run", "blind", "--target", key, "--target", key, "--yes", status=4)
    assert "t1 is in the list twice" in done.err and loads.pokes() == 0


def test_what_on_failure_sends_is_shown_and_confirmed(desk, loads):
    rest = DAYS % (", on_failure: [{exec: [printf, 'after %s', '{{ day }}']}]", "    on_failure: [{call: blind}, {wait: {until: 'record.id', within: 1s}}]\n")
    key = use(desk, loads, days=rest, host="steps: [{call: blind, on_failure: [{ssh: {host: nowhere, script: 'true'}}]}]\n")
    shown = [line.strip() for line in desk.run("run", "days", "--target", key, "--dry-run").out.splitlines() if line.startswith("request")]
    day, at = "request  day 2026-11-01 (1 of 3): ", loads.far.url
    assert shown[:3] == [day + 'POST %s/load {"day":"2026-11-01","id":"t1"}' % at, day + 'if it fails: exec ["printf","after %s","2026-11-01"]', day + 'if it fails: POST %s/poke {"id":"t1"}' % at]
    assert len(shown) == 9 and shown[7].startswith("request  day 2026-11-03 (3 of 3): if it fails: exec ")
    done = desk.run("run", "host", "--target", key, "--yes", status=4)
    assert "if it fails: the host" in done.err and "not in the configuration" in done.err and loads.pokes() == 0


def test_a_refused_preview_sends_nothing(desk, loads):
    """Not even the dry run of a call."""
    desk.write("connectors/far.yaml", rig.FAR + """\
  tried:
    post: /load
    json: {id: "{{ id }}"}
    preview: {post: /poke, json: {id: "{{ id }}"}}
""")
    runbook(desk, "tried", "incident", "far", "limits: {targets: 1}\nsteps: [{call: tried}]\n")
    desk.configure({"far": {"connector": "far", "url": loads.far.url}})
    desk.start_worker()
    keys = [desk.wait_rows("incidents", name)[0]["key"] for name in ("t1", "t2")]
    desk.run("run", "tried", "--target", keys[0], "--dry-run")
    assert loads.pokes() == 1
    done = desk.run("run", "tried", "--target", keys[0], "--target", keys[1], "--dry-run", status=None)
    assert "takes at most 1" in done.out + done.err and loads.pokes() == 1


def test_wait_looks_only_at_what_was_read_after_the_change(desk, loads):
    """The record says what is waited for, but it is that of before: the far side is slow to say what became of it."""
    slow = threading.Event()

    def things(method, body):
        poked = loads.pokes() > 0
        if poked:
            slow.wait(1.5)  # longer than the first look takes to come
        return rig.Reply([{"id": "t1", "state": "resolved" if poked else "open"}])

    loads.far.paths["/things"] = things
    desk.write("connectors/far.yaml", rig.FAR.replace("state: {default: open}", "state: {value: state, map: {open: open, resolved: resolved}}"))
    runbook(desk, "look", "incident", "far", "steps: [{call: blind}, {wait: {until: \"record.state == 'open'\", fails: \"record.state == 'resolved'\", within: 1m}}]\n")
    desk.configure({"far": {"connector": "far", "url": loads.far.url}})
    desk.start_worker()
    key = desk.wait_rows("incidents", "t1")[0]["key"]
    job = desk.run("run", "look", "--target", key, "--yes", "--json", status=1).json()
    assert job["targets"][0]["state"] == "failed" and "t1 is resolved" in job["targets"][0]["known"]


def test_the_output_of_a_program_has_an_end(desk, loads):
    """Sixty megabytes that nobody can read: what is kept of it has an end, and the worker has time for others."""
    key = use(desk, loads, much="steps: [{exec: [seq, -f, 'line %0100.0f', '1', '600000']}, {exec: [printf, last]}]\n")
    job = desk.run("run", "much", "--target", key, "--yes", "--json").json()
    with sqlite3.connect("file:%s?mode=ro" % desk.store, uri=True) as db:
        size, n = db.execute("select sum(length(text)), count(*) from output where job = ? and stream = 'out'", (job["job"],)).fetchone()
        said = [t for t, in db.execute("select text from output where job = ? and stream = 'info'", (job["job"],))]
        last = db.execute("select stream from output where job = ? order by seq desc limit 1", (job["job"],)).fetchone()[0]
    assert 2 << 20 < size < 4 << 20 and n > 20000 and last == "info"
    assert said == ["more than 4 MiB of output: the rest is not kept"]


def test_what_a_program_is_given_is_shown_safely(desk, loads):
    loads.far.paths["/things"] = rig.Reply([{"id": "t1", "name": "a\u202eb\u0085c"}])
    runbook(desk, "show", "incident", "far", "steps: [{exec: [printf, '{{ record.opaque.raw }}']}, {ssh: {host: h, vars: {A: '{{ record.opaque.raw }}'}, script: \"one\\ntwo\"}}]\n")
    desk.write("connectors/far.yaml", rig.FAR.replace("opaque: {id: id}", "opaque: {id: id, raw: name}"))
    desk.configure({"far": {"connector": "far", "url": loads.far.url}}, hosts={"h": {"host": "127.0.0.1"}})
    desk.start_worker()
    key = desk.wait_rows("incidents", "t1")[0]["key"]
    out = desk.run("run", "show", "--target", key, "--dry-run").out
    assert "\u202e" not in out and "\u0085" not in out and "exec [" in out and "ssh h" in out
    assert out.count("\\u202e") == 2


def test_the_proof_is_what_will_be_looked_at(desk, loads):
    key = use(desk, loads, blind="steps: [{call: blind}]\n", poke="steps: [{call: poke}]\n")
    blind = desk.run("run", "blind", "--target", key, "--dry-run").out
    assert "second look" not in blind and "no proof of blind on far" in blind
    assert "the far side accepts it and a second look shows the change" in desk.run("run", "poke", "--target", key, "--dry-run").out


def test_that_it_is_not_repeated_is_said_first(desk, loads):
    """However much the far side has to say."""
    loads.far.paths.update({"/poke": lambda *_: None, "/state": rig.Reply({"done": "x" * 3000})})
    key = use(desk, loads, poke="steps: [{call: poke}]\n")
    job = desk.run("run", "poke", "--target", key, "--yes", "--json", status=3).json()
    assert job["targets"][0]["known"].startswith("not confirmed in time, not repeated by itself: ")
