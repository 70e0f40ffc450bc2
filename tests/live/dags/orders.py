"""Two pipelines of the live test: one fails until a variable is set, one is there to be backfilled."""
from datetime import datetime, timezone

from airflow.sdk import DAG, Variable, task

with DAG("live_orders", schedule=None, catchup=False, default_args={"retries": 0}):

    @task
    def extract():
        print("extracted 17 rows")

    @task
    def load():
        print("loading")
        print("schema is", Variable.get("stg_schema"))

    extract() >> load()

with DAG("live_daily", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False,
         is_paused_upon_creation=False):

    @task
    def count():
        print("counted")

    count()
