"""A server that knows a table of exchanges: what it may be asked, and what it then says.

An exchange is a dict:
    method, path            exactly ("GET" by default); the path as it is on the request line, encoded
    query                   parameters that must be there with these values (a list: all of them)
    absent                  parameters that must not be there
    headers, json           parts that must be there with these values
    answer                  a function of the request that gives {status, reply, ...} for this one answer
    status, reply           what is said: JSON; or text (str) with `type`; or file: a name below tests/fixtures
    send                    headers of the reply; {base} in them is our own address
    times                   how often it may be used; default once, 0: always
The first exchange that fits and is not used up answers. A request that fits none is answered with 404 and kept in `strange`.
"""
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

FIXTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures")


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as f:
        return f.read()


def holds(part, whole):
    """Is everything that `part` says also in `whole`?"""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(k in whole and holds(v, whole[k]) for k, v in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(holds(a, b) for a, b in zip(part, whole))
    return part == whole


class Replay:
    def __init__(self, exchanges):
        self.exchanges = [dict(e, used=0) for e in exchanges]
        self.requests, self.strange = [], []
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"replay": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.base = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()

    def fits(self, e, rq):
        query = {k: v if isinstance(v, list) else [str(v)] for k, v in e.get("query", {}).items()}
        return (
            e.get("method", "GET") == rq["method"]
            and e["path"] == rq["path"]
            and all(rq["query"].get(k) == v for k, v in query.items())
            and not any(k in rq["query"] for k in e.get("absent", ()))
            and all(rq["headers"].get(k.lower()) == v for k, v in e.get("headers", {}).items())
            and ("json" not in e or holds(e["json"], rq["json"]))
        )

    def answer(self, rq):
        with self.lock:
            self.requests.append(rq)
            for e in self.exchanges:
                if (e.get("times", 1) == 0 or e["used"] < e.get("times", 1)) and self.fits(e, rq):
                    e["used"] += 1
                    return self.reply({**e, **e["answer"](rq)} if "answer" in e else e)
            self.strange.append("%s %s %s" % (rq["method"], rq["path"], rq["query"]))
        return 404, {"Content-Type": "application/json"}, b'{"detail": "not in the table of this test"}'

    def reply(self, e):
        send = {k: v.replace("{base}", self.base) for k, v in e.get("send", {}).items()}
        send.setdefault("Content-Type", e.get("type", "application/json"))
        if "file" in e:
            body = fixture(e["file"]).replace(b"{base}", self.base.encode())
        elif isinstance(e.get("reply"), (str, bytes)):
            body = e["reply"] if isinstance(e["reply"], bytes) else e["reply"].encode()
        else:
            body = json.dumps(e.get("reply")).encode() if "reply" in e else b""
        return e.get("status", 200), send, body

    def unused(self):
        return ["%s %s" % (e.get("method", "GET"), e["path"]) for e in self.exchanges if not e["used"] and e.get("times", 1)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    replay = None

    def log_message(self, *args):
        pass

    def serve(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        rq = {
            "method": self.command,
            "path": path,
            "query": parse_qs(query, keep_blank_values=True),
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "json": body,
            "raw": raw,
        }
        status, send, data = self.replay.answer(rq)
        head = "".join("%s: %s\r\n" % pair for pair in send.items())
        self.wfile.write(("HTTP/1.1 %d -\r\n%sContent-Length: %d\r\n\r\n" % (status, head, len(data))).encode() + data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve
