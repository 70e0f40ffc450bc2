"""ServiceNow's Table API: incident, sysapproval_approver (with the requests they belong to), change_request.

As in the product, a clause of sysparm_query that names an unknown field is dropped without a word.
"""
import base64
import re
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import urlencode

from .web import Reply, Request, System
from .world import DAY, HOUR, MINUTE, World

PEOPLE = {
    "m.ito": "Mei Ito", "k.adler": "Kim Adler", "r.lopez": "Rosa Lopez", "t.okafor": "Tobi Okafor", "s.brandt": "Sven Brandt",
    "j.novak": "Jana Novak", "a.haddad": "Amal Haddad", "contractor-7": "Contractor 7", "oncall": "On Call", "ci": "CI", "d.reyes": "Dana Reyes",
}
GROUPS = ["data-core", "platform", "finance", "growth", "ingest", "ml-feats"]
SERVICES = ["orders", "warehouse", "finance", "growth", "ingest", "sso"]
INCIDENT_STATES = {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"}
CHANGE_STATES = {"-5": "New", "-1": "Implement", "-2": "Scheduled", "0": "Review", "3": "Closed", "4": "Canceled"}
APPROVAL_STATES = {"requested": "Requested", "approved": "Approved", "rejected": "Rejected", "cancelled": "Cancelled", "not_required": "No Longer Required"}
PRIORITIES = {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"}
CHOICES = {
    "incident": {"state": INCIDENT_STATES, "priority": PRIORITIES, "urgency": PRIORITIES, "impact": PRIORITIES},
    "change_request": {"state": CHANGE_STATES, "risk": {"2": "High", "3": "Moderate", "4": "Low"}},
    "sysapproval_approver": {"state": APPROVAL_STATES},
    "task": {},
}
REFERENCES = {
    "assigned_to": "sys_user", "assignment_group": "sys_user_group", "cmdb_ci": "cmdb_ci", "business_service": "cmdb_ci_service",
    "opened_by": "sys_user", "approver": "sys_user", "sysapproval": "task", "caller_id": "sys_user", "requested_by": "sys_user",
}
COMMON_INCIDENTS = [
    "Looker tile shows no data", "Airflow UI slow", "Cannot connect to warehouse from notebook", "Duplicate customers in CRM export",
    "Tableau extract failed", "Wrong currency in daily revenue mail", "SFTP drop of partner files missing", "Dashboard permission lost after move",
    "Kafka topic retention question", "Query killed after 30 min",
]


def sn_time(t: float) -> str:
    return datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%d %H:%M:%S") if t else ""


class ServiceNow(System):
    name = "servicenow"

    def __init__(self, world: World, users: Dict[str, str]) -> None:
        super().__init__()
        self.world, self.users = world, users
        self.ids: Dict[Tuple[str, str], str] = {}
        self.labels: Dict[str, Tuple[str, str, str]] = {}  # sys_id -> (table, name, display)
        self.tables: Dict[str, Dict[str, dict]] = {t: {} for t in CHOICES}
        self.fill_incidents()
        self.fill_changes()
        self.fill_approvals()
        self.world.every(75, self.something_new)
        self.route("GET", "/api/now/table/{table}", self.list_rows)
        self.route("GET", "/api/now/table/{table}/{id}", self.get_row)
        self.route("PATCH", "/api/now/table/{table}/{id}", self.patch_row)

    # ---- rows ----------------------------------------------------------------------------------

    def ref(self, table: str, name: str, display: str = "") -> str:
        """sys_id of a person, group or item, made at first use."""
        if not name:
            return ""
        key = (table, name)
        if key not in self.ids:
            self.ids[key] = self.world.hexid()
            self.labels[self.ids[key]] = (table, name, display or PEOPLE.get(name, name))
        return self.ids[key]

    def add(self, table: str, row: Dict[str, str], age: float, changed: float = -1) -> dict:
        now = self.world.now
        sys_id = self.world.hexid()
        full = {"sys_id": sys_id, "sys_created_on": sn_time(now - age), "sys_updated_on": sn_time(now - (age if changed < 0 else changed))}
        full.update(row)
        self.tables[table][sys_id] = full
        return full

    def incident(self, n: int, text: str, state: str, priority: str, group: str, service: str, ci: str, age: float, to: str = "", note: str = "") -> dict:
        row = {
            "number": "INC%07d" % n, "short_description": text, "description": text + ".", "state": state, "priority": priority,
            "urgency": priority, "impact": priority, "assignment_group": self.ref("sys_user_group", group), "assigned_to": self.ref("sys_user", to),
            "cmdb_ci": self.ref("cmdb_ci", ci), "business_service": self.ref("cmdb_ci_service", service), "caller_id": self.ref("sys_user", "d.reyes"),
            "opened_by": self.ref("sys_user", "d.reyes"), "opened_at": sn_time(self.world.now - age), "resolved_at": "", "close_code": "",
            "close_notes": "", "work_notes": note, "due_date": "", "sla_due": "", "active": "true",
        }
        changed = age * 0.6 if state != "1" else age
        if state in ("6", "7"):
            row.update(active="false", resolved_at=sn_time(self.world.now - changed), close_code="Solved (Permanently)", close_notes="Reloaded.")
        return self.add("incident", row, age, changed)

    def fill_incidents(self) -> None:
        rng, n = self.world.rng, 10180
        for i in range(150):
            n += 1
            state = rng.choice("66667777778") if i < 147 else rng.choice("23")
            age = rng.uniform(2 * DAY, 30 * DAY) if state in "678" else rng.uniform(2 * HOUR, 30 * HOUR)
            self.incident(n, rng.choice(COMMON_INCIDENTS), state, rng.choice("334445"), rng.choice(GROUPS), rng.choice(SERVICES), "", age, rng.choice(["r.lopez", "t.okafor", "j.novak"]))
        self.incident(10339, "Partner file of 06:00 has no footer", "1", "4", "ingest", "ingest", "sftp-partner", 3.2 * HOUR)
        self.incident(10341, "BI warehouse slow since noon", "2", "3", "platform", "warehouse", "WH_BI", 50 * MINUTE, "t.okafor")
        story = self.incident(10342, "Orders dashboard is a day old", "1", "1", "data-core", "orders", "orders-dashboard", 12 * MINUTE)
        story["description"] = "Shop managers see yesterday's orders. mart.orders was not rebuilt; board meeting at 16:00."
        story["sla_due"] = sn_time(self.world.now + 3 * MINUTE + 20)

    def change(self, n: int, text: str, state: str, code: str, service: str, ci: str, begun: float, took: float, by: str, risk: str = "4") -> dict:
        now = self.world.now
        return self.add(
            "change_request",
            {
                "number": "CHG%07d" % n, "short_description": text, "description": text, "state": state, "close_code": code, "type": "standard", "risk": risk,
                "business_service": self.ref("cmdb_ci_service", service), "cmdb_ci": self.ref("cmdb_ci", ci), "requested_by": self.ref("sys_user", by),
                "assignment_group": self.ref("sys_user_group", "platform"), "start_date": sn_time(now - begun), "end_date": sn_time(now - begun + took),
                "work_start": sn_time(now - begun) if begun > 0 else "", "work_end": sn_time(now - begun + took) if state in ("3", "0") else "",
                "active": "false" if state in ("3", "4") else "true",
            },
            max(begun, 0) + HOUR,
            max(begun - took, 1) if begun > 0 else 30,
        )

    def fill_changes(self) -> None:
        rng, n = self.world.rng, 30070
        for i in range(60):
            n += 1
            service = rng.choice(SERVICES)
            name = rng.choice(["deploy %s-models", "migrate %s schema", "rotate keys of %s", "scale %s workers", "upgrade %s connector"]) % service
            code = "unsuccessful" if rng.random() < 0.04 else "successful"
            self.change(n, "%s %d.%d" % (name, rng.randint(1, 4), rng.randint(0, 60)), "3", code, service, service + "-stack", rng.uniform(5 * HOUR, 14 * DAY), 9 * MINUTE, rng.choice(["ci", "r.lopez", "t.okafor"]))
        self.change(30142, "deploy warehouse-models 1.42", "3", "successful", "orders", "orders_daily", 31 * MINUTE, 4 * MINUTE, "ci", "3")
        self.change(30143, "change grants on schema stg to owner role", "3", "successful", "orders", "stg.orders", 24 * MINUTE, MINUTE, "t.okafor")
        self.change(30145, "upgrade pg-prod to 15.20", "-2", "", "warehouse", "pg-prod", -9 * HOUR, 40 * MINUTE, "r.lopez", "2")

    def approval(self, n: int, text: str, who: str, age: float, due: Optional[float], state: str = "requested", reason: str = "", group: str = "finance", priority: str = "3") -> dict:
        now = self.world.now
        task = self.add(
            "task",
            {
                "number": "RITM%07d" % n, "short_description": text, "description": reason, "opened_by": self.ref("sys_user", who),
                "due_date": sn_time(now + due) if due else "", "sys_class_name": "sc_req_item", "assignment_group": self.ref("sys_user_group", group),
                "business_service": "", "priority": priority,
            },
            age,
        )
        self.labels[task["sys_id"]] = ("task", task["number"], task["number"])
        row = {
            "state": state, "approver": self.ref("sys_user", "oncall"), "sysapproval": task["sys_id"], "document_id": task["sys_id"], "source_table": "sc_req_item",
            "comments": "", "due_date": sn_time(now + due) if due else "", "expected_start": "", "sys_created_by": who,
        }
        return self.add("sysapproval_approver", row, age, age if state == "requested" else age / 2)

    def fill_approvals(self) -> None:
        rng, n = self.world.rng, 40600
        roles = ["analyst_ro", "finance_ro", "pii_reader", "warehouse_dev", "airflow_op"]
        for _ in range(26):
            n += 1
            state = rng.choice(["approved", "approved", "approved", "rejected", "cancelled", "not_required"])
            who = rng.choice(list(PEOPLE)[:7])
            self.approval(n, "%s: %s" % (who, rng.choice(roles)), who, rng.uniform(DAY, 20 * DAY), None, state, "project work", rng.choice(GROUPS))
        self.approval(40711, "a.haddad: pii_reader for case 2231", "a.haddad", 2 * HOUR, 5 * HOUR, reason="erasure request of a customer, ticket 2231", group="privacy")
        self.approval(40714, "m.ito: finance_ro until Fri", "m.ito", 3 * HOUR + 40 * MINUTE, 20 * MINUTE, reason="month-end close, needs ledger tables until Friday", priority="2")

    def something_new(self) -> None:
        """Now and then a request or an incident comes in, and an older one is closed by its team."""
        rng = self.world.rng
        n = len(self.tables["incident"]) + 10193
        fresh = self.incident(n, rng.choice(COMMON_INCIDENTS), "1", rng.choice("445"), rng.choice(GROUPS), rng.choice(SERVICES), "", 0)
        self.world.at(rng.uniform(60, 150), lambda: self.take(fresh))

    def take(self, row: dict) -> None:
        if row["state"] == "1":
            row.update(state="2", assigned_to=self.ref("sys_user", "j.novak"), sys_updated_on=sn_time(self.world.now))
            self.world.at(self.world.rng.uniform(60, 200), lambda: self.close(row))

    def close(self, row: dict) -> None:
        if row["state"] == "2":
            now = sn_time(self.world.now)
            row.update(state="6", resolved_at=now, active="false", close_code="Solved (Work Around)", close_notes="Done.", sys_updated_on=now)

    def note(self, number: str, text: str) -> None:
        for row in self.tables["incident"].values():
            if row["number"] == number:
                row.update(work_notes=text, sys_updated_on=sn_time(self.world.now))

    def summary(self) -> Any:
        return {t: {r.get("number") or r["sys_id"]: r.get("state", "") for r in rows.values()} for t, rows in self.tables.items()}

    # ---- requests ------------------------------------------------------------------------------

    def admit(self, rq: Request) -> Optional[Reply]:
        scheme, _, code = (rq.headers.get("Authorization") or "").partition(" ")
        try:
            user, _, password = base64.b64decode(code).decode().partition(":")
        except ValueError:
            user, password = "", ""
        if scheme == "Basic" and password and self.users.get(user) == password:
            return None
        error = {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}
        return Reply(401, {"error": error, "status": "failure"}, {"WWW-Authenticate": 'BASIC realm="Service-now"'})

    def missing(self, rq: Request) -> Reply:
        return Reply(400, {"error": {"message": "Requested URI does not represent any resource", "detail": rq.path}, "status": "failure"})

    @staticmethod
    def no_record() -> Reply:
        error = {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"}
        return Reply(404, {"error": error, "status": "failure"})

    def field(self, table: str, row: dict, name: str) -> Optional[Tuple[str, str, str]]:
        """(value, display, referenced table) of a field, through one or more dots; None: no such field."""
        first, _, rest = name.partition(".")
        if first not in row:
            return None
        value = row[first]
        target = REFERENCES.get(first, "")
        if rest:
            if target == "task":
                task = self.tables["task"].get(value)
                return self.field("task", task, rest) if task else ("", "", "")
            _, short, display = self.labels.get(value, ("", "", ""))
            known = {"name": display, "user_name": short, "sys_id": value}
            return (known[rest], known[rest], "") if rest in known else None
        if target:
            return value, self.labels.get(value, ("", "", ""))[2] if value else "", target
        return value, CHOICES[table].get(first, {}).get(value, value), ""

    def query(self, table: str, text: str) -> Tuple[List[dict], List[Tuple[str, bool]]]:
        rows = list(self.tables[table].values())
        order: List[Tuple[str, bool]] = []
        for group in (text or "").split("^"):
            found = re.match(r"^ORDERBY(DESC)?(.+)$", group)
            if found:
                order.append((found.group(2), bool(found.group(1))))
        kept = []
        for row in rows:
            ok = True
            for clause in re.split(r"\^(?!OR(?!DERBY))", text or ""):
                if clause and not clause.startswith("ORDERBY"):
                    ok = ok and any(self.holds(table, row, part) for part in clause.split("^OR"))
            if ok:
                kept.append(row)
        return kept, order

    def holds(self, table: str, row: dict, clause: str) -> bool:
        relative = re.match(r"^([\w.]+?)RELATIVEGE@minute@ago@(\d+)$", clause)
        if relative and self.field(table, row, relative.group(1)):
            return self.field(table, row, relative.group(1))[0] >= sn_time(self.world.now - 60 * int(relative.group(2)))
        found = re.match(r"^([\w.]+?)(>=|<=|!=|=|>|<|NOT IN|IN|STARTSWITH|LIKE|ISEMPTY|ISNOTEMPTY)(.*)$", clause)
        got = self.field(table, row, found.group(1)) if found else None
        if not found or got is None:
            return True  # dropped, as the product does
        value, op, want = got[0], found.group(2), found.group(3)
        want = re.sub(r"^javascript:.*'([^']*)'.*$", r"\1", want)
        tests = {
            "=": value == want, "!=": value != want, ">": value > want, "<": value < want, ">=": value >= want, "<=": value <= want,
            "IN": value in want.split(","), "NOT IN": value not in want.split(","), "STARTSWITH": value.startswith(want), "LIKE": want in value,
            "ISEMPTY": value == "", "ISNOTEMPTY": value != "",
        }
        return tests[op]

    def row_json(self, rq: Request, table: str, row: dict) -> dict:
        names = [n for n in (rq.get("sysparm_fields") or "").split(",") if n] or list(row)
        how = rq.get("sysparm_display_value", "false")
        out: Dict[str, Any] = {}
        for name in names:
            got = self.field(table, row, name.strip())
            if got is None:
                continue
            value, display, target = got
            link = "%s/api/now/table/%s/%s" % (rq.base, target, value) if target and value else ""
            bare = not link or rq.get("sysparm_exclude_reference_link") == "true"
            if how == "all":
                out[name] = {"display_value": display, "value": value} if bare else {"display_value": display, "value": value, "link": link}
            elif how == "true":
                out[name] = display if bare else {"display_value": display, "link": link}
            else:
                out[name] = value if bare else {"value": value, "link": link}
        return out

    def list_rows(self, rq: Request) -> Reply:
        table = rq.parts["table"]
        if table not in self.tables:
            return Reply(400, {"error": {"message": "Invalid table " + table, "detail": None}, "status": "failure"})
        rows, order = self.query(table, rq.get("sysparm_query") or "")
        for name, down in reversed(order):
            rows.sort(key=lambda r: (self.field(table, r, name) or ("",))[0], reverse=down)
        limit, offset = rq.integer("sysparm_limit", 10000), rq.integer("sysparm_offset", 0)
        headers = {}
        if rq.get("sysparm_no_count") != "true":
            headers["X-Total-Count"] = str(len(rows))
        links = []
        for rel, at in (("first", 0), ("prev", offset - limit), ("next", offset + limit)):
            if 0 <= at < max(1, len(rows)) and not (rel == "prev" and offset == 0):
                args = [(k, v) for k, v in rq.args if k != "sysparm_offset"] + [("sysparm_offset", str(at))]
                links.append('<%s%s?%s>;rel="%s"' % (rq.base, rq.path, urlencode(args), rel))
        headers["Link"] = ",".join(links)
        return Reply(200, {"result": [self.row_json(rq, table, r) for r in rows[offset : offset + limit]]}, headers)

    def get_row(self, rq: Request) -> Reply:
        row = self.tables.get(rq.parts["table"], {}).get(rq.parts["id"])
        return Reply(200, {"result": self.row_json(rq, rq.parts["table"], row)}) if row else self.no_record()

    def patch_row(self, rq: Request) -> Reply:
        table, body = rq.parts["table"], rq.json()
        row = self.tables.get(table, {}).get(rq.parts["id"])
        if not row:
            return self.no_record()
        if not isinstance(body, dict):
            return Reply(400, {"error": {"message": "Exception while reading request", "detail": "Cannot decode"}, "status": "failure"})
        if table == "sysapproval_approver" and row["state"] != "requested" and body.get("state"):
            return Reply(403, {"error": {"message": "Operation Failed", "detail": "ACL Exception Update Failed due to security constraints"}, "status": "failure"})
        if table == "incident" and body.get("state") == "6" and not (body.get("close_code") and body.get("close_notes")):
            error = {"message": "Operation Failed", "detail": "Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes"}
            return Reply(403, {"error": error, "status": "failure"})
        for name, value in body.items():
            if name not in row:
                continue
            if REFERENCES.get(name) == "sys_user" and value and value not in self.labels:
                value = self.ref("sys_user", str(value))
            row[name] = str(value)
        row["sys_updated_on"] = sn_time(self.world.now)
        if body.get("state") == "6":
            row.update(resolved_at=row["sys_updated_on"], active="false")
        self.world.did(self.name, "update %s %s" % (table, body.get("state", "")), row.get("number") or row["sys_id"])
        return Reply(200, {"result": self.row_json(rq, table, row)})
