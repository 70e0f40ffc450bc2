"""Okta's management API: members of groups, sessions, suspension, the system log."""
import re
from typing import Any, Dict, List, Optional

from .web import Reply, Request, System
from .world import DAY, HOUR, MINUTE, World, iso, parse_time

STAFF = [
    "m.ito", "k.adler", "r.lopez", "t.okafor", "s.brandt", "j.novak", "a.haddad", "d.reyes", "n.kaya", "p.olsen", "l.meyer", "c.duarte",
    "contractor-7", "contractor-9", "svc-airflow", "svc-looker",
]
GROUPS = [
    # id, name, how many members
    ("00g1wadm0aZ5Qm7hK1d8", "warehouse-admins", 6),
    ("00g2fino0bX6Rn8jL2e8", "finance-ro", 22),
    ("00g3piir0cY7Sp9kM3f8", "pii-readers", 14),
    ("00g4prod0dV8Tq0lN4g8", "prod-deployers", 9),
    ("00g5anal0eW9Ur1mP5h8", "analysts", 231),
]


class Okta(System):
    name = "okta"

    def __init__(self, world: World, token: str) -> None:
        super().__init__()
        self.world, self.token = world, token
        self.users: Dict[str, dict] = {}
        self.by_login: Dict[str, str] = {}
        self.groups: Dict[str, dict] = {}
        self.members: Dict[str, List[str]] = {}
        self.sessions: Dict[str, int] = {}
        self.events: List[dict] = []
        self.window = [world.now + 60, 600]
        self.fill_users()
        self.fill_groups()
        self.fill_log()
        self.world.every(40, self.everyday)
        api = "/api/v1"
        for method, path, handler in (
            ("GET", api + "/groups", self.list_groups),
            ("GET", api + "/groups/{gid}", self.get_group),
            ("GET", api + "/groups/{gid}/users", self.list_members),
            ("PUT", api + "/groups/{gid}/users/{uid}", self.add_member),
            ("DELETE", api + "/groups/{gid}/users/{uid}", self.remove_member),
            ("GET", api + "/users/{uid}", self.get_user),
            ("GET", api + "/users/{uid}/groups", self.groups_of),
            ("DELETE", api + "/users/{uid}/sessions", self.clear_sessions),
            ("POST", api + "/users/{uid}/lifecycle/suspend", self.suspend),
            ("POST", api + "/users/{uid}/lifecycle/unsuspend", self.unsuspend),
            ("GET", api + "/logs", self.list_log),
        ):
            self.route(method, path, handler)

    # ---- content -------------------------------------------------------------------------------

    def new_user(self, login: str, last_login: float) -> str:
        ident = "00u" + self.world.hexid(17)
        now = self.world.now
        first, _, last = login.partition(".")
        profile = {
            "firstName": first.title(), "lastName": (last or login).title(), "email": login + "@example.com", "login": login + "@example.com",
            "mobilePhone": None, "department": "platform",
        }
        if login.startswith("contractor"):
            profile["accessUntil"] = iso(now + 2 * DAY, 3) if login == "contractor-7" else iso(now + 60 * DAY, 3)
        self.users[ident] = {
            "id": ident, "status": "ACTIVE", "created": iso(now - 400 * DAY, 3), "activated": iso(now - 399 * DAY, 3), "statusChanged": iso(now - 399 * DAY, 3),
            "lastLogin": iso(now - last_login, 3), "lastUpdated": iso(now - 30 * DAY, 3), "passwordChanged": iso(now - 80 * DAY, 3),
            "profile": profile, "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        }
        self.by_login[login] = ident
        self.sessions[ident] = self.world.rng.randint(0, 3)
        return ident

    def fill_users(self) -> None:
        rng = self.world.rng
        for login in STAFF:
            self.new_user(login, 41 * DAY if login == "contractor-7" else rng.uniform(HOUR, 6 * DAY))
        for i in range(240):
            self.new_user("user%03d.%s" % (i, rng.choice(["ng", "silva", "braun", "rossi", "khan", "moreau"])), rng.uniform(HOUR, 90 * DAY))

    def fill_groups(self) -> None:
        rng, everybody = self.world.rng, list(self.users)
        for gid, name, count in GROUPS:
            self.groups[gid] = {
                "id": gid, "created": iso(self.world.now - 500 * DAY, 3), "lastUpdated": iso(self.world.now - 9 * DAY, 3),
                "lastMembershipUpdated": iso(self.world.now - 2 * DAY, 3), "objectClass": ["okta:user_group"], "type": "OKTA_GROUP",
                "profile": {"name": name, "description": "access to " + name},
            }
            pool = everybody[:16] if count <= 14 else everybody
            self.members[gid] = rng.sample(pool, min(count, len(pool)))
        admins = self.members[GROUPS[0][0]]
        contractor = self.by_login["contractor-7"]
        for members in self.members.values():
            if contractor in members:
                members.remove(contractor)
        admins.append(contractor)

    def event(self, kind: str, actor: str, targets: List[dict], ago: float = 0.0, result: str = "SUCCESS", message: str = "") -> None:
        ident = self.by_login.get(actor, "")
        self.events.append(
            {
                "uuid": self.world.uuid(), "published": iso(self.world.now - ago, 3), "eventType": kind, "version": "0", "severity": "INFO", "legacyEventType": None,
                "displayMessage": message or kind.replace(".", " "),
                "actor": {"id": ident or "unknown", "type": "User", "alternateId": actor + "@example.com", "displayName": actor, "detailEntry": None},
                "outcome": {"result": result, "reason": None}, "target": targets,
                "client": {"ipAddress": "198.51.100.24", "device": "Computer", "zone": "null"},
            }
        )
        self.events.sort(key=lambda e: e["published"])

    def target_user(self, ident: str) -> dict:
        login = self.users[ident]["profile"]["login"]
        return {"id": ident, "type": "User", "alternateId": login, "displayName": login.partition("@")[0], "detailEntry": None}

    def target_group(self, gid: str) -> dict:
        return {"id": gid, "type": "UserGroup", "alternateId": "unknown", "displayName": self.groups[gid]["profile"]["name"], "detailEntry": None}

    def fill_log(self) -> None:
        rng = self.world.rng
        for _ in range(40):
            gid = rng.choice(GROUPS)[0]
            kind = rng.choice(["add", "add", "remove"])
            who = rng.choice(list(self.users))
            message = "Add user to group membership" if kind == "add" else "Remove user from group membership"
            self.event("group.user_membership." + kind, rng.choice(STAFF[:8]), [self.target_user(who), self.target_group(gid)], rng.uniform(2 * HOUR, 6 * DAY), message=message)
        contractor = self.by_login["contractor-7"]
        self.event("user.session.start", "contractor-7", [], 41 * DAY, message="User login to Okta")
        self.event("group.user_membership.add", "t.okafor", [self.target_user(contractor), self.target_group(GROUPS[0][0])], 43 * DAY, message="Add user to group membership")
        self.event("group.privilege.grant", "t.okafor", [self.target_group(GROUPS[3][0])], 26 * MINUTE, message="Grant group privilege")
        self.event("policy.rule.update", "r.lopez", [{"id": "0pr1", "type": "PolicyRule", "alternateId": "00p1", "displayName": "prod sign-on", "detailEntry": None}], 5 * HOUR, message="Update policy rule")

    def everyday(self) -> None:
        rng = self.world.rng
        who = rng.choice(list(self.users))
        if rng.random() < 0.7:
            self.users[who]["lastLogin"] = iso(self.world.now, 3)
            self.event("user.session.start", self.users[who]["profile"]["login"].partition("@")[0], [], message="User login to Okta")
            return
        gid = GROUPS[4][0]
        if who not in self.members[gid]:
            self.members[gid].append(who)
            self.event("group.user_membership.add", "d.reyes", [self.target_user(who), self.target_group(gid)], message="Add user to group membership")

    def summary(self) -> Any:
        names = {u: self.users[u]["profile"]["login"].partition("@")[0] for u in self.users}
        return {
            "groups": {self.groups[g]["profile"]["name"]: sorted(names[u] for u in m) for g, m in self.members.items()},
            "suspended": sorted(names[u] for u, row in self.users.items() if row["status"] == "SUSPENDED"),
            "sessions": {names[u]: n for u, n in self.sessions.items()},
        }

    # ---- requests ------------------------------------------------------------------------------

    def error(self, status: int, code: str, summary: str, causes: Optional[List[str]] = None) -> Reply:
        return Reply(
            status,
            {
                "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae" + self.world.hexid(17),
                "errorCauses": [{"errorSummary": c} for c in causes or []],
            },
        )

    def admit(self, rq: Request) -> Optional[Reply]:
        if (rq.headers.get("Authorization") or "") != "SSWS " + self.token:
            return self.error(401, "E0000011", "Invalid token provided")
        now = self.world.now
        if now > self.window[0]:
            self.window = [now + 60, 600]
        self.window[1] -= 1
        if self.window[1] <= 0:
            refused = self.error(429, "E0000047", "API call exceeded rate limit due to too many requests.")
            refused.headers.update({"X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": str(int(self.window[0]))})
            return refused
        return None

    def missing(self, rq: Request) -> Reply:
        return self.error(404, "E0000022", "The endpoint does not support the provided HTTP method")

    def not_found(self, ident: str, what: str) -> Reply:
        return self.error(404, "E0000007", "Not found: Resource not found: %s (%s)" % (ident, what))

    def user_of(self, rq: Request) -> str:
        ident = rq.parts["uid"]
        return ident if ident in self.users else self.by_login.get(ident.partition("@")[0], "")

    def paged(self, rq: Request, rows: List[dict], most: int, always_next: bool = False) -> Reply:
        limit = max(1, min(rq.integer("limit", most), most))
        at = rq.integer("after", 0)
        keep = "&".join("%s" % p for p in rq.raw_query.split("&") if p and not p.startswith("after="))
        link = '<%s%s?%s>; rel="self"' % (rq.base, rq.path, rq.raw_query)
        if at + limit < len(rows) or always_next:
            link += ', <%s%s?after=%d&%s>; rel="next"' % (rq.base, rq.path, min(at + limit, len(rows)), keep)
        headers = {"Link": link, "X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": str(self.window[1]), "X-Rate-Limit-Reset": str(int(self.window[0]))}
        return Reply(200, rows[at : at + limit], headers)

    def list_groups(self, rq: Request) -> Reply:
        return self.paged(rq, list(self.groups.values()), 200)

    def get_group(self, rq: Request) -> Reply:
        group = self.groups.get(rq.parts["gid"])
        return Reply(200, group) if group else self.not_found(rq.parts["gid"], "UserGroup")

    def list_members(self, rq: Request) -> Reply:
        members = self.members.get(rq.parts["gid"])
        if members is None:
            return self.not_found(rq.parts["gid"], "UserGroup")
        return self.paged(rq, [self.users[u] for u in members], 200)

    def add_member(self, rq: Request) -> Reply:
        gid, uid = rq.parts["gid"], self.user_of(rq)
        if gid not in self.groups or not uid:
            return self.not_found(rq.parts["uid"], "User")
        if uid not in self.members[gid]:
            self.members[gid].append(uid)
        return Reply(204)

    def remove_member(self, rq: Request) -> Reply:
        gid, uid = rq.parts["gid"], self.user_of(rq)
        if gid not in self.groups:
            return self.not_found(gid, "UserGroup")
        if not uid:
            return self.not_found(rq.parts["uid"], "User")
        if uid in self.members[gid]:
            self.members[gid].remove(uid)
            self.event("group.user_membership.remove", "oncall", [self.target_user(uid), self.target_group(gid)], message="Remove user from group membership")
        self.world.did(self.name, "remove", "%s/%s" % (self.groups[gid]["profile"]["name"], self.users[uid]["profile"]["login"]))
        return Reply(204)

    def get_user(self, rq: Request) -> Reply:
        uid = self.user_of(rq)
        return Reply(200, self.users[uid]) if uid else self.not_found(rq.parts["uid"], "User")

    def groups_of(self, rq: Request) -> Reply:
        uid = self.user_of(rq)
        if not uid:
            return self.not_found(rq.parts["uid"], "User")
        # Okta's own group of everybody is never missing.
        everyone = {"id": "00g0everyone00000000", "type": "BUILT_IN", "objectClass": ["okta:user_group"], "profile": {"name": "Everyone", "description": "All users in your organization"}}
        return self.paged(rq, [everyone] + [self.groups[g] for g, m in self.members.items() if uid in m], 200)

    def clear_sessions(self, rq: Request) -> Reply:
        uid = self.user_of(rq)
        if not uid:
            return self.not_found(rq.parts["uid"], "User")
        self.sessions[uid] = 0
        self.event("user.session.clear", "oncall", [self.target_user(uid)], message="Clear user session")
        self.world.did(self.name, "clear sessions", self.users[uid]["profile"]["login"])
        return Reply(204)

    def set_status(self, rq: Request, wanted: str, new: str, verb: str) -> Reply:
        uid = self.user_of(rq)
        if not uid:
            return self.not_found(rq.parts["uid"], "User")
        if self.users[uid]["status"] != wanted:
            return self.error(400, "E0000001", "Api validation failed: %s" % verb, ["Cannot %s a user that is not %s" % (verb, wanted.lower())])
        self.users[uid]["status"] = new
        self.users[uid]["statusChanged"] = iso(self.world.now, 3)
        self.event("user.lifecycle." + verb, "oncall", [self.target_user(uid)], message=verb.title() + " Okta user")
        self.world.did(self.name, verb, self.users[uid]["profile"]["login"])
        return Reply(200, {})

    def suspend(self, rq: Request) -> Reply:
        return self.set_status(rq, "ACTIVE", "SUSPENDED", "suspend")

    def unsuspend(self, rq: Request) -> Reply:
        return self.set_status(rq, "SUSPENDED", "ACTIVE", "unsuspend")

    def list_log(self, rq: Request) -> Reply:
        """Without `until` this is a polling query: its Link always has a next, also when nothing is new."""
        rows = self.events
        try:
            since = parse_time(rq.get("since")) if rq.get("since") else self.world.now - 7 * DAY
            until = parse_time(rq.get("until")) if rq.get("until") else None
        except ValueError:
            return self.error(400, "E0000001", "Api validation failed: since", ["since: The date format in your query is not recognized."])
        rows = [e for e in rows if parse_time(e["published"]) >= since and (until is None or parse_time(e["published"]) < until)]
        wanted = re.findall(r'eventType\s+(eq|sw)\s+"([^"]+)"', rq.get("filter") or "")
        if wanted:
            rows = [e for e in rows if any(e["eventType"] == v if op == "eq" else e["eventType"].startswith(v) for op, v in wanted)]
        if rq.get("sortOrder") == "DESCENDING":
            rows = rows[::-1]
        return self.paged(rq, rows, 1000, always_next=until is None)
