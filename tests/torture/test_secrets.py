"""A secret that is said back at every place around where something is cut or parted: no part of it leaves the worker, in a title, an
error, a refusal, a log, an output, the store, the log file or what the commands print."""
import glob
import os

import rig

SECRET = "Kx9vQ2mZ7rT4wB8nL5jH3fD6sG1"
PIECE = 7  # so many bytes in a row are no accident
CONNECTOR = """\
connector: echo
title: Echoes
settings: {url: {type: url, required: true}, path: {type: string, default: list}}
secrets: [token]
auth: {header: {Authorization: "Bearer {{ secret.token }}"}}
collect:
  things:
    kind: run
    every: 1h
    get: "/{{ settings.path }}"
    items: "@"
    record: {id: id, title: title, state: "'failed'", opaque: {n: n}}
log:
  run: {get: "/log/{n}"}
calls:
  act: {title: Act, post: "/act/{n}", says: "{{ reply.body.said }}"}
"""
RUNBOOK = """\
runbook: act
title: Act
applies: {kind: run, connector: [echo]}
risk: reversible
reason: none
undo: nothing
steps:
  - call: act
    on_failure: continue
  - exec: [cat, "%s/out-{{ record.opaque.n }}"]
limits: {targets: 1000, parallel: 8, stop_after_errors: 1000}
"""
# Where texts end: an error, a title, what is known of a call, a message of a far side, a line of output, one of a log.
ENDS = {"title": 400, "error": 480, "known": 300, "message": 200, "output": 4000, "log": 8192}


def offsets(end, long):
    return range(end - len(SECRET) - 12, end + 12, 1 if long else 9)


def filled(at, length):
    return ("." * at + SECRET).ljust(length, "-")


def pieces():
    return [SECRET[i:i + PIECE].encode() for i in range(len(SECRET) - PIECE + 1)]


def answer(far, n, name, at):
    text = filled(at, ENDS[name] + 60)
    if name in ("known", "message"):
        far.paths["/act/%d" % n] = rig.Reply({"said": text}) if name == "known" else rig.Reply({"detail": text}, 400)
    else:
        far.paths["/act/%d" % n] = rig.Reply({"said": "done"})
    far.paths["/log/%d" % n] = rig.Reply((text + "\nlast line\n" if name == "log" else "nothing\n").encode(), kind="text/plain")
    return {"id": "r%d" % n, "n": n, "title": text if name == "title" else "thing %d" % n}, text if name == "output" else "quiet"


def test_no_part_of_a_secret_leaves_the_worker(desk, long):
    cases = [(name, at) for name, end in ENDS.items() for at in offsets(end, long)]
    with rig.FarSide() as far:
        rows = []
        for n, (name, at) in enumerate(cases):
            row, output = answer(far, n, name, at)
            rows.append(row)
            with open(os.path.join(desk.folder, "secrets", "out-%d" % n), "w") as f:
                f.write(output + "\n")
        far.paths["/list"] = rig.Reply(rows + [{"id": "id-" + SECRET, "n": 0, "title": "refused"}, {"id": "in-opaque", "n": SECRET, "title": "refused"}])
        far.paths["/bad"] = rig.Reply({"detail": filled(150, 300)}, 401)
        desk.write("connectors/echo.yaml", CONNECTOR)
        desk.write("runbooks/act.yaml", RUNBOOK % os.path.join(desk.folder, "secrets"))
        base = {"connector": "echo", "env": "dev", "url": far.url}
        desk.configure({
            "far": {**base, "token": desk.secret("token", SECRET)},
            "bad": {**base, "path": "bad", "token": desk.secret("token2", SECRET)},
        })
        desk.start_worker()
        found = {r["id"]: r["key"] for r in desk.wait_rows("runs", least=len(rows))}
        assert len(found) == len(rows), "an item with the secret in its id or in what is sent back was taken"
        desk.wait_source("bad", lambda s: s["error"])
        said = []
        for at in range(0, len(rows), 60):
            targets = [word for row in rows[at:at + 60] for word in ("--target", found[row["id"]])]
            done = desk.run("run", "act", *targets, "--yes", "--json", status=None)
            said += [done.out, done.err]
        for row, (name, _) in zip(rows, cases):
            if name == "log":
                done = desk.run("log", found[row["id"]])
                assert "last line" in done.out
                said += [done.out, done.err]
        for words in (("list", "runs", "--json"), ("audit", "--json"), ("doctor",), ("connector", "try", "bad")):
            done = desk.run(*words, status=None)
            said += [done.out, done.err]
        left = [p for p in glob.glob(desk.folder + "/**", recursive=True) if os.path.isfile(p) and "/secrets/" not in p]
        assert any(p.endswith("store.db") for p in left)
        texts = {"what was printed": "\n".join(said).encode()}
        for path in left:
            with open(path, "rb") as f:
                texts[path] = f.read()
        assert b"[secret]" in texts["what was printed"]
        for where, text in texts.items():
            for piece in pieces():
                assert piece not in text, (where, piece, text[max(0, text.find(piece) - 60):][:120])
