#!/usr/bin/env python3
"""A raw server whose replies end after any number of bytes.

/NAME/N answers with the first N bytes of the reply NAME and closes the connection; N beyond its end gives all of it.
/NAME/head and /NAME/size answer, whole, with the length of its header and of all of it; /any/count with the number of
requests before.
Prints its port as one line, then serves until its stdin is closed.
"""
import gzip
import os
import re
import socketserver
import sys
import threading

BODY = b'{"ok": true, "items": [{"id": "a"}, {"id": "b"}], "last": "z"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:half], body[half:], b""))


def length(body: bytes, head: bytes = OK) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def body_of(reply: bytes) -> bytes:
    """What comes after the last header."""
    _, _, rest = reply.partition(b"\r\n\r\n")
    return body_of(rest) if rest.startswith(b"HTTP/") else rest


PACKED = gzip.compress(BODY)
GZIP = OK + b"Content-Encoding: gzip\r\n"
REPLIES = {
    "length": length(BODY),
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY),
    "close": OK + b"\r\n" + BODY,
    "gzip": length(PACKED, GZIP),
    "gzip-chunked": GZIP + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PACKED),
    "gzip-close": GZIP + b"\r\n" + PACKED,
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "none": b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "missing": length(BODY, b"HTTP/1.1 404 Not Found\r\n"),
    "login": length(BODY, b"HTTP/1.1 401 Unauthorized\r\n"),
    "continued": b"HTTP/1.1 100 Continue\r\n\r\n" + length(BODY),
    # What is whole, and yet no reply to be trusted.
    "gzip-short": length(PACKED[:-6], GZIP),
    "gzip-more": length(PACKED + b"{}", GZIP),
    "gzip-twice": length(PACKED + gzip.compress(b" "), GZIP),
    "no-gzip": length(BODY, GZIP),
    "brotli": length(BODY, OK + b"Content-Encoding: br\r\n"),
    "two-lengths": OK + b"Content-Length: 62\r\nContent-Length: 2\r\n\r\n" + BODY,
    "part": length(BODY, b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-61/900\r\n"),
    "close-text": b"HTTP/1.1 200 OK\r\n\r\nall is well",
    "close-number": b"HTTP/1.1 200 OK\r\n\r\n12",
    "close-empty": b"HTTP/1.1 200 OK\r\n\r\n",
    "close-garbage": OK + b"\r\n" + BODY + b"}",
}


class Handler(socketserver.StreamRequestHandler):
    served = 0

    def handle(self) -> None:
        line = self.rfile.readline().decode("latin-1")
        body = 0
        while (header := self.rfile.readline()) not in (b"\r\n", b""):
            if header.lower().startswith(b"content-length:"):
                body = int(header.split(b":")[1])
        self.rfile.read(body)
        found = re.match(r"[A-Z]+ /([a-z-]+)/(\w+)", line)
        if not found:
            return
        name, what = found.groups()
        if what == "count":
            self.wfile.write(length(b"%d" % Handler.served))
            return
        Handler.served += 1
        reply = REPLIES[name]
        if what == "head":
            reply = length(b"%d" % (len(reply) - len(body_of(reply))))
        elif what == "size":
            reply = length(b"%d" % len(reply))
        else:
            reply = reply[:int(what)]
        self.wfile.write(reply)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


def main() -> None:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
