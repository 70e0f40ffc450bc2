#!/usr/bin/env python3
"""`make demo`: the console on a simulated data platform, in one temporary folder, nothing left behind.

    demo.py [--build build] [--seed 7] [-- arguments of watchdesk]
    demo.py --check        start everything, print where it is as one line of JSON, wait until stdin is closed

Beside the simulated systems a private PostgreSQL cluster and a private sshd are further sources, where those programs
are installed.
"""
import os
import sys

# platform.py in this folder would hide the standard module of that name.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from typing import Any, Dict, List, Optional  # noqa: E402

from demo.private import Postgres, Sshd, end  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

ASSETS = """\
assets:
  - {match: orders_daily, tier: 1, owner: data-core, service: orders, env: prod}
  - {match: "*orders_features*", tier: 2, owner: ml-feats, service: orders, env: prod}
  - {match: "mart.orders", tier: 1, owner: data-core, service: orders, env: prod}
  - {match: "stg.orders", tier: 1, owner: data-core, service: orders, env: prod}
  - {match: "orders*", tier: 1, owner: data-core, service: orders, env: prod}
  - {match: "WH_ETL", tier: 2, owner: ml-feats, service: orders, env: prod}
  - {match: "crm_*", tier: 2, owner: crm, service: crm}
  - {match: "finance_*", tier: 1, owner: finance, service: finance}
  - {match: "warehouse*", tier: 2, owner: platform, service: warehouse}
  - {match: "*_microbatch", tier: 3, owner: ingest, service: ingest}
  - {match: "clicks_*", tier: 4, owner: ingest, service: ingest}
  - {match: "geo_*", tier: 3, owner: ingest, service: ingest}
  - {match: "etl-*", tier: 2, owner: platform, service: etl-hosts}
"""


# Statements that a session of their own repeats: spend that grows, people who ask for access.
MOVES = (
    """\
update focus_cost set effectivecost = effectivecost + 1.9, billedcost = billedcost + 1.9
where servicename = 'BigQuery' and chargeperiodstart = date_trunc('day', now()) and chargecategory = 'Usage' \\watch 20
""",
    """\
select pg_sleep(140);
insert into watchdesk.access_request (requester, role, reason, requested_at, due_at, wanted_until)
select (array['h.weber', 'g.silva', 'y.tanaka', 'o.bauer'])[1 + n % 4], (array['analyst_ro', 'mart_reader', 'warehouse_dev'])[1 + n % 3],
    'new in the team', now(), now() + interval '1 day', now() + interval '180 days'
from (select count(*) as n, count(*) filter (where state = 'pending') as pending from watchdesk.access_request) x where pending < 8 \\watch 140
""",
)


def quoted(text: str) -> str:
    return json.dumps(text)


def still_is(pid: int, program: str) -> bool:
    """Numbers of processes are used again."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return program.encode() in f.read()
    except OSError:
        return False


class Demo:
    def __init__(self, build: str, seed: int) -> None:
        self.build, self.seed = os.path.abspath(build), seed
        self.folder = tempfile.mkdtemp(prefix="watchdesk-demo-", dir=os.environ.get("TMPDIR") or "/tmp")
        os.chmod(self.folder, 0o711)  # the cluster's own user passes through
        self.home = self.sub("home")
        self.config = os.path.join(self.sub("home/config/watchdesk"), "config.yaml")
        self.store = os.path.join(self.sub("home/state/watchdesk"), "demo.db")
        self.platform: Optional[subprocess.Popen] = None
        self.console: Optional[subprocess.Popen] = None
        sql = os.path.join(ROOT, "backends/catalog/sql")
        self.postgres = Postgres(os.path.join(self.folder, "pg"), [sql + "/postgres-access.sql", sql + "/focus-cost.sql", HERE + "/pg.sql"])
        self.sshd = Sshd(os.path.join(self.folder, "ssh"))
        self.systems: Dict[str, Any] = {}
        self.threads: List[threading.Thread] = []
        self.url = ""

    def sub(self, name: str) -> str:
        path = os.path.join(self.folder, name)
        os.makedirs(path, 0o700, exist_ok=True)
        return path

    def env(self) -> Dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "PG", "WATCHDESK_"))}
        for name in ("config", "state", "data", "cache", "runtime"):
            key = "XDG_RUNTIME_DIR" if name == "runtime" else "XDG_%s_HOME" % name.upper()
            env[key] = self.sub("home/" + name)
        return env

    # ---- start ---------------------------------------------------------------------------------

    def start(self) -> None:
        for server in (self.postgres, self.sshd):
            self.threads.append(threading.Thread(target=server.start))
            self.threads[-1].start()
        self.start_platform()
        for t in self.threads:
            t.join()
        if self.postgres.ready:
            self.start_sessions()
        self.write_config()

    def start_platform(self) -> None:
        self.platform = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "platform.py"), "--seed", str(self.seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self.platform.stdout.readline()
        if not line:
            raise RuntimeError("the simulated platform did not start")
        told = json.loads(line)
        self.url, self.systems = told["url"], told["systems"]

    def start_sessions(self) -> None:
        for who in ("contractor-7", "contractor-7", "m.ito", "svc-airflow"):
            self.postgres.session(who, ["-c", "select pg_sleep(86400)"])
        for i, move in enumerate(MOVES):
            path = os.path.join(self.sub("move"), "%d.sql" % i)
            with open(path, "w") as out:
                out.write(move)
            self.postgres.session(self.postgres.about["user"], ["-f", path])

    # ---- configuration -------------------------------------------------------------------------

    def secret(self, name: str, value: str) -> str:
        path = os.path.join(self.sub("home/config/watchdesk/secrets"), name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(value + "\n")
        return "{file: %s}" % quoted(path)

    def write_config(self) -> None:
        s = self.systems
        out: List[str] = [
            "# Written by make demo; everything here is simulated or private to this folder.",
            "banner: simulation",
            "operator: oncall",
            "store: %s" % quoted(self.store),
            "worker: {idle_exit: 1m, log: %s}" % quoted(os.path.join(self.home, "worker.log")),
            "sources:",
        ]
        for name, env in (("airflow", "prod"), ("airflow-eu", "prod")):
            out += [
                "  %s:" % ("airflow-prod" if name == "airflow" else name),
                "    connector: airflow3",
                "    env: %s" % env,
                "    every: 3s",
                "    url: %s" % s[name]["url"],
                "    username: %s" % s[name]["username"],
                "    password: %s" % self.secret(name, s[name]["password"]),
            ]
        out += ["  alertmanager:", "    connector: alertmanager", "    env: prod", "    every: 3s", "    url: %s" % s["alertmanager"]["url"]]
        out += [
            "  servicenow:",
            "    connector: servicenow",
            "    env: prod",
            "    every: 4s",
            "    url: %s" % s["servicenow"]["url"],
            "    username: %s" % s["servicenow"]["username"],
            "    password: %s" % self.secret("servicenow", s["servicenow"]["password"]),
            "  okta:",
            "    connector: okta",
            "    env: prod",
            "    every: 10s",
            "    url: %s" % s["okta"]["url"],
            "    groups: [%s]" % ", ".join(g["name"] for g in s["okta"]["groups"]),
            "    admin_groups: [warehouse-admins, prod-deployers]",
            "    token: %s" % self.secret("okta", s["okta"]["token"]),
            "  aws-cost:",
            "    connector: aws-cost",
            "    env: prod",
            "    every: 10s",
            "    url: %s" % s["aws"]["url"],
            "    access_key: %s" % self.secret("aws-key", s["aws"]["access_key_id"]),
            "    secret_key: %s" % self.secret("aws-secret", s["aws"]["secret_access_key"]),
        ]
        out += self.private_sources()
        with open(self.config, "w") as f:
            f.write("\n".join(out) + "\n" + ASSETS)
        self.write_quick_connectors()

    def private_sources(self) -> List[str]:
        out: List[str] = []
        if self.postgres.ready:
            for name, connector, more in (("pg-prod", "postgres-access", []), ("focus", "focus-cost", ["    hold_back: 0"])):
                out += ["  %s:" % name, "    connector: %s" % connector, "    env: prod", "    every: 5s"]
                out += ["    host: %s" % self.postgres.about["socket_dir"], "    port: %d" % self.postgres.about["port"], "    dbname: postgres", "    user: watchdesk"] + more
        a = self.sshd.about
        if self.sshd.ready:
            out += ["  hosts:", "    connector: host-health", "    env: prod", "    every: 15s", "    hosts: [etl-04]", "hosts:"]
            out += [
                "  etl-04: {host: 127.0.0.1, port: %d, user: %s, identity: %s, known_hosts: %s, transport: libssh2, env: prod, owner: platform}"
                % (a["port"], a["user"], quoted(a["identity"]), quoted(a["known_hosts"]))
            ]
        return out

    def write_quick_connectors(self) -> None:
        """The shipped ones ask AWS at most each 15 min, because each question costs money, and give Alertmanager time to
        start again. Here questions cost nothing and nobody wants to wait."""
        folder = self.sub("home/config/watchdesk/connectors")
        for name, slow, quick in (("aws-cost", "min_every: 15m", "min_every: 5s"), ("alertmanager", "gone_after: 75s", "gone_after: 5s")):
            with open(os.path.join(ROOT, "backends/catalog/%s.yaml" % name)) as f:
                text = f.read()
            assert slow in text, name
            with open(os.path.join(folder, name + ".yaml"), "w") as f:
                f.write(text.replace(slow, quick))

    # ---- stop ----------------------------------------------------------------------------------

    def worker_pid(self) -> int:
        """From the worker's lock file; 0 when it is not ours or not there."""
        try:
            with open(self.store + ".worker") as f:
                pid = int((f.read().split() or ["0"])[0])
            return pid if still_is(pid, "watchdesk-worker") else 0
        except (OSError, ValueError):
            return 0

    def stop_worker(self) -> None:
        pid = self.worker_pid()
        for number, wait in ((signal.SIGTERM, 4.0), (signal.SIGKILL, 1.0)):
            if not pid:
                return
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            until = time.monotonic() + wait
            while time.monotonic() < until and self.worker_pid() == pid:
                time.sleep(0.03)
            pid = self.worker_pid()

    def stop(self) -> None:
        for t in self.threads:
            t.join(60)
        end(self.console)
        self.stop_worker()
        self.sshd.stop()
        self.postgres.stop()
        end(self.platform)
        shutil.rmtree(self.folder, ignore_errors=True)

    def watch_over(self) -> None:
        """A process of its own that cleans up when we are gone without having done so (SIGKILL)."""
        ours, theirs = os.pipe()
        if os.fork():
            os.close(ours)
            return
        os.setsid()
        os.close(theirs)
        os.read(ours, 1)
        if os.path.isdir(self.folder):
            pid = os.path.join(self.folder, "console.pid")
            if os.path.exists(pid):
                with open(pid) as f:
                    number = int(f.read())
                if still_is(number, "watchdesk"):
                    os.kill(number, signal.SIGTERM)
            self.stop()
        os._exit(0)

    # ---- what it is for ------------------------------------------------------------------------

    def describe(self) -> Dict[str, Any]:
        told: Dict[str, Any] = {"config": self.config, "folder": self.folder, "store": self.store, "url": self.url, "systems": self.systems, "env": {}}
        told["env"] = {k: v for k, v in self.env().items() if k.startswith("XDG_")}
        told["postgres"] = {**self.postgres.about, "psql": self.postgres.program} if self.postgres.ready else None
        told["sshd"] = self.sshd.about if self.sshd.ready else None
        return told

    def open_console(self, args: List[str]) -> int:
        program = os.path.join(self.build, "watchdesk")
        if not os.access(program, os.X_OK):
            print("demo: %s is not built: run make first" % program, file=sys.stderr)
            return 1
        self.console = subprocess.Popen([program, "--config", self.config] + args, env=self.env())
        with open(os.path.join(self.folder, "console.pid"), "w") as out:
            out.write(str(self.console.pid))
        while True:
            try:
                return self.console.wait()
            except KeyboardInterrupt:
                continue  # the console has the terminal: it decides what Ctrl-C means


def stop_on_signal(number: int, frame: Any) -> None:
    raise SystemExit(128 + number)


def wait_for_eof() -> None:
    while sys.stdin.buffer.read(4096):
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("rest", nargs="*")
    args = parser.parse_args()
    os.umask(0o022)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on_signal)
    demo = Demo(args.build, args.seed)
    demo.watch_over()
    try:
        demo.start()
        if args.check:
            print(json.dumps(demo.describe()), flush=True)
            wait_for_eof()
            return 0
        for name, server in (("PostgreSQL", demo.postgres), ("sshd", demo.sshd)):
            if not server.ready:
                print("demo: without %s: %s" % (name, server.why), file=sys.stderr)
        return demo.open_console(args.rest)
    except KeyboardInterrupt:
        return 130
    except RuntimeError as e:
        print("demo: %s" % e, file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
