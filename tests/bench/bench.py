#!/usr/bin/env python3
"""make bench: one line a figure, `name value unit target met|short`. Exit status 0: measured, whatever the figures say.

All on the release build, on real pseudo-terminals of 120x40, at the priority of any other program. A latency runs from
the key to the last byte that it causes, so a count that follows the rows counts too; a p99 is the median of the p99s of
several rounds. A `j` moves the cursor (key_j_bytes), or at the last line it brings in a new row (key_j_scroll_bytes). Idle
is what lies between two full minutes: at each, the clock in the first line and the ages move. Lines with # on stderr say
how it was measured.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from ptytty import SETTLE, Tty, p99_of_rounds, rss_mb

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE_DOWN, PAGE_UP, ESCAPE = b"\x1b[6~", b"\x1b[5~", b"\x1b"
WORDS = (("common", "orders"), ("rare", "0001234"), ("absent", "zzqxzz"))
CONNECTOR = """\
connector: bench
title: Bench
settings: {url: {type: url, required: true}}
collect:
  runs:
    kind: run
    every: 30s
    timeout: 60s
    get: /rows
    items: items
    record:
      id: id
      title: title
      state: {value: state, map: {success: succeeded}}
      started: started
      ended: ended
"""


def say(name: str, value: float, unit: str, target: float) -> None:
    word = "met" if value <= target else "short"
    print(f"{name} {value:.4g} {unit} {target:g} {word}", flush=True)


def note(text: str) -> None:
    print(f"# {text}", file=sys.stderr, flush=True)


class Store:
    """Looks into a store that others write."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.db = None

    def ask(self, sql: str):
        try:
            self.db = self.db or sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=0.05)
            return self.db.execute(sql).fetchone()[0]
        except sqlite3.Error:
            self.db = None
            return None

    def wait(self, sql: str, least: int, seconds: float) -> float:
        """Until the answer is at least so much: when that was seen (perf_counter). Asks only after a commit."""
        end, version = time.perf_counter() + seconds, None
        while time.perf_counter() < end:
            now = self.ask("PRAGMA data_version")
            if now != version:
                version, answer = now, self.ask(sql)
                if answer is not None and answer >= least:
                    return time.perf_counter()
            time.sleep(0.0003)
        return float("inf")


class Bench:
    def __init__(self, build: str, folder: pathlib.Path) -> None:
        self.programs = pathlib.Path(build).resolve() / "release"
        self.folder = folder
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8",
                    "XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config"),
                    "XDG_RUNTIME_DIR": str(folder / "run"), "WATCHDESK_DATA": str(ROOT), "USER": "bench"}
        for name in ("state", "config", "run"):
            (folder / name).mkdir(mode=0o700)

    def argv(self, program: str, *more) -> list:
        return [str(self.programs / program), *map(str, more)]

    def run(self, program: str, *more) -> str:
        return subprocess.run(self.argv(program, *more), env=self.env, check=True, capture_output=True, text=True).stdout

    def fill(self, store: pathlib.Path, rows: int) -> None:
        self.run("tests/bench/fill", store, rows)

    def console(self, store: pathlib.Path, *more) -> Tty:
        return Tty(self.argv("watchdesk", "--store", store, *more), self.env)

    @staticmethod
    def paint(tty: Tty):
        """(ms from exec, bytes) of the first screen: its last line is there, and its rows."""
        when, seen = tty.until(b"? keys", b"crit")
        return (when - tty.started) * 1000, len(seen) + tty.answer(0.2, 0.1)[1]

    # ---- the console on 100 000 records ------------------------------------------------

    def first_paint(self, store: pathlib.Path) -> None:
        seen = []
        for _ in range(15):
            tty = self.console(store, "--no-worker")
            seen.append(self.paint(tty))
            tty.close()
        say("first_paint", statistics.median(ms for ms, _ in seen), "ms", 20)
        say("first_paint_bytes", statistics.median(size for _, size in seen), "B", 6000)

    @staticmethod
    def keys(tty: Tty, suffix="", slowest=0.0) -> None:
        """j and PgDn from the top of a lane, several rounds. The list has between 20 and 30 lines."""
        down, page, moved, scrolled = [], [], [], []
        for _ in range(5):
            tty.press(b"g")
            seen = [tty.press(b"j") for _ in range(60)]
            down.append([ms for ms, _ in seen])
            moved += [size for _, size in seen[:20]]
            scrolled += [size for _, size in seen[30:]]
            page.append([tty.press(PAGE_DOWN)[0] for _ in range(30)])
        say(f"key_j{suffix}_p99", p99_of_rounds(down), "ms", slowest or 2)
        if not suffix:
            say("key_j_bytes", statistics.mean(moved), "B", 170)
            say("key_j_scroll_bytes", statistics.mean(scrolled), "B", 170)
        say(f"key_pgdn{suffix}_p99", p99_of_rounds(page), "ms", slowest or 3)

    @staticmethod
    def filters(tty: Tty, suffix: str, target: float) -> None:
        for name, word in WORDS:
            rounds = []
            for _ in range(7):
                tty.press(b"/")
                rounds.append([tty.press(letter.encode(), 1.0)[0] for letter in word])
                tty.press(ESCAPE, 0.3)
                tty.press(ESCAPE, 0.3)
            say(f"filter_{name}{suffix}_p99", p99_of_rounds(rounds), "ms", target)

    @staticmethod
    def idle(tty: Tty) -> None:
        """Up to a quarter of a minute behind the next full one."""
        tty.answer(1.0, 0.5)
        cpu, began = tty.cpu(), time.perf_counter()
        minute = began + 60 - time.time() % 60
        quiet = at_minute = 0
        while (left := minute + 15 - time.perf_counter()) > 0:
            size = len(tty.read(left))
            if 0 <= time.perf_counter() - minute < 1:
                at_minute += size
            else:
                quiet += size
        span = time.perf_counter() - began
        say("idle_cpu", (tty.cpu() - cpu) / span * 100, "%", 0.2)
        say("idle_bytes_between_minutes", quiet / span, "B/s", 0)
        note(f"the clock and the ages: {at_minute} bytes at the full minute, whose processor time is in idle_cpu")

    def while_writing(self, store: pathlib.Path, tty: Tty) -> None:
        rate, seconds = 5000, 90
        writer = subprocess.Popen(self.argv("tests/bench/fill", store, 100000, "--update", rate, seconds), env=self.env,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            db = Store(store)
            sql = "SELECT coalesce(max(hid), 0) FROM hist"
            before, began = db.ask(sql), time.perf_counter()
            db.wait(sql, before + 1, 10)
            # The screen follows the store ten times a second: a longer quiet would take that for the key's answer.
            tty.settle = 0.01
            self.filters(tty, "_writing", 30)
            self.keys(tty, "_writing", 30)
            if writer.poll() is not None:
                note("the writer ended before the last of these keys")
            note(f"{(db.ask(sql) - before) / (time.perf_counter() - began):.0f} changes of state a second among "
                 f"{rate} records written")
        finally:
            tty.settle = SETTLE
            writer.send_signal(signal.SIGTERM)
            writer.wait()

    def big_store(self) -> None:
        store = self.folder / "big.db"
        self.fill(store, 100_000)
        self.first_paint(store)
        tty = self.console(store, "--no-worker")
        self.paint(tty)
        tty.press(b"2")  # Runs: the lane with most rows
        self.keys(tty)
        self.filters(tty, "", 16)
        self.idle(tty)
        say("console_rss", tty.rss_mb(), "MB", 16)
        self.while_writing(store, tty)
        tty.close()

    # ---- the worker ---------------------------------------------------------------------

    def sources(self, name: str, spec):
        """A far side and a configuration of len(spec) sources: delay in s, rows."""
        far = subprocess.Popen([sys.executable, str(HERE / "far.py"), json.dumps(spec)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
        ports = json.loads(far.stdout.readline())
        folder = self.folder / name
        (folder / "connectors").mkdir(parents=True)
        (folder / "connectors" / "bench.yaml").write_text(CONNECTOR)
        lines = [f"  s{i}: {{connector: bench, url: \"http://127.0.0.1:{port}\"}}\n" for i, port in enumerate(ports)]
        (folder / "config.yaml").write_text("sources:\n" + "".join(lines))
        return far, folder / "config.yaml"

    @staticmethod
    def end(pid: int, far: subprocess.Popen) -> None:
        os.kill(pid, signal.SIGTERM)
        far.stdin.close()
        far.terminate()
        far.wait(10)

    def fifty(self) -> None:
        ratios, rss = [], 0.0
        for n in range(5):
            far, config = self.sources(f"fifty{n}", [[0.1, 10]] * 50)
            store = self.folder / f"fifty{n}.db"
            worker = subprocess.Popen(self.argv("watchdesk-worker", "worker", "--foreground", "--store", store,
                                                "--config", config), env=self.env, stderr=subprocess.DEVNULL)
            done = Store(store).wait("SELECT count(*) FROM rec WHERE id LIKE 'run-%'", 500, 20)
            far.stdin.write("\n")
            far.stdin.flush()
            first, slowest = json.loads(far.stdout.readline())
            ratios.append((done - first) / slowest)
            rss = max(rss, rss_mb(worker.pid))
            self.end(worker.pid, far)
            worker.wait(10)
        say("fifty_sources", statistics.median(ratios), "x", 1.2)
        say("worker_rss", rss, "MB", 40)

    def sixty(self) -> None:
        """As a person meets it: the console starts its worker itself."""
        far, config = self.sources("sixty", [[0.05, 20]] * 50 + [[-1, 20]] * 5 + [[10, 20]] * 5)
        store = self.folder / "sixty.db"
        self.fill(store, 20_000)
        tty = self.console(store, "--config", config)
        say("sixty_first_screen", self.paint(tty)[0], "ms", 50)
        done = Store(store).wait("SELECT count(*) FROM rec WHERE id LIKE 'run-%'", 1000, 20)
        say("sixty_fast_sources", done - tty.started, "s", 2)
        rounds = [[tty.press(key)[0] for key in (b"j", b"k", PAGE_DOWN, PAGE_UP) * 10] for _ in range(5)]
        say("sixty_key_p99", p99_of_rounds(rounds), "ms", 16)
        tty.close()
        self.end(int(pathlib.Path(f"{store}.worker").read_text(encoding="ascii")), far)

    def ingest(self) -> None:
        ratios = []
        for n in range(7):
            folder = self.folder / f"ingest{n}"
            folder.mkdir()
            words = self.run("tests/bench/ingest", folder, ROOT / "backends/catalog", 60).split()
            ratios.append(float(words[2]) / float(words[3]))
            shutil.rmtree(folder)
        say("ingest", statistics.median(ratios), "x", 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", default="", help="big, fifty, sixty, ingest")
    args = parser.parse_args()
    note(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="watchdesk-bench-"))
    bench = Bench(args.build, folder)
    parts = {"big": bench.big_store, "fifty": bench.fifty, "sixty": bench.sixty, "ingest": bench.ingest}
    try:
        for name, part in parts.items():
            if args.only in ("", name):
                part()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
