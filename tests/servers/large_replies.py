#!/usr/bin/env python3
"""A far side with large replies, packed by gzip so that they arrive at once.

/storm/N       a list of N alerts; every 1000th has failed. /wrapped/N: the same at data.alerts
/braces/N      [{},{},...]: what costs most for its size
/refuse/N      the same with status 500
/small         one item
Prints its port as one line, then serves until its stdin is closed.
"""
import gzip
import json
from http.server import BaseHTTPRequestHandler

from http_replies import serve


def storm(n: int) -> list:
    return [{"id": str(i), "name": f"disk {i}", "state": "success" if i % 1000 else "failed"} for i in range(n)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # noqa: A002
        pass

    def do_GET(self) -> None:
        name, _, n = self.path.strip("/").partition("/")
        status = 200
        if name == "storm":
            body = json.dumps(storm(int(n))).encode()
        elif name == "wrapped":
            body = json.dumps({"status": "ok", "data": {"alerts": storm(int(n))}}).encode()
        elif name in ("braces", "refuse"):
            body = b"[" + b",".join([b"{}"] * int(n)) + b"]"
            status = 500 if name == "refuse" else 200
        else:
            body = json.dumps(storm(1)).encode()
        packed = gzip.compress(body, 1)
        self.send_response(status)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)


if __name__ == "__main__":
    serve(Handler)
