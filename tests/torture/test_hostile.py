"""Hostile text from a source, in every field that is shown: none of it reaches the terminal as anything but text."""
import random
import re

import pytest

import rig
from test_terminal import ALLOWED, leave

PIECES = [
    "\x1b[2J", "\x1b[1;1H", "\x1b]0;t\x07", "\x1b]52;c;ZXZpbA==\x07", "\x1b]8;;http://x\x1b\\", "\x1bP+q\x1b\\", "\x1b[6n", "\x1b[?1049l", "\x1bc", "\x1b[200~",
    "\x9b31m", "\x9d0;t\x9c", "\x85", "\x00", "\x07", "\x08\x08\x08", "\x0e", "\x7f", "\r", "\n", "\t", "\v", "\f", "y\n", "\u202e", "\u2066", "\u2028",
    "\u200b", "\u200d", "\ufeff", "e\u0301\u0302\u0303", "\u0300" * 40, "\u1f468\u200d", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u3042\u3044", "\ud83d\ude00",
    "\ufffe", "\U000e0041", "\u115f", "\u00ad", "a" * 300, "%s%n", "{{ secret.token }}", "';--", "$(id)", "`id`", "\\x1b[2J", "&lt;", "word",
]
CONNECTOR = """\
connector: hostile
title: Hostile
settings: {url: {type: url, required: true}}
auth: [none]
collect:
  things:
    kind: incident
    every: 2s
    get: /things
    record: {id: id, title: text, state: {value: state, map: {on: open}}, asset: text, owner: text, service: text, actor: text, labels: "{a: text}", opaque: {t: text}}
"""


def hostile(n, seed):
    """n strings of one to six pieces each."""
    r = random.Random(seed)
    return ["".join(r.choice(PIECES) for _ in range(r.randint(1, 6))) for _ in range(n)]


@pytest.mark.parametrize("seed", [20261129])
def test_no_text_of_a_source_moves_the_cursor(desk, long, seed):
    texts = hostile(340 if long else 40, seed)
    print("seed", seed)
    with rig.FarSide() as far:
        far.paths["/things"] = rig.Reply([{"id": "h%d" % i, "text": t, "state": "on" if i % 3 else t} for i, t in enumerate(texts)])
        desk.write("connectors/hostile.yaml", CONNECTOR)
        desk.configure({"odd": {"connector": "hostile", "url": far.url}})
        desk.start_worker()
        rows = desk.wait_rows("all", least=len(texts))
        control = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
        for row in rows[:len(texts) if long else 8]:
            for word in ("show", "raw"):
                command = ["show", row["key"]] + (["--json"] if word == "raw" else [])
                out = desk.run(*command).out
                assert not control.search(out.replace("\n", "")), (row["key"], out)
        tty = desk.console(rows=50, cols=160)
        tty.wait(r"^> ")
        for lane in "13":
            tty.press(lane, r"^> ")
            for _ in range(len(texts) // 40 + 1):
                tty.key("PgDn")
                tty.drawn()
        for _ in range(20 if long else 3):
            tty.press("Enter", r"^ Incidents > ")
            tty.press("Esc", r"^ Incidents +\d")
            tty.key("k")
            tty.drawn()
        leave(tty)
        rest = ALLOWED.sub(b"", bytes(tty.raw))
        bad = re.search(rb"[\x00-\x1f\x7f].{0,20}", rest, re.S)
        assert not bad, "not from curses: %r" % bad.group()
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u0080-\u009f]", rest.decode("utf-8"))
        assert b"\x1b]52" not in tty.raw
