"""The JSON of Airflow 3's REST API: runs, task instances, pipelines, field by field as the server sends them."""
from typing import Any, Dict

from .dags import Dag
from .world import DAY, World, iso


class Shapes:
    """For Airflow, which has the world, the versions and what is paused."""

    world: World
    versions: Dict[str, str]
    paused: Dict[str, bool]

    def version_json(self, dag: Dag) -> dict:
        return {
            "id": self.versions[dag.dag_id],
            "version_number": 4,
            "dag_id": dag.dag_id,
            "bundle_name": "dags-folder",
            "bundle_version": None,
            "created_at": iso(self.world.start - 3 * DAY),
            "dag_display_name": dag.dag_id,
            "bundle_url": None,
        }

    def run_json(self, run: Any) -> dict:
        return {
            "dag_run_id": run.run_id,
            "dag_id": run.dag.dag_id,
            "dag_display_name": run.dag.dag_id,
            "logical_date": iso(run.logical),
            "queued_at": iso(run.queued),
            "start_date": iso(run.start),
            "end_date": iso(run.end),
            "duration": round(run.end - run.start, 6) if run.end and run.start else None,
            "data_interval_start": iso(run.logical),
            "data_interval_end": iso(run.after) if run.logical else None,
            "run_after": iso(run.after),
            "last_scheduling_decision": iso(run.updated),
            "run_type": run.kind,
            "state": run.state,
            "triggered_by": {"scheduled": "timetable", "backfill": "backfill", "asset_triggered": "asset"}.get(run.kind, "rest_api"),
            "triggering_user_name": run.user,
            "conf": {},
            "note": run.note,
            "dag_versions": [self.version_json(run.dag)],
            "bundle_version": None,
            "partition_key": None,
        }

    def task_json(self, run: Any, task: Any) -> dict:
        return {
            "id": task.ident,
            "task_id": task.name,
            "dag_id": run.dag.dag_id,
            "dag_run_id": run.run_id,
            "map_index": -1,
            "logical_date": iso(run.logical),
            "run_after": iso(run.after),
            "start_date": iso(task.start),
            "end_date": iso(task.end),
            "duration": round(task.end - task.start, 6) if task.end and task.start else None,
            "state": task.state,
            "try_number": task.tries,
            "max_tries": max(2, task.tries - 1),
            "task_display_name": task.name,
            "dag_display_name": run.dag.dag_id,
            "hostname": "etl-04",
            "unixname": "airflow",
            "pool": "default_pool",
            "pool_slots": 1,
            "queue": "default",
            "priority_weight": 1,
            "operator": "PythonOperator",
            "operator_name": "PythonOperator",
            "queued_when": iso(run.queued),
            "scheduled_when": iso(run.queued),
            "pid": None,
            "executor": None,
            "executor_config": "{}",
            "note": None,
            "rendered_map_index": None,
            "rendered_fields": {},
            "trigger": None,
            "triggerer_job": None,
            "dag_version": self.version_json(run.dag),
        }

    def dag_json(self, dag: Dag) -> dict:
        return {
            "dag_id": dag.dag_id,
            "dag_display_name": dag.dag_id,
            "is_paused": self.paused.get(dag.dag_id, False),
            "is_stale": False,
            "last_parsed_time": iso(self.world.now - 20),
            "last_parse_duration": 0.2,
            "last_expired": None,
            "bundle_name": "dags-folder",
            "bundle_version": None,
            "relative_fileloc": dag.dag_id + ".py",
            "fileloc": "/opt/airflow/dags/%s.py" % dag.dag_id,
            "description": None,
            "timetable_summary": "every %d s" % dag.period,
            "timetable_description": None,
            "timetable_partitioned": False,
            "tags": [{"name": dag.owner, "dag_id": dag.dag_id, "dag_display_name": dag.dag_id}],
            "max_active_tasks": 16,
            "max_active_runs": 16,
            "max_consecutive_failed_dag_runs": 0,
            "has_task_concurrency_limits": False,
            "has_import_errors": False,
            "next_dagrun_logical_date": None,
            "next_dagrun_data_interval_start": None,
            "next_dagrun_data_interval_end": None,
            "next_dagrun_run_after": None,
            "owners": [dag.owner],
            "file_token": "token-" + dag.dag_id,
        }
