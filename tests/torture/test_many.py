"""Many people at once: sixteen ask for the same action in the same moment, on a far side that is quick."""
import json

import rig

PEOPLE = 16


def test_sixteen_at_once_are_one(desk, long):
    """The one who is first acts. The others are told who it was, or that it is so already; nobody sends a second time."""
    rounds = 26 if long else 2
    with rig.FarSide() as far:
        before = 0
        far.paths.update({
            "/things": rig.Reply([{"id": "t%d" % i} for i in range(rounds)]),
            "/poke": rig.Reply({}),
            "/state": lambda *_: rig.Reply({"done": far.count("POST", "/poke") > before}),
        })
        far.use(desk)
        for i in range(rounds):
            before = far.count("POST", "/poke")
            key = desk.wait_rows("incidents", "t%d" % i)[0]["key"]
            started = [desk.start("run", "poke", "--target", key, "--yes", "--json") for _ in range(PEOPLE)]
            ended = [desk.end_of(process) for process in started]
            assert far.count("POST", "/poke") == before + 1, "round %d: %r" % (i, ended)
            jobs = [json.loads(done.out) for done in ended if done.status == 0]
            states = [job["state"] for job in jobs]
            assert states.count("succeeded") == 1 and states.count("already") == len(states) - 1, states
            for done in ended:
                assert done.status == 0 or (done.status == 4 and "oncall" in done.out + done.err), "round %d: %r" % (i, done)


def test_sixteen_without_a_proof(desk, long):
    """A call that nobody can look at: who asked before the first one ended sends nothing after it."""
    rounds = 10 if long else 1
    with rig.FarSide() as far:
        far.paths.update({"/things": rig.Reply([{"id": "t%d" % i} for i in range(rounds)]), "/poke": rig.Reply({})})
        far.use(desk, start=False)
        desk.write("runbooks/poke.yaml", rig.POKE.replace("call: poke", "call: blind"))
        desk.start_worker()
        for i in range(rounds):
            before = far.count("POST", "/poke")
            key = desk.wait_rows("incidents", "t%d" % i)[0]["key"]
            started = [desk.start("run", "poke", "--target", key, "--yes", "--json") for _ in range(PEOPLE)]
            ended = [desk.end_of(process) for process in started]
            sent = far.count("POST", "/poke") - before
            accepted = [done for done in ended if done.status == 6]
            assert sent == len(accepted) >= 1, "round %d: %d sent: %r" % (i, sent, ended)
            assert all(done.status in (4, 6) for done in ended), "round %d: %r" % (i, ended)
            # Each that was sent had its preview after the one before it had ended.
            jobs = sorted((j for j in desk.actions() if j["target"] == "t%d" % i and j["state"] == "accepted"), key=lambda j: j["started"])
            for one, next_one in zip(jobs, jobs[1:]):
                assert one["ended"] <= next_one["created"], "round %d: %s" % (i, json.dumps([one, next_one]))
