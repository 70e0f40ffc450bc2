"""Helpers of the connector tests: the worker's program, sources written down, private servers."""
import json
import os
import subprocess
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)


def worker(build):
    path = os.path.join(build, "watchdesk-worker")
    if not os.access(path, os.X_OK):
        pytest.fail("%s is not built" % path)
    return path


def write_config(folder, source, secrets, more=()):
    """One source named `far`; secrets become files of mode 0600."""
    lines = ["sources:", "  far:"] + ["    " + line for line in source]
    for key, value in secrets.items():
        path = folder / key
        path.write_text(value + "\n")
        path.chmod(0o600)
        lines.append("    %s: {file: %s}" % (key, json.dumps(str(path))))
    config = folder / "config.yaml"
    config.write_text("\n".join(lines + list(more)) + "\n")
    return str(config)


def attempt(build, config, collection):
    command = [worker(build), "connector", "try", "far", "--config", config, "--collection", collection, "--json"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def records(build, config, collection):
    done = attempt(build, config, collection)
    assert done.returncode == 0, done.stderr
    return {row["id"]: row for row in json.loads(done.stdout)}


class Server:
    """tests/servers/NAME.py started in a folder."""

    def __init__(self, name, folder):
        self.command = [sys.executable, os.path.join(TESTS, "servers", name), "start", str(folder)]
        done = subprocess.run(self.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.why = done.stderr.strip() if done.returncode else ""
        self.about = json.loads(done.stdout) if not self.why else {}

    def stop(self):
        self.command[2] = "stop"
        subprocess.run(self.command, stdin=subprocess.DEVNULL, timeout=60, check=False)


def psql(about, sql, user=None):
    args = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", about["socket_dir"], "-p", str(about["port"])]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    done = subprocess.run(args + ["-U", user or about["user"], "-d", about["dbname"]], input=sql, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
