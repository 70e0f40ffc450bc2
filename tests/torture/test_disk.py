"""The worker's disk fails, or the worker ends, at each single change of a file during an action: nothing is sent twice, the outcome is
what the far side has, and in the end the target is free for the next action."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "servers"))

import rig  # noqa: E402
from desk import Desk, alive, wait_for  # noqa: E402
from faults import Faults  # noqa: E402

ENDED = ("succeeded", "already", "failed", "unknown", "partial", "canceled")
CHANGES = 90  # a preview and its action make about eighty changes of files; the last ones hit what follows


class Attack:
    """A desk of the release build (ASan wants to be loaded first, and so does the shim) and a far side that counts."""

    def __init__(self, build):
        self.desk = Desk(build)
        self.desk.bin = os.path.join(build, "release")
        self.far = rig.FarSide()
        self.far.paths.update({
            "/things": rig.Reply([{"id": "t%d" % i} for i in range(CHANGES + 1)]),
            "/poke": rig.Reply({}),
            "/state": lambda method, body: rig.Reply({"done": self.sent() > 0}),
        })
        self.before = 0
        self.far.use(self.desk, start=False)
        self.faults = Faults(self.desk.folder, os.path.dirname(self.desk.store))

    def sent(self):
        """By the action under way."""
        return self.far.count("POST", "/poke") - self.before

    def start_worker(self):
        """With the shim; when a command was quicker and started one without it, that one is as good."""
        command = [self.desk.program("watchdesk-worker"), "worker", "--store", self.desk.store, "--config", self.desk.config]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**self.desk.env(), **self.faults.env}, cwd=self.desk.folder, start_new_session=True)
        self.desk.processes.append(process)
        wait_for(lambda: self.desk.worker_pid() and os.path.exists(self.desk.store), "a worker")
        return process

    def begin(self, nth):
        """An action on a target of its own, with the shim's worker that has nothing else to do."""
        self.desk.stop_worker()
        self.faults.kill_at = self.faults.fail_at = 0
        self.start_worker()
        self.before = self.far.count("POST", "/poke")
        key = "incident:far:t%d" % nth
        self.desk.wait_rows("incidents", "t%d" % nth)
        return key, lambda: self.desk.start("run", "poke", "--target", key, "--yes", "--json")

    def judge(self, key, nth):
        """What is left is the truth, and the target is free."""
        jobs = wait_for(lambda: self.settled(key), "the end of every action after change %d" % nth)
        said = "change %d: sent %d times, actions %s" % (nth, self.sent(), [j["state"] for j in jobs])
        assert self.sent() <= 1, said
        for job in jobs:
            assert job["state"] != "succeeded" or self.sent() == 1, said
            assert job["state"] != "failed" or self.sent() == 0, said
        self.before = self.far.count("POST", "/poke")
        done = self.desk.run("run", "poke", "--target", key, "--yes", "--json", status=None)
        assert done.status == 0 and self.sent() == 1, "%s; then %r" % (said, done)

    def settled(self, key):
        jobs = [j for j in self.desk.actions() if j["target"] == key.rpartition(":")[2]]
        return all(j["state"] in ENDED for j in jobs) and (jobs or [{"state": "none"}])

    def close(self):
        try:
            self.desk.close()
            self.far.__exit__()
        finally:
            self.desk.remove()


@pytest.fixture
def attack(build):
    a = Attack(build)
    yield a
    a.close()


def part(long, offset):
    """All changes, or every seventeenth."""
    return range(1, CHANGES + 1) if long else range(1 + offset, CHANGES + 1, 17)


def test_killed_at_a_change(attack, long):
    for nth in part(long, 5):
        key, act = attack.begin(nth)
        worker = attack.desk.worker_pid()
        attack.faults.kill_at = attack.faults.count + nth
        process = act()
        wait_for(lambda: not alive(worker) or process.poll() is not None, "an end after change %d" % nth)
        attack.faults.kill_at = 0
        attack.start_worker()
        attack.desk.end_of(process)
        attack.judge(key, nth)


@pytest.mark.parametrize("refused", [1, 40])
def test_a_full_disk_at_a_change(attack, long, refused):
    for nth in part(long, 9 if refused == 1 else 0):
        key, act = attack.begin(nth)
        attack.faults.fail_n = refused
        attack.faults.fail_at = attack.faults.count + nth
        process = act()
        attack.desk.end_of(process)
        attack.judge(key, nth)
