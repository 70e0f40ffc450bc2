"""A private PostgreSQL cluster and a private sshd for the demo, where the programs are installed.

PostgreSQL refuses to run as root: started by root it runs as `postgres`, else `nobody`, in a folder of its own.
Both are direct children (no daemons), so that stopping them is stopping our own processes.
"""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from typing import Any, Dict, List, Optional

QUIET: Dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def end(process: Optional[subprocess.Popen], number: int = signal.SIGTERM, wait: float = 3.0) -> None:
    """Asks, waits, and insists."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def postgres_bin() -> Optional[str]:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]) if p.split("/")[4].isdigit() else 0)
    path = found[-1] if found else shutil.which("initdb")
    return os.path.dirname(path) if path else None


class Postgres:
    """`start` may run in a thread; `ready` is False when it did not come up, and `why` says so."""

    def __init__(self, folder: str) -> None:
        self.folder, self.port = folder, free_port()
        self.process: Optional[subprocess.Popen] = None
        self.sessions: List[subprocess.Popen] = []
        self.ready, self.why = False, "not installed"
        self.bin = postgres_bin()
        self.as_user: Dict[str, Any] = {}

    def prepare(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        if os.geteuid() == 0:
            names = [e.pw_name for e in pwd.getpwall()]
            who = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self.as_user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        os.chmod(self.folder, 0o755)
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "HOME": self.folder, "TZ": "UTC"}

    def start(self, scripts: List[str]) -> None:
        if not self.bin:
            return
        try:
            self.prepare()
            run = {**QUIET, **self.as_user, "cwd": self.folder, "env": self.env}
            data = os.path.join(self.folder, "data")
            subprocess.run(
                [self.bin + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], check=True, timeout=60, **run
            )
            settings = ["listen_addresses=", "fsync=off", "shared_buffers=16MB", "max_connections=60", "jit=off", "logging_collector=off"]
            options = [word for s in settings for word in ("-c", s)]
            log = open(os.path.join(self.folder, "log"), "w")
            self.process = subprocess.Popen(
                [self.bin + "/postgres", "-D", data, "-k", self.folder, "-p", str(self.port)] + options,
                **{**run, "stdout": log, "stderr": log},
            )
            self.wait_ready()
            for script in scripts:
                self.psql(["-v", "ON_ERROR_STOP=1", "-f", script])
            self.ready, self.why = True, ""
        except (OSError, subprocess.SubprocessError, RuntimeError) as e:
            self.why = str(e)

    def wait_ready(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            probe = subprocess.run([self.bin + "/pg_isready", "-q", "-h", self.folder, "-p", str(self.port)], **QUIET)
            if probe.returncode == 0:
                return
            time.sleep(0.05)
        with open(os.path.join(self.folder, "log")) as log:
            raise RuntimeError("PostgreSQL did not start: " + log.read()[-300:])

    def command(self, user: str, args: List[str]) -> List[str]:
        return [self.bin + "/psql", "-X", "-q", "-A", "-t", "-h", self.folder, "-p", str(self.port), "-U", user, "-d", "postgres"] + args

    def psql(self, args: List[str], user: str = "postgres") -> str:
        done = subprocess.run(self.command(user, args), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=self.env)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[-300:])
        return done.stdout.strip()

    def session(self, user: str, sql: List[str]) -> None:
        """A client that stays, as an application would."""
        env = {**self.env, "PGAPPNAME": "demo"}
        args = [word for text in sql for word in ("-c", text)]
        self.sessions.append(subprocess.Popen(self.command(user, args), env=env, **QUIET))

    def stop(self) -> None:
        end(self.process, signal.SIGINT)  # fast: does not wait for clients
        for client in self.sessions:
            end(client)


class Sshd:
    def __init__(self, folder: str) -> None:
        self.folder, self.port = folder, free_port()
        self.process: Optional[subprocess.Popen] = None
        self.ready, self.why, self.made = False, "not installed", False
        self.program = next((p for p in ("/usr/sbin/sshd", shutil.which("sshd") or "") if p and os.access(p, os.X_OK)), "")
        self.user = pwd.getpwuid(os.geteuid()).pw_name

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def start(self) -> None:
        if not self.program or not shutil.which("ssh-keygen"):
            return
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            for name in ("host", "user"):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "demo", "-f", self.path(name)], check=True, timeout=20, **QUIET)
            if os.geteuid() == 0 and not os.path.isdir("/run/sshd"):
                os.mkdir("/run/sshd", 0o755)
                self.made = True
            with open(self.path("sshd_config"), "w") as out:
                out.write(
                    "Port %d\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\nAuthorizedKeysFile %s\nAuthenticationMethods publickey\n"
                    "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nUseDNS no\nPrintMotd no\nPermitRootLogin prohibit-password\n"
                    % (self.port, self.path("host"), self.path("user.pub"))
                )
            with open(self.path("host.pub")) as key, open(self.path("known_hosts"), "w") as out:
                out.write("[127.0.0.1]:%d %s\n" % (self.port, " ".join(key.read().split()[:2])))
            log = open(self.path("log"), "w")
            self.process = subprocess.Popen([self.program, "-D", "-e", "-f", self.path("sshd_config")], **{**QUIET, "stderr": log})
            self.wait_ready()
            self.ready, self.why = True, ""
        except (OSError, subprocess.SubprocessError, RuntimeError) as e:
            self.why = str(e)

    def wait_ready(self) -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.5).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(self.path("log")) as log:
            raise RuntimeError("sshd did not start: " + log.read()[-300:])

    def stop(self) -> None:
        end(self.process)
        if self.made:
            try:
                os.rmdir("/run/sshd")
            except OSError:
                pass
