"""The console on odd terminals: sizes, types, locales, hang-ups; and that no text of a source reaches the terminal as a command."""
import os
import re
import signal
import subprocess

import pytest

import rig
from desk import alive, wait_for
from keys import ARM, QUESTION, choose, to_question
from test_bad_input import CONNECTOR, HOSTILE

ROWS = [{"id": "t%d" % i, "title": "thing number %d" % i, "state": "on"} for i in range(40)]
# Everything that curses may send to an xterm-256color; anything else would have come from a source.
ALLOWED = re.compile(
    rb"\x1b\[[0-9;]*[ABCDGHJKLMPSTXZ@bdfhlmr]"  # cursor, erase, insert, delete, repeat, scroll, colours
    rb"|\x1b\[\?(1|7|12|25|47|1000|1004|1006|1034|1047|1048|1049|2004|2026)(;\d+)*[hl]"  # modes of the screen
    rb"|\x1b\[>[0-9;]*[m]?|\x1b\[2[23];[0-2];[0-2]t"
    rb"|\x1b[=>78M]|\x1b\([B0]|\x1b\)[B0]|[\r\n\t\x08\x0e\x0f]"
)


@pytest.fixture
def filled(desk):
    with rig.FarSide() as far:
        far.paths["/good"] = rig.Reply(ROWS + [{"id": "h%d" % i, "title": t, "state": "on"} for i, t in enumerate(HOSTILE)])
        desk.write("connectors/thing.yaml", CONNECTOR)
        desk.configure({"odd": {"connector": "thing", "url": far.url}})
        desk.start_worker()
        desk.wait_rows("incidents", least=len(ROWS) + len(HOSTILE))
        yield desk


def leave(tty):
    tty.key("q")
    assert tty.wait_end() == 0


def restored(tty):
    """The last things said to the terminal: its own screen, cursor on, no paste mode."""
    tail = bytes(tty.raw)
    assert tail.rfind(b"\x1b[?1049l") > tail.rfind(b"\x1b[?1049h"), "it stays on the alternate screen"
    assert tail.rfind(b"\x1b[?2004l") >= tail.rfind(b"\x1b[?2004h"), "pastes stay bracketed"
    hidden = tail.rfind(b"\x1b[?25l")
    assert hidden < 0 or max(tail.rfind(b"\x1b[?25h"), tail.rfind(b"\x1b[?12l\x1b[?25h"), tail.rfind(b"\x1b[34h\x1b[?25h")) > hidden, "the cursor stays hidden"


def test_one_by_one_and_a_storm(filled):
    tty = filled.console(rows=1, cols=1)
    tty.still(0.3)
    assert alive(tty.pid)
    sizes = [(40, 120), (2, 2), (5, 400), (200, 3), (24, 80), (1, 1), (10, 40), (9, 39), (60, 250), (1, 200)]
    for rows, cols in sizes * 8:
        tty.resize(rows, cols)
        tty.pump(0.003)
    tty.key("j", "k", "3", "Enter")
    tty.resize(3, 30)
    tty.still(0.3)
    tty.resize(40, 120)
    tty.wait(r"^ Incidents > \S")
    tty.press("Esc", r"^ Incidents +\d")
    tty.press("1", r"^ Triage +\d")
    tty.wait("thing number")
    leave(tty)
    restored(tty)


def test_too_small_says_so(filled):
    tty = filled.console(rows=8, cols=38)
    tty.wait(r"^Too small: needs 40x10, this is 38x8$")
    tty.still(0.2)
    assert len([line for line in tty.lines() if line.strip()]) == 1, tty.text()
    tty.resize(24, 80)
    tty.wait("thing number")
    leave(tty)


@pytest.mark.parametrize("term", ["no-such-terminal", ""])
def test_an_unknown_terminal_is_one_message(filled, term):
    tty = filled.console(leaks=False, TERM=term)  # ncurses keeps what it has of a terminal that it does not know
    status = tty.wait_end()
    assert status not in (0, 99) and status > 0
    assert "TERM" in tty.text() or "terminal" in tty.text()
    assert b"\x1b" not in tty.raw and len(tty.text().strip().splitlines()) <= 3


def test_no_terminal_at_all(filled):
    done = subprocess.run(filled.argv(), stdin=subprocess.DEVNULL, capture_output=True, env=filled.env(), timeout=120)
    assert done.returncode not in (0, 99) and b"terminal" in done.stderr and b"\x1b" not in done.stdout


@pytest.mark.parametrize("term", ["xterm", "vt100", "linux", "screen-256color", "tmux-256color", "dumb"])
def test_other_terminals(filled, term):
    tty = filled.console(TERM=term)
    if term == "dumb":
        status = tty.wait_end()
        assert status > 0 and status != 99 and "dumb" in tty.text()
        return
    tty.wait("thing number")
    tty.press("2", r"^ Runs ")
    tty.press("3", r"^ Incidents ")
    tty.wait("thing number")
    if term == "vt100":
        assert not re.search(rb"\x1b\[(?:\d+;)*[34]\d(?:;\d+)*m", tty.raw), "a vt100 has no colours"
    leave(tty)


def test_ascii_without_a_utf8_locale(filled):
    tty = filled.console(LANG=None, LC_ALL="C")
    tty.wait("thing number")
    tty.to_row("thing number")
    tty.press("?", "KEYS")
    tty.key("Esc")
    tty.gone("KEYS")
    assert all(b < 0x80 for b in tty.raw), "bytes beyond ASCII on a terminal that cannot show them"
    leave(tty)


def test_no_color(filled):
    tty = filled.console(NO_COLOR="1")
    tty.wait("thing number")
    tty.press("3", r"^ Incidents ")
    tty.wait(r"^> ")
    tty.press("8", r"^ Sources ")
    assert not re.search(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m", tty.raw)
    leave(tty)


def test_a_hang_up_ends_it_within_two_seconds(filled):
    tty = filled.console()
    tty.wait("thing number")
    tty.hang_up()
    wait_for(lambda: not alive(tty.pid), "the end after the hang-up", 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGSEGV, signal.SIGABRT])
def test_signals_leave_the_terminal_as_it_was(filled, number):
    more = {}
    if number in (signal.SIGSEGV, signal.SIGABRT):  # our own handler, as in a release
        more["ASAN_OPTIONS"] = filled.env()["ASAN_OPTIONS"] + ":handle_segv=0:handle_abort=0"
    tty = filled.console(**more)
    tty.wait("thing number")
    tty.signal(number)
    assert tty.wait_end() != 0
    restored(tty)


def test_nothing_but_curses_writes_to_the_terminal(filled):
    """Hostile titles in every view that shows them."""
    tty = filled.console()
    tty.wait("thing number")
    tty.press("3", r"^ Incidents ")
    tty.key("G")
    tty.drawn()
    tty.press("Enter", r"^ Incidents > ")
    tty.press("y", r"^ Incidents > .*, raw ")
    tty.press("Esc", r"^ OPEN ")
    tty.press("Esc", r"^ Incidents +\d")
    tty.press("?", r"^ Incidents > keys")
    tty.press("Esc", r"^ Incidents +\d")
    tty.key("g")
    tty.drawn()
    tty.press("/", r"^ /")
    tty.type("zero")
    tty.press("Enter", r"1 of \d+ for /zero")
    tty.key("Esc")
    tty.gone("for /")
    tty.press("8", r"^ Sources ")
    tty.press("1", r"^ Triage ")
    tty.press("S", "Sorted by")
    tty.press(":", r"^ ?:")
    tty.type("ru")
    tty.wait(r"^ > ru")
    tty.key("Esc")
    tty.gone(r"^ ?: ru")
    leave(tty)
    rest = ALLOWED.sub(b"", bytes(tty.raw))
    bad = re.search(rb"[\x00-\x1f\x7f].{0,20}", rest, re.S)
    assert not bad, "not from curses: %r" % bad.group()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0080-\u009f]", rest.decode("utf-8"))
    assert b"\x1b]52" not in tty.raw and b"gone" in tty.raw


def test_a_paste_and_a_held_key_confirm_nothing(desk):
    with rig.FarSide() as far:
        far.paths.update({"/things": rig.Reply([{"id": "t1"}]), "/poke": rig.Reply({}), "/state": far.done_by(1)})
        far.use(desk)
        desk.wait_rows("incidents")
        tty = desk.console()
        tty.wait(r"^> .* t1 ")
        choose(tty, "poke")
        to_question(tty)
        tty.rest(ARM)
        tty.paste("y\n")
        tty.wait("asted")
        assert re.search(QUESTION, tty.text(), re.M)
        tty.rest(ARM)
        tty.write("y\n")  # as a terminal without bracketed paste hands it over
        tty.still(0.2)
        assert re.search(QUESTION, tty.text(), re.M) and desk.actions() == []
        tty.rest(ARM)
        for _ in range(30):  # a held key: the repeat is faster than the quiet time
            tty.key("Enter")
        for _ in range(10):
            tty.key("y")
            tty.rest(0.03)
        tty.still(0.2)
        assert desk.actions() == [] and far.count("POST", "/poke") == 0
        # Typed ahead of the question it does not count either.
        tty.rest(ARM)
        tty.press("Esc", r"^>\[ Start")
        tty.write("\ry")
        tty.still(0.5)
        assert desk.actions() == [] and far.count("POST", "/poke") == 0
        # And alone, by hand, after the quiet time, it does.
        if not re.search(QUESTION, tty.text(), re.M):
            to_question(tty)
        tty.rest(ARM)
        tty.key("y")
        tty.wait("1 of 1 proved")
        assert far.count("POST", "/poke") == 1


def stopped(tty):
    """Read meanwhile, or it cannot say its last words."""
    tty.pump()
    with open("/proc/%d/stat" % tty.pid) as f:
        return f.read().rpartition(")")[2].split()[0] == "T"


def test_stop_and_go_on(filled):
    """C-z gives the shell its terminal back; SIGCONT draws anew."""
    tty = filled.console()
    tty.wait("thing number")
    tty.key("\x1a")
    wait_for(lambda: stopped(tty), "the stop")
    tty.wait(lambda: b"\x1b[?1049l" in tty.raw)
    restored(tty)
    before = len(tty.raw)
    tty.signal(signal.SIGCONT)
    tty.wait(lambda: b"thing number" in tty.raw[before:])
    assert b"\x1b[?1049h" in tty.raw[before:] and not stopped(tty)
    tty.press("3", r"^ Incidents ")
    leave(tty)
