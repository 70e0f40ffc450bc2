"""What is shown is as it is now: the store is written, and what was saved in the configuration is what runs."""
import contextlib
import glob
import os
import re
import signal
import socket
import sqlite3

import rig
from desk import wait_for


def test_a_store_that_takes_no_writes_is_never_fresh(desk):
    with rig.FarSide() as far:
        far.paths["/things"] = rig.Reply([{"id": "t1"}])
        far.use(desk)
        desk.wait_rows("incidents")
        tty = desk.console()
        tty.wait(r"1 source, all fresh")
        with contextlib.closing(sqlite3.connect(desk.store, timeout=20, isolation_level=None)) as db:
            db.execute("begin immediate")
            tty.wait(r"store takes no writes|worker silent")
            assert "all fresh" not in tty.text()
            assert re.search(r"BAD +store +(The store takes no writes|The worker says nothing|.* is busy)", desk.run("doctor", status=None).out)
            tty.press("8", r"(The store takes no writes|The worker says nothing) for")
            db.execute("rollback")
        tty.wait(r"1 source, all fresh")
        assert not re.search(r"BAD +store", desk.run("doctor", status=None).out)
        # stopped, as by a debugger or a disk that does not answer
        os.kill(desk.worker_pid(), signal.SIGSTOP)
        try:
            tty.wait(r"worker silent")
            assert re.search(r"BAD +store +The worker says nothing", desk.run("doctor", status=None).out)
        finally:
            os.kill(desk.worker_pid(), signal.SIGCONT)
        tty.wait(r"1 source, all fresh")


# ---- edits ---------------------------------------------------------------------------------------


def posts(far):
    return far.count("POST", "/poke") + far.count("POST", "/other")


def two_sources(desk, far):
    """What was poked once more than when `far.base` was set is done."""
    far.base = 0
    far.paths.update({"/things": rig.Reply([{"id": "t1"}]), "/poke": rig.Reply({}), "/other": rig.Reply({})})
    far.paths["/state"] = lambda method, body: rig.Reply({"done": posts(far) > far.base})
    far.use(desk, start=False)
    one = {"connector": "far", "url": far.url}
    both = {"far": one, "near": dict(one)}
    desk.configure(both)
    desk.start_worker()
    desk.wait_rows("incidents", least=2)
    return one, both


def test_sources_come_and_go_with_the_configuration(desk):
    with rig.FarSide() as far:
        one, both = two_sources(desk, far)
        tty = desk.console()
        tty.wait(r"2 need a person")
        tty.press("g", r"^> .* t1 .*(far|near)")
        key = next(r["key"] for r in desk.rows("incidents") if r["source"] == "near")
        tty.to_row(r" t1 .*near")
        tty.press("n", r"Note:")
        tty.type("seen")
        tty.press("Enter", r"Noted")
        desk.configure({"far": one})
        tty.wait(r"1 needs? a person")
        tty.wait(r"1 source")
        assert [r["source"] for r in desk.rows("incidents")] == ["far"] and [s["name"] for s in desk.run("list", "sources", "--json").json()] == ["far"]
        tty.press("8", r"1 of 1 answer")
        desk.configure(both)
        tty.wait(r"2 of 2 answer")
        desk.wait_rows("incidents", least=2)
        assert any(n["text"] == "seen" for n in desk.show(key)["notes"])


def test_a_source_goes_though_the_store_took_it_late(desk):
    with rig.FarSide() as far:
        one, both = two_sources(desk, far)
        with sqlite3.connect(desk.store, timeout=20) as db:
            db.execute("create trigger full before update on source when new.state = 'removed' begin select raise(abort, 'disk full'); end")
        desk.configure({"far": one})
        wait_for(lambda: "the sources that there are, told again" in desk.log_text(), "the worker's word")
        with sqlite3.connect(desk.store, timeout=20) as db:
            db.execute("drop trigger full")
        wait_for(lambda: [s["name"] for s in desk.run("list", "sources", "--json").json()] == ["far"], "one source")


def test_a_wrong_edit_changes_nothing_and_is_said_with_its_place(desk):
    with rig.FarSide() as far:
        one, both = two_sources(desk, far)
        tty = desk.console()
        tty.wait(r"2 sources, all fresh")
        # the configuration
        desk.write("config.yaml", "operator: oncall\nstore: %s\nsources:\n  far: {connector: [far]}\n" % desk.store)
        tty.wait(r"Not taken up.*config\.yaml:4:\d+")
        tty.press("8", r"Not taken up, what was before goes on: .*config\.yaml:4:\d+")
        assert "2 of 2 answer" in tty.text() and "an edit is wrong" in tty.text()
        assert re.search(r"config\.yaml:4:\d+", desk.run("doctor", status=78).out)
        desk.configure(both)
        tty.gone(r"Not taken up|an edit is wrong")
        # a connector: both of its sources go on with what it was
        desk.write("connectors/far.yaml", rig.FAR.replace("kind: incident", "kind: accident"))
        row = desk.wait_source("far", lambda s: "not taken up" in s["error"])
        assert re.search(r"far\.yaml:\d+:\d+: .*accident", row["error"]) and row["state"] == "ok", row
        before = far.count("GET", "/things")
        desk.run("run", "poke", "--target", "incident:far:t1", "--yes")
        assert far.count("POST", "/poke") == 1
        desk.wait_source("far", lambda s: far.count("GET", "/things") > before + 2)
        tty.wait(r"far +ok .*not taken up")
        desk.write("connectors/far.yaml", rig.FAR.replace("title: id", "title: join('', ['mended ', id])"))
        desk.wait_rows("incidents", "mended", least=2)
        assert desk.source("far")["error"] == ""
        # a runbook: it stays as it was, in the console and in the worker
        desk.write("runbooks/poke.yaml", rig.POKE.replace("risk: reversible", "risk: harmless"))
        tty.wait(r"poke\.yaml:4:\d+")
        tty.press("3", r"^> .*mended")
        tty.press("r", r"^\W+poke ")


def test_what_was_refused_is_taken_up_when_it_is_mended(desk):
    with rig.FarSide() as far:
        one, both = two_sources(desk, far)
        # who may write it, which changes nothing in it
        path = desk.write("connectors/far.yaml", rig.FAR.replace("title: id", "title: join('', ['mended ', id])"))
        desk.wait_rows("incidents", "mended", least=2)
        os.chmod(path, 0o666)
        assert "chmod" in desk.wait_source("far", lambda s: "not taken up" in s["error"])["error"]
        os.chmod(path, 0o600)
        desk.wait_source("far", lambda s: s["state"] == "ok" and not s["error"])
        # what stands beside the configuration: saved again as it is, it is read again
        more = dict(both, third=dict(one, ca_file="own.pem"))
        desk.configure(more)
        desk.wait_source("third", lambda s: "own.pem" in s["error"])
        desk.write("own.pem", "")
        desk.configure(more)
        desk.wait_source("third", lambda s: s["state"] == "ok")


def test_what_production_is_follows_the_edit(desk):
    with rig.FarSide() as far:
        one = {"connector": "far", "url": far.url, "env": "blue"}
        far.paths["/things"] = rig.Reply([{"id": "t1"}])
        far.use(desk, start=False)
        desk.configure({"far": one}, environments={"development": ["blue"]})
        desk.start_worker()
        (before,) = desk.wait_rows("incidents")
        desk.configure({"far": one}, environments={"production": ["blue"]})
        wait_for(lambda: desk.rows("incidents")[0]["attention"] > before["attention"], "the weight of production")


def test_a_runbook_is_there_as_soon_as_it_is_saved(desk):
    with rig.FarSide() as far:
        two_sources(desk, far)
        tty = desk.console()
        tty.wait(r"2 sources, all fresh")
        desk.write("runbooks/prod.yaml", rig.POKE.replace("runbook: poke", "runbook: prod-it"))
        desk.run("run", "prod-it", "--target", "incident:far:t1", "--yes")
        assert far.count("POST", "/poke") == 1
        tty.press("3", r"^> .* t1 ")
        tty.press("r", r"prod-it ")


TWICE = rig.POKE.replace("runbook: poke", "runbook: twice") + """\
  - confirm: {question: "Once more?", within: 10m}
  - call: blind
"""


def test_an_action_ends_on_what_it_was_planned_with(desk):
    with rig.FarSide() as far:
        two_sources(desk, far)
        desk.write("runbooks/twice.yaml", TWICE)
        action = desk.start("run", "twice", "--target", "incident:far:t1", "--yes")
        job = desk.wait_action(("running", "verifying"), asking=1)["job"]
        # another address, another order of steps, and one of the sources is gone
        desk.write("connectors/far.yaml", rig.FAR.replace("post: /poke", "post: /other").replace("title: id", "title: join('', ['mended ', id])"))
        desk.write("runbooks/twice.yaml", TWICE.replace("call: blind", "call: poke"))
        desk.wait_rows("incidents", "mended", least=2)
        desk.configure({"near": {"connector": "far", "url": far.url}})
        desk.wait_source("near", lambda s: len(desk.run("list", "sources", "--json").json()) == 1)
        desk.run("answer", str(job), "yes")
        desk.end_of(action)
        assert far.count("POST", "/poke") == 2 and far.count("POST", "/other") == 0
        # the next one is what stands there now
        far.base = posts(far)
        desk.run("run", "poke", "--target", "incident:near:t1", "--yes")
        assert far.count("POST", "/other") == 1


# ---- the session -----------------------------------------------------------------------------------


class Asked(rig.Handler):
    """Keeps what it was asked with."""

    def serve(self):
        self.server.authorization = self.headers.get("Authorization")
        super().serve()

    do_GET = do_POST = serve


def test_the_worker_takes_what_a_new_session_has(desk, monkeypatch):
    old, new = "token-of-yesterday", "token-of-today-123"
    with rig.FarSide() as far:
        far.RequestHandlerClass = Asked
        far.paths.update({"/things": rig.Reply([{"id": "t1"}])})
        monkeypatch.setenv("WD_TOKEN", old)
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        far.use(desk, start=False)
        desk.write("connectors/far.yaml", rig.FAR.replace("auth: [none]", 'secrets: [token]\nauth: {header: {Authorization: "Bearer {{ secret.token }}"}}'))
        desk.configure({"far": {"connector": "far", "url": far.url, "token": {"env": "WD_TOKEN"}}})
        desk.start_worker()
        desk.wait_rows("incidents")
        assert far.authorization == "Bearer " + old
        # a session with another one, and with an agent that is gone
        monkeypatch.setenv("WD_TOKEN", new)
        monkeypatch.setenv("SSH_AUTH_SOCK", os.path.join(desk.folder, "nobody.sock"))
        monkeypatch.setenv("WD_OTHER", "not asked for")
        desk.run("run", "poke", "--target", "incident:far:t1", "--dry-run")
        wait_for(lambda: far.authorization == "Bearer " + new, "the new token")
        assert "SSH_AUTH_SOCK" not in desk.log_text() and "WD_OTHER" not in desk.log_text()
        # one without, as of a timer, replaces nothing; an agent that answers does
        agent = os.path.join(desk.folder, "agent.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(agent)
            s.listen()
            monkeypatch.delenv("WD_TOKEN")
            monkeypatch.setenv("SSH_AUTH_SOCK", agent)
            desk.run("run", "poke", "--target", "incident:far:t1", "--dry-run")
            wait_for(lambda: "SSH_AUTH_SOCK is that of a new session" in desk.log_text(), "the agent")
        seen = far.count("GET", "/things")
        wait_for(lambda: far.count("GET", "/things") > seen + 1, "two more collections")
        assert far.authorization == "Bearer " + new
        assert os.stat(desk.store + ".session").st_mode & 0o77 == 0
        for path in glob.glob(desk.store + "*"):
            if not path.endswith(".session"):
                with open(path, "rb") as f:
                    text = f.read()
                assert old.encode() not in text and new.encode() not in text, path
