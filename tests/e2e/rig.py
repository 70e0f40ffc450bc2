"""The servers that the tests run against: real ones, and the simulated platform. All on loopback, all ended."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from desk import ROOT, wait_for

TESTS = os.path.join(ROOT, "tests")
TMP = os.environ.get("TMPDIR") or "/tmp"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def http(url, body=None, method=None, headers=None, timeout=10):
    """(status, parsed or text)."""
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            status, text = reply.status, reply.read().decode()
    except urllib.error.HTTPError as e:
        status, text = e.code, e.read().decode(errors="replace")
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def answers(url):
    try:
        return http(url, timeout=1)[0] == 200
    except OSError:
        return False


def end(process, number=signal.SIGTERM, within=30):
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def demo(build):
    """demo.py --check: all systems, PostgreSQL and sshd among them."""
    command = [sys.executable, os.path.join(TESTS, "demo", "demo.py"), "--build", build, "--check"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line, "the demo did not start"
        yield json.loads(line)
    finally:
        process.stdin.close()
        try:
            process.wait(60)
        finally:
            end(process)
            process.stdout.close()


class Platform:
    """The simulated systems alone."""

    def __init__(self, told):
        self.url, self.systems = told["url"], told["systems"]

    def state(self):
        return http(self.url + "/sim/state")[1]

    def fault(self, system, kind, count=1):
        assert http(self.url + "/sim/fault", {"system": system, "kind": kind, "count": count})[0] == 200

    def actions(self, system, action=None):
        return [a for a in self.state()["actions"] if a["system"] == system and action in (None, a["action"])]

    def source(self, desk, name, **more):
        """A source of a configuration, with its secrets as files of the desk."""
        s = self.systems[name]
        out = {"connector": {"airflow": "airflow3", "airflow-eu": "airflow3"}.get(name, name), "env": "prod", "every": "2s", "url": s["url"]}
        if "username" in s:
            out.update(username=s["username"], password=desk.secret(name, s["password"]))
        if "token" in s:
            out["token"] = desk.secret(name, s["token"])
        out.update(more)
        return out


@contextlib.contextmanager
def platform(seed=7):
    command = [sys.executable, os.path.join(TESTS, "demo", "platform.py"), "--seed", str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line, "the platform did not start"
        yield Platform(json.loads(line))
    finally:
        process.stdin.close()
        end(process)
        process.stdout.close()


@contextlib.contextmanager
def helper(name):
    """pg.py or sshd.py of tests/servers."""
    script = os.path.join(TESTS, "servers", name)
    with tempfile.TemporaryDirectory(prefix="watchdesk-e2e-", dir=TMP) as folder:
        os.chmod(folder, 0o711)
        done = subprocess.run([sys.executable, script, "start", folder], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        try:
            yield json.loads(done.stdout)
        finally:
            subprocess.run([sys.executable, script, "stop", folder], check=True, timeout=120)


@contextlib.contextmanager
def alertmanager():
    with tempfile.TemporaryDirectory(prefix="watchdesk-e2e-", dir=TMP) as folder:
        with open(folder + "/am.yml", "w") as f:
            f.write("route: {receiver: none, group_wait: 1s, group_interval: 1s}\nreceivers: [{name: none}]\n")
        port = free_port()
        # Without the empty cluster address it opens a port to the world.
        command = ["prometheus-alertmanager", "--config.file=" + folder + "/am.yml", "--storage.path=" + folder + "/data", "--web.listen-address=127.0.0.1:%d" % port, "--cluster.listen-address=", "--log.level=warn"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = "http://127.0.0.1:%d" % port
            wait_for(lambda: answers(url + "/-/ready"), "Alertmanager")
            yield url
        finally:
            end(process)


@contextlib.contextmanager
def moto(free):
    """A moto server that checks signatures and permissions after `free` requests."""
    port = free_port()
    env = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(free), "AWS_EC2_METADATA_DISABLED": "true"}
    command = [os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        url = "http://127.0.0.1:%d" % port
        wait_for(lambda: answers(url + "/moto-api/data.json"), "moto")
        yield url
    finally:
        end(process)


# ---- a far side that says what a test wants ------------------------------------------------------


class Reply:
    def __init__(self, body=b"", status=200, kind="application/json", headers=None, length=None):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.kind, self.headers, self.length = status, kind, headers or {}, length


# A connector of the user's own, with one call that changes something and one look that proves it.
POKE = """\
runbook: poke
title: Poke it
applies: {kind: incident, connector: [far]}
risk: reversible
reason: none
undo: nothing
steps:
  - call: poke
"""
FAR = """\
connector: far
title: A far side
settings: {url: {type: url, required: true}}
auth: [none]
collect:
  things:
    kind: incident
    every: 2s
    min_every: 1s
    get: /things
    record:
      id: id
      title: id
      state: {default: open}
      opaque: {id: id}
calls:
  poke:
    post: /poke
    json: {id: "{{ id }}"}
    says: "poked {{ id }}"
    verify: {get: /state, until: "done == `true`", every: 500ms, within: 2s, says: "far: done is {{ reply.body.done }}"}
  blind:
    post: /poke
    json: {id: "{{ id }}"}
"""


class FarSide(ThreadingHTTPServer):
    """`paths`: path -> Reply, or a function of (method, body) that gives one; None: the connection is closed without an answer.
    Every request is in `seen` as (method, path, body)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.paths, self.seen, self.lock = {}, [], threading.Lock()
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that leave in the middle are part of the tests."""

    def use(self, desk, start=True, **more):
        """The desk gets the connector `far`, the runbook `poke` and this server as its only source."""
        desk.write("connectors/far.yaml", FAR)
        desk.write("runbooks/poke.yaml", POKE)
        desk.configure({"far": {"connector": "far", "url": self.url}}, **more)
        if start:
            desk.start_worker()

    def done_by(self, least):
        """For paths["/state"]: what was poked that often is done; before it is not, else nothing would be sent."""
        return lambda method, body: Reply({"done": self.count("POST", "/poke") >= least})

    def count(self, method, path):
        with self.lock:
            return sum(1 for m, p, _ in self.seen if m == method and p == path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def serve(self):
        path = self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            self.server.seen.append((self.command, path, body))
        reply = self.server.paths.get(path, Reply({"detail": "no such path"}, 404))
        if callable(reply):
            reply = reply(self.command, body)
        if reply is None:
            self.close_connection = True
            return
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            if reply.length is not None:
                self.close_connection = True
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve


def iso(seconds_ago=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))
