"""Does the simulated platform speak as the published API descriptions say? Checked where they are at hand."""
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml
from jsonschema import Draft7Validator

from demo.sim.platform import Platform

ROOT = os.path.join(os.path.dirname(__file__), "../..")
SPECS = os.environ.get("WATCHDESK_SPECS") or os.path.join(os.path.dirname(__file__), "../../../shared/data/specs")


def load(name, note):
    path = os.path.join(SPECS, name)
    if not os.path.exists(path):
        note("%s is not here: the simulation's replies are not checked against it (skipped)" % name)
        pytest.skip(name + " is not here")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with open(path) as f:
        return yaml.load(f, Loader=loader)


def plain(schema):
    """OpenAPI 3.0 and Swagger 2 -> JSON Schema: `nullable` becomes a type of its own; unknown formats are left."""
    if isinstance(schema, list):
        return [plain(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: plain(v) for k, v in schema.items() if k != "nullable"}
    return {"anyOf": [out, {"type": "null"}]} if schema.get("nullable") else out


class Spec:
    def __init__(self, document, prefix=""):
        self.document, self.prefix = plain(document), prefix

    def schema(self, template, method, status="200"):
        replies = self.document["paths"][template[len(self.prefix) :]][method]["responses"]
        reply = replies.get(status) or replies[str(status)]
        if "$ref" in reply:
            reply = self.document["responses"][reply["$ref"].rpartition("/")[2]]
        return reply["schema"] if "schema" in reply else reply["content"]["application/json"]["schema"]

    def check(self, data, schema):
        root = dict(self.document)
        root.update(schema if "$ref" not in schema else {"allOf": [schema]})
        errors = sorted(Draft7Validator(root).iter_errors(data), key=lambda e: str(e.path))
        assert not errors, "\n".join("%s: %s" % ("/".join(map(str, e.path)), e.message[:200]) for e in errors[:5])

    def parameters(self, template, method):
        found = self.document["paths"][template[len(self.prefix) :]][method].get("parameters", [])
        return {p.get("name") or p["$ref"].rpartition("/")[2] for p in found}


@pytest.fixture(scope="module")
def platform():
    import threading

    p = Platform(0, 7)
    threading.Thread(target=p.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield p
    p.server.shutdown()
    p.server.server_close()


class Client:
    def __init__(self, base, headers):
        self.base, self.headers = base, {"Content-Type": "application/json", **headers}

    def __call__(self, method, path, body=None, **query):
        url = self.base + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data=data, method=method, headers=self.headers)
        try:
            with urllib.request.urlopen(request) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as e:
            status, text = e.code, e.read()
        return status, json.loads(text) if text else None


@pytest.fixture(scope="module")
def airflow(platform):
    base = platform.server.base + "/airflow"
    status, reply = Client(base, {})("POST", "/auth/token", {"username": "oncall", "password": "sim-airflow-7Qk2"})
    assert status == 201
    return Client(base, {"Authorization": "Bearer " + reply["access_token"]})


RUN = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}"


def failed_run(airflow):
    status, reply = airflow("GET", "/api/v2/dags/orders_daily/dagRuns", state="failed")
    assert status == 200
    run = reply["dag_runs"][0]
    return "/api/v2/dags/orders_daily/dagRuns/" + urllib.parse.quote(run["dag_run_id"], safe="")


@pytest.fixture(scope="module")
def airflow_spec(note):
    return Spec(load("airflow3.openapi.yaml", note))


@pytest.mark.parametrize(
    "template,path",
    [
        ("/api/v2/dags/{dag_id}/dagRuns", "/api/v2/dags/~/dagRuns?limit=100&order_by=-run_after"),
        ("/api/v2/dags", "/api/v2/dags"),
        ("/api/v2/dags/{dag_id}", "/api/v2/dags/orders_daily"),
        ("/api/v2/importErrors", "/api/v2/importErrors"),
        ("/api/v2/monitor/health", "/api/v2/monitor/health"),
        ("/api/v2/version", "/api/v2/version"),
    ],
)
def test_airflow_lists(airflow, airflow_spec, template, path):
    status, reply = airflow("GET", path)
    assert status == 200
    airflow_spec.check(reply, airflow_spec.schema(template, "get"))


def test_airflow_asks_only_what_exists(airflow_spec):
    assert {"limit", "offset", "order_by", "updated_at_gte"} <= airflow_spec.parameters("/api/v2/dags/{dag_id}/dagRuns", "get")
    tasks = airflow_spec.parameters(RUN + "/taskInstances", "get")
    assert {"limit", "offset", "order_by", "state"} <= tasks
    assert {"limit", "offset"} <= airflow_spec.parameters("/api/v2/importErrors", "get")
    assert {"dag_id", "limit", "order_by"} <= airflow_spec.parameters("/api/v2/backfills", "get")
    assert {"map_index", "full_content", "token"} <= airflow_spec.parameters(RUN + "/taskInstances/{task_id}/logs/{try_number}", "get")


def states_of(connector, collection):
    with open(os.path.join(ROOT, "backends/catalog/%s.yaml" % connector)) as f:
        return set(yaml.safe_load(f)["collect"][collection]["record"]["state"]["map"])


def test_every_state_of_the_descriptions_is_mapped(airflow_spec, note):
    """A newer description with one more state fails here, not as `unknown` on somebody's board."""
    assert set(airflow_spec.document["components"]["schemas"]["DagRunState"]["enum"]) == states_of("airflow3", "runs")
    alert = load("alertmanager.swagger.yaml", note)["definitions"]["alertStatus"]["properties"]["state"]["enum"]
    assert set(alert) == states_of("alertmanager", "alerts") == states_of("alertmanager", "checks")


def test_aws_as_its_own_client_reads_it(platform):
    """boto3 signs, checks the requests, and reads the replies by AWS' own model of Cost Explorer."""
    import boto3
    from botocore.exceptions import ClientError
    from botocore.validate import ParamValidator

    told = platform.describe()["systems"]["aws"]
    keys = {"aws_access_key_id": told["access_key_id"], "aws_secret_access_key": told["secret_access_key"]}
    ce = boto3.client("ce", endpoint_url=told["url"], region_name="us-east-1", **keys)
    asked, rows, token = {"DateInterval": {"StartDate": "2026-01-01"}, "MaxResults": 10}, [], {}
    while token is not None:
        reply = ce.get_anomalies(**asked, **token)
        rows += reply["Anomalies"]
        token = {"NextPageToken": reply["NextPageToken"]} if reply.get("NextPageToken") else None
    assert len(rows) > 20 and len({r["AnomalyId"] for r in rows}) == len(rows)
    assert all(isinstance(r["Impact"]["TotalActualSpend"], float) and isinstance(r["AnomalyStartDate"], str) for r in rows)
    # What the model does not know, the simulation has no business to send.
    shape = ce.meta.service_model.operation_model("GetAnomalies").output_shape
    assert not ParamValidator().validate({"Anomalies": rows}, shape).has_errors()
    assert ce.provide_anomaly_feedback(AnomalyId=rows[0]["AnomalyId"], Feedback="PLANNED_ACTIVITY")["AnomalyId"] == rows[0]["AnomalyId"]
    with pytest.raises(ClientError, match="InvalidNextToken"):
        ce.get_anomalies(**asked, NextPageToken="nonsense")
    wrong = boto3.client("ce", endpoint_url=told["url"], region_name="us-east-1", aws_access_key_id=told["access_key_id"], aws_secret_access_key="no")
    with pytest.raises(ClientError, match="InvalidSignature"):
        wrong.get_anomalies(**asked)


def test_airflow_run(airflow, airflow_spec):
    path = failed_run(airflow)
    for template, tail in ((RUN, ""), (RUN + "/taskInstances", "/taskInstances"), (RUN + "/taskInstances/{task_id}", "/taskInstances/load_orders")):
        status, reply = airflow("GET", path + tail)
        assert status == 200
        airflow_spec.check(reply, airflow_spec.schema(template, "get"))
    status, reply = airflow("GET", path + "/taskInstances/load_orders/logs/3")
    assert status == 200 and reply["continuation_token"]
    airflow_spec.check(reply, airflow_spec.schema(RUN + "/taskInstances/{task_id}/logs/{try_number}", "get"))


def test_airflow_actions(airflow, airflow_spec):
    path = failed_run(airflow)
    for body in ({"dry_run": True, "only_failed": True}, {"dry_run": False, "only_failed": True}):
        status, reply = airflow("POST", path + "/clear", body)
        assert status == 200
        airflow_spec.check(reply, airflow_spec.schema(RUN + "/clear", "post"))
    assert reply["state"] == "queued"
    status, reply = airflow("PATCH", path + "?update_mask=state", {"state": "failed"})
    assert status == 200
    airflow_spec.check(reply, airflow_spec.schema(RUN, "patch"))
    status, reply = airflow("PATCH", "/api/v2/dags/fx_rates?update_mask=is_paused", {"is_paused": True})
    assert status == 200
    airflow_spec.check(reply, airflow_spec.schema("/api/v2/dags/{dag_id}", "patch"))


def test_airflow_backfill(airflow, airflow_spec):
    import time

    first, last = (time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - n * 86400)) for n in (44, 42))
    body = {"dag_id": "products_daily", "from_date": first, "to_date": last, "reprocess_behavior": "none"}
    status, reply = airflow("POST", "/api/v2/backfills/dry_run", body)
    assert status == 200 and reply["total_entries"] == 3
    airflow_spec.check(reply, airflow_spec.schema("/api/v2/backfills/dry_run", "post"))
    status, reply = airflow("POST", "/api/v2/backfills", body)
    assert status == 200
    airflow_spec.check(reply, airflow_spec.schema("/api/v2/backfills", "post"))
    status, reply = airflow("GET", "/api/v2/backfills", dag_id="products_daily")
    assert status == 200 and len(reply["backfills"]) == 1
    airflow_spec.check(reply, airflow_spec.schema("/api/v2/backfills", "get"))
    assert airflow("POST", "/api/v2/backfills", body)[0] == 409


def test_airflow_errors(airflow, airflow_spec):
    status, reply = airflow("GET", "/api/v2/dags/nothing/dagRuns/none")
    assert status == 404
    airflow_spec.check(reply, airflow_spec.schema(RUN, "get", "404"))
    status, reply = airflow("GET", "/api/v2/dags/~/dagRuns?run_after_gte=2026-11-22")
    assert status == 422
    airflow_spec.check(reply, airflow_spec.schema("/api/v2/dags/{dag_id}/dagRuns", "get", "422"))
    nobody = Client(airflow.base, {"Authorization": "Bearer nothing"})
    assert nobody("GET", "/api/v2/dags")[0] == 401


def test_alertmanager(platform, note):
    import time

    spec = Spec(load("alertmanager.swagger.yaml", note))
    am = Client(platform.server.base + "/alertmanager/api/v2", {})
    for path in ("/alerts", "/silences", "/status"):
        status, reply = am("GET", path)
        assert status == 200
        spec.check(reply, spec.schema(path, "get"))
    now, then = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + s)) for s in (0, 3600))
    matchers = [{"name": "alertname", "value": "DiskFull", "isRegex": False, "isEqual": True}]
    body = {"matchers": matchers, "startsAt": now, "endsAt": then, "createdBy": "oncall", "comment": "ACK! disk is being extended"}
    spec.check(body, {"$ref": "#/definitions/postableSilence"})
    status, reply = am("POST", "/silences", body)
    assert status == 200
    spec.check(reply, spec.schema("/silences", "post"))
    status, one = am("GET", "/silence/" + reply["silenceID"])
    spec.check(one, spec.schema("/silence/{silenceID}", "get"))
    assert am("DELETE", "/silence/" + reply["silenceID"])[0] == 200
    status, reply = am("GET", "/alerts", filter="nonsense{")
    assert status == 400
    spec.check(reply, spec.schema("/alerts", "get", "400"))


def test_the_story_is_told_from_the_seed(platform):
    """The same seed gives the same platform, apart from the times."""
    again = Platform(0, 7)
    try:
        for name in ("airflow", "okta"):
            assert len(str(again.server.systems[name].summary())) == pytest.approx(len(str(platform.server.systems[name].summary())), rel=0.2)
        assert list(again.okta.users) == list(platform.okta.users)[: len(again.okta.users)]
        assert list(again.alerts.silences)[:2] == list(platform.alerts.silences)[:2]
    finally:
        again.server.server_close()
