"""The console on the demo, by keys: what is wrong is on top, and each action is a few keys and really happens."""
import os
import re
import signal
import subprocess
import sys

import pytest

import rig
from desk import ROOT, alive, wait_for
from keys import QUESTION, act, answer, choose, fill, to_question
from terminal import Tty

SIZES = pytest.mark.parametrize("rows,cols", [(32, 120), (24, 80)], ids=["120x32", "80x24"])


def open_console(desk, demo, *sources, rows=32, cols=120):
    desk.use_demo(demo, *sources)
    desk.start_worker()
    if not sources or "airflow-prod" in sources:
        desk.wait_rows("runs", "need:yes", "orders_daily", "source:airflow-prod")
    tty = desk.console(rows=rows, cols=cols)
    tty.wait(r"^ Triage ")
    tty.wait(r"^> ")
    return tty


@SIZES
def test_every_lane(desk, demo, rows, cols):
    desk.use_demo(demo)
    desk.start_worker()
    for kind in ("runs", "incidents", "access", "cost", "checks"):
        desk.wait_rows(kind)
    tty = desk.console(rows=rows, cols=cols)
    tty.wait(r"^> ")
    for key, title in zip("2345681", ("Runs", "Incidents", "Access", "Cost", "Checks", "Sources", "Triage")):
        tty.press(key, r"^ %s " % title)
        tty.wait(r"^> +\S+")
    tty.press("7", r"^ Actions ")
    tty.key("q")
    assert tty.wait_end() == 0


@SIZES
def test_the_story_is_on_top_and_its_log_opens_at_the_error(desk, demo, rows, cols):
    tty = open_console(desk, demo, "airflow-prod", "servicenow", "alertmanager", rows=rows, cols=cols)
    tty.wait(r"orders_daily")
    top = [line for line in tty.lines()[3:] if re.match(r"[> ]  +(crit|high) ", line)][:4]
    assert any("orders_daily" in line for line in top) and any("Orders dashboard" in line for line in top), tty.text()
    tty.to_row(r"failed .*orders_daily")
    tty.press("l", r'^> .*relation "stg\.orders" does')
    assert "error 1 of" in tty.text() or cols < 100
    tty.press("Esc", r"^> +crit .*orders_daily")
    tty.press("Enter", r"FAILED")
    tty.wait(r"Cause")
    tty.press("y", r"dag_run_id")


def test_rerun_in_five_keys_and_proved(desk, demo, far_platform):
    tty = open_console(desk, demo, "airflow-prod", "servicenow")
    keys = 0
    while not re.search(r"failed .*orders_daily", tty.current()):
        assert tty.down() and keys < 3, tty.text()
        keys += 1
    before = len(far_platform.actions("airflow", "clear"))
    for key, wanted in (("r", r"^> +rerun-failed-tasks "), ("Enter", r"Run: rerun-failed-tasks")):
        tty.press(key, wanted)
        keys += 1
    tty.wait(r"will be cleared")
    tty.wait(r"^>\[ Start")  # nothing has to be filled in
    to_question(tty)
    keys += 1
    assert keys <= 5
    assert len(far_platform.actions("airflow", "clear")) == before
    answer(tty)
    tty.wait(r"running|verifying|proved")
    wait_for(lambda: len(far_platform.actions("airflow", "clear")) > before, "the rerun on the platform")
    tty.wait(r"([1-9]) of \1 proved", 90)


def test_silence_with_a(desk, demo, far_platform):
    tty = open_console(desk, demo, "alertmanager")
    tty.press("3", r"^ Incidents ")
    tty.wait("WH_BI: 38")
    tty.to_row("WH_BI: 38")
    act(tty, "a", "acknowledge")
    tty.wait("1 of 1 proved", 90)
    assert far_platform.state()["alertmanager"]["alerts"]["QueryQueueLong"] == 1


def test_approval_and_revocation_want_typed_text(desk, demo, far_platform):
    desk.use_demo(demo, "servicenow", "okta")
    desk.start_worker()
    row = desk.wait_rows("access", "state:pending", "source:servicenow")[0]
    grant = desk.wait_rows("grants", "source:okta", "contractor-9", "warehouse-admins")[0]
    before = far_platform.state()["servicenow"]
    for record, runbook in ((row, "approve-access"), (grant, "revoke-grant")):
        tty = desk.console(rows=32)
        tty.wait(r"^ Triage ")
        tty.press("4", r"^ Access ")
        tty.wait(r"^> ")
        tty.press("/", r"^ /")
        tty.type('id:"%s"' % record["id"])
        tty.press("Enter", r'^ Access +1 of \d+ for /id:"%s' % re.escape(record["id"][:12]))
        tty.wait(r"^ %s" % re.escape(record["title"][:25]))  # in the pane: a list says the person in a column
        choose(tty, runbook)
        fill(tty, "Reason", "agreed")
        to_question(tty)
        word = re.search(r'^ Type "(.*)" to \w+:', tty.text(), re.M)[1]
        answer(tty, word)
        tty.wait("1 of 1 proved", 90)
    assert far_platform.state()["servicenow"] != before
    assert "contractor-9" not in far_platform.state()["okta"]["groups"]["warehouse-admins"]


def test_help_palette_and_filter(desk, demo):
    desk.use_demo(demo, "airflow-prod")
    desk.start_worker()
    desk.wait_rows("runs", "geo_enrich", "state:failed")
    tty = desk.console(rows=32)
    tty.wait(r"^> ")
    tty.press("?", r"WHAT IT DOES")
    tty.wait(r"acknowledge")
    tty.press("Esc", r"^> ")
    tty.press(":", r"^ ?:")
    tty.type("sour")
    tty.wait(r"^ > sources +view ")
    tty.press("Enter", r"^ Sources")
    tty.press("2", r"^ Runs")
    tty.press("/", r"^ /")
    tty.type("geo_enrich state:failed")
    tty.press("Enter", r"for /geo_enrich state:failed")
    tty.wait(r"^> +failed ")
    failed = [line for line in tty.lines() if re.match(r"[> ]  +failed", line)]
    assert failed and all("geo_enrich" in line for line in failed), tty.text()
    tty.press("/", r"^ / geo_enrich")
    tty.type(" nothing-like-this")
    tty.wait("Nothing matches")
    tty.press("Esc", r"^> +failed ")
    tty.key("Esc")
    tty.gone("for /")


def test_make_demo_itself(desk, build):
    """demo.py on a terminal: the banner, the story, and nothing left after q."""
    env = desk.env(TMPDIR=desk.folder)
    os.makedirs(desk.folder + "/built")
    for name in ("watchdesk", "watchdesk-worker"):
        os.symlink(os.path.join(desk.bin, name), desk.folder + "/built/" + name)
    tty = Tty([sys.executable, os.path.join(ROOT, "tests", "demo", "demo.py"), "--build", desk.folder + "/built"], env, 32, 120)
    desk.ttys.append(tty)
    tty.wait("simulation")
    tty.wait(r"orders_daily")
    folders = [n for n in os.listdir(desk.folder) if n.startswith("watchdesk-demo-")]
    assert len(folders) == 1
    tty.key("q")
    assert tty.wait_end() == 0
    assert not [n for n in os.listdir(desk.folder) if n.startswith("watchdesk-demo-")]
    left = [line for _, line in desk.processes_left() if folders[0] in line]
    assert left == []
