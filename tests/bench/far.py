"""Sources for the bench: one process, a port each, answering after a delay or never.

Prints the ports; for each line on its standard input it prints when the first request came and how long the slowest
source took from its request to its answer, in seconds of time.perf_counter.
"""
import asyncio
import json
import sys
import time


def body(source: int, rows: int) -> bytes:
    items = [{"id": f"run-{source}-{i}", "title": f"pipeline_{source}_{i % 20}", "state": "success",
              "started": "2026-11-22T10:00:00Z", "ended": "2026-11-22T10:05:00Z"} for i in range(rows)]
    return json.dumps({"items": items}).encode()


class Far:
    def __init__(self) -> None:
        self.first = None
        self.slowest = 0.0

    async def serve(self, source: int, delay: float, rows: int):
        data = body(source, rows)
        reply = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data

        async def client(reader, writer):
            try:
                while await reader.readuntil(b"\r\n\r\n"):
                    asked = time.perf_counter()
                    self.first = self.first or asked
                    # Negative: the request is taken and never answered.
                    await asyncio.sleep(delay if delay >= 0 else 3600)
                    writer.write(reply)
                    self.slowest = max(self.slowest, time.perf_counter() - asked)
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        return await asyncio.start_server(client, "127.0.0.1", 0)


async def main(spec) -> None:
    far = Far()
    servers = [await far.serve(i, delay, rows) for i, (delay, rows) in enumerate(spec)]
    print(json.dumps([s.sockets[0].getsockname()[1] for s in servers]), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps([far.first, far.slowest]), flush=True)
    for server in servers:
        server.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(json.loads(sys.argv[1])))
    except KeyboardInterrupt:
        pass
