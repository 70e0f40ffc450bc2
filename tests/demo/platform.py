#!/usr/bin/env python3
"""Starts the simulated data platform on loopback and says where it is, as one line of JSON.

    platform.py [--port 0] [--seed 7] [--dir DIR]

Ends on SIGTERM, SIGINT, or when its standard input is closed. With --dir the line is also written to
DIR/platform.json. GET /sim/state tells what was done to it, POST /sim/fault makes a system misbehave.
"""
import os
import sys

# Our own name would hide the standard module `platform` from whoever imports it next.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse  # noqa: E402
import json  # noqa: E402
import signal  # noqa: E402
import threading  # noqa: E402

from demo.sim.platform import Platform  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dir", default="")
    args = parser.parse_args()
    platform = Platform(args.port, args.seed)
    server = platform.server
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())

    def watch_stdin() -> None:
        while os.read(0, 4096):
            pass
        done.set()

    threading.Thread(target=watch_stdin, daemon=True).start()
    line = json.dumps(platform.describe())
    if args.dir:
        with open(os.path.join(args.dir, "platform.json"), "w") as out:
            out.write(line + "\n")
    print(line, flush=True)
    done.wait()
    server.shutdown()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
