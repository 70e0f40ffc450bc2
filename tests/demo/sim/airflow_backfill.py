"""Backfills of the simulated Airflow: what would run, and the runs themselves."""
from typing import Any, Dict, List

from .web import Reply, Request
from .world import HOUR, World, iso, parse_time


class Backfills:
    """For Airflow, which has the pipelines and launches runs."""

    world: World
    name: str
    dags: Dict[str, Any]
    runs: Dict[str, Dict[str, Any]]
    backfills: List[dict]
    page: Any
    invalid: Any
    new_run: Any
    launch: Any

    def backfill_dates(self, body: Any) -> Any:
        """(dag, dates) or the refusal."""
        if not isinstance(body, dict) or not {"dag_id", "from_date", "to_date"} <= set(body):
            return Reply(422, {"detail": [{"type": "missing", "loc": ["body", "from_date"], "msg": "Field required"}]})
        dag = self.dags.get(body["dag_id"])
        if not dag:
            return Reply(404, {"detail": "Could not find dag %s" % body["dag_id"]})
        try:
            first, last = parse_time(body["from_date"]), parse_time(body["to_date"])
        except (ValueError, AttributeError):
            return Reply(422, {"detail": [{"type": "datetime_from_date_parsing", "loc": ["body", "from_date"], "msg": "Input should be a valid datetime"}]})
        if first >= self.world.now and last >= self.world.now:
            return Reply(422, {"detail": "Backfill cannot be executed for future dates."})
        if first > last:
            return Reply(422, {"detail": "from_date must be before to_date"})
        # Runs are known by their place in the schedule: the day, the hour.
        step = max(dag.period, HOUR)
        have = {r.logical // step: r for r in self.runs[dag.dag_id].values() if r.logical is not None}
        how = body.get("reprocess_behavior", "none")
        dates = []
        t = -(-first // step) * step
        while t <= last and t + step <= self.world.now and len(dates) < 400:
            run = have.get(t // step)
            again = how == "completed" and run and run.state in ("success", "failed") or how == "failed" and run and run.state == "failed"
            if run is None or again:
                dates.append((t, run))
            t += step
        return dag, dates

    def backfill_dry_run(self, rq: Request) -> Reply:
        found = self.backfill_dates(rq.json())
        if isinstance(found, Reply):
            return found
        rows = [{"logical_date": iso(t), "partition_key": None, "partition_date": None} for t, _ in found[1]]
        return Reply(200, {"backfills": rows, "total_entries": len(rows)})

    def backfill(self, rq: Request) -> Reply:
        body = rq.json()
        found = self.backfill_dates(body)
        if isinstance(found, Reply):
            return found
        dag, dates = found
        if any(b["dag_id"] == dag.dag_id and not b["completed_at"] for b in self.backfills):
            return Reply(409, {"detail": "There is already a running backfill for dag %s" % dag.dag_id})
        entry = {
            "id": len(self.backfills) + 1,
            "dag_id": dag.dag_id,
            "dag_display_name": dag.dag_id,
            "from_date": iso(parse_time(body["from_date"])),
            "to_date": iso(parse_time(body["to_date"])),
            "dag_run_conf": body.get("dag_run_conf", {}),
            "is_paused": False,
            "reprocess_behavior": body.get("reprocess_behavior", "none"),
            "max_active_runs": body.get("max_active_runs", 10),
            "created_at": iso(self.world.now),
            "completed_at": None,
            "updated_at": iso(self.world.now),
        }
        self.backfills.append(entry)
        runs = []
        for i, (t, run) in enumerate(dates):
            if run is None:
                run = self.new_run(dag, "backfill__%s+00:00" % iso(t, 0)[:19], "backfill", t, self.world.now)
            else:
                run.kind = "backfill"
                for task in run.tasks:
                    task.reset()
            run.fails_at = None
            runs.append(run)
            self.launch(run, 5.0 + i)
        self.world.at(2, lambda: self.end_backfill(entry, runs))
        self.world.did(self.name, "backfill", dag.dag_id)
        return Reply(200, entry)

    def end_backfill(self, entry: dict, runs: List[Any]) -> None:
        if all(r.state in ("success", "failed") for r in runs):
            entry["completed_at"] = entry["updated_at"] = iso(self.world.now)
        else:
            self.world.at(2, lambda: self.end_backfill(entry, runs))

    def list_backfills(self, rq: Request) -> Reply:
        rows = [b for b in self.backfills if b["dag_id"] == rq.get("dag_id")]
        if not rq.get("dag_id"):
            return self.invalid("dag_id", "Field required")
        return Reply(200, {"backfills": self.page(rq, rows), "total_entries": len(rows)})

    def get_backfill(self, rq: Request) -> Reply:
        for entry in self.backfills:
            if str(entry["id"]) == rq.parts["number"]:
                return Reply(200, entry)
        return Reply(404, {"detail": "Backfill not found"})
