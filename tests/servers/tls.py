#!/usr/bin/env python3
"""An HTTPS server with a certificate of its own for 127.0.0.1, and for no other name, in DIR/cert.pem.

    tls.py DIR      prints its port, serves until its stdin is closed

GET /count says how many requests came before; any other path counts as one, but /peer, which says whom the certificate
of the client names, "" without one: only the server's own is taken.
"""
import os
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    seen = 0

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path != "/count":
            Handler.seen += 1
        body = b"%d" % Handler.seen
        if self.path == "/peer":
            peer = self.connection.getpeercert() or {}
            body = "".join(v for part in peer.get("subject", ()) for _, v in part).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(folder):
    key, cert = folder + "/key.pem", folder + "/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=wd-test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that do not trust us are part of the tests
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cert)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
