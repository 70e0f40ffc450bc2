"""A program on a pseudo-terminal, and the screen that its output makes (pexpect and pyte)."""
import os
import re
import signal
import time

import pexpect
import pyte

NAMED = {
    "Enter": "\r", "Tab": "\t", "Esc": "\x1b", "Space": " ", "BS": "\x7f", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~",
    "Up": "\x1bOA", "Down": "\x1bOB", "Right": "\x1bOC", "Left": "\x1bOD", "F2": "\x1bOQ", "C-c": "\x03", "C-l": "\x0c",
}


class Screen(pyte.Screen):
    """pyte's, with the sequences that curses uses and pyte 0.8 lacks: REP, SU, SD."""

    def draw(self, data):
        self.last = data[-1:]
        super().draw(data)

    def repeat(self, count=1):
        self.draw(self.last * (count or 1))

    def scroll_up(self, count=1, move=pyte.Screen.index, edge=1):
        margins, y = self.margins or (0, self.lines - 1), self.cursor.y
        for _ in range(count or 1):
            self.cursor.y = margins[edge]
            move(self)
        self.cursor.y = y

    def scroll_down(self, count=1):
        self.scroll_up(count, pyte.Screen.reverse_index, 0)


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, b="repeat", S="scroll_up", T="scroll_down")


class Tty:
    """`wait` is the one way to go on: it reads until a condition holds, and shows the screen when it never does."""

    def __init__(self, argv, env, rows=40, cols=120):
        self.screen, self.raw = Screen(cols, rows), bytearray()
        self.stream = Stream(self.screen)
        self.child = pexpect.spawn(argv[0], argv[1:], env=env, dimensions=(rows, cols), timeout=None)
        self.child.delaybeforesend = None
        self.eof = False

    @property
    def pid(self):
        return self.child.pid

    # ---- reading -------------------------------------------------------------------------------

    def pump(self, seconds=0.05):
        """Takes in what comes within that time; False: nothing came."""
        if self.eof:
            return False
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self.eof = True
            return False
        self.raw += data
        try:
            self.stream.feed(data)
        except (TypeError, StopIteration):  # a private sequence that pyte cannot take
            self.stream = Stream(self.screen)
        return True

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def current(self):
        """The row under the cursor of a list."""
        return next((line for line in self.screen.display if line.startswith(">")), "")

    def wait(self, what, within=60.0):
        """`what`: a regular expression for the screen, or a function; its match or value."""
        look = what if callable(what) else lambda: re.search(what, self.text(), re.M)
        until = time.monotonic() + within
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > until or self.eof:
                shown = what.__doc__ or what.__name__ if callable(what) else what
                raise AssertionError("%s: not seen%s. The screen:\n%s" % (shown, " before the end" if self.eof else "", self.text()))
            self.pump()

    def gone(self, what, within=60.0):
        def no_more():
            return not re.search(what, self.text(), re.M)

        no_more.__doc__ = "the end of " + what
        return self.wait(no_more, within)

    def still(self, quiet=0.2, within=10.0):
        """Reads until nothing has come for a while."""
        until = time.monotonic() + within
        while self.pump(quiet) and time.monotonic() < until:
            pass

    def rest(self, seconds):
        """Reads for that long: where the program counts the time since the last key."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.pump(max(0.0, min(0.05, until - time.monotonic())))

    # ---- writing -------------------------------------------------------------------------------

    def write(self, data):
        os.write(self.child.fileno(), data.encode() if isinstance(data, str) else data)

    def key(self, *names):
        """Each in a write of its own, as fingers do; a name of NAMED or literal text."""
        for name in names:
            self.write(NAMED.get(name, name))
            self.pump(0.02)

    def press(self, name, what, within=60.0):
        """The key after it may be sent: its screen is there."""
        self.key(name)
        return self.wait(what, within)

    def type(self, text):
        """Letter by letter, each after the one before was drawn: several at once count as pasted."""
        for letter in text:
            seen = len(self.raw)
            self.key(letter)
            self.wait(lambda: len(self.raw) > seen)

    def paste(self, text):
        self.write("\x1b[200~" + text + "\x1b[201~")

    def drawn(self):
        """Until all keys so far are dealt with. C-l comes after them and draws the whole screen; for lists only."""
        clear = b"\x1b[H\x1b[2J"
        seen = self.raw.count(clear)
        self.key("C-l")
        self.wait(lambda: self.raw.count(clear) > seen)
        self.still(0.1)

    def down(self, within=10.0):
        """One row down; True when the cursor has moved. The next key waits for the screen, as eyes do."""
        before, until = self.current(), time.monotonic() + within
        self.key("j")
        while self.current() == before and time.monotonic() < until and not self.eof:
            self.pump()
        return self.current() != before

    def to_row(self, what, most=60):
        """Moves the cursor down to the row that matches."""
        self.key("g")
        self.drawn()
        for _ in range(most):
            if re.search(what, self.current()):
                return self.current()
            if not self.down():
                break
        raise AssertionError("no row %s. The screen:\n%s" % (what, self.text()))

    def resize(self, rows, cols):
        self.screen.resize(rows, cols)
        self.child.setwinsize(rows, cols)

    # ---- the end -------------------------------------------------------------------------------

    def wait_end(self, within=60.0):
        """The exit status, or minus the signal."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            self.pump(0.02)
            if not self.child.isalive():
                while self.pump(0.05):
                    pass
                return -self.child.signalstatus if self.child.signalstatus is not None else self.child.exitstatus
        raise AssertionError("it did not end within %g s. The screen:\n%s" % (within, self.text()))

    def signal(self, number):
        os.kill(self.pid, number)

    def hang_up(self):
        """As a lost connection does: the terminal's other end is closed."""
        os.close(self.child.child_fd)
        self.child.closed, self.eof = True, True
        self.child.ptyproc.closed = True
        self.child.child_fd = self.child.ptyproc.fd = -1

    def close(self):
        if self.child.closed:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            return
        if self.child.isalive():
            self.child.kill(signal.SIGTERM)
            try:
                self.wait_end(3)
            except AssertionError:
                self.child.kill(signal.SIGKILL)
        self.child.close(force=True)
