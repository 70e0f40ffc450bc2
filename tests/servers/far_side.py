"""The far side of the connector tests: every paging style, kind of auth, and way to answer badly.

Prints its port, serves until stdin closes. State is in memory; GET /seen lists the requests so far.
"""

import base64
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS = [{"id": i, "name": f"row{i}", "state": ["success", "failed", "odd"][i % 3]} for i in range(7)]


class State:
    def __init__(self) -> None:
        self.seen: list[dict] = []
        self.logins = 0
        self.token = ""
        self.acted: list[dict] = []
        self.looks = 0


STATE = State()
LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def reply(self, body: object, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        self.query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        self.body = raw.decode()
        try:
            self.json = json.loads(raw) if raw else None
        except ValueError:
            self.json = None
        with LOCK:
            if parts.path != "/seen":
                STATE.seen.append({
                    "method": self.command, "path": self.path, "body": self.json if self.json is not None else self.body,
                    "auth": self.headers.get("Authorization", ""), "type": self.headers.get("Content-Type", ""),
                    "x": self.headers.get("X-Test", ""), "range": self.headers.get("Range", "")})
            name = parts.path.strip("/").split("/")[0].replace("-", "_")
            self.rest = parts.path.strip("/").split("/")[1:]
            getattr(self, "at_" + name, self.at_missing)()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def at_missing(self) -> None:
        self.reply({"detail": "no such path"}, 404)

    def at_seen(self) -> None:
        self.reply({"seen": STATE.seen, "logins": STATE.logins, "acted": STATE.acted})

    # ---- paging

    def at_offset(self) -> None:
        start, size = int(self.query["offset"]), min(int(self.query["limit"]), 3)
        self.reply({"rows": ROWS[start:start + size], "total": len(ROWS)})

    def at_page(self) -> None:
        page, size = int(self.query["page"]), int(self.query["per_page"])
        rows = ROWS[(page - 1) * size:page * size]
        self.reply({"rows": rows, "more": page * size < len(ROWS)})

    def at_strict(self) -> None:
        """There is no page behind the last one."""
        if self.query["page"] == "1":
            self.at_page()
        else:
            self.reply({"detail": "Invalid page."}, 404)

    def at_part(self) -> None:
        self.reply(ROWS, 206)

    def at_token(self) -> None:
        # an empty page in the middle, and the end by an absent token
        pages = {"": (ROWS[:2], "a"), "a": ([], "b+/="), "b+/=": (ROWS[2:], None)}
        rows, after = pages[self.query.get("token", "")]
        self.reply({"rows": rows, "next": after} if after else {"rows": rows})

    def at_body_token(self) -> None:
        assert self.json["fixed"] == 1
        rows, after = {None: (ROWS[:4], "z"), "z": (ROWS[4:], "")}[self.json.get("page", {}).get("token")]
        self.reply({"rows": rows, "next": after})

    def at_header_token(self) -> None:
        if "token" in self.query:
            self.reply(ROWS[3:])
        else:
            self.reply(ROWS[:3], X_Next="more")

    def at_stuck(self) -> None:
        self.reply({"rows": ROWS[:1], "next": "same"})

    def at_endless(self) -> None:
        n = int(self.query.get("token", "0"))
        self.reply({"rows": [{**ROWS[0], "id": n}], "next": str(n + 1)})

    def at_own_total(self) -> None:
        """A total that is the length of the page, whatever there is beyond it."""
        start, size = int(self.query["offset"]), int(self.query["limit"])
        rows = ROWS[start:start + size]
        self.reply({"rows": rows, "total": len(rows)})

    def at_same(self) -> None:
        self.reply({"rows": ROWS[:3], "total": 99})

    def at_less(self) -> None:
        """More were promised than come."""
        start = int(self.query["offset"])
        self.reply({"rows": ROWS[start:start + 3], "total": "13" if "text" in self.query else 13})

    def at_open_end(self) -> None:
        """Only the closed connection ends it: a JSON text shows its own end, lines do not."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(("\n".join(map(json.dumps, ROWS)) if "lines" in self.query else json.dumps(ROWS)).encode())
        self.close_connection = True

    def at_accepted(self) -> None:
        self.reply(ROWS, 202)

    def at_two_links(self) -> None:
        """As Okta: self and next in a line each."""
        n, url = int(self.query.get("n", "0")), f"http://127.0.0.1:{self.server.server_address[1]}/two-links?n="
        data = json.dumps(ROWS[n:n + 3]).encode()
        self.send_response(200)
        self.send_header("Link", f'<{url}{n}>; rel="self"')
        if n + 3 < len(ROWS):
            self.send_header("Link", f'<{url}{n + 3}>; rel="next"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def at_link(self) -> None:
        n = int(self.query.get("n", "0"))
        port = self.server.server_address[1]
        link = f'<http://127.0.0.1:{port}/link?n=0>; rel="self", <http://127.0.0.1:{port}/link?n={n + 3}>; rel="next"'
        self.reply(ROWS[n:n + 3], **({"Link": link} if n + 3 < len(ROWS) else {}))

    def at_body_link(self) -> None:
        n = int(self.query.get("n", "0"))
        self.reply({"rows": ROWS[n:n + 4], "next": f"/body-link?n={n + 4}" if n + 4 < len(ROWS) else None})

    def at_evil_link(self) -> None:
        self.reply(ROWS[:1], Link='<https://elsewhere.example/x>; rel="next"')

    def at_last(self) -> None:
        after = int(self.query.get("after", "-1"))
        self.reply([r for r in ROWS if r["id"] > after][:3])

    def at_many(self) -> None:
        self.reply([{"id": i, "state": "success", "name": "n"} for i in range(1000)])

    def at_keyed(self) -> None:
        self.reply({"one": {"state": "success"}, "two": {"state": "failed"}})

    # ---- bad answers

    def at_html(self) -> None:
        self.reply("<!DOCTYPE html><html><title>Sign in</title></html>", 200, "text/html")

    def at_error(self) -> None:
        self.reply({"detail": "database is \x1b[31mdown"}, 500)

    def at_busy(self) -> None:
        self.reply({"message": "slow down"}, 429, Retry_After="7")

    def at_limited(self) -> None:
        """A limit that tells the time of its end in a header of its own: from now, in seconds, or as text."""
        reset = self.rest[0]
        self.reply({"message": "limit"}, 429, X_Reset=str(int(time.time()) + int(reset[1:])) if reset[0] == "+" else reset)

    def at_truncated(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"rows": [')
        self.close_connection = True

    def at_big(self) -> None:
        self.reply({"rows": ["x" * 1000] * 100})

    def at_mixed(self) -> None:
        self.reply([{"id": "good", "state": "success"}, {"state": "success"}, "text", {"id": "loud\x1b[2J", "state": "success",
                   "name": "a\x1b]0;x\x07b\nc", "when": "2026-11-22T14:02:03.5+01:00", "cost": 12.5, "url": "javascript:alert(1)"}])

    def at_other(self) -> None:
        self.reply({"rows": {"not": "a list"}})

    # ---- auth

    def at_by_header(self) -> None:
        self.reply(ROWS[:1] if self.headers.get("Authorization") == "Key s3cret" else {"detail": "bad key"},
                   200 if self.headers.get("Authorization") == "Key s3cret" else 401)

    def at_by_basic(self) -> None:
        good = "Basic " + base64.b64encode(b"me:s3cret").decode()
        self.reply(ROWS[:1], 200 if self.headers.get("Authorization") == good else 401)

    def at_login(self) -> None:
        form = dict(kv.split("=") for kv in self.body.split("&")) if self.json is None else self.json
        if form.get("password") != "s3cret":
            self.reply({"detail": "wrong password"}, 401)
            return
        STATE.logins += 1
        STATE.token = "x" * int(self.query["size"]) if "size" in self.query else f"tok{STATE.logins}"
        self.reply({"access_token": STATE.token, "expires_in": 3600})

    def at_forget(self) -> None:
        STATE.token = "none"
        self.reply({})

    def at_secure(self) -> None:
        good = STATE.token != "" and self.headers.get("Authorization") == "Bearer " + STATE.token
        self.reply(ROWS[:1] if good else {"detail": "token expired"}, 200 if good else 401)

    # ---- shapes of several requests

    def at_groups(self) -> None:
        self.reply({"groups": [{"id": "g1"}, {"id": "bad"}, {"id": "a/b c"}]})

    def at_members(self) -> None:
        if self.rest[0] == "bad":
            self.reply({"detail": "broken"}, 500)
        else:
            self.reply([{"id": "m1", "state": "active"}])

    def at_runs(self) -> None:
        self.reply({"rows": ROWS[:5]})

    def at_tasks(self) -> None:
        if self.rest[0] == "4":
            self.reply({"detail": "no"}, 500)
        else:
            self.reply({"tasks": [{"task": "t" + self.rest[0]}]})

    def at_open(self) -> None:
        if self.rest[0] == "lost":
            self.reply({"detail": "gone"}, 404)
        elif self.rest[0] in ("broken", "forbidden"):
            self.reply({"detail": "not now"}, {"broken": 500, "forbidden": 403}[self.rest[0]])
        else:
            self.reply({"id": self.rest[0], "state": "success"})

    def at_found(self) -> None:
        rows = {"lost": [], "odd": None}
        self.reply({"rows": rows.get(self.rest[0], [{"id": self.rest[0], "state": "success"}])})

    def at_changes(self) -> None:
        self.reply([{"id": "1", "state": "success", "at": "2026-11-01T10:00:00Z"},
                    {"id": "2", "state": "success", "at": "2026-11-03T10:00:00.5Z"},
                    {"id": "3", "state": "success", "at": None}])

    # ---- calls

    def at_act(self) -> None:
        STATE.acted.append(self.json)
        if self.json.get("dry"):
            self.reply({"would": ["a", "b\x1b[1m"], "n": 2})
        elif self.json.get("refuse"):
            self.reply({"status": "refused", "why": "a freeze is on"})
        elif self.json.get("unreadable"):
            self.reply("<html>ok?</html>")
        elif self.json.get("conflict"):
            self.reply({"status": "ok", "why": "already"}, 409)
        elif self.json.get("status"):
            self.reply("<html>a gateway</html>", self.json["status"], "text/html")
        elif self.json.get("die"):
            self.close_connection = True
        else:
            self.reply({"status": "ok", "n": 3, "id": "job7"})

    def at_state(self) -> None:
        STATE.looks += 1
        self.reply({"done": STATE.looks >= 2, "looks": STATE.looks, "of": self.rest})

    def at_say(self) -> None:
        """What the query says: a status, a body as it is; how: cut (before its end), drop (no answer)."""
        body, how = self.query.get("body", ""), self.query.get("how", "")
        STATE.acted.append({"method": self.command, "query": self.query})
        if how == "drop":
            self.close_connection = True
        elif how == "cut":
            self.send_response(int(self.query.get("status", "200")))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) + 1))
            self.end_headers()
            self.wfile.write(body.encode())
            self.close_connection = True
        else:
            self.reply(body, int(self.query.get("status", "200")), self.query.get("type", "application/json"))

    # ---- logs

    def at_log(self) -> None:
        lines = "".join(f"line {i}\n" for i in range(1000)) + "bad \x1b[31mred\x1b[0m \x1b]0;title\x07end\n"
        data = lines.encode()
        if self.headers.get("Range", "").startswith("bytes=-"):
            self.reply(data[-int(self.headers["Range"][7:]):], 206, "text/plain")
        else:
            self.reply(data, 200, "text/plain")

    def at_ndjson(self) -> None:
        self.reply('{"t": "10:00", "event": "one"}\n\nnot json\n{"t": "10:01", "event": "two\\nmore"}\n', 200, "application/x-ndjson")

    def at_logitems(self) -> None:
        if "token" in self.query:
            self.reply({"content": ["last"], "token": None})
        else:
            self.reply({"content": [{"event": "first"}, "plain"], "token": "t"})

    def at_logparts(self) -> None:
        self.reply({"parts": [{"task": "load", "try": 2, "state": "failed"}, {"task": "extract", "try": 1, "state": "success"}]})

    def at_steps(self) -> None:
        """The steps of a task, which are what has a log; one task is gone."""
        if self.rest[0] == "extract":
            self.reply({"error": "gone"}, 404)
        else:
            self.reply({"steps": [{"name": "copy", "try": 1}, {"name": "merge", "try": 1}]})

    def at_partlog(self) -> None:
        self.reply(f"log of {'/'.join(self.rest)}\n", 200, "text/plain")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave in the middle are part of the tests."""


def main() -> None:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.write(1, f"{server.server_address[1]}\n".encode())  # in one piece: whoever reads it closes the pipe then
    sys.stdin.read()


if __name__ == "__main__":
    main()
