"""A program on a pseudo-terminal, and what it costs: time from a key to the last byte of the answer, bytes, CPU, memory."""
import fcntl
import os
import pty
import queue
import signal
import struct
import termios
import threading
import time

SETTLE = 0.03  # s without output: the answer has ended


class Tty:
    def __init__(self, argv, env, rows=40, columns=120) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.out = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            self.out.put((time.perf_counter(), data))
            if not data:
                return

    def answer(self, wait=2.0, settle=SETTLE):
        """(time of the last byte, bytes, text) of what comes now; (None, 0, b"") when nothing comes."""
        last, total, text, limit = None, 0, b"", wait
        while True:
            try:
                when, data = self.out.get(timeout=limit)
            except queue.Empty:
                return last, total, text
            if not data:
                return last, total, text
            last, total, text, limit = when, total + len(data), text + data, settle

    def press(self, key: bytes, wait=0.5):
        """(ms, bytes) from the key to the end of its answer."""
        began = time.perf_counter()
        os.write(self.fd, key)
        last, total, _ = self.answer(wait)
        return ((last - began) * 1000 if last else 0.0), total

    def cpu(self) -> float:
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

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
