"""One watchdesk with folders, configuration and store of its own; nothing of it is left when it is closed."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import yaml

from terminal import Tty

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What happens to a program under ASan and UBSan that does wrong: a file in the desk's folder, which fails the test.
# Leaks are looked for where no worker is started: a worker cannot be traced, and LeakSanitizer gives up on it.
SANITIZE = "log_path=%s/sanitizer:exitcode=99:detect_leaks=%d"


def wait_for(look, what, within=60.0, every=0.05):
    """The first true answer of look(). The time is for a loaded machine under ASan; a shorter one is a promise under test."""
    until = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, "%s: not within %g s" % (what, within)
        time.sleep(every)


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Done:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return "exit status %d\n%s%s" % (self.status, self.out[-4000:], self.err[-2000:])


class Desk:
    def __init__(self, build):
        self.bin = os.path.join(build, "asan")
        self.folder = tempfile.mkdtemp(prefix="watchdesk-e2e-", dir=os.environ.get("TMPDIR") or "/tmp")
        self.config = os.path.join(self.folder, "config", "watchdesk", "config.yaml")
        self.store = os.path.join(self.folder, "state", "watchdesk", "store.db")
        self.log = self.store + ".log"
        self.ttys, self.processes = [], []
        for name in ("config/watchdesk", "state/watchdesk", "data", "cache", "runtime", "home", "secrets"):
            os.makedirs(os.path.join(self.folder, name), 0o700)

    # ---- set-up --------------------------------------------------------------------------------

    def env(self, leaks=False, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "PG", "WATCHDESK_", "LC_", "LANG", "COLORTERM", "NO_COLOR"))}
        for name in ("config", "state", "data", "cache"):
            env["XDG_%s_HOME" % name.upper()] = os.path.join(self.folder, name)
        options = SANITIZE % (self.folder, leaks)
        env.update(XDG_RUNTIME_DIR=os.path.join(self.folder, "runtime"), HOME=os.path.join(self.folder, "home"), LANG="C.UTF-8", TERM="xterm-256color")
        env.update(WATCHDESK_DATA=ROOT, ASAN_OPTIONS=options, UBSAN_OPTIONS="print_stacktrace=1:" + options)
        env.update(more)
        return {k: v for k, v in env.items() if v is not None}

    def secret(self, name, value):
        path = os.path.join(self.folder, "secrets", name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(value + "\n")
        return {"file": path}

    def write(self, name, text):
        """A file beside the configuration."""
        path = os.path.join(os.path.dirname(self.config), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text.encode() if isinstance(text, str) else text)
        return path

    def configure(self, sources, **more):
        """`sources` as in the file; the rest has defaults for tests."""
        doc = {"operator": "oncall", "store": self.store, "worker": {"idle_exit": "5m", "log": self.log}, "sources": sources}
        doc.update(more)
        self.write("config.yaml", yaml.safe_dump(doc, sort_keys=False))

    def use_demo(self, demo, *names, **more):
        """The configuration of the demo, cut to these sources, with a store of our own."""
        with open(demo["config"]) as f:
            doc = yaml.safe_load(f)
        sources = {k: v for k, v in doc["sources"].items() if k in names or not names}
        assert not set(names) - set(sources), "the demo has no source %s" % (set(names) - set(sources))
        folder = os.path.join(os.path.dirname(demo["config"]), "connectors")
        if os.path.isdir(folder):
            shutil.copytree(folder, os.path.join(os.path.dirname(self.config), "connectors"))
        self.configure(sources, hosts=doc.get("hosts", {}), assets=doc["assets"], **more)

    # ---- commands ------------------------------------------------------------------------------

    def program(self, name="watchdesk"):
        path = os.path.join(self.bin, name)
        assert os.access(path, os.X_OK), "%s is not built: make MODE=asan programs" % path
        return path

    def argv(self, *words):
        return [self.program(), *words]

    def run(self, *words, status=0, timeout=120, env=None, leaks=None):
        """A headless command; `status` None: any."""
        leaks = self.worker_pid() != 0 if leaks is None else leaks
        process = subprocess.run(self.argv(*words), stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, env=env or self.env(leaks), cwd=self.folder)
        process.stdout, process.stderr = process.stdout.decode("utf-8"), process.stderr.decode("utf-8")
        done = Done(process)
        self.check()
        if status is not None:
            assert done.status == status, "watchdesk %s: wanted exit status %d, have %r" % (" ".join(words), status, done)
        return done

    def start(self, *words):
        """A headless command that goes on beside the test."""
        leaks = self.worker_pid() != 0
        process = subprocess.Popen(self.argv(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env(leaks), cwd=self.folder)
        self.processes.append(process)
        return process

    def end_of(self, process, timeout=120):
        out, err = process.communicate(timeout=timeout)
        self.processes.remove(process)
        process.stdout, process.stderr = out.decode(), err.decode()
        self.check()
        return Done(process)

    def rows(self, kind="all", *filters, limit=2000):
        return self.run("list", kind, *filters, "--json", "--limit", str(limit)).json()

    def wait_rows(self, kind, *filters, within=60.0, least=1):
        def look():
            done = self.run("list", kind, *filters, "--json", "--limit", "2000", status=None)
            rows = done.json() if done.status == 0 else []
            return rows if len(rows) >= least else None

        return wait_for(look, "%d rows of %s %s" % (least, kind, " ".join(filters)), within, 0.1)

    def show(self, key):
        return self.run("show", key, "--json").json()

    def actions(self):
        return self.run("list", "actions", "--json").json()

    def wait_action(self, states, within=60.0, **fields):
        def look():
            for job in self.actions():
                if job["state"] in states and all(job[k] == v for k, v in fields.items()):
                    return job
            return None

        return wait_for(look, "an action in state %s %s" % ("/".join(states), fields or ""), within, 0.1)

    def audit(self, job=None):
        rows = self.run("audit", "--json").json()
        return [r for r in rows if job is None or r["job"] == job]

    def source(self, name):
        return next((s for s in self.run("list", "sources", "--json").json() if s["name"] == name), {})

    def wait_source(self, name, look, within=60.0):
        """Until look(the source's row) is true; the row."""
        def try_it():
            done = self.run("list", "sources", "--json", status=None)
            row = next((s for s in done.json() if s["name"] == name), {}) if done.status == 0 else {}
            self.last_source = row
            return row if row and look(row) else None

        try:
            return wait_for(try_it, "source " + name, within, 0.1)
        except AssertionError as e:
            raise AssertionError("%s; now %s" % (e, self.last_source)) from None

    # ---- worker --------------------------------------------------------------------------------

    def worker_pid(self):
        try:
            with open(self.store + ".worker") as f:
                pid = int((f.read().split() or ["0"])[0])
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                return pid if self.store.encode() in f.read() else 0
        except (OSError, ValueError):
            return 0

    def start_worker(self):
        """Started by us, so that the programs after it can be looked at for leaks."""
        command = [self.program("watchdesk-worker"), "worker", "--store", self.store, "--config", self.config]
        with open(os.path.join(self.folder, "worker.stderr"), "ab") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=err, stderr=err, env=self.env(), cwd=self.folder, start_new_session=True)
        self.processes.append(process)

        def up():
            assert process.poll() is None, "the worker ended at once: " + open(err.name).read()
            return self.worker_pid() == process.pid and os.path.exists(self.store)

        wait_for(up, "the worker")
        return process

    def stop_worker(self, number=signal.SIGTERM):
        pid = self.worker_pid()
        if pid:
            os.kill(pid, number)
            wait_for(lambda: not alive(pid), "the end of the worker")

    def log_text(self):
        text = ""
        for path in (self.log, os.path.join(self.folder, "worker.stderr")):
            if os.path.exists(path):
                with open(path, errors="replace") as f:
                    text += f.read()
        return text

    # ---- console -------------------------------------------------------------------------------

    def console(self, *words, rows=40, cols=120, leaks=None, **env):
        leaks = self.worker_pid() != 0 if leaks is None else leaks
        tty = Tty(self.argv(*words), self.env(leaks, **env), rows, cols)
        self.ttys.append(tty)
        return tty

    # ---- the end -------------------------------------------------------------------------------

    def check(self):
        """Nothing that a sanitizer found."""
        for path in glob.glob(self.folder + "/sanitizer*"):
            with open(path, errors="replace") as f:
                text = f.read()
            os.rename(path, os.path.join(self.folder, "seen-" + os.path.basename(path)))
            if text.strip():
                raise AssertionError("a sanitizer's report:\n" + text[:6000])

    def processes_left(self):
        """Those whose command line names our folder."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as f:
                    line = f.read()
            except OSError:
                continue
            pid = int(path.split("/")[2])
            if self.folder.encode() in line and pid != os.getpid() and alive(pid):
                found.append((pid, line.replace(b"\0", b" ").decode(errors="replace")))
        return found

    def close(self):
        try:
            for tty in self.ttys:
                tty.close()
            self.stop_worker()
        finally:
            for process in self.processes:
                if process.poll() is None:
                    process.kill()
                process.communicate()
            for pid, _ in self.processes_left():
                if re.search(r"watchdesk", open("/proc/%d/comm" % pid).read()):
                    os.kill(pid, signal.SIGKILL)
        self.check()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
