"""Airflow 3's REST API (/auth/token, /api/v2) over pipelines that run, fail and recover by themselves."""
import json
import re
from typing import Any, Callable, Dict, List, Optional

from .airflow_backfill import Backfills
from .airflow_shapes import Shapes
from .dags import Dag, ERRORS, log_events
from .web import Reply, Request, System
from .world import DAY, HOUR, MINUTE, World, iso, parse_time

LIMIT = 100  # the server's maximum_page_limit: a larger one is cut without a word
LOG_PAGE = 120


class Task:
    def __init__(self, name: str, ident: str) -> None:
        self.name, self.ident = name, ident
        self.state: Optional[str] = None
        self.tries = 0
        self.start: Optional[float] = None
        self.end: Optional[float] = None
        self.past: List[str] = []  # states of the tries before this one

    def reset(self) -> None:
        if self.tries:
            self.past.append("failed" if self.state in ("failed", "upstream_failed") else str(self.state))
        self.state, self.start, self.end = None, None, None


class Run:
    def __init__(self, dag: Dag, run_id: str, kind: str, logical: Optional[float], after: float) -> None:
        self.dag, self.run_id, self.kind, self.logical, self.after = dag, run_id, kind, logical, after
        self.state = "queued"
        self.tasks: List[Task] = []
        self.queued = after
        self.start: Optional[float] = None
        self.end: Optional[float] = None
        self.updated = after
        self.user: Optional[str] = None
        self.note: Optional[str] = None
        self.fails_at: Optional[str] = None  # name of the task that fails
        self.life = 0  # rises when the run is cleared or stopped: events of an earlier life do nothing


class Airflow(System, Shapes, Backfills):
    def __init__(self, world: World, name: str, dags: List[Dag], users: Dict[str, str]) -> None:
        super().__init__()
        self.name, self.world, self.users = name, world, users
        self.dags = {d.dag_id: d for d in dags}
        self.paused = {"gdpr_erasure": False, "warehouse_vacuum": False}
        self.runs: Dict[str, Dict[str, Run]] = {d.dag_id: {} for d in dags}
        self.tokens: set = set()
        self.backfills: List[dict] = []
        self.import_errors: List[dict] = []
        self.on_change: List[Callable[[Run], None]] = []
        self.versions = {d.dag_id: world.uuid() for d in dags}
        for dag in dags:
            self.history(dag)
            self.schedule(dag)
        if name == "airflow":
            self.story()
        if name == "airflow":
            self.add_import_error("finance/close_books.py", "ModuleNotFoundError: No module named 'ledgerlib'", 5 * HOUR)
            self.world.every(4 * MINUTE, self.toggle_import_error)
        self.add_routes()

    # ---- how it lives --------------------------------------------------------------------------

    def new_run(self, dag: Dag, run_id: str, kind: str, logical: Optional[float], after: float) -> Run:
        run = Run(dag, run_id, kind, logical, after)
        run.tasks = [Task(name, self.world.uuid()) for name in dag.tasks]
        self.runs[dag.dag_id][run_id] = run
        return run

    def finish_now(self, run: Run, start: float, fails_at: Optional[str] = None) -> None:
        """Puts a run of the past straight into its last state."""
        rng = self.world.rng
        run.start, t, failed = start, start, False
        for task in run.tasks:
            if failed:
                task.state = "upstream_failed"
                continue
            took = run.dag.took / len(run.tasks) * rng.uniform(0.8, 1.3)
            task.start, task.tries = t, 1
            if task.name == fails_at:
                failed, took, task.tries = True, min(took, 4 + rng.random()), 3
                task.past = ["up_for_retry", "up_for_retry"]
            t += took
            task.end, task.state = t, "failed" if failed and task.name == fails_at else "success"
        run.end, run.updated, run.state = t, t, "failed" if failed else "success"

    def history(self, dag: Dag) -> None:
        w, rng = self.world, self.world.rng
        # Runs start a little after the end of their interval; the newest of a long pipeline ended some time ago.
        newest = w.start - max(dag.took * 1.4, rng.uniform(0.05, 0.7) * dag.period)
        if dag.dag_id == "orders_daily":
            newest = w.start - 26 * HOUR
        for i in range(dag.history):
            start = newest - (dag.history - 1 - i) * dag.period
            run = self.new_run(dag, "scheduled__%s+00:00" % iso(start - 8, 0)[:19], "scheduled", start - 8 - dag.period, start - 8)
            bad = rng.random() < dag.chance and i < dag.history - 1
            if dag.dag_id == "crm_sync":
                bad = i in (dag.history - 5, dag.history - 3, dag.history - 1)
            if dag.dag_id == "geo_enrich":
                bad = i == dag.history - 1
            self.finish_now(run, start, dag.tasks[min(1, len(dag.tasks) - 1)] if bad else None)

    def story(self) -> None:
        """After the deploy: the day's run and the two that reload late orders all miss stg.orders."""
        w, dag = self.world, self.dags["orders_daily"]
        midnight = w.start - w.start % DAY
        for back, ago, kind in ((3, 17 * MINUTE, "backfill"), (2, 13 * MINUTE, "backfill"), (1, 9 * MINUTE + 40, "scheduled")):
            logical = midnight - back * DAY
            run = self.new_run(dag, "%s__%s+00:00" % (kind, iso(logical, 0)[:19]), kind, logical, w.start - ago - 4 * MINUTE)
            self.finish_now(run, w.start - ago - 60, "load_orders")
        for name in ("orders_features", "revenue_snapshot", "marketing_attribution"):
            waiting = self.dags[name]
            run = self.new_run(waiting, "asset_triggered__%s+00:00" % iso(w.start - 8 * MINUTE, 0)[:19], "asset_triggered", None, w.start - 8 * MINUTE)
            run.state, run.start, run.updated = "running", w.start - 7 * MINUTE, w.start - 7 * MINUTE
            run.tasks[0].state, run.tasks[0].start, run.tasks[0].tries = "up_for_reschedule", w.start - 7 * MINUTE, 1

    def schedule(self, dag: Dag) -> None:
        if dag.period >= DAY:
            return
        first = self.world.rng.uniform(0.1, 1.0) * min(dag.period, 600)

        def tick() -> None:
            self.world.at(dag.period, tick)
            if self.paused.get(dag.dag_id):
                return
            now = self.world.now
            run = self.new_run(dag, "scheduled__%s+00:00" % iso(now, 0)[:19], "scheduled", now - dag.period, now)
            if self.world.rng.random() < dag.chance * 3:
                run.fails_at = dag.tasks[min(1, len(dag.tasks) - 1)]
            self.launch(run, min(dag.took, 60.0))

        self.world.at(first, tick)

    def launch(self, run: Run, took: float) -> None:
        """Queued now, running in some seconds, then task by task."""
        w = self.world
        run.life += 1
        life = run.life
        run.state, run.queued, run.updated, run.start, run.end = "queued", w.now, w.now, None, None
        todo = [t for t in run.tasks if t.state != "success"]
        step = max(1.0, took / max(1, len(todo)))

        def begin() -> None:
            if run.life != life:
                return
            if self.paused.get(run.dag.dag_id):
                w.at(2, begin)
                return
            run.state, run.start, run.updated = "running", w.now, w.now
            next_task(0)

        def next_task(i: int) -> None:
            if run.life != life:
                return
            if i == len(todo):
                run.state, run.end, run.updated = "success", w.now, w.now
                self.changed(run)
                return
            task = todo[i]
            task.state, task.start, task.tries = "running", w.now, task.tries + 1
            run.updated = w.now
            w.at(step, lambda: end_task(i))

        def end_task(i: int) -> None:
            if run.life != life:
                return
            task = todo[i]
            task.end, task.state = w.now, "success"
            if run.fails_at == task.name:
                task.state = "failed"
                for later in todo[i + 1 :]:
                    later.state = "upstream_failed"
                run.state, run.end, run.updated = "failed", w.now, w.now
                self.changed(run)
                if not run.dag.lasting and run.kind == "scheduled":
                    w.at(150, lambda: self.recover(run, life))
                return
            next_task(i + 1)

        w.at(2, begin)

    def recover(self, run: Run, life: int) -> None:
        """What the team's own retry does to a failure that nobody touched."""
        if run.life == life and run.state == "failed":
            self.clear(run, only_failed=True)

    def changed(self, run: Run) -> None:
        for tell in self.on_change:
            tell(run)

    def clear(self, run: Run, only_failed: bool) -> List[Task]:
        hit = self.to_clear(run, only_failed)
        if not hit:
            return hit
        for task in hit:
            task.reset()
        if not run.dag.lasting:
            run.fails_at = None
        else:
            run.fails_at = hit[0].name
        self.launch(run, 4.0)
        return hit

    @staticmethod
    def to_clear(run: Run, only_failed: bool) -> List[Task]:
        return [t for t in run.tasks if not only_failed or t.state in ("failed", "upstream_failed")]

    def add_import_error(self, filename: str, message: str, ago: float) -> None:
        self.import_errors.append(
            {
                "import_error_id": len(self.import_errors) + 11,
                "timestamp": iso(self.world.now - ago),
                "filename": filename,
                "bundle_name": "dags-folder",
                "stack_trace": 'Traceback (most recent call last):\n  File "%s", line 3, in <module>\n%s\n' % (filename, message),
            }
        )

    def toggle_import_error(self) -> None:
        if len(self.import_errors) > 1:
            self.import_errors.pop()
        else:
            self.add_import_error("growth/experiments.py", "SyntaxError: '(' was never closed", 0)

    def summary(self) -> Any:
        return {d: {r.run_id: r.state for r in runs.values()} for d, runs in self.runs.items()}

    # ---- requests ------------------------------------------------------------------------------

    def add_routes(self) -> None:
        api = "/api/v2"
        run = api + "/dags/{dag_id}/dagRuns/{run_id}"
        for method, path, handler in (
            ("POST", "/auth/token", self.login),
            ("GET", api + "/version", lambda rq: Reply(200, {"version": "3.1.3", "git_version": None})),
            ("GET", api + "/monitor/health", self.health),
            ("GET", api + "/dags", self.list_dags),
            ("GET", api + "/dags/{dag_id}", self.get_dag),
            ("PATCH", api + "/dags/{dag_id}", self.patch_dag),
            ("GET", api + "/dags/{dag_id}/dagRuns", self.list_runs),
            ("GET", run, self.get_run),
            ("PATCH", run, self.patch_run),
            ("POST", run + "/clear", self.clear_run),
            ("GET", run + "/taskInstances", self.list_tasks),
            ("GET", run + "/taskInstances/{task_id}", self.get_task),
            ("GET", run + "/taskInstances/{task_id}/logs/{number}", self.get_log),
            ("GET", api + "/importErrors", self.list_import_errors),
            ("POST", api + "/backfills/dry_run", self.backfill_dry_run),
            ("POST", api + "/backfills", self.backfill),
            ("GET", api + "/backfills", self.list_backfills),
            ("GET", api + "/backfills/{number}", self.get_backfill),
        ):
            self.route(method, path, handler)

    def admit(self, rq: Request) -> Optional[Reply]:
        if rq.path in ("/auth/token", "/api/v2/version", "/api/v2/monitor/health"):
            return None
        scheme, _, token = (rq.headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer":
            return Reply(401, {"detail": "Not authenticated"}, {"WWW-Authenticate": "Bearer"})
        return None if token in self.tokens else Reply(401, {"detail": "Invalid JWT token"})

    def login(self, rq: Request) -> Reply:
        body = rq.json()
        if not isinstance(body, dict) or not body.get("username") or not body.get("password"):
            return Reply(422, {"detail": [{"type": "missing", "loc": ["body", "username"], "msg": "Field required"}]})
        if self.users.get(body["username"]) != body["password"]:
            return Reply(401, {"detail": "Invalid credentials"})
        token = "eyJhbGciOiJIUzUxMiJ9.%s.%s" % (self.world.hexid(48), self.world.hexid(64))
        self.tokens.add(token)
        return Reply(201, {"access_token": token})

    def health(self, rq: Request) -> Reply:
        beat = {"status": "healthy", "latest_scheduler_heartbeat": iso(self.world.now - 2)}
        return Reply(
            200,
            {
                "metadatabase": {"status": "healthy"},
                "scheduler": beat,
                "triggerer": {"status": "healthy", "latest_triggerer_heartbeat": iso(self.world.now - 3)},
                "dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": iso(self.world.now - 1)},
            },
        )

    @staticmethod
    def page(rq: Request, rows: List[Any]) -> List[Any]:
        limit = max(0, min(rq.integer("limit", 50), LIMIT))
        offset = max(0, rq.integer("offset", 0))
        return rows[offset : offset + limit]

    @staticmethod
    def invalid(where: str, message: str) -> Reply:
        return Reply(422, {"detail": [{"type": "value_error", "loc": ["query", where], "msg": message, "input": ""}]})

    def find_dag(self, rq: Request) -> Optional[Dag]:
        return self.dags.get(rq.parts["dag_id"])

    def find_run(self, rq: Request) -> Optional[Run]:
        return self.runs.get(rq.parts["dag_id"], {}).get(rq.parts["run_id"])

    def no_run(self, rq: Request) -> Reply:
        message = "The DagRun with dag_id: `%s` and run_id: `%s` was not found" % (rq.parts["dag_id"], rq.parts["run_id"])
        return Reply(404, {"detail": message})

    def list_dags(self, rq: Request) -> Reply:
        pattern = (rq.get("dag_id_pattern") or "%").replace("%", ".*")
        rows = [d for name, d in sorted(self.dags.items()) if re.search(pattern, name)]
        if rq.get("paused"):
            rows = [d for d in rows if self.paused.get(d.dag_id, False) == (rq.get("paused") == "true")]
        return Reply(200, {"dags": [self.dag_json(d) for d in self.page(rq, rows)], "total_entries": len(rows)})

    def get_dag(self, rq: Request) -> Reply:
        dag = self.find_dag(rq)
        if not dag:
            return Reply(404, {"detail": "The Dag with ID: `%s` was not found" % rq.parts["dag_id"]})
        return Reply(200, self.dag_json(dag))

    def patch_dag(self, rq: Request) -> Reply:
        dag, body = self.find_dag(rq), rq.json()
        if not dag:
            return Reply(404, {"detail": "Dag with id: %s was not found" % rq.parts["dag_id"]})
        if not isinstance(body, dict) or not isinstance(body.get("is_paused"), bool):
            return Reply(422, {"detail": [{"type": "missing", "loc": ["body", "is_paused"], "msg": "Field required"}]})
        if rq.all("update_mask") not in ([], ["is_paused"]):
            return Reply(400, {"detail": "Only `is_paused` field can be updated through the REST API"})
        self.paused[dag.dag_id] = body["is_paused"]
        self.world.did(self.name, "pause" if body["is_paused"] else "unpause", dag.dag_id)
        return Reply(200, self.dag_json(dag))

    def run_rows(self, rq: Request) -> List[Run]:
        """Raises ValueError with the name of a bad parameter."""
        dag_id = rq.parts["dag_id"]
        rows = [r for d, runs in self.runs.items() if dag_id in ("~", d) for r in runs.values()]
        if rq.all("state"):
            rows = [r for r in rows if r.state in rq.all("state")]
        if rq.all("run_type"):
            rows = [r for r in rows if r.kind in rq.all("run_type")]
        pattern = rq.get("dag_id_pattern")
        if pattern:
            rows = [r for r in rows if re.search(pattern.replace("%", ".*"), r.dag.dag_id)]
        fields = {"run_after": "after", "logical_date": "logical", "start_date": "start", "end_date": "end", "updated_at": "updated"}
        for key, value in rq.args:
            found = re.match(r"^(\w+)_(gte|gt|lte|lt)$", key)
            if not found or found.group(1) not in fields:
                continue
            try:
                bound = parse_time(value)
            except ValueError:
                raise ValueError(key) from None
            keep = {
                "gte": lambda t, b=bound: t >= b,
                "gt": lambda t, b=bound: t > b,
                "lte": lambda t, b=bound: t <= b,
                "lt": lambda t, b=bound: t < b,
            }[found.group(2)]
            rows = [r for r in rows if (lambda t: t is not None and keep(t))(getattr(r, fields[found.group(1)]))]
        return self.ordered(rq, rows)

    @staticmethod
    def ordered(rq: Request, rows: List[Run]) -> List[Run]:
        keys = {
            "run_after": lambda r: r.after,
            "logical_date": lambda r: r.logical or 0,
            "start_date": lambda r: r.start or 0,
            "end_date": lambda r: r.end or 0,
            "updated_at": lambda r: r.updated,
            "state": lambda r: r.state,
            "dag_id": lambda r: r.dag.dag_id,
            "dag_run_id": lambda r: r.run_id,
            "run_id": lambda r: r.run_id,
            "id": lambda r: r.queued,
        }
        for name in reversed(rq.all("order_by") or ["id"]):
            key = keys.get(name.lstrip("-"))
            if key is None:
                raise ValueError("order_by")
            rows = sorted(rows, key=key, reverse=name.startswith("-"))
        return rows

    def list_runs(self, rq: Request) -> Reply:
        if rq.parts["dag_id"] not in self.dags and rq.parts["dag_id"] != "~":
            return Reply(404, {"detail": "The Dag with ID: `%s` was not found" % rq.parts["dag_id"]})
        try:
            rows = self.run_rows(rq)
        except ValueError as e:
            return self.invalid(str(e), "Invalid datetime or attribute")
        return Reply(200, {"dag_runs": [self.run_json(r) for r in self.page(rq, rows)], "total_entries": len(rows)})

    def get_run(self, rq: Request) -> Reply:
        run = self.find_run(rq)
        return Reply(200, self.run_json(run)) if run else self.no_run(rq)

    def patch_run(self, rq: Request) -> Reply:
        run, body = self.find_run(rq), rq.json()
        if not run:
            return self.no_run(rq)
        state = body.get("state") if isinstance(body, dict) else None
        if state not in (None, "queued", "success", "failed"):
            return Reply(422, {"detail": [{"type": "enum", "loc": ["body", "state"], "msg": "Input should be 'queued', 'success' or 'failed'"}]})
        if "note" in body:
            run.note, run.updated = body["note"], self.world.now
        if state in ("success", "failed"):
            run.life += 1
            for task in run.tasks:
                if task.state not in ("success", "failed"):
                    task.state = "failed" if state == "failed" and task.state == "running" else ("skipped" if state == "failed" else "success")
                    task.end = self.world.now
            run.state, run.end, run.updated = state, self.world.now, self.world.now
            run.start = run.start or self.world.now
            self.changed(run)
        elif state == "queued":
            self.clear(run, only_failed=False)
        self.world.did(self.name, "mark " + str(state), run.dag.dag_id + "/" + run.run_id)
        return Reply(200, self.run_json(run))

    def clear_run(self, rq: Request) -> Reply:
        run, body = self.find_run(rq), rq.json()
        if not run:
            return self.no_run(rq)
        if not isinstance(body, dict):
            return Reply(422, {"detail": [{"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error"}]})
        only_failed = body.get("only_failed", False)
        if body.get("dry_run", True):
            hit = self.to_clear(run, only_failed)
            return Reply(200, {"task_instances": [self.task_json(run, t) for t in hit], "total_entries": len(hit)})
        self.world.did(self.name, "clear", run.dag.dag_id + "/" + run.run_id)
        self.clear(run, only_failed)
        return Reply(200, self.run_json(run))

    def list_tasks(self, rq: Request) -> Reply:
        dag_id, run_id = rq.parts["dag_id"], rq.parts["run_id"]
        if run_id == "~":
            runs = [r for d, rs in self.runs.items() if dag_id in ("~", d) for r in rs.values()]
        else:
            run = self.find_run(rq)
            if not run:
                return self.no_run(rq)
            runs = [run]
        rows = [(r, t) for r in runs for t in r.tasks if not rq.all("state") or (t.state or "none") in rq.all("state")]
        page = [self.task_json(r, t) for r, t in self.page(rq, rows)]
        return Reply(200, {"task_instances": page, "total_entries": len(rows)})

    def find_task(self, rq: Request) -> Any:
        run = self.find_run(rq)
        for task in run.tasks if run else ():
            if task.name == rq.parts["task_id"]:
                return run, task
        return None, None

    def no_task(self, rq: Request) -> Reply:
        return Reply(
            404,
            {
                "detail": "The Task Instance with dag_id: `%s`, run_id: `%s` and task_id: `%s` was not found"
                % (rq.parts["dag_id"], rq.parts["run_id"], rq.parts["task_id"])
            },
        )

    def get_task(self, rq: Request) -> Reply:
        run, task = self.find_task(rq)
        return Reply(200, self.task_json(run, task)) if task else self.no_task(rq)

    def get_log(self, rq: Request) -> Reply:
        run, task = self.find_task(rq)
        number = int(rq.parts["number"]) if rq.parts["number"].isdigit() else 0
        if not task:
            return self.no_task(rq)
        if not 1 <= number <= task.tries:
            return Reply(404, {"detail": "TaskInstance not found"})
        state = (task.past + [task.state or "success"])[number - 1] if number <= len(task.past) else task.state or "success"
        began = (task.start or run.after) - (task.tries - number) * 62
        events = []
        for after, level, event in log_events(run.dag, run.run_id, task.name, number, state):
            line = {"timestamp": iso(began + after), "event": event}
            if level:
                line.update(level=level, logger="task")
            else:
                line.pop("timestamp")
                if "group" in event:
                    line["sources"] = ["/opt/airflow/logs/dag_id=%s/attempt=%d.log" % (run.dag.dag_id, number)]
            if event == "Task failed with exception":
                kind, message, _ = ERRORS[run.dag.trouble or "timeout"]
                line["error_detail"] = [
                    {
                        "exc_type": kind.rpartition(".")[2],
                        "exc_value": message,
                        "exc_notes": [],
                        "syntax_error": None,
                        "is_cause": False,
                        "frames": [{"filename": "/opt/airflow/dags/%s.py" % run.dag.dag_id, "lineno": 61, "name": task.name}],
                    }
                ]
            events.append(line)
        if "ndjson" in (rq.headers.get("Accept") or ""):
            text = "".join(json.dumps(e) + "\n" for e in events)
            return Reply(200, text.encode(), kind="application/x-ndjson")
        if rq.get("full_content") == "true":
            return Reply(200, {"content": events, "continuation_token": None})
        token = rq.get("token") or "0"
        at = int(token) if token.isdigit() else 0
        more = at + LOG_PAGE < len(events)
        return Reply(200, {"content": events[at : at + LOG_PAGE], "continuation_token": str(at + LOG_PAGE) if more else None})

    def list_import_errors(self, rq: Request) -> Reply:
        return Reply(200, {"import_errors": self.page(rq, self.import_errors), "total_entries": len(self.import_errors)})
