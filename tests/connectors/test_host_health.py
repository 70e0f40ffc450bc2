"""host-health: its script in a plain shell, and the whole way through a private sshd."""
import os
import shutil
import subprocess

import pytest
import yaml

from far import ROOT, Server, attempt, records, write_config

LIMITS = {"DISK_WARN": 85, "DISK_FAIL": 95, "MEMORY_WARN": 90, "MEMORY_FAIL": 97, "LOAD_WARN": 150, "LOAD_FAIL": 400}


def run(shell, **limits):
    with open(os.path.join(ROOT, "backends/catalog/host-health.yaml")) as f:
        script = yaml.safe_load(f)["collect"]["checks"]["ssh"]["script"]
    env = {"PATH": os.environ["PATH"], **{k: str(v) for k, v in {**LIMITS, **limits}.items()}}
    done = subprocess.run([shell, "-s"], input=script, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stderr, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert all(len(row) == 5 for row in rows), rows
    return {row[0]: row for row in rows}


@pytest.mark.parametrize("shell", [s for s in ("sh", "dash", "bash", "busybox") if shutil.which(s)])
def test_script(shell):
    have = run(shell) if shell != "busybox" else run("sh")
    assert {"memory", "load"} <= set(have) and any(name.startswith("disk /") for name in have)
    assert {row[1] for row in have.values()} <= {"ok", "warn", "failing"}
    assert len({row[0] for row in have.values()}) == len(have)


def test_limits_decide():
    for what, warn, fail in (("disk /", "DISK_WARN", "DISK_FAIL"), ("memory", "MEMORY_WARN", "MEMORY_FAIL"), ("load", "LOAD_WARN", "LOAD_FAIL")):
        low = [r[1] for n, r in run("sh", **{warn: 0, fail: 100000}).items() if n.startswith(what)]
        high = [r[1] for n, r in run("sh", **{warn: 0, fail: 0}).items() if n.startswith(what)]
        assert low and set(low) == {"warn"} and set(high) == {"failing"}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory, note):
    server = Server("sshd.py", tmp_path_factory.mktemp("sshd"))
    if server.why:
        note("host-health is not tested through ssh: " + server.why)
        pytest.skip(server.why)
    yield server.about
    server.stop()


def hosts(sshd, transport, **change):
    a = {**sshd, **change}
    line = "  etl-04: {host: 127.0.0.1, port: %d, user: %s, identity: %s, known_hosts: %s, transport: %s}"
    return ["hosts:", line % (a["port"], a["user"], a["identity"], a["known_hosts"], transport)]


@pytest.mark.parametrize("transport", ["libssh2", "ssh"])
def test_through_sshd(build, tmp_path, sshd, transport):
    config = write_config(tmp_path, ["connector: host-health", "hosts: [etl-04]"], {}, hosts(sshd, transport))
    have = records(build, config, "checks")
    assert have["etl-04/memory"]["asset"] == "etl-04" and have["etl-04/memory"]["kind"] == "check"
    assert have["etl-04/memory"]["title"].endswith(" on etl-04")
    assert any(ident.startswith("etl-04/disk /") for ident in have)


def test_a_host_with_another_key_is_refused(build, tmp_path, sshd):
    empty = tmp_path / "known_hosts"
    empty.write_text("")
    config = write_config(tmp_path, ["connector: host-health", "hosts: [etl-04]"], {}, hosts(sshd, "libssh2", known_hosts=str(empty)))
    done = attempt(build, config, "checks")
    assert done.returncode == 1 and "etl-04" in done.stderr
