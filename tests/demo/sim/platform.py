"""The whole platform: every system, wired into one story."""
from typing import Any, Dict

from .airflow import Airflow, Run
from .alertmanager import Alertmanager
from .aws import CostExplorer
from .dags import EU, PROD
from .okta import GROUPS, Okta
from .servicenow import ServiceNow
from .web import Server
from .world import World

CREDENTIALS = {
    "airflow": {"username": "oncall", "password": "sim-airflow-7Qk2"},
    "airflow-eu": {"username": "oncall", "password": "sim-airflow-eu-9Xw4"},
    "alertmanager": {},
    "servicenow": {"username": "oncall", "password": "sim-servicenow-3Lp8"},
    "okta": {"token": "00sim-okta-token-5Jr1", "groups": [{"id": g[0], "name": g[1]} for g in GROUPS]},
    "aws": {"access_key_id": "AKIASIMULATED0000007", "secret_access_key": "sim-aws-secret-8Vn6Tt0qRz", "region": "us-east-1"},
}


class Platform:
    def __init__(self, port: int, seed: int) -> None:
        self.world = World(seed)
        c: Dict[str, Any] = CREDENTIALS
        self.airflow = Airflow(self.world, "airflow", PROD, {"oncall": c["airflow"]["password"]})
        self.eu = Airflow(self.world, "airflow-eu", EU, {"oncall": c["airflow-eu"]["password"]})
        self.alerts = Alertmanager(self.world)
        self.desk = ServiceNow(self.world, {"oncall": c["servicenow"]["password"]})
        self.okta = Okta(self.world, c["okta"]["token"])
        self.cost = CostExplorer(self.world, c["aws"]["access_key_id"], c["aws"]["secret_access_key"])
        self.airflow.on_change.append(self.orders_moved)
        systems = (self.airflow, self.eu, self.alerts, self.desk, self.okta, self.cost)
        self.server = Server(port, self.world, {s.name: s for s in systems})

    def orders_moved(self, run: Run) -> None:
        """Once no run of orders_daily is failed any more the mart is fresh, what waited goes on, the spend calms down."""
        if run.dag.dag_id != "orders_daily" or run.state != "success":
            return
        if any(r.state != "success" for r in self.airflow.runs["orders_daily"].values()):
            return
        self.world.at(6, lambda: self.alerts.resolve("DataFreshness"))
        self.world.at(8, lambda: self.desk.note("INC0010342", "mart.orders is fresh again."))
        self.cost.calm("WH_ETL")
        for runs in self.airflow.runs.values():
            for waiting in runs.values():
                if waiting.kind == "asset_triggered" and waiting.state == "running":
                    self.airflow.launch(waiting, 14.0)

    def describe(self) -> Dict[str, Any]:
        base = self.server.base
        systems = {name: {"url": "%s/%s" % (base, name), **values} for name, values in CREDENTIALS.items()}
        return {"ready": True, "url": base, "port": self.server.server_address[1], "systems": systems}
