"""A program on a pseudo-terminal, and what it costs: time from a key to the last byte of the answer, bytes, CPU, memory."""
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import termios
import time

SETTLE = 0.025  # s without output: the answer has ended


class Tty:
    def __init__(self, argv, env, rows=40, columns=120) -> None:
        self.settle = SETTLE
        ready, go = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(ready, 1)  # the size is set before the program looks at it
            os.execve(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.started = time.perf_counter()
        os.write(go, b"x")
        os.close(ready)
        os.close(go)

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds; empty: nothing, or the program has ended."""
        if not self.poll.poll(seconds * 1000):
            return b""
        try:
            return os.read(self.fd, 65536)
        except OSError:
            return b""

    def answer(self, wait=2.0, settle=SETTLE):
        """(time of the last byte, bytes, text) of what comes now; (None, 0, b"") when nothing comes."""
        last, text, limit = None, b"", wait
        while data := self.read(limit):
            last, text, limit = time.perf_counter(), text + data, settle
        return last, len(text), text

    def press(self, key: bytes, wait=0.5):
        """(ms, bytes) from the key to the end of its answer."""
        began = time.perf_counter()
        os.write(self.fd, key)
        last, total, _ = self.answer(wait, self.settle)
        return ((last - began) * 1000 if last else 0.0), total

    def until(self, *texts: bytes, seconds=5.0):
        """(when all of these had come, everything that came): time.perf_counter."""
        seen, end = b"", time.perf_counter() + seconds
        while time.perf_counter() < end:
            seen += self.read(0.1)
            if all(text in seen for text in texts):
                return time.perf_counter(), seen
        raise TimeoutError(f"{texts} did not appear; the last was {seen[-300:]!r}")

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        with open(f"/proc/{self.pid}/schedstat", encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e9

    def rss_mb(self) -> float:
        return rss_mb(self.pid)

    def close(self) -> None:
        try:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)


def rss_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def p99(values) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def p99_of_rounds(rounds) -> float:
    """The p99 of each round, and of these the median: one hiccup of the machine is not a figure of the program."""
    return statistics.median(p99(values) for values in rounds)
