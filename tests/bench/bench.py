#!/usr/bin/env python3
"""make bench: one line a figure, `name value unit target met|short`. Exit status 0: measured, whatever the figures say."""
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

from ptytty import Tty, p99, rss_mb

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
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


class Bench:
    def __init__(self, build: str, folder: pathlib.Path) -> None:
        self.programs = pathlib.Path(build).resolve() / "release"
        self.folder = folder
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8",
                    "XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config"),
                    "XDG_RUNTIME_DIR": str(folder / "run"), "WATCHDESK_DATA": str(ROOT), "USER": "bench"}
        for name in ("state", "config", "run"):
            (folder / name).mkdir(mode=0o700)

    def run(self, *argv) -> str:
        return subprocess.run([str(a) for a in argv], env=self.env, check=True, capture_output=True, text=True).stdout

    def fill(self, store: pathlib.Path, rows: int) -> None:
        self.run(self.programs / "tests/bench/fill", store, rows)

    def console(self, store: pathlib.Path, config=None) -> Tty:
        argv = [str(self.programs / "watchdesk"), "--no-worker", "--store", str(store)]
        return Tty(argv + (["--config", str(config)] if config else []), self.env)

    # ---- the console on 100 000 records ------------------------------------------------

    def first_paint(self, store: pathlib.Path) -> None:
        times, sizes = [], []
        for _ in range(9):
            tty = self.console(store)
            began = tty.started
            when, data = tty.out.get(timeout=5)
            size = len(data)
            # The first paint ends where nothing comes for a moment; counts may follow as a second one.
            _, more, _ = tty.answer(0.2, 0.05)
            times.append((when - began) * 1000)
            sizes.append(size + more)
            tty.close()
        say("first_paint", statistics.median(times), "ms", 20)
        say("first_paint_bytes", statistics.median(sizes), "B", 6000)

    def keys(self, tty: Tty) -> None:
        down = [tty.press(b"j") for _ in range(200)]
        say("key_j_p99", p99([ms for ms, _ in down]), "ms", 2)
        say("key_j_bytes", statistics.median(size for _, size in down), "B", 170)
        page = [tty.press(b"\x1b[6~") for _ in range(100)]
        say("key_pgdn_p99", p99([ms for ms, _ in page]), "ms", 3)

    def filters(self, tty: Tty, suffix: str, target: float, rounds: int) -> None:
        for name, word in (("common", "orders"), ("rare", "0001234"), ("absent", "zzqxzz")):
            times = []
            for _ in range(rounds):
                tty.press(b"/")
                times += [tty.press(letter.encode(), 1.0)[0] for letter in word]
                tty.press(b"\x1b", 0.3)
                tty.press(b"\x1b", 0.3)
            say(f"filter_{name}{suffix}_p99", p99(times), "ms", target)

    def idle(self, tty: Tty) -> None:
        tty.answer(1.0, 0.5)
        cpu, began = tty.cpu(), time.perf_counter()
        # 12 s idle is enough for 0.2 % at a clock tick of 10 ms; what is sent in that time counts.
        _, size, _ = tty.answer(12, 12)
        span = time.perf_counter() - began
        say("idle_cpu", (tty.cpu() - cpu) / span * 100, "%", 0.2)
        say("idle_bytes", size / span, "B/s", 0)

    def while_writing(self, store: pathlib.Path, tty: Tty) -> None:
        writer = subprocess.Popen([str(self.programs / "tests/bench/fill"), str(store), "100000", "--update", "5000",
                                   "40"], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            self.filters(tty, "_writing", 30, 2)
        finally:
            writer.send_signal(signal.SIGTERM)
            writer.wait()

    def big_store(self) -> None:
        store = self.folder / "big.db"
        self.fill(store, 100_000)
        self.first_paint(store)
        tty = self.console(store)
        tty.answer(2.0, 0.3)
        tty.press(b"2")  # Runs: the lane with most rows
        tty.answer(0.5, 0.2)
        self.keys(tty)
        self.filters(tty, "", 16, 3)
        self.idle(tty)
        say("console_rss", tty.rss_mb(), "MB", 16)
        self.while_writing(store, tty)
        tty.close()

    # ---- the worker ---------------------------------------------------------------------

    def sources(self, name: str, spec, connector: str = CONNECTOR):
        """A far side and a configuration of len(spec) sources."""
        far = subprocess.Popen([sys.executable, str(HERE / "far.py"), json.dumps(spec)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
        ports = json.loads(far.stdout.readline())
        folder = self.folder / name
        (folder / "connectors").mkdir(parents=True)
        (folder / "connectors" / "bench.yaml").write_text(connector)
        lines = [f"  s{i}: {{connector: bench, url: \"http://127.0.0.1:{port}\"}}\n" for i, port in enumerate(ports)]
        (folder / "config.yaml").write_text("sources:\n" + "".join(lines))
        return far, folder / "config.yaml"

    def worker(self, store: pathlib.Path, config: pathlib.Path) -> subprocess.Popen:
        return subprocess.Popen([str(self.programs / "watchdesk-worker"), "worker", "--foreground", "--store",
                                 str(store), "--config", str(config)], env=self.env, stderr=subprocess.DEVNULL)

    def wait_rows(self, store: pathlib.Path, rows: int, seconds: float) -> float:
        """Waits until so many rows of the far side are stored; returns when (perf_counter)."""
        end = time.perf_counter() + seconds
        db = None
        while time.perf_counter() < end:
            try:
                db = db or sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=0.05)
                if db.execute("SELECT count(*) FROM rec WHERE id LIKE 'run-%'").fetchone()[0] >= rows:
                    return time.perf_counter()
            except sqlite3.Error:
                db = None
            time.sleep(0.001)
        return float("inf")

    def wait_first_try(self, store: pathlib.Path) -> float:
        """The worker's own clock at the first request, as perf_counter."""
        db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
        first = db.execute("SELECT min(last_try) FROM source WHERE last_try>0").fetchone()[0]
        return time.perf_counter() - (time.time() - first / 1e6)

    def fifty(self) -> None:
        far, config = self.sources("fifty", [[0.1, 10]] * 50)
        store = self.folder / "fifty.db"
        worker = self.worker(store, config)
        done = self.wait_rows(store, 500, 20)
        first = self.wait_first_try(store)
        say("fifty_sources", (done - first) / 0.1, "x", 1.2)
        say("worker_rss", rss_mb(worker.pid), "MB", 40)
        self.end(worker, far)

    def sixty(self) -> None:
        far, config = self.sources("sixty", [[0.05, 20]] * 50 + [[-1, 20]] * 5 + [[10, 20]] * 5)
        store = self.folder / "sixty.db"
        self.fill(store, 20_000)
        began = time.perf_counter()
        worker = self.worker(store, config)
        tty = self.console(store, config)
        when, _ = tty.out.get(timeout=5)
        say("sixty_first_screen", (when - tty.started) * 1000, "ms", 50)
        done = self.wait_rows(store, 1000, 20)
        say("sixty_fast_sources", done - began, "s", 2)
        tty.answer(1.0, 0.3)
        times = [tty.press(key)[0] for _ in range(60) for key in (b"j", b"k", b"\x1b[6~", b"\x1b[5~")]
        say("sixty_key_p99", p99(times), "ms", 16)
        tty.close()
        self.end(worker, far)

    def end(self, worker: subprocess.Popen, far: subprocess.Popen) -> None:
        worker.send_signal(signal.SIGTERM)
        worker.wait(10)
        far.stdin.close()
        far.terminate()
        far.wait(10)

    def ingest(self) -> None:
        folder = self.folder / "ingest"
        folder.mkdir()
        ratios = []
        for _ in range(3):
            words = self.run(self.programs / "tests/bench/ingest", folder, ROOT / "backends/catalog", 60).split()
            ratios.append(float(words[2]) / float(words[3]))
            shutil.rmtree(folder)
            folder.mkdir()
        say("ingest", statistics.median(ratios), "x", 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", default="", help="big, fifty, sixty, ingest")
    args = parser.parse_args()
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
