"""The connectors, through the real engine (`watchdesk-worker connector try`), on the table of cases.py."""
import datetime
import json
import os
import subprocess

import pytest

from cases import CASES
from far import attempt, worker, write_config
from replay import Replay, fixture
from traps import TRAPS


def fresh(exchanges):
    """Fixtures hold @recent@ and @today@ where a rule looks at the age of a row."""
    now = datetime.datetime.now(datetime.timezone.utc)
    words = {b"@recent@": now.strftime("%Y-%m-%d %H:%M:%S"), b"@today@": now.strftime("%Y-%m-%d")}
    out = []
    for e in exchanges:
        if "file" in e:
            body = fixture(e["file"])
            for word, value in words.items():
                body = body.replace(word, value.encode())
            e = {**{k: v for k, v in e.items() if k != "file"}, "reply": body}
        elif isinstance(e.get("reply"), (dict, list)):
            text = json.dumps(e["reply"])
            for word, value in words.items():
                text = text.replace(word.decode(), value)
            e = {**e, "reply": text}
        out.append(e)
    return out


def compare(ident, want, have):
    for field, value in want.items():
        if value is ...:
            assert have.get(field), "%s has no %s: %s" % (ident, field, have)
        elif value is None:
            assert not have.get(field), "%s has a %s: %s" % (ident, field, have.get(field))
        elif isinstance(value, dict):
            assert {k: have.get(field, {}).get(k) for k in value} == value, ident
        else:
            assert have.get(field) == value, "%s of %s" % (field, ident)


@pytest.mark.parametrize("case", CASES + TRAPS, ids=[c["name"] for c in CASES + TRAPS])
def test_case(build, tmp_path, case):
    with Replay(fresh(case["exchanges"])) as replay:
        source = [line.replace("{base}", replay.base) for line in case["source"]]
        done = attempt(build, write_config(tmp_path, source, case.get("secrets", {})), case["collection"])
        told = done.stdout + done.stderr
        assert not replay.strange, "asked for what no far side has: %s\n%s" % (replay.strange, done.stderr)
        assert case.get("status", 0) in (done.returncode, ...), told[-2000:]
        for words in case.get("says", ()):
            assert words in done.stderr, done.stderr
        for secret in case.get("secrets", {}).values():
            assert secret not in told
        rows = json.loads(done.stdout)
        wanted = case["records"]
        have = {row["id"]: row for row in rows}
        assert len(rows) == len(wanted), sorted(have)
        for row in rows:
            shown = json.dumps([row[k] for k in ("id", "title", "state", "raw_state", "asset", "actor") if k in row], ensure_ascii=False)
            assert not any(c in shown for c in ("\\u001b", "\u202e", "\x9b")), shown
        for ident, want in wanted.items():
            loose = case.get("loose_id")
            near = [i for i in have if i == ident or (loose and ident.startswith(loose) and i.startswith(loose))]
            assert near, "%s is not among %s" % (ident, sorted(have))
            compare(ident, want, have[near[0]])
        if "first_without" in case:
            assert not set(case["first_without"]) & set(replay.requests[0]["json"])
        if "last" in case:
            case["last"](replay)
        assert case.get("status", 0) or not replay.unused(), "never asked: %s" % replay.unused()


def test_the_catalogue_is_valid(build):
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../backends/catalog")
    files = sorted(os.path.join(root, n) for n in os.listdir(root) if n.endswith(".yaml"))
    done = subprocess.run([worker(build), "connector", "check"] + files, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(files) >= 8
