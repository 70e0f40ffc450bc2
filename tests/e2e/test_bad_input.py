"""Bad files, bad answers, bad text: one clear message each, and nothing else suffers from it."""
import base64
import contextlib
import glob
import json
import os
import re
import sqlite3

import pytest

import rig
from desk import wait_for

CANARY = "canary-7f3a9c1e55d0"

CONNECTOR = """\
connector: thing
title: Things
settings:
  url: {type: url, required: true}
  path: {type: string, default: good}
  size: {type: int, default: 10}
secrets: {token: {required: false}}
auth:
  - when: given.token
    header: {Authorization: "Bearer {{ secret.token }}"}
  - none
collect:
  things:
    kind: incident
    every: 2s
    min_every: 1s
    get: /{{ settings.path }}
    items: "@"
    record:
      id: id
      title: title
      state: {value: state, map: {on: open, off: resolved}}
"""
GOOD = [{"id": "g1", "title": "all is well", "state": "on"}]


# ---- the configuration ---------------------------------------------------------------------------

CONFIGS = {
    "wrong YAML": ("sources:\n  a: [1, 2\nb: 3\n", r"config\.yaml:[23]:\d+: "),
    "a tab": ("sources:\n\ta: {connector: thing}\n", r"config\.yaml:2:\d+: "),
    "unknown key": ("operator: me\nsourcez:\n  a: {connector: thing}\n", r'config\.yaml:2:1: .*"sourcez".*sources'),
    "wrong type": ("operator: [a, b]\n", r"config\.yaml:1:\d+: .*operator"),
    "no connector": ("sources:\n  a:\n    url: http://127.0.0.1/\n", r"config\.yaml:\d+:\d+: .*connector"),
    "twice": ("operator: a\noperator: b\n", r"config\.yaml:2:1: .*operator"),
    "bad duration": ("worker: {idle_exit: soon}\n", r"config\.yaml:1:\d+: .*"),
    "bad transport": ("hosts:\n  h1: {transport: telnet}\n", r"config\.yaml:2:\d+: .*telnet"),
    "no text": (b"\xff\xfe\x00operator", r"config\.yaml:\d+:\d+: "),
    "an alias": ("a: &x 1\nb: *x\n", r"config\.yaml:1:\d+: "),
    "too large": ("# " + "x" * (2 << 20) + "\n", r"config\.yaml.*(MiB|large|long|limit)"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_wrong_configuration_is_said_once_with_its_place(desk, name):
    text, wanted = CONFIGS[name]
    desk.write("config.yaml", text)
    done = desk.run("list", status=78, leaks=True)
    assert re.search(wanted, done.err), done.err
    assert len(done.err.strip().splitlines()) == 1 and len(done.err) < 1500, done.err
    done = desk.run("worker", "--foreground", status=78, leaks=False)
    assert re.search(wanted, done.err), done.err


def test_a_wrong_configuration_leaves_the_terminal_alone(desk):
    text, wanted = CONFIGS["unknown key"]
    desk.write("config.yaml", text)
    tty = desk.console(leaks=True)
    assert tty.wait_end() == 78
    assert re.search(wanted, tty.text().replace("\n", "")) and b"\x1b" not in tty.raw


def test_what_is_no_file(desk):
    missing = os.path.join(desk.folder, "none.yaml")
    done = desk.run("--config", missing, "list", status=None, leaks=True)
    assert done.status == 78 and "none.yaml" in done.err
    done = desk.run("--config", desk.folder, "list", status=None, leaks=True)
    assert done.status == 78 and desk.folder in done.err
    # Without any configuration there is just nothing to show.
    done = desk.run("list", status=69, leaks=True)
    assert "store" in done.err


SOURCES = {
    "missing setting": ("connector: thing", r"config\.yaml:\d+:\d+: .*url"),
    "unknown setting": ("connector: thing\n    url: http://127.0.0.1:1\n    colour: red", r'config\.yaml:\d+:5: .*"colour"'),
    "wrong type": ("connector: thing\n    url: http://127.0.0.1:1\n    size: many", r"config\.yaml:\d+:\d+: .*size"),
    "no address": ("connector: thing\n    url: not an address", r"config\.yaml:\d+:\d+: .*url"),
    "unknown connector": ("connector: thingy\n    url: http://127.0.0.1:1", r"thingy"),
    "literal secret": ("connector: thing\n    url: http://127.0.0.1:1\n    token: " + CANARY, r"config\.yaml:\d+:\d+: .*token.*command"),
    "secret without a file": ("connector: thing\n    url: http://127.0.0.1:1\n    token: {file: /nonexistent/token}", r"/nonexistent/token"),
    "secret of a failing command": ("connector: thing\n    url: http://127.0.0.1:1\n    token: {command: [sh, -c, 'echo locked >&2; exit 3']}", r"locked"),
    "secret that others can read": ("connector: thing\n    url: http://127.0.0.1:1\n    token: {file: OPEN}", r"(group|others|permission|mode|access)"),
    "nobody listens": ("connector: thing\n    url: http://127.0.0.1:1", r"(refused|connect)"),
    "no such host": ("connector: thing\n    url: http://no-such-host.invalid", r"no-such-host\.invalid"),
}


def test_each_wrong_source_has_its_message_and_the_others_work(desk):
    """All of them in one configuration: none hides another, and the good one collects."""
    open_file = desk.secret("open", "x")["file"]
    os.chmod(open_file, 0o644)
    desk.write("connectors/thing.yaml", CONNECTOR)
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(GOOD)
        text = "store: %s\nworker: {log: %s}\nsources:\n  good:\n    connector: thing\n    url: %s\n" % (desk.store, desk.log, far.url)
        names = {name.replace(" ", "-"): name for name in SOURCES}
        for short, name in names.items():
            text += "  %s:\n    %s\n" % (short, SOURCES[name][0].replace("OPEN", open_file))
        desk.write("config.yaml", text)
        desk.start_worker()
        desk.wait_rows("incidents", "source:good")
        for short, name in names.items():
            row = desk.wait_source(short, lambda s: s["error"])
            assert re.search(SOURCES[name][1], row["error"]), "%s: %s" % (name, row["error"])
            assert "\n" not in row["error"] and row["state"] != "ok"
        assert desk.source("good")["state"] == "ok"
        tty = desk.console()
        tty.wait("all is well")
        tty.press("8", "literal-secret")
        tty.wait("good .*ok")
        assert CANARY not in tty.text()
        assert CANARY not in desk.log_text()


# ---- connectors and runbooks ---------------------------------------------------------------------

CONNECTORS = {
    "unknown key": (("every: 2s", "evry: 2s"), r'thing\.yaml:\d+:5: .*"evry".*every'),
    "bad expression": (("title: title", "title: 'title['"), r"thing\.yaml:21:\d+: "),
    "unknown function": (("title: title", "title: shout(title)"), r"thing\.yaml:21:\d+: .*shout"),
    "unknown state": (("on: open", "on: opened"), r'thing\.yaml:22:\d+: .*"?opened'),
    "state of another kind": (("on: open", "on: succeeded"), r"thing\.yaml:22:\d+: .*succeeded"),
    "unknown kind": (("kind: incident", "kind: accident"), r"thing\.yaml:\d+:\d+: .*accident"),
    "no id": (("      id: id\n", ""), r"thing\.yaml:\d+:\d+: .*id"),
    "bad template": (("/{{ settings.path }}", "/{{ settings.path"), r"thing\.yaml:\d+:\d+: "),
    "undeclared secret": (("secret.token", "secret.tokn"), r"thing\.yaml:10:\d+: .*tokn.*declared are token"),
    "undeclared setting": (("settings.path", "settings.pth"), r'thing\.yaml:17:\d+: .*settings\.pth.*"path".*declared are url, path, size'),
    "unknown placeholder": (("/{{ settings.path }}", "/{path}"), r'thing\.yaml:17:\d+: .*no "path" here: .*settings'),
    "unknown root": (("title: title", "title: scope().recrod.id"), r'thing\.yaml:21:\d+: .*no "recrod" here'),
    "bad interval": (("every: 2s", "every: often"), r"thing\.yaml:\d+:\d+: .*"),
    "wrong YAML": (("kind: incident", "kind: [incident"), r"thing\.yaml:\d+:\d+: "),
}


def test_connector_check_says_where(desk):
    wrong = []
    path = desk.write("connectors/thing.yaml", CONNECTOR)
    desk.run("connector", "check", path, leaks=False)
    for name, ((old, new), wanted) in CONNECTORS.items():
        assert old in CONNECTOR
        desk.write("connectors/thing.yaml", CONNECTOR.replace(old, new, 1))
        done = desk.run("connector", "check", path, status=None, leaks=False)
        if done.status == 0 or not re.search(wanted, done.out + done.err):
            wrong.append("%s: wanted %s, have %r" % (name, wanted, done))
    assert not wrong, "\n".join(wrong)


def test_a_broken_runbook_hides_no_other(desk):
    with rig.FarSide() as far:
        far.paths.update({"/things": rig.Reply([{"id": "t1"}]), "/poke": rig.Reply({}), "/state": rig.Reply({"done": True})})
        far.use(desk, start=False)
        desk.write("runbooks/bad.yaml", rig.POKE.replace("risk: reversible", "risk: harmless").replace("runbook: poke", "runbook: bad"))
        desk.start_worker()
        key = desk.wait_rows("incidents")[0]["key"]
        desk.run("run", "poke", "--target", key, "--yes")
        done = desk.run("run", "bad", "--target", key, "--yes", status=5)
        assert re.search(r"bad\.yaml:4:\d+: .*harmless", done.err), done.err
        assert re.search(r"bad\.yaml:4:\d+: .*harmless", desk.run("doctor", status=78).out)
        tty = desk.console()
        tty.wait(r"^ Triage ")
        tty.press("3", r"^> .* t1 ")
        tty.press("r", r"^\W+poke ")


# ---- what sources answer -------------------------------------------------------------------------

HTML = b"<!DOCTYPE html><html><head><title>Please sign in</title></head><body>" + b"<p>x</p>" * 500 + b"</body></html>"
REPLIES = {
    "html": (rig.Reply(HTML, 200, "text/html"), r"HTML|web page|sign in|Sign in"),
    "html-as-json": (rig.Reply(HTML, 200), r"HTML|web page|JSON"),
    "e401": (rig.Reply({"detail": "token expired"}, 401), r"401.*token expired"),
    "e403": (rig.Reply({"message": "not for you"}, 403), r"403.*not for you"),
    "e404": (rig.Reply({"detail": "moved away"}, 404), r"404.*moved away"),
    "e429": (rig.Reply({"message": "slow down"}, 429, headers={"Retry-After": "60"}), r"429|slow down"),
    "e500": (rig.Reply({"detail": "database is \x1b[31mdown"}, 500), r"500.*database is"),
    "e502": (rig.Reply(b"<html><head><title>502 Bad Gateway</title></head></html>", 502, "text/html"), r"502"),
    "redirect": (rig.Reply(b"", 302, headers={"Location": "https://sso.example.com/login"}), r"(redirect|302).*sso\.example\.com|sso\.example\.com"),
    "short-json": (rig.Reply(b'[{"id": "1", "title": "cut of'), r"JSON"),
    "short-body": (rig.Reply(b'[{"id": "1"', length=5000), r"(closed|cut|partial|transfer|end|bytes)"),
    "big": (rig.Reply(b'[{"id": "' + b"x" * (50 << 20) + b'"}]'), r"(MiB|larger|large|bytes)"),
    "control": (rig.Reply(b'[{"id": "1", "title": "one \x01", "state": "on"}]'), r"JSON at line 1, column \d+: control character"),
    "no-list": (rig.Reply({"rows": 1}), r"(list|array|items)"),
    "empty": (rig.Reply(b""), r"(empty|JSON)"),
    "deep": (rig.Reply(b"[" * 100000 + b"]" * 100000), r"(deep|depth|nest|JSON)"),
    "hung-up": (lambda method, body: None, r"(closed|empty|answer|reply|connection)"),
}


def test_bad_answers_one_message_each(desk):
    desk.write("connectors/thing.yaml", CONNECTOR)
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(GOOD)
        far.paths.update({"/" + name: reply for name, (reply, _) in REPLIES.items()})
        desk.configure({name: {"connector": "thing", "url": far.url, "path": name} for name in ["good", *REPLIES]})
        desk.start_worker()
        desk.wait_rows("incidents", "source:good")
        wrong = []
        for name, (_, wanted) in REPLIES.items():
            row = desk.wait_source(name, lambda s: s["error"])
            if not re.search(wanted, row["error"], re.I) or re.search(r"[\x00-\x1f\x7f]", row["error"]) or len(row["error"]) > 600:
                wrong.append("%s: wanted %s, have %r" % (name, wanted, row["error"]))
        assert not wrong, "\n".join(wrong)
        # The good one goes on being collected, and nothing came from the others.
        before = far.count("GET", "/good")
        wait_for(lambda: far.count("GET", "/good") > before, "the good source again")
        assert {r["source"] for r in desk.rows()} == {"good"}
        with open("/proc/%d/status" % desk.worker_pid()) as f:
            assert int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) < 400 << 10, "the worker keeps what it refused"
        tty = desk.console()
        tty.wait("all is well")
        tty.wait(r"17 failing")
        tty.press("8", "html-as-json")


def test_nobody_is_asked_before_it_is_time(desk):
    """A `wait` looks every two seconds; the source is not asked more often than its connector and its own answer let."""
    with rig.FarSide() as far:
        far.paths.update({"/things": rig.Reply([{"id": "t1"}]), "/poke": rig.Reply({}), "/state": rig.Reply({"done": True})})
        far.use(desk, start=False)
        desk.write("connectors/slow.yaml", rig.FAR.replace("connector: far", "connector: slow").replace("min_every: 1s", "min_every: 1h"))
        waiting = rig.POKE.replace("runbook: poke", "runbook: waiting").replace("connector: [far]", "connector: [far, slow]")
        desk.write("runbooks/waiting.yaml", waiting + "  - wait: {until: \"record.state == 'resolved'\", within: 5s}\n")
        desk.configure({"far": {"connector": "far", "url": far.url}})
        desk.start_worker()
        key = desk.wait_rows("incidents", "source:far")[0]["key"]
        # Refused for a time: whatever asks, there is no request before it is over.
        far.paths["/things"] = rig.Reply({"message": "slow down"}, 429, headers={"Retry-After": "60"})
        desk.wait_source("far", lambda s: s["error"])
        before = far.count("GET", "/things")
        done = desk.run("run", "waiting", "--target", key, "--yes", status=3)
        assert "not read completely within 5 s" in done.out
        assert far.count("GET", "/things") == before
        desk.stop_worker()
        # What its connector says is the least; the `every` of the user is not more than that.
        far.paths["/things"] = rig.Reply([{"id": "t1"}])
        desk.configure({"calm": {"connector": "slow", "url": far.url, "every": "1s"}})
        before = far.count("GET", "/things")
        desk.start_worker()
        key = desk.wait_rows("incidents", "source:calm")[0]["key"]
        desk.run("run", "waiting", "--target", key, "--yes", status=3)
        # Not while it waited; once after it, as after every action.
        wait_for(lambda: far.count("GET", "/things") > before + 1, "the look after the action")
        assert far.count("GET", "/things") == before + 2


BAD_VALUES = {
    "latin1": (b'"caf\xe9"', "caf\ufffd"),
    "nul": (rb'"nul \u0000 byte"', "nul \ufffd byte"),
    "half": (rb'"half \ud83d"', "half \ufffd"),
    "huge": (b"12345678901234567890123", "12345678901234567890123"),
    "beyond": (b"-1.5e999", "-1.5e999"),
    "nan": (b"NaN", "nan"),  # no title: its id stands there
    "infinite": (b"-Infinity", "infinite"),
}


def test_one_bad_value_costs_itself(desk):
    """What no JSON parser takes is repaired, the page is shown, and the source says how much is not as it was sent."""
    desk.write("connectors/thing.yaml", CONNECTOR)
    items = [b'{"id": "%s", "title": %s, "state": "on"}' % (name.encode(), bad) for name, (bad, _) in BAD_VALUES.items()]
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(b"[" + b",\n".join([*items, json.dumps(GOOD[0]).encode()]) + b"]")
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("incidents", least=len(BAD_VALUES) + 1)
        titles = {r["id"]: r["title"] for r in desk.rows("incidents")}
        assert titles == {**{name: shown for name, (_, shown) in BAD_VALUES.items()}, "g1": "all is well"}
        row = desk.wait_source("odd", lambda s: s["last_good"])
        assert row["state"] == "ok" and row["collections"]["things"]["repaired"] == len(BAD_VALUES)
        assert row["error"].startswith("things: %d values " % len(BAD_VALUES)) and "UTF-8" in row["error"]
        assert "%d repaired" % len(BAD_VALUES) in desk.run("connector", "try", "odd").err
        tty = desk.console()
        tty.press("8", r"odd .*things: 7 values could not")
        tty.press("\r", r"7 values shown changed")
        # Well again, it says nothing more.
        far.paths["/good"] = rig.Reply(GOOD)
        assert desk.wait_source("odd", lambda s: not s["error"])["collections"]["things"]["repaired"] == 0


def test_what_is_gone_at_its_source_leaves_triage(desk):
    """Not listed any more, and 404 when asked for by its id: nobody said that it is resolved, and nobody is wanted for it."""
    reread = "reread: {get: '/one/{key}'}\n    record:\n      opaque: {key: id}\n"
    desk.write("connectors/thing.yaml", CONNECTOR.replace("record:\n", reread))
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(GOOD + [{"id": "g2", "title": "deleted tomorrow", "state": "on"}])
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("triage", least=2)
        far.paths["/one/g2"] = rig.Reply({"detail": "no such thing"}, 404)
        far.paths["/good"] = rig.Reply(GOOD)
        wait_for(lambda: [r["id"] for r in desk.rows("triage")] == ["g1"], "that Triage is without it")
        rows = {r["id"]: r for r in desk.rows("incidents")}
        assert rows["g2"]["state"] == "unknown" and rows["g2"]["gone_at"] and "gone" not in rows["g2"].get("raw_state", "")
        assert "gone at the source (404)" in desk.run("show", rows["g2"]["key"]).out
        # It is not asked for again, and is back when the source lists it again.
        asked, lists = far.count("GET", "/one/g2"), far.count("GET", "/good")
        wait_for(lambda: far.count("GET", "/good") > lists + 1, "more collections")
        assert far.count("GET", "/one/g2") == asked
        far.paths["/good"] = rig.Reply(GOOD + [{"id": "g2", "title": "deleted tomorrow", "state": "on"}])
        desk.wait_rows("triage", least=2)


def test_what_the_store_does_not_take_is_not_complete(desk):
    """A put that fails says nothing about the records that were in it: they are not gone, and they come again."""
    since = "complete: true\n    since: {start: 7d, watermark: at}\n    record:\n"
    desk.write("connectors/thing.yaml", CONNECTOR.replace("record:\n", since))

    def marks():
        with contextlib.closing(sqlite3.connect(desk.store, timeout=20)) as db:
            return [row[0] for row in db.execute("select value from watermark")]

    def change(statement):
        with contextlib.closing(sqlite3.connect(desk.store, timeout=20)) as db, db:
            db.execute(statement)

    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply([{**GOOD[0], "at": "2026-11-20T10:00:00Z"}])
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("incidents")
        wait_for(marks, "the first watermark")
        before = marks()
        change("create trigger full before insert on rec begin select raise(abort, 'disk full'); end")
        far.paths["/good"] = rig.Reply([{**GOOD[0], "at": "2026-11-20T10:00:00Z"}, {"id": "g2", "title": "new", "state": "on", "at": "2026-11-21T10:00:00Z"}])
        row = desk.wait_source("odd", lambda s: s["error"])
        assert row["state"] == "failing" and "the store" in row["error"] and "disk full" in row["error"]
        assert [(r["id"], r["state"]) for r in desk.rows("incidents")] == [("g1", "open")]
        assert marks() == before
        change("drop trigger full")
        assert {(r["id"], r["state"]) for r in desk.wait_rows("incidents", least=2)} == {("g1", "open"), ("g2", "open")}
        wait_for(lambda: marks() != before, "the next watermark")
        assert desk.wait_source("odd", lambda s: not s["error"])["state"] == "ok"


def test_unknown_states_are_kept_and_counted(desk):
    desk.write("connectors/thing.yaml", CONNECTOR)
    rows = [{"id": str(i), "title": "row %d" % i, "state": s} for i, s in enumerate(["on", "banana", "", None, "off", 7])]
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(rows)
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("incidents", least=6)
        states = {r["id"]: (r["state"], r.get("raw_state")) for r in desk.rows("incidents")}
        assert states["0"][0] == "open" and states["4"][0] == "resolved"
        assert [states[str(i)][0] for i in (1, 2, 3, 5)] == ["unknown"] * 4 and states["1"][1] == "banana"
        row = desk.wait_source("odd", lambda s: s["unknown_states"])
        assert row["unknown_states"] == 4 and row["state"] == "ok"
        tty = desk.console()
        tty.wait(r"^ Triage ")
        tty.press("8", r"^> +odd +ok +\S+ +2s +6 +4 ")


def test_items_that_are_no_records_cost_only_themselves(desk):
    desk.write("connectors/thing.yaml", CONNECTOR)
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(GOOD + [{"title": "no id", "state": "on"}, "text", None, 7, {"id": {"a": 1}, "state": "on"}])
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("incidents")
        row = desk.wait_source("odd", lambda s: s["last_good"])
        assert [r["id"] for r in desk.rows("incidents")] == ["g1"]
        assert row["collections"]["things"]["refused"] == 5 and "no id" in row["collections"]["things"]["refused_why"]
        assert "things: 5 items refused" in row["error"] and "things: 5 items refused" in desk.run("doctor").out
        tried = desk.run("connector", "try", "odd", status=1)
        assert "5 refused" in tried.err and "id (thing.yaml:" in tried.err
        far.paths["/good"] = rig.Reply(GOOD)
        desk.run("connector", "try", "odd")


HOSTILE = [
    "\x1b[2J\x1b[1;1Hgone",
    "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07clip",
    "two\r\nlines\ttab",
    "\u202ereversed\u202c \u200bzero\u2028sep",
    "\x9b31mC1 \x85 nel",
    "a" * 5000,
    "\x00nul\x08\x08\x08back",
    "e\u0301\u0302\u0303\u0304" * 50,
]


def test_hostile_titles_are_text(desk):
    desk.write("connectors/thing.yaml", CONNECTOR)
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply([{"id": "h%d" % i, "title": t, "state": "on"} for i, t in enumerate(HOSTILE)])
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("incidents", least=len(HOSTILE))
        control = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
        for row in desk.rows("incidents"):
            assert not control.search(row["title"]) and "\n" not in row["title"] and 0 < len(row["title"]) <= 4096, row["title"]
            assert not control.search(desk.run("show", row["key"]).out)
        done = desk.run("list", "incidents")
        assert not control.search(done.out) and len(done.out.strip().splitlines()) == len(HOSTILE)


# ---- secrets -------------------------------------------------------------------------------------


def proc_bytes(pid, what):
    """What others can read of a process. The environment of one that cannot be dumped is for root alone: nothing."""
    try:
        with open("/proc/%d/%s" % (pid, what), "rb") as f:
            return f.read()
    except PermissionError:
        assert os.geteuid() != 0 and what == "environ"
        return b""


def test_a_secret_is_nowhere(desk):
    """The far side says it back in errors, titles and logs; the operator sees stars."""
    desk.write("connectors/thing.yaml", CONNECTOR)
    with rig.FarSide() as far:
        told = base64.b64encode(("oncall:" + CANARY).encode()).decode()
        far.paths["/good"] = rig.Reply([{"id": "1", "title": "you sent Bearer " + CANARY, "state": "on", "more": {CANARY: ["Basic " + told]}}])
        far.paths["/bad"] = rig.Reply({"detail": "bad token Bearer " + CANARY}, 401)
        base = {"connector": "thing", "url": far.url}
        desk.configure({
            "by-file": {**base, "path": "bad", "token": desk.secret("token", CANARY)},
            "by-command": {**base, "path": "bad", "token": {"command": ["cat", desk.secret("token2", CANARY)["file"]]}},
            "by-env": {**base, "path": "bad", "token": {"env": "THING_TOKEN"}},
            "told": {**base, "path": "good", "token": desk.secret("token3", CANARY)},
        })
        os.environ["THING_TOKEN"] = CANARY
        try:
            desk.start_worker()
        finally:
            del os.environ["THING_TOKEN"]
        for name in ("by-file", "by-command", "by-env"):
            row = desk.wait_source(name, lambda s: s["error"])
            assert "401" in row["error"] and "bad token" in row["error"] and CANARY not in json.dumps(row), row
        key = desk.wait_rows("incidents", "source:told")[0]["key"]
        assert CANARY not in desk.run("show", key).out + desk.run("show", key, "--json").out
        tty = desk.console()
        tty.wait(r"^> .*you sent Bearer \[secret\]")
        tty.press("y", r"more")
        tty.press("Esc", r"^ Triage +\d")
        tty.press("8", "by-file")
        tried = desk.run("connector", "try", "by-file", status=None, leaks=False)
        assert CANARY not in tried.out + tried.err
        assert CANARY not in desk.run("doctor", status=None).out
        assert CANARY.encode() not in tty.raw
        for pid in {desk.worker_pid(), tty.pid, *(p for p, _ in desk.processes_left())}:
            for what in ("cmdline", "environ"):
                assert CANARY.encode() not in proc_bytes(pid, what), "%s of %d" % (what, pid)
        left = [p for p in glob.glob(desk.folder + "/**", recursive=True) if os.path.isfile(p) and "/secrets/" not in p]
        assert any(p.endswith("store.db") for p in left)
        for path in left:
            with open(path, "rb") as f:
                text = f.read()
            assert CANARY.encode() not in text and told.encode()[10:-4] not in text, path
