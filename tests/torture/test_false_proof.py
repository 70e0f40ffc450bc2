"""False proofs for every call of every shipped HTTP connector, through the real programs on the simulated platform.

A relay stands before each system. It keeps the changing request from it (lost, or answered as if it were taken) and answers every
`verify` with something that shows nothing. No action may end as succeeded or already. Calls, requests and runbooks are read from
the catalogs: a new one is covered by being there. What no relay can stand before (SQL, ssh) is in tests/unit/false_proof_test.c.
"""
import glob
import http.client
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = {"airflow3": "airflow-prod", "alertmanager": "alertmanager", "servicenow": "servicenow", "okta": "okta", "aws-cost": "aws-cost"}
METHODS = ("get", "post", "put", "patch", "delete")
HTML = "<!DOCTYPE html><html><title>Sign in</title></html>"
# (status, body, is it cut): what `verify` is answered. The first ones are the short form.
FALSE = [
    (200, "{}", False), (200, "null", False), (200, "[]", False), (200, '{"error": "database is down"}', False),
    (200, "", False), (200, '""', False), (200, HTML, False), (200, "{}", True), (204, "", False), (404, "{}", False), (401, "{}", False),
    (500, "{}", False), (200, '[{"id": null}]', False), (200, '{"result": {}, "Anomalies": [], "backfills": []}', False),
]
# What becomes of the changing request, which never arrives.
FATES = [None, (200, "{}"), (202, ""), (204, "")]


def load(path):
    with open(path) as f:
        return yaml.safe_load(f)


def request_of(part, base=None):
    """(METHOD, pattern of the path, X-Amz-Target) of a request in a connector's file."""
    for method in METHODS:
        if part and method in part:
            path = "[^/]+".join(re.escape(text) for text in re.split(r"\{\{.*?\}\}|\{\w+\}", part[method]))
            return method.upper(), re.compile(path + "$"), (part.get("headers") or {}).get("X-Amz-Target")
    return base


def calls_of(connector):
    calls = load(os.path.join(ROOT, "backends/catalog/%s.yaml" % connector))["calls"]
    return {name: (request_of((call.get("steps") or [call])[-1]), request_of(call.get("verify"))) for name, call in calls.items()}


def runbooks_of(connector):
    """call -> (runbook, its file) that sends it."""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "runbooks/catalog/*.yaml"))):
        book = load(path)
        for step in book["steps"]:
            if "call" in step and connector in book["applies"].get("connector", []):
                found.setdefault(step["call"], book)
    return found


class Relay:
    """Between the worker and one system. `lie`: ((method, pattern, target) of call, of verify, fate, false reply)."""

    def __init__(self, url):
        self.to = urlsplit(url)
        self.lie, self.kept = None, 0
        handler = type("Handler", (Handler,), {"relay": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = "http://127.0.0.1:%d%s" % (self.server.server_address[1], self.to.path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def path_of(self, raw):
        path = urlsplit(raw).path
        return path[len(self.to.path.rstrip("/")):] or "/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relay = None

    def log_message(self, *args):
        pass

    def is_it(self, what):
        return what and what[0] == self.command and what[1].match(self.relay.path_of(self.path)) and what[2] in (None, self.headers.get("X-Amz-Target"))

    def say(self, status, body, cut=False, headers=()):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not headers:
            self.send_header("Content-Type", "text/html" if body == HTML else "application/json")
        self.send_header("Content-Length", str(len(data) + (1 if cut else 0)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = self.close_connection or cut

    def serve(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        lie = self.relay.lie
        if lie and self.is_it(lie[0]) and b'"dry_run":true' not in raw.replace(b" ", b""):
            self.relay.kept += 1
            if lie[2] is None:
                self.close_connection = True
            else:
                self.say(*lie[2])
        elif lie and self.is_it(lie[1]):
            self.say(*lie[3])
        else:
            self.pass_on(raw)

    def pass_on(self, raw):
        far = http.client.HTTPConnection(self.relay.to.hostname, self.relay.to.port, timeout=30)
        try:
            far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                far.putheader(name, value)
            far.endheaders(raw)
            reply = far.getresponse()
            kept = [(k, v) for k, v in reply.getheaders() if k.lower() not in ("content-length", "transfer-encoding", "connection")]
            self.say(reply.status, reply.read(), headers=kept or [("X-Relay", "1")])
        finally:
            far.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve


def quick(text):
    """Looks often and not for long: the last half of the file are its calls."""
    head, calls = text.split("\ncalls:\n", 1)
    return head.replace("min_every: 15m", "min_every: 5s") + "\ncalls:\n" + re.sub(r"within: \w+", "within: 900ms", re.sub(r"every: \w+", "every: 300ms", calls))


def field(record, template):
    """The text to be typed: {{ record.a || record.b }}."""
    for name in re.findall(r"record\.(\w+)", template or ""):
        if record.get(name):
            return record[name]
    return record["title"]


@pytest.fixture
def relayed(desk, demo):
    """A worker on the demo's systems, each behind a relay."""
    relays = {}

    def make(connector):
        name = SOURCES[connector]
        desk.use_demo(demo, name)
        config = load(desk.config)
        relay = relays[name] = Relay(config["sources"][name]["url"])
        config["sources"][name].update(url=relay.url, every="2s")
        with open(desk.config, "w") as f:
            yaml.safe_dump(config, f)
        with open(os.path.join(ROOT, "backends/catalog/%s.yaml" % connector)) as f:
            desk.write("connectors/%s.yaml" % connector, quick(f.read()))
        desk.start_worker()
        return relay

    yield make
    for relay in relays.values():
        relay.close()


def candidates(desk, book, source):
    kinds = book["applies"]["kind"] if isinstance(book["applies"]["kind"], list) else [book["applies"]["kind"]]
    states = book["applies"].get("state")
    rows = [r for r in desk.rows("all", "source:" + source) if r["kind"] in kinds and (not states or r["state"] in states)]
    return rows[:12]


def find(desk, book, source):
    """A record that the runbook applies to; None: the demo has none."""
    for row in candidates(desk, book, source):
        done = desk.run("run", book["runbook"], "--target", row["key"], "--dry-run", "--reason", "a test", status=None)
        if done.status == 0:
            return row
    return None


def attack(desk, relay, book, row, lie):
    relay.lie = lie
    words = ["run", book["runbook"], "--target", row["key"], "--yes", "--reason", "a test"]
    if book["risk"] in ("irreversible", "security"):
        words += ["--confirm", field(row, (book.get("confirm") or {}).get("type"))]
    try:
        return desk.run(*words, status=None)
    finally:
        relay.lie = None


@pytest.mark.xdist_group("false_proof")
@pytest.mark.parametrize("connector", sorted(SOURCES))
def test_no_false_reply_is_a_proof(desk, relayed, connector, long):
    relay, source, books = relayed(connector), SOURCES[connector], runbooks_of(connector)
    # Each collection comes in its own time.
    for kind in {kind for book in books.values() for kind in [book["applies"]["kind"]] if isinstance(kind, str)}:
        desk.wait_rows("all", "source:" + source, "kind:" + kind)
    desk.wait_rows("all", "source:" + source)
    tried = 0
    for n, (call, (change, verify)) in enumerate(calls_of(connector).items()):
        book = books.get(call)
        row = book and find(desk, book, source)
        if not row:
            continue
        kept = relay.kept
        lies = [(FATES[n % len(FATES)], FALSE[n % 4])]
        if long:
            lies = [(FATES[i % len(FATES)], false) for i, false in enumerate(FALSE)] + [(fate, FALSE[0]) for fate in FATES[1:]]
        for fate, false in lies:
            done = attack(desk, relay, book, row, (change, verify, fate, false))
            told = "%s/%s, change %r, verify %r:\n%s" % (connector, call, fate, false, done.out + done.err)
            assert done.status not in (0, 70), told
            assert "succeeded" not in done.out.splitlines()[-1:] and ": already" not in done.out, told
        assert relay.kept > kept, "%s/%s: no change was ever sent:\n%s" % (connector, call, done.out + done.err)
        tried += 1
    assert tried, "%s: no call could be tried" % connector


def test_every_http_connector_with_calls_is_attacked():
    """One that is added is added here too: its system needs a name in the demo."""
    have = set()
    for path in glob.glob(os.path.join(ROOT, "backends/catalog/*.yaml")):
        doc = load(path)
        if any(request_of(c) for c in (doc.get("calls") or {}).values()):
            have.add(doc["connector"])
    assert have == set(SOURCES)
