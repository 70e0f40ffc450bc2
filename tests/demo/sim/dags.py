"""The pipelines of the simulated Airflow instances and what their task logs say."""
from typing import Dict, List, NamedTuple, Tuple

MINUTE, HOUR, DAY = 60, 3600, 86400


class Dag(NamedTuple):
    dag_id: str
    owner: str
    period: int
    tasks: Tuple[str, ...]
    took: float  # usual seconds of one run
    history: int  # finished runs at the start
    chance: float = 0.0  # that a task of a run fails by itself
    trouble: str = ""  # key of ERRORS
    lasting: bool = False  # still fails when it is run again


PROD: List[Dag] = [
    Dag("orders_daily", "data-core", DAY, ("extract_orders", "load_orders", "build_mart"), 250, 20, 0, "missing_table"),
    Dag("customers_daily", "data-core", DAY, ("extract", "dedupe", "load", "publish"), 410, 14, 0.01, "timeout"),
    Dag("products_daily", "data-core", DAY, ("extract", "load"), 130, 14),
    Dag("finance_ledger", "finance", DAY, ("pull_erp", "reconcile", "post_entries", "report"), 1260, 14),
    Dag("revenue_snapshot", "finance", DAY, ("collect", "snapshot"), 300, 14),
    Dag("marketing_attribution", "growth", DAY, ("sessions", "touchpoints", "model", "publish"), 2400, 14, 0.02, "memory"),
    Dag("churn_features", "ml-feats", DAY, ("window", "aggregate", "write_store"), 1900, 14, 0.02, "memory"),
    Dag("orders_features", "ml-feats", DAY, ("wait_orders", "aggregate", "write_store"), 900, 12),
    Dag("gdpr_erasure", "privacy", DAY, ("collect_requests", "erase", "certify"), 700, 14),
    Dag("inventory_hourly", "data-core", HOUR, ("extract", "load"), 95, 36, 0.01, "timeout"),
    Dag("sessions_hourly", "growth", HOUR, ("compact", "sessionize", "load"), 340, 36, 0.02, "timeout"),
    Dag("geo_enrich", "ingest", HOUR, ("fetch_batches", "enrich", "load"), 210, 30, 0.03, "bad_value", True),
    Dag("fx_rates", "finance", HOUR, ("fetch", "validate", "load"), 25, 36, 0.02, "upstream"),
    Dag("warehouse_vacuum", "platform", HOUR, ("vacuum",), 400, 24),
    Dag("dq_suite", "data-core", HOUR, ("freshness", "row_counts", "referential"), 180, 30, 0.02, "quality"),
    Dag("clicks_compact", "ingest", 90, ("list_files", "compact"), 22, 24, 0.06, "upstream"),
    Dag("events_microbatch", "ingest", 45, ("read_offsets", "load_batch", "commit_offsets"), 15, 40, 0.05, "deadlock"),
]

EU: List[Dag] = [
    Dag("crm_sync", "crm", 15 * MINUTE, ("login", "pull_accounts", "pull_contacts", "merge"), 160, 24, 0.0, "throttled"),
    Dag("billing_export", "finance", DAY, ("export", "encrypt", "deliver"), 520, 14),
    Dag("consent_events", "privacy", HOUR, ("read", "apply"), 75, 24),
    Dag("support_tickets", "crm", HOUR, ("pull", "classify", "load"), 140, 24, 0.03, "throttled"),
    Dag("eu_orders_replica", "data-core", 120, ("ship", "apply"), 18, 30, 0.04, "deadlock"),
]

# What the log of a failed try says: (exception, message, lines around it).
ERRORS: Dict[str, Tuple[str, str, List[str]]] = {
    "missing_table": (
        "psycopg.errors.UndefinedTable",
        'relation "stg.orders" does not exist',
        ["LINE 1: insert into mart.orders select order_id, customer_id, total from stg.orders", "                      ^"],
    ),
    "timeout": (
        "requests.exceptions.ReadTimeout",
        "HTTPSConnectionPool(host='erp.example.com', port=443): Read timed out. (read timeout=30)",
        ["Retrying would pass the deadline of the task"],
    ),
    "memory": (
        "MemoryError",
        "Unable to allocate 3.81 GiB for an array with shape (511705088,) and data type float64",
        ["peak resident set 15.2 GiB of 16 GiB"],
    ),
    "bad_value": (
        "ValueError",
        "latitude 912.4412 out of range in batch geo-000417, row 88213",
        ["column lat, expected -90..90"],
    ),
    "upstream": (
        "urllib3.exceptions.MaxRetryError",
        "Max retries exceeded with url: /v2/rates (Caused by ResponseError('too many 503 error responses'))",
        [],
    ),
    "deadlock": (
        "psycopg.errors.DeadlockDetected",
        "deadlock detected",
        [
            "DETAIL:  Process 30112 waits for ShareLock on transaction 88412031; blocked by process 30098.",
            "HINT:  See server log for query details.",
        ],
    ),
    "throttled": (
        "crm.client.RateLimited",
        "429 Too Many Requests: daily quota of 100000 calls reached, resets at 00:00 UTC",
        ["pulled 14210 of 61877 contacts before the limit"],
    ),
    "quality": (
        "dq.CheckFailed",
        "row_counts: mart.customers has 0 rows for today, expected 41000 to 52000",
        [],
    ),
}


def log_events(dag: Dag, run_id: str, task: str, number: int, state: str) -> List[Tuple[float, str, str]]:
    """(seconds after the start, level, event) of one try: plain work, then its end."""
    lines: List[Tuple[float, str, str]] = [
        (0.0, "", "::group::Log message source details"),
        (0.0, "", "::endgroup::"),
        (0.1, "info", "DAG bundles loaded: warehouse-models"),
        (0.2, "info", "Filling up the DagBag from /opt/airflow/dags/%s.py" % dag.dag_id),
        (0.3, "info", "Running %s.%s for %s, try %d" % (dag.dag_id, task, run_id, number)),
    ]
    failed = state in ("failed", "up_for_retry")
    work = 205 if failed and dag.trouble == "missing_table" else 40
    for i in range(work):
        lines.append((0.4 + i * 0.015, "info", "batch %03d of %03d: %d rows read, %d written" % (i + 1, work, 5000 - i, 5000 - i)))
    t = 0.5 + work * 0.015
    if state == "running":
        return lines[: 5 + work // 2]
    if not failed:
        return lines + [(t, "info", "%d rows in total" % (work * 4900)), (t + 0.1, "info", "Task instance is in state success")]
    kind, message, around = ERRORS[dag.trouble or "timeout"]
    lines += [
        (t, "info", "Running statement 3 of 9"),
        (t + 0.02, "info", "insert into mart.orders select ... from stg.orders" if dag.trouble == "missing_table" else "step 3 of 9"),
        (t + 1.9, "warning", "statement took longer than 1 s"),
        (t + 2.0, "error", "%s: %s" % (kind, message)),
    ]
    lines += [(t + 2.0, "error", text) for text in around]
    lines += [
        (t + 2.1, "error", "Task failed with exception"),
        (t + 2.2, "info", "Marking task as %s" % ("UP_FOR_RETRY" if state == "up_for_retry" else "FAILED")),
        (t + 2.3, "info", "Task exited with return code 1"),
    ]
    return lines
