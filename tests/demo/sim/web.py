"""The HTTP side: requests, replies, a path table per system, faults on demand.

A fault is asked for by the header X-Sim-Fault, by the path prefix /fault/KIND/..., or for the next N
requests to a system by POST /sim/fault {"system", "kind", "count"}. Kinds: see FAULTS.
"""
import json
import re
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import parse_qsl, unquote

HTML = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head>"
    b"<body><h1>Please sign in to continue</h1></body></html>"
)


class Request:
    def __init__(self, method: str, path: str, query: str, headers: Any, body: bytes, base: str) -> None:
        self.method, self.path, self.raw_query = method, path, query
        self.raw_path = path  # as it was on the request line
        self.headers, self.body, self.base = headers, body, base
        self.args: List[Tuple[str, str]] = parse_qsl(query, keep_blank_values=True)
        self.parts: Dict[str, str] = {}

    def get(self, name: str, fallback: Optional[str] = None) -> Optional[str]:
        for key, value in self.args:
            if key == name:
                return value
        return fallback

    def all(self, name: str) -> List[str]:
        return [value for key, value in self.args if key == name]

    def integer(self, name: str, fallback: int) -> int:
        try:
            return int(self.get(name) or fallback)
        except ValueError:
            return fallback

    def json(self) -> Any:
        try:
            return json.loads(self.body.decode("utf-8")) if self.body else {}
        except (UnicodeDecodeError, ValueError):
            return None


class Reply:
    def __init__(
        self, status: int = 200, data: Any = None, headers: Optional[Dict[str, str]] = None, kind: str = "application/json"
    ) -> None:
        self.status, self.headers, self.kind = status, dict(headers or {}), kind
        if data is None:
            self.body = b""
        elif isinstance(data, bytes):
            self.body = data
        else:
            self.body = json.dumps(data, separators=(",", ":")).encode("utf-8")


Handler = Callable[[Request], Reply]


class System:
    """One simulated system: routes in order, the first that fits wins. `{x}` in a route is one path segment."""

    name = ""

    def __init__(self) -> None:
        self.routes: List[Tuple[str, "re.Pattern[str]", Handler]] = []

    def route(self, method: str, path: str, handler: Handler) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self.routes.append((method, re.compile("^" + pattern + "$"), handler))

    def admit(self, rq: Request) -> Optional[Reply]:
        """The refusal of a request without the right credentials, or None."""
        return None

    def missing(self, rq: Request) -> Reply:
        return Reply(404, {"detail": "Not Found"})

    def answer(self, rq: Request) -> Reply:
        other = False
        for method, pattern, handler in self.routes:
            found = pattern.match(rq.path)
            if not found:
                continue
            if method != rq.method:
                other = True
                continue
            refused = self.admit(rq)
            if refused:
                return refused
            rq.parts = {k: unquote(v) for k, v in found.groupdict().items()}
            return handler(rq)
        return Reply(405, {"detail": "Method Not Allowed"}) if other else self.missing(rq)


def fault_401(rq: Request) -> Reply:
    return Reply(401, {"detail": "Invalid credentials"}, {"WWW-Authenticate": "Bearer"})


def fault_403(rq: Request) -> Reply:
    return Reply(403, {"detail": "Forbidden"})


def fault_429(rq: Request) -> Reply:
    return Reply(429, {"detail": "Too many requests"}, {"Retry-After": "2"})


def fault_500(rq: Request) -> Reply:
    return Reply(500, {"detail": "Internal Server Error"})


def fault_html(rq: Request) -> Reply:
    return Reply(200, HTML, kind="text/html; charset=utf-8")


def fault_html500(rq: Request) -> Reply:
    return Reply(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", kind="text/html")


def fault_redirect(rq: Request) -> Reply:
    return Reply(302, b"", {"Location": "https://sso.example.com/login?next=%2F"})


def fault_truncated(rq: Request) -> Reply:
    return Reply(200, b'{"dag_runs": [{"dag_id": "orders_da')


def fault_utf8(rq: Request) -> Reply:
    return Reply(200, b'{"detail": "\xff\xfe \xc3("}')


def fault_big(rq: Request) -> Reply:
    return Reply(200, b'{"filler": "' + b"x" * (50 << 20) + b'"}')


# "slow" and "dead" are handled by the server: they are about time, not about what is said.
FAULTS: Dict[str, Handler] = {
    "401": fault_401,
    "403": fault_403,
    "429": fault_429,
    "500": fault_500,
    "html": fault_html,
    "html500": fault_html500,
    "redirect": fault_redirect,
    "truncated": fault_truncated,
    "utf8": fault_utf8,
    "big": fault_big,
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, world: Any, systems: Dict[str, System]) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.world, self.systems = world, systems
        self.base = "http://127.0.0.1:%d" % self.server_address[1]
        self.faults: Dict[str, Tuple[str, int]] = {}
        self.requests: Dict[str, int] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def fault_of(self, system: str, headers: Any) -> str:
        kind = headers.get("X-Sim-Fault", "")
        if kind:
            return kind
        kind, left = self.faults.get(system, ("", 0))
        if left > 0:
            self.faults[system] = (kind, left - 1)
            return kind
        return ""

    def control(self, rq: Request) -> Reply:
        """/sim/...: for tests and the launcher; no simulated system has it."""
        if rq.path == "/state" and rq.method == "GET":
            state = {"now": self.world.now, "actions": self.world.actions, "requests": self.requests}
            state.update({name: s.summary() for name, s in self.systems.items() if hasattr(s, "summary")})
            return Reply(200, state)
        if rq.path == "/fault" and rq.method == "POST":
            want = rq.json() or {}
            self.faults[str(want.get("system", ""))] = (str(want.get("kind", "500")), int(want.get("count", 1)))
            return Reply(200, {})
        return Reply(404, {"detail": "Not Found"})


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *args: Any) -> None:
        """Quiet: the terminal belongs to the console."""

    def send(self, reply: Reply) -> None:
        lines = ["HTTP/1.1 %d %s" % (reply.status, self.responses.get(reply.status, ("",))[0])]
        headers = {"Content-Length": str(len(reply.body)), **reply.headers}
        if reply.body:
            headers.setdefault("Content-Type", reply.kind)
        if reply.status == 204:
            del headers["Content-Length"]
        lines += ["%s: %s" % pair for pair in headers.items()]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + reply.body)

    def serve(self) -> None:
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send(self.reply(body))
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            self.close_connection = True

    def reply(self, body: bytes) -> Reply:
        server = self.server
        path, _, query = self.path.partition("?")
        prefix = ""
        kind = ""
        found = re.match(r"^/fault/(\w+)(/.*)$", path)
        if found:
            kind, path = found.group(1), found.group(2)
            prefix = "/fault/" + kind
        name, _, rest = path.lstrip("/").partition("/")
        rq = Request(self.command, "/" + rest, query, self.headers, body, server.base + prefix + "/" + name)
        rq.raw_path = self.path.partition("?")[0]
        if name == "sim":
            with server.world.lock:
                server.world.advance()
                return server.control(rq)
        system = server.systems.get(name)
        if system is None:
            return Reply(404, {"detail": "Not Found"})
        kind = kind or server.fault_of(name, self.headers)
        if kind in ("slow", "dead"):
            time.sleep(10 if kind == "slow" else 3600)
        elif kind in FAULTS:
            return FAULTS[kind](rq)
        with server.world.lock:
            server.requests[name] = server.requests.get(name, 0) + 1
            server.world.advance()
            return system.answer(rq)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve
