"""`make demo` in a terminal: it opens the console, says that it is a simulation, and leaves nothing behind."""
import os
import signal
import sys
import time

import pexpect
import pytest

from far import TESTS


def running(folder):
    """Processes whose command line names this folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                if folder.encode() in f.read():
                    found.append(pid)
        except OSError:
            continue
    return found


class Terminal:
    def __init__(self, build, tmp):
        env = {**os.environ, "TERM": "screen-256color", "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp)}
        command = [os.path.join(TESTS, "demo/demo.py"), "--build", build]
        self.start = time.monotonic()
        self.child = pexpect.spawn(sys.executable, command, dimensions=(32, 120), timeout=30, env=env)
        self.tmp = tmp

    def open(self):
        self.child.expect("simulation")
        took = time.monotonic() - self.start
        self.child.expect("Orders dashboard is a day old")
        (self.folder,) = [str(p) for p in self.tmp.iterdir()]
        return took

    def gone(self):
        until = time.monotonic() + 15
        while running(self.folder) or os.path.exists(self.folder):
            assert time.monotonic() < until, (running(self.folder), os.path.exists(self.folder))
            self.drain()

    def drain(self):
        try:
            self.child.read_nonblocking(65536, 0.05)
        except (pexpect.TIMEOUT, pexpect.EOF):
            time.sleep(0.02)


@pytest.fixture
def terminal(build, tmp_path):
    if not os.access(os.path.join(build, "watchdesk"), os.X_OK):
        pytest.fail("%s/watchdesk is not built" % build)
    t = Terminal(build, tmp_path)
    yield t
    t.child.close(force=True)


def test_opens_and_leaves_nothing(terminal):
    assert terminal.open() < 15  # 5 s on a machine of its own
    assert running(terminal.folder)
    terminal.child.send("q")
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.exitstatus == 0
    terminal.gone()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_ended_from_outside(terminal, number):
    terminal.open()
    terminal.child.kill(number)
    terminal.gone()


def test_ended_while_it_starts(terminal):
    while not list(terminal.tmp.iterdir()):
        time.sleep(0.01)
    (terminal.folder,) = [str(p) for p in terminal.tmp.iterdir()]
    time.sleep(0.3)
    terminal.child.kill(signal.SIGTERM)
    terminal.gone()
