"""The console on a real Airflow 3: a failed run is seen, read, rerun and proved; dates are previewed and run."""
import re

from desk import wait_for
from keys import ARM, QUESTION, answer, choose, fill, to_question

FAILED = r"^.. .*failed .*live_orders"


def test_a_failed_run_is_rerun(desk, airflow):
    run = airflow.trigger("live_orders")
    airflow.wait(lambda: airflow.state("live_orders", run) == "failed", 90, "a failed run")

    tty = desk.console()
    tty.wait(FAILED)
    tty.to_row(r"live_orders")
    tty.press("l", r"error 1 of \d+, line \d+ of \d+")
    tty.wait(r"^>.*(ERROR|VARIABLE_NOT_FOUND)")
    tty.press("Esc", FAILED)

    airflow.call("POST", "/api/v2/variables", {"key": "stg_schema", "value": "stg"})
    choose(tty, "rerun-failed-tasks")
    tty.wait(r"1 tasks? will be cleared")
    to_question(tty)
    answer(tty)
    tty.wait(r"1 of 1 proved", 120)
    airflow.wait(lambda: airflow.state("live_orders", run) == "success", 120, "the run's success")
    job = desk.wait_action(("succeeded",), runbook="rerun-failed-tasks")
    assert [row["event"] for row in desk.audit(job["job"])] == ["intent", "request", "reply", "target", "outcome"]


def test_five_keys_to_the_question(desk, airflow):
    """From start to the rerun's last question: at most five keys."""
    airflow.call("DELETE", "/api/v2/variables/stg_schema")
    run = airflow.trigger("live_orders")
    airflow.wait(lambda: airflow.state("live_orders", run) == "failed", 90, "a failed run")
    desk.wait_rows("triage", "state:failed", "live_orders")

    tty = desk.console()
    tty.wait(r"^> .*failed .*live_orders")
    tty.press("r", r"^> +rerun-failed-tasks")
    tty.press("Enter", r"Run: rerun-failed-tasks")
    tty.wait(r"^>\[ Start")
    tty.wait(r"^ Allowed ")
    tty.press("Enter", QUESTION)
    tty.rest(ARM)
    tty.press("n", r"^.\[ Start")
    assert airflow.state("live_orders", run) == "failed", "nothing was sent"
    assert desk.actions() == []


def test_three_days_are_backfilled(desk, airflow):
    desk.wait_rows("runs", "live_daily")
    tty = desk.console()
    tty.wait(r"^ Triage ")
    tty.press("2", r"live_daily")
    tty.to_row(r"live_daily")
    choose(tty, "backfill")
    fill(tty, "First run", "2026-11-10")
    fill(tty, "Last run", "2026-11-12")
    fill(tty, "Reason", "the mart was empty")
    tty.wait(r"3 runs will be created")
    shown = tty.text()
    for date in ("2026-11-10", "2026-11-11", "2026-11-12"):
        assert re.search(r"^\s+(live_daily +)?%s" % date, shown, re.M), "Airflow's own dry run lists " + date
    to_question(tty)
    answer(tty, "live_daily")
    tty.wait(r"1 of 1 proved", 120)

    def all_run():
        runs = airflow.call("GET", "/api/v2/dags/live_daily/dagRuns?run_type=backfill&limit=20")["dag_runs"]
        return len(runs) == 3 and all(r["state"] == "success" for r in runs) and runs

    runs = airflow.wait(all_run, 120, "three runs of the backfill")
    assert sorted(r["logical_date"][:10] for r in runs) == ["2026-11-10", "2026-11-11", "2026-11-12"]
    wait_for(lambda: len(desk.rows("runs", "live_daily", "state:succeeded")) >= 3, "the runs in the list")


def test_a_viewer_may_not(desk, airflow):
    """What Airflow refuses is shown in its words and is no success."""
    desk.stop_worker()
    desk.configure({"airflow-live": {"connector": "airflow3", "url": airflow.url, "every": "2s", "username": "viewer",
                                     "password": desk.secret("viewer", airflow.viewer_password)}})
    desk.start_worker()
    key = desk.wait_rows("runs", "state:failed", "live_orders")[0]["key"]
    done = desk.run("run", "rerun-failed-tasks", "--target", key, "--yes", "--reason", "try", status=None)
    assert done.status in (1, 4) and "403" in done.out + done.err, done
