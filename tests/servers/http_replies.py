#!/usr/bin/env python3
"""An HTTP server for the unit tests of the transport: every path is one way to answer.

Prints its port as one line, then serves until its stdin is closed.
"""
import gzip
import hashlib
import hmac
import json
import os
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

SECRET = "wJalrXUtnFEMI/K7MDENG"


def sigv4(handler, body: bytes) -> str:
    """The signature that AWS would compute for this request, from its own Authorization header."""
    auth = handler.headers.get("Authorization", "")
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/([^/]+)/aws4_request, ?"
        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", auth)
    if not found:
        return "malformed: " + auth
    _, day, region, service, signed, signature = found.groups()
    path, _, query = handler.path.partition("?")
    lines = [f"{n}:{' '.join(handler.headers[n].split())}\n" for n in signed.split(";")]
    canonical = "\n".join([handler.command, path, query, "".join(lines), signed,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["X-Amz-Date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    good = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if good != signature:
        return "wrong: " + canonical
    return "good " + signed


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served = 0

    def log_message(self, format, *args):  # noqa: A002
        pass

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def start_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_one(self) -> None:
        """As a proxy: what is asked of any host is answered by us, a way to one (CONNECT) refused with its port as status."""
        body = self.body()
        if self.command == "CONNECT":
            Handler.served += 1
            self.reply(int(self.path.rpartition(":")[2]))
            return
        name = re.sub("^http://[^/]*", "", self.path).partition("?")[0].strip("/").replace("-", "_")
        answer = getattr(self, "path_" + re.sub(r"/.*", "", name), None)
        if answer:
            answer(body)
        else:
            self.reply(404, b'{"detail": "no such path"}', Content_Type="application/json")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_CONNECT = handle_one

    def path_ok(self, _body):
        self.reply(200, b'{"a": 1}', Content_Type="application/json",
                   Link='<http://x/?page=2>; rel="next"', X_Total="17")

    def path_echo(self, body):
        seen = {"method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {k.lower(): v for k, v in self.headers.items()}}
        self.reply(200, json.dumps(seen).encode(), Content_Type="application/json")

    def path_twice(self, _body):
        self.send_response(200)
        for value in ('<http://x/?page=1>; rel="self"', "", '<http://x/?page=2>; rel="next"'):
            self.send_header("Link", value)
        for value in ("", "18", "19"):
            self.send_header("X-Total", value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def path_refuse(self, _body):
        """?STATUS&HEADER:VALUE&... answers so, with the body of the path's rest."""
        path, _, query = self.path.partition("?")
        status, *headers = query.split("&")
        self.reply(int(status), unquote(path.partition("/refuse/")[2]).encode(),
                   **dict(h.split(":") for h in headers))

    def path_chunked(self, _body):
        self.start_chunks()
        for i in range(3):
            self.chunk(b"part%d;" % i)
        self.chunk(b"")

    def path_flood(self, _body):
        self.start_chunks()
        try:
            for _ in range(4096):
                self.chunk(b"x" * 65536)
            self.chunk(b"")
        except OSError:
            pass

    def path_bomb(self, _body):
        self.reply(200, gzip.compress(b"\0" * (32 << 20)), Content_Encoding="gzip")

    def path_gzip(self, _body):
        self.reply(200, gzip.compress(b"unpacked"), Content_Encoding="gzip")

    def path_headers(self, _body):
        self.send_response(200)
        try:
            for i in range(90):
                self.send_header(f"X-{i}", "y" * 4000)
            self.end_headers()
        except OSError:
            pass

    def path_denied(self, _body):
        self.reply(401, b'{"title": "Unauthorized", "detail": "token expired\\u001b[31m"}',
                   Content_Type="application/json")

    def path_broken(self, _body):
        self.reply(500, b"<!DOCTYPE html><html><head><title>Server\n Error</title></head></html>",
                   Content_Type="text/html")

    def path_moved(self, _body):
        self.reply(302, b"", Location="https://elsewhere.example:8443/login?token=abc")

    def path_never(self, _body):
        time.sleep(60)

    def path_throttle(self, _body):
        self.reply(429, b'{"message": "slow down"}', Retry_After=self.path.partition("?")[2].replace("+", " "))

    def path_cut(self, _body):
        self.reply(200, b"only this", Content_Length="100")
        self.close_connection = True

    def path_sign(self, body):
        self.reply(200, sigv4(self, body).encode())

    def path_close(self, _body):
        """Counts, and closes the connection without an answer, but for the first request on it."""
        Handler.served += 1
        if getattr(self, "before", False):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.before = True
        self.reply(200, b"%d" % Handler.served)

    def path_count(self, _body):
        self.reply(200, b"%d" % Handler.served)


def serve(handler) -> None:
    """Prints the port, then answers until standard input is closed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that leave in the middle are part of the tests
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    serve(Handler)
