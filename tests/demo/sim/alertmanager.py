"""Alertmanager's API v2: alerts that fire and resolve, silences that really silence."""
import hashlib
import re
from typing import Any, Dict, List, Optional

from .web import Reply, Request, System
from .world import HOUR, MINUTE, World, iso, parse_time

# (alertname, labels, summary, minutes since it fired)
FIRING = [
    ("DataFreshness", {"severity": "critical", "category": "freshness", "dataset": "mart.orders", "service": "orders", "owner": "data-core"},
     "mart.orders 26 h old, limit 6 h", 11),
    ("DiskFull", {"severity": "warning", "instance": "etl-04", "service": "etl-hosts", "owner": "platform"},
     "Disk 91 % on etl-04", 55),
    ("ConsumerLag", {"severity": "warning", "category": "lag", "topic": "orders.cdc", "service": "orders", "owner": "ingest"},
     "orders.cdc lag 1.2 M, growing", 26),
    ("RowCountDrop", {"severity": "warning", "category": "quality", "dataset": "mart.sessions", "service": "growth", "owner": "growth"},
     "mart.sessions has 31 % fewer rows than usual", 95),
    ("QueryQueueLong", {"severity": "warning", "warehouse": "WH_BI", "service": "warehouse", "owner": "platform"},
     "WH_BI: 38 queries wait, oldest 4 min", 18),
    ("CertificateExpiry", {"severity": "info", "instance": "sso.example.com", "service": "sso", "owner": "platform"},
     "certificate of sso.example.com ends in 13 days", 3000),
    ("ReplicationSlotGrowth", {"severity": "error", "instance": "pg-prod-2", "service": "pg-prod", "owner": "platform"},
     "slot debezium_orders keeps 41 GiB of WAL on pg-prod-2", 34),
    ("BackupOld", {"severity": "warning", "instance": "pg-dwh", "service": "warehouse", "owner": "platform"},
     "last base backup of pg-dwh is 31 h old", 140),
]

# What comes and goes while one looks.
PASSING = [
    ("ApiLatency", {"severity": "warning", "instance": "ingest-api-1", "service": "ingest", "owner": "ingest"}, "p99 of ingest-api-1 is 2.4 s"),
    ("PodRestarts", {"severity": "warning", "instance": "connect-3", "service": "connect", "owner": "ingest"}, "connect-3 restarted 4 times in 10 min"),
    ("CpuSaturated", {"severity": "error", "instance": "etl-02", "service": "etl-hosts", "owner": "platform"}, "etl-02 is at 98 % CPU for 10 min"),
    ("SourceErrors", {"severity": "warning", "instance": "erp.example.com", "service": "finance", "owner": "finance"}, "erp.example.com answers 4 % errors"),
]


class Alert:
    def __init__(self, name: str, labels: Dict[str, str], summary: str, started: float) -> None:
        self.labels = {"alertname": name, "env": "prod", **labels}
        text = "\xff".join("%s\xfe%s" % pair for pair in sorted(self.labels.items()))
        self.fingerprint = hashlib.sha256(text.encode("latin-1")).hexdigest()[:16]
        self.summary, self.started = summary, started


class Alertmanager(System):
    name = "alertmanager"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.alerts: Dict[str, Alert] = {}
        self.silences: Dict[str, dict] = {}
        for name, labels, summary, minutes in FIRING:
            self.fire(name, labels, summary, minutes * MINUTE + 7)
        self.add_silence("pre", [("alertname", "BackupOld")], -90 * MINUTE, 5 * HOUR, "r.lopez", "new base backup runs tonight")
        self.add_silence("old", [("instance", "etl-01")], -30 * HOUR, -26 * HOUR, "m.ito", "disk was replaced")
        for i, passing in enumerate(PASSING):
            self.come_and_go(passing, 12 + 35 * i)
        api = "/api/v2"
        self.route("GET", api + "/status", self.status)
        self.route("GET", api + "/alerts", self.list_alerts)
        self.route("GET", api + "/silences", self.list_silences)
        self.route("POST", api + "/silences", self.post_silence)
        self.route("GET", api + "/silence/{id}", self.get_silence)
        self.route("DELETE", api + "/silence/{id}", self.delete_silence)

    def fire(self, name: str, labels: Dict[str, str], summary: str, ago: float = 0) -> Alert:
        alert = Alert(name, labels, summary, self.world.now - ago)
        return self.alerts.setdefault(alert.fingerprint, alert)

    def come_and_go(self, passing: Any, first: float) -> None:
        def begin() -> None:
            alert = self.fire(*passing)
            self.world.at(self.world.rng.uniform(40, 120), lambda: end(alert))

        def end(alert: Alert) -> None:
            self.alerts.pop(alert.fingerprint, None)
            self.world.at(self.world.rng.uniform(60, 200), begin)

        self.world.at(first, begin)

    def resolve(self, name: str) -> None:
        for key in [k for k, a in self.alerts.items() if a.labels["alertname"] == name]:
            del self.alerts[key]

    def add_silence(self, ident: str, matchers: Any, start: float, end: float, by: str, comment: str) -> None:
        key = self.world.uuid()
        self.silences[key] = {
            "id": key,
            "matchers": [{"name": n, "value": v, "isRegex": False, "isEqual": True} for n, v in matchers],
            "start": self.world.now + start,
            "end": self.world.now + end,
            "by": by,
            "comment": comment,
            "updated": self.world.now + start,
        }

    def summary(self) -> Any:
        return {
            "alerts": {a.labels["alertname"]: len(self.silenced_by(a)) for a in self.alerts.values()},
            "silences": [self.silence_json(s) for s in self.silences.values()],
        }

    # ---- silences ------------------------------------------------------------------------------

    def state_of(self, s: dict) -> str:
        if s["end"] <= self.world.now:
            return "expired"
        return "pending" if s["start"] > self.world.now else "active"

    @staticmethod
    def matches(m: dict, labels: Dict[str, str]) -> bool:
        value = labels.get(m["name"], "")
        same = bool(re.fullmatch(m["value"], value)) if m["isRegex"] else m["value"] == value
        return same == m.get("isEqual", True)

    def silenced_by(self, alert: Alert) -> List[str]:
        return [
            s["id"]
            for s in self.silences.values()
            if self.state_of(s) == "active" and all(self.matches(m, alert.labels) for m in s["matchers"])
        ]

    def silence_json(self, s: dict) -> dict:
        return {
            "id": s["id"],
            "matchers": s["matchers"],
            "startsAt": iso(s["start"], 3),
            "endsAt": iso(s["end"], 3),
            "updatedAt": iso(s["updated"], 3),
            "createdBy": s["by"],
            "comment": s["comment"],
            "status": {"state": self.state_of(s)},
            "annotations": {},
        }

    def list_silences(self, rq: Request) -> Reply:
        return Reply(200, [self.silence_json(s) for s in self.silences.values()])

    def get_silence(self, rq: Request) -> Reply:
        s = self.silences.get(rq.parts["id"])
        return Reply(200, self.silence_json(s)) if s else Reply(404)

    @staticmethod
    def check_silence(body: Any) -> Optional[Reply]:
        if not isinstance(body, dict):
            return Reply(400, {"code": 400, "message": "parsing silence body from \"\" failed"})
        for field in ("matchers", "startsAt", "endsAt", "createdBy", "comment"):
            if body.get(field) is None:
                return Reply(422, {"code": 602, "message": "silence.%s in body is required" % field})
        for m in body["matchers"]:
            for field in ("name", "value", "isRegex"):
                if m.get(field) is None:
                    return Reply(422, {"code": 602, "message": "silence.matchers.0.%s in body is required" % field})
        if all(m["value"] == "" or (m["isRegex"] and re.fullmatch(m["value"], "")) for m in body["matchers"]):
            return Reply(400, "invalid silence: at least one matcher must not match the empty string")
        if not body["comment"]:
            return Reply(400, "invalid silence: comment missing")
        return None

    def post_silence(self, rq: Request) -> Reply:
        if "json" not in (rq.headers.get("Content-Type") or ""):
            return Reply(415, {"code": 415, "message": 'unsupported media type "", only [application/json] are allowed'})
        body = rq.json()
        refused = self.check_silence(body)
        if refused:
            return refused
        try:
            start, end = parse_time(body["startsAt"]), parse_time(body["endsAt"])
        except ValueError:
            return Reply(422, {"code": 601, "message": "silence.endsAt in body must be of type date-time"})
        if end <= self.world.now:
            return Reply(400, "invalid silence: end time can't be in the past")
        if end <= start:
            return Reply(400, "invalid silence: end time must not be before start time")
        known = self.silences.get(body.get("id") or "")
        if body.get("id") and not known:
            return Reply(404, "silence not found")
        if known and self.state_of(known) != "expired" and known["matchers"] == body["matchers"]:
            known.update(end=end, by=body["createdBy"], comment=body["comment"], updated=self.world.now)
            return Reply(200, {"silenceID": known["id"]})
        if known:
            known["end"] = min(known["end"], self.world.now)
        key = self.world.uuid()
        matchers = [{"isEqual": True, **m} for m in body["matchers"]]
        self.silences[key] = {
            "id": key, "matchers": matchers, "start": max(start, self.world.now), "end": end,
            "by": body["createdBy"], "comment": body["comment"], "updated": self.world.now,
        }
        self.world.did(self.name, "silence", key, body["createdBy"])
        return Reply(200, {"silenceID": key})

    def delete_silence(self, rq: Request) -> Reply:
        s = self.silences.get(rq.parts["id"])
        if not s:
            return Reply(500, "silence not found")
        if self.state_of(s) != "expired":
            s["end"] = s["updated"] = self.world.now
            self.world.did(self.name, "unsilence", s["id"])
        return Reply(200)

    # ---- alerts --------------------------------------------------------------------------------

    def alert_json(self, a: Alert) -> dict:
        by = self.silenced_by(a)
        return {
            "annotations": {
                "summary": a.summary,
                "description": a.summary + ".",
                "runbook_url": "https://wiki.example.com/runbooks/" + a.labels["alertname"],
            },
            "endsAt": iso(self.world.now + 240, 3),
            "fingerprint": a.fingerprint,
            "receivers": [{"name": "oncall"}],
            "startsAt": iso(a.started, 3),
            "status": {"inhibitedBy": [], "silencedBy": by, "mutedBy": [], "state": "suppressed" if by else "active"},
            "updatedAt": iso(self.world.now - 8, 3),
            "generatorURL": "http://prometheus.example.com:9090/graph?g0.tab=1",
            "labels": a.labels,
        }

    def list_alerts(self, rq: Request) -> Reply:
        rows = [self.alert_json(a) for a in self.alerts.values()]
        for text in rq.all("filter"):
            found = re.fullmatch(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*', text)
            if not found:
                return Reply(400, "bad matcher format: " + text)
            name, op, value = found.groups()
            m = {"name": name, "value": value, "isRegex": "~" in op, "isEqual": "!" not in op}
            rows = [r for r in rows if self.matches(m, r["labels"])]
        if rq.get("silenced") == "false":
            rows = [r for r in rows if not r["status"]["silencedBy"]]
        if rq.get("active") == "false":
            rows = [r for r in rows if r["status"]["state"] != "active"]
        return Reply(200, sorted(rows, key=lambda r: r["fingerprint"]))

    def status(self, rq: Request) -> Reply:
        return Reply(
            200,
            {
                "cluster": {"status": "disabled"},
                "config": {"original": "route: {receiver: oncall}\nreceivers: [{name: oncall}]\n"},
                "uptime": iso(self.world.start - 3 * 86400, 3),
                "versionInfo": {k: "" for k in ("branch", "buildDate", "buildUser", "goVersion", "revision")} | {"version": "0.28.1"},
            },
        )
