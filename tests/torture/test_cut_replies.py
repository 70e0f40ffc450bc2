"""The reply to a change ends too early, at any byte, in every way that tells its length: nothing of it is taken for success."""
import importlib.util
import json
import os
import threading

import pytest

from desk import ROOT

spec = importlib.util.spec_from_file_location("cut_replies", os.path.join(ROOT, "tests", "servers", "cut_replies.py"))
cut = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cut)

CONNECTOR = """\
connector: cutter
title: Cut replies
settings: {url: {type: url, required: true}}
collect:
  runs:
    kind: run
    every: 1h
    get: /list/99999999
    items: "@"
    record:
      id: id
      title: id
      state: {value: "'failed'", map: {failed: failed}}
      opaque: {cut: reply, byte: at}
calls:
  act:
    title: Act
    post: "/{cut}/{byte}"
    accept_status: [404]
    success: body.ok == `true`
    says: "done"
"""
RUNBOOK = """\
runbook: act
title: Act
applies: {kind: run, connector: [cutter]}
risk: reversible
reason: none
undo: nothing
steps:
  - call: act
limits: {targets: 1000, parallel: 8, stop_after_errors: 1000}
"""
# Whole with its last byte. Of chunks, the last line feed is not waited for.
WHOLE = {"length": 0, "chunked": 1, "close": 0, "gzip": 0, "gzip-chunked": 1, "gzip-close": 0, "missing": 0, "continued": 0}
# Never, though nothing is missing.
NEVER = ("empty", "none", "gzip-short", "gzip-more", "no-gzip", "brotli", "two-lengths", "part", "close-empty", "close-garbage", "close-number")


def points(name, long):
    """Where to cut: everywhere, or where something begins or ends and now and then between."""
    size = len(cut.REPLIES[name])
    head = size - len(cut.body_of(cut.REPLIES[name]))
    near = {0, 1, 9, 12, head - 4, head - 2, head - 1, head, head + 1, size - 5, size - 2, size - 1, size}
    return sorted(n for n in (range(size + 1) if long else near | set(range(0, size, 37))) if 0 <= n <= size)


@pytest.fixture
def far_side(long):
    rows = [{"id": "%s-%d" % (name, n), "reply": name, "at": n} for name in WHOLE for n in points(name, long)]
    rows += [{"id": "%s-all" % name, "reply": name, "at": 9999} for name in NEVER]
    cut.REPLIES["list"] = cut.length(json.dumps(rows).encode())
    server = cut.Server(("127.0.0.1", 0), cut.Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], rows
    server.shutdown()
    thread.join()
    server.server_close()
    del cut.REPLIES["list"]


def is_whole(row):
    return row["reply"] in WHOLE and row["at"] >= len(cut.REPLIES[row["reply"]]) - WHOLE[row["reply"]]


def test_no_cut_reply_is_a_success(desk, far_side):
    port, rows = far_side
    desk.write("connectors/cutter.yaml", CONNECTOR)
    desk.write("runbooks/act.yaml", RUNBOOK)
    desk.configure({"far": {"connector": "cutter", "env": "dev", "url": "http://127.0.0.1:%d" % port}})
    desk.start_worker()
    found = {r["title"]: r["key"] for r in desk.wait_rows("runs", least=len(rows))}
    assert len(found) == len(rows)
    ended = {}
    for at in range(0, len(rows), 60):
        part = rows[at:at + 60]
        targets = [word for row in part for word in ("--target", found[row["id"]])]
        job = desk.run("run", "act", *targets, "--yes", "--json", status=None).json()
        ended.update({t["key"]: t for t in job["targets"]})
    assert len(ended) == len(rows)
    for row in rows:
        target = ended[found[row["id"]]]
        if is_whole(row):
            assert target["state"] in ("succeeded", "accepted"), target
        else:
            assert target["state"] == "unknown", target
