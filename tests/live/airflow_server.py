"""A real Airflow 3 in a folder of its own, on loopback, and its API as the tests use it."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PASSWORDS = {"oncall": "live-oncall-4Kq9", "viewer": "live-viewer-8Zt2"}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Airflow:
    def __init__(self, folder: pathlib.Path, venv: pathlib.Path) -> None:
        self.folder, self.venv, self.port = folder, venv, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password, self.viewer_password = PASSWORDS["oncall"], PASSWORDS["viewer"]
        self.process = None
        self.token = None

    def environment(self) -> dict:
        passwords = self.folder / "passwords.json"
        passwords.write_text(json.dumps(PASSWORDS))
        settings = {
            "CORE__LOAD_EXAMPLES": "False", "CORE__PARALLELISM": "2", "CORE__DAGS_FOLDER": str(self.folder / "dags"),
            "API__HOST": "127.0.0.1", "API__PORT": str(self.port),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": "oncall:admin,viewer:viewer",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "DAG_PROCESSOR__REFRESH_INTERVAL": "5", "LOGGING__LOGGING_LEVEL": "WARNING",
        }
        env = {"PATH": f"{self.venv}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8",
               "AIRFLOW_HOME": str(self.folder), "SCARF_ANALYTICS": "false"}
        env.update({f"AIRFLOW__{name}": value for name, value in settings.items()})
        return env

    def start(self) -> None:
        shutil.copytree(HERE / "dags", self.folder / "dags")
        log = open(self.folder / "standalone.log", "wb")
        self.process = subprocess.Popen([str(self.venv / "bin" / "airflow"), "standalone"], env=self.environment(),
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                        start_new_session=True)
        self.wait(self.healthy, 180, "a healthy Airflow")
        self.wait(self.loaded, 120, "both pipelines")

    def stop(self) -> None:
        if self.process is None:
            return
        for number, seconds in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                pass
            break
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def wait(self, condition, seconds: float, what: str):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            value = condition()
            if value:
                return value
            time.sleep(0.5)
        tail = (self.folder / "standalone.log").read_text(errors="replace")[-3000:]
        raise AssertionError(f"no {what} within {seconds} s\n{tail}")

    def call(self, method: str, path: str, body=None):
        if self.token is None and path != "/auth/token":
            self.token = self.call("POST", "/auth/token", {"username": "oncall", "password": PASSWORDS["oncall"]})[
                "access_token"]
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if path != "/auth/token":
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read()
        return json.loads(text) if text else {}

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/api/v2/monitor/health", timeout=5) as reply:
                health = json.load(reply)
        except (OSError, urllib.error.URLError, ValueError):
            return False
        return all(health[name]["status"] == "healthy" for name in ("metadatabase", "scheduler", "dag_processor"))

    def loaded(self) -> bool:
        try:
            dags = self.call("GET", "/api/v2/dags")["dags"]
        except (OSError, urllib.error.URLError):
            self.token = None
            return False
        return {"live_orders", "live_daily"} <= {d["dag_id"] for d in dags}

    def state(self, dag: str, run: str) -> str:
        return self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{urllib.parse.quote(run, safe='')}")["state"]

    def trigger(self, dag: str) -> str:
        self.call("PATCH", f"/api/v2/dags/{dag}?update_mask=is_paused", {"is_paused": False})
        return self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"]
