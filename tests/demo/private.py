"""A private PostgreSQL cluster and a private sshd for the demo, where the programs are installed (tests/servers)."""
import glob
import json
import os
import signal
import subprocess
import sys
from typing import Any, Dict, List, Optional

SERVERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "servers")
QUIET: Dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


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


class Private:
    """`start` may run in a thread; `ready` is False when the server did not come up, and `why` says so."""

    helper = ""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.ready, self.why = False, ""
        self.about: Dict[str, Any] = {}

    def run(self, verb: str) -> subprocess.CompletedProcess:
        command = [sys.executable, os.path.join(SERVERS, self.helper), verb, self.folder]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def start(self) -> None:
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            done = self.run("start")
            if done.returncode != 0:
                raise RuntimeError(done.stderr.strip()[-300:])
            self.about = json.loads(done.stdout)
            self.fill()
            self.ready = True
        except (OSError, ValueError, subprocess.SubprocessError, RuntimeError) as e:
            self.why = str(e)

    def fill(self) -> None:
        """What is put into a server that has just started."""

    def stop(self) -> None:
        self.run("stop")


class Postgres(Private):
    helper = "pg.py"

    def __init__(self, folder: str, scripts: List[str]) -> None:
        super().__init__(folder)
        self.scripts = scripts
        self.sessions: List[subprocess.Popen] = []
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("PG")}, "PGAPPNAME": "demo"}

    def fill(self) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"), key=lambda p: int(p.split("/")[4]))
        self.program = found[-1] if found else "psql"
        self.psql(self.about["user"], ["-v", "ON_ERROR_STOP=1"] + [word for s in self.scripts for word in ("-f", s)])

    def command(self, user: str, args: List[str]) -> List[str]:
        at = ["-h", self.about["socket_dir"], "-p", str(self.about["port"]), "-U", user, "-d", self.about["dbname"]]
        return [self.program, "-X", "-q", "-A", "-t"] + at + args

    def psql(self, user: str, args: List[str]) -> str:
        done = subprocess.run(self.command(user, args), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=self.env)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[-300:])
        return done.stdout.strip()

    def session(self, user: str, args: List[str]) -> None:
        """A client that stays, as an application would."""
        self.sessions.append(subprocess.Popen(self.command(user, args), env=self.env, **QUIET))

    def stop(self) -> None:
        super().stop()
        for client in self.sessions:
            end(client)


class Sshd(Private):
    helper = "sshd.py"
