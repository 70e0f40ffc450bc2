"""The SQL connectors on a real PostgreSQL, in a cluster of their own."""
import os
import re

import pytest

from far import ROOT, Server, attempt, psql, records, write_config

SQL = os.path.join(ROOT, "backends/catalog/sql")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, note):
    server = Server("pg.py", tmp_path_factory.mktemp("pg"))
    if server.why:
        note("the SQL connectors are not tested: " + server.why)
        pytest.skip(server.why)
    try:
        for name in ("postgres-access.sql", "focus-cost.sql"):
            with open(os.path.join(SQL, name)) as script:
                text = script.read()
            psql(server.about, text)
            psql(server.about, text)  # running it again changes nothing
        psql(server.about, "create role desk login in role watchdesk_operator; grant select on focus_cost to desk")
        yield server.about
    finally:
        server.stop()


def config(folder, about, connector, *more):
    source = ["connector: " + connector, "host: " + about["socket_dir"], "port: %d" % about["port"], "dbname: postgres", "user: desk"]
    return write_config(folder, source + list(more), {})


# ---- postgres-access -----------------------------------------------------------------------------

PEOPLE = """
create role base_ro; create role team_ro in role base_ro; create role db_admin createrole;
create role "o'hara; --" login in role team_ro;
create role kim login valid until '2020-01-01' in role db_admin;
create role lee login; grant watchdesk_requester to kim, lee;
insert into watchdesk.managed_role values ('team_ro', 'data', 2), ('db_admin', 'platform', 1);
"""


@pytest.fixture(scope="module")
def people(cluster):
    psql(cluster, PEOPLE)
    psql(cluster, "select watchdesk.request('team_ro', 'month end', now() + interval '1 hour', now() + interval '2 days', 'T-1')", "lee")
    psql(cluster, "select watchdesk.request('db_admin', 'to fix it')", "kim")
    psql(cluster, MORE)
    return cluster


def test_grants_follow_chains(build, tmp_path, people):
    have = records(build, config(tmp_path, people, "postgres-access"), "grants")
    through = have["o'hara; -- > team_ro > base_ro"]
    assert through["opaque"] == {"member": "o'hara; --", "role": "base_ro", "via": "team_ro", "direct": False}
    assert have["o'hara; -- > team_ro"]["state"] == "active" and have["o'hara; -- > team_ro"]["tier"] == 2
    admin = have["kim > db_admin"]
    assert admin["state"] == "expiring" and admin["severity"] == "high" and admin["due"] == "2020-01-01T00:00:00Z"


# A user of a suspended login, one of NOINHERIT, one who may give it on, a superuser beside the cluster's own, and an empty group.
MORE = """
create role away nologin; grant team_ro to away; create role strict login noinherit in role team_ro;
create role boss login; grant team_ro to boss with admin option; create role root2 login superuser valid until '2030-01-01';
create role idle_group; create role twice login; grant team_ro to twice;
insert into watchdesk.access_request (requester, role, reason, state, requested_at, decided_at, wanted_until, revoked_at) values
    ('twice', 'team_ro', 'first', 'approved', '2026-01-01', '2026-01-02', '2026-02-01', null),
    ('twice', 'team_ro', 'again', 'approved', '2026-01-20', '2026-01-21', '2099-01-01', null),
    ('strict', 'team_ro', 'over', 'approved', '2026-01-01', '2026-01-02', '2026-02-01', '2026-02-01');
"""


def test_who_holds_what(build, tmp_path, people):
    have = records(build, config(tmp_path, people, "postgres-access"), "grants")
    away = have["away > team_ro"]
    assert (away["state"], away["severity"], away["labels"]["can_login"]) == ("active", "info", "false") and "cannot log in" in away["title"]
    assert have["strict > team_ro"]["labels"]["inherits"].startswith("no") and "inherits" not in have["o'hara; -- > team_ro"]["labels"]
    assert have["boss > team_ro"]["severity"] == "high" and have["boss > team_ro"]["labels"]["admin_option"].startswith("yes")
    root = have["root2 (superuser)"]
    assert root["severity"] == "high" and root["raw_state"] == "attribute of the role" and root["due"] == "2030-01-01T00:00:00Z"
    assert people["user"] + " (superuser)" in have
    assert not any(ident.startswith(("idle_group", "team_ro", "pg_", "watchdesk_operator")) for ident in have), "groups are nobody"


def test_since_when_is_known_or_empty(build, tmp_path, people):
    """The latest approval that is still in force tells; of what a DBA granted nobody knows."""
    have = records(build, config(tmp_path, people, "postgres-access"), "grants")
    assert have["twice > team_ro"]["started"] == "2026-01-21T00:00:00Z" and have["twice > team_ro"]["due"] == "2099-01-01T00:00:00Z"
    assert have["twice > team_ro"]["state"] == "active"
    for ident in ("strict > team_ro", "boss > team_ro", "twice > team_ro > base_ro"):
        assert not have[ident].get("started") and not have[ident].get("due"), ident


def test_revoking_ends_the_approval(people):
    psql(people, "create role once login; insert into watchdesk.access_request (requester, role, reason, state, decided_at) values ('once', 'team_ro', 'x', 'approved', now()); grant team_ro to once")
    assert psql(people, "select watchdesk.revoke('once', 'team_ro')", "desk") == "t"
    assert psql(people, "select state, revoked_at is not null from watchdesk.access_request where requester = 'once'") == "approved|t"


def test_requests_come_with_their_limits(build, tmp_path, people):
    have = records(build, config(tmp_path, people, "postgres-access"), "requests")
    lee = next(r for r in have.values() if r["actor"] == "lee")
    assert lee["state"] == "pending" and lee["asset"] == "team_ro" and lee["due"] and lee["owner"] == "data"
    assert lee["labels"]["ticket"] == "T-1" and lee["title"].startswith("lee: team_ro until ")


def test_functions_refuse_what_is_not_theirs(people):
    lee, kim = (psql(people, "select id from watchdesk.access_request where requester = '%s'" % who) for who in ("lee", "kim"))
    rooted = psql(people, "create role powers superuser; insert into watchdesk.managed_role values ('powers', 'x', 1);"
                  "insert into watchdesk.access_request (requester, role, reason) values ('lee', 'powers', 'please') returning id")
    refused = [
        ("select watchdesk.decide(%s, true, 'lee', 'mine')" % lee, "own request"),
        ("select watchdesk.decide(99999, true, 'desk', '')", "does not exist"),
        ("select watchdesk.revoke('desk', 'watchdesk_operator')", "not managed"),
        ("select watchdesk.set_login('%s', false)" % people["user"], "superuser"),
        ("select watchdesk.decide(%s, true, 'oncall', 'ok')" % rooted, "not given from here"),
        ("grant db_admin to desk", "denied|must have admin"),
    ]
    for sql, words in refused:
        with pytest.raises(AssertionError, match=words):
            psql(people, sql, "desk")
    assert psql(people, "select (watchdesk.decide(%s, true, 'oncall', 'ok')).state" % lee, "desk") == "approved"
    assert psql(people, "select pg_has_role('lee', 'team_ro', 'member')") == "t"
    with pytest.raises(AssertionError, match="is approved since"):
        psql(people, "select watchdesk.decide(%s, false, 'oncall', 'no')" % lee, "desk")
    assert psql(people, "select (watchdesk.decide(%s, false, 'oncall', 'no')).state" % kim, "desk") == "denied"
    assert psql(people, "select watchdesk.revoke('lee', 'team_ro')", "desk") == "t"
    assert psql(people, "select pg_has_role('lee', 'team_ro', 'member')") == "f"


def test_the_reader_cannot_write(people):
    with pytest.raises(AssertionError, match="permission denied"):
        psql(people, "update watchdesk.access_request set state = 'approved'", "desk")


def test_a_missing_table_is_said(build, tmp_path, cluster):
    done = attempt(build, config(tmp_path, cluster, "focus-cost", "table: no_such_table"), "anomalies")
    assert done.returncode == 1 and "no_such_table" in done.stderr and "42P01" in done.stderr


def test_a_role_that_does_not_exist_is_said(build, tmp_path, cluster):
    path = config(tmp_path, cluster, "postgres-access").replace("config.yaml", "other.yaml")
    with open(path.replace("other.yaml", "config.yaml")) as f, open(path, "w") as out:
        out.write(f.read().replace("user: desk", "user: nobody_here"))
    done = attempt(build, path, "grants")
    assert done.returncode == 1 and "nobody_here" in done.stderr


# ---- focus-cost ----------------------------------------------------------------------------------

ROW = """insert into focus_cost (billingaccountid, billingcurrency, billingperiodstart, billingperiodend, chargecategory, chargeclass,
    chargeperiodstart, chargeperiodend, billedcost, effectivecost, providername, servicecategory, servicename, subaccountid, subaccountname, resourceid)
select 'b', '{currency}', d, d + interval '1 month', '{category}', {klass}, d, d + interval '1 day', 0, {cost}, 'P', 'C', '{service}', 'a1', {account}, {resource}
from generate_series(({today} - 120)::timestamp at time zone 'UTC', ({today} - {until})::timestamp at time zone 'UTC', interval '1 day') d where {where};"""
TODAY = "(now() at time zone 'UTC')::date"


def spend(about, service, cost, where="true", currency="USD", category="Usage", klass="null", account="'acct'", until=1, resource="null"):
    psql(about, ROW.format(service=service, cost=cost, where=where, currency=currency, category=category, klass=klass, account=account, until=until, resource=resource, today=TODAY))


AGO = "((%s) - (d at time zone 'UTC')::date)" % TODAY
WEEKEND = "extract(isodow from d at time zone 'UTC') >= 6"


@pytest.fixture(scope="module")
def bills(cluster):
    spend(cluster, "steady", "100 + 3 * random()")
    spend(cluster, "weekly", "case when %s then 10 else 200 end + random()" % WEEKEND)
    spend(cluster, "monthly", "case when extract(day from d at time zone 'UTC') = extract(day from now() at time zone 'UTC' - interval '1 day') then 900 else 20 end")
    spend(cluster, "batch", "300", "%s %% 9 = 1" % AGO)
    spend(cluster, "spike", "100 + random() + case when %s = 1 then 400 else 0 end" % AGO)
    spend(cluster, "step", "100 + random() + case when %s <= 3 then 150 else 0 end" % AGO)
    spend(cluster, "over", "100 + random() + case when %s between 8 and 9 then 300 else 0 end" % AGO)
    spend(cluster, "euro", "50 + random() + case when %s = 1 then 200 else 0 end" % AGO, currency="EUR")
    spend(cluster, "small", "0.00000080000")
    spend(cluster, "fresh", "500", "%s <= 2" % AGO)
    spend(cluster, "credit", "100 + random()")
    spend(cluster, "credit", "9000", "%s = 1" % AGO, category="Purchase")
    spend(cluster, "credit", "9000", "%s = 1" % AGO, klass="'Correction'")
    spend(cluster, "nulls", "100 + random() + case when %s = 1 then 400 else 0 end" % AGO, klass="'NULL'", account="'NULL'")
    spend(cluster, "driven", "60 + random()", resource="'i-quiet'")
    spend(cluster, "driven", "40 + case when %s = 1 then 300 else 0 end" % AGO, resource="'i-busy'")
    spend(cluster, "driven", "10 + case when %s = 1 then 60 else 0 end" % AGO, resource="'NULL'")
    spend(cluster, "credit", "-5000", "%s = 1" % AGO, category="Credit")
    spend(cluster, "refund", "100 + random() - case when %s = 1 then 80 else 0 end" % AGO)
    # Five weeks old: the weeks before the first charge are no weeks of nothing.
    spend(cluster, "young", "100 + random() + case when %s = 1 then 200 else 0 end" % AGO, "%s <= 35" % AGO)
    spend(cluster, "young and calm", "100 + 5 * random()", "%s <= 40" % AGO)
    spend(cluster, "new and calm", "case when %s then 150 else 200 end + 5 * random()" % WEEKEND, "%s <= 22" % AGO)
    spend(cluster, "new, spike", "200 + random() + case when %s = 1 then 300 else 0 end" % AGO, "%s <= 22" % AGO)
    spend(cluster, "leak", "100 + 8 * random() + greatest(0, 16 - %s) * 1.6" % AGO)
    spend(cluster, "exact", "case when %s = 1 then 12345678901234567.89 else 100 end" % AGO)
    spend(cluster, "today", "100 + case when %s = 0 then 900 else 0 end" % AGO, until=0)
    return cluster


def test_what_is_unusual(build, tmp_path, bills):
    have = records(build, config(tmp_path, bills, "focus-cost"), "anomalies")
    found = {r["asset"]: r for r in sorted(have.values(), key=lambda r: r["started"])}
    # In its first week every charge of a service is news: the two that are three weeks old had that.
    assert found.pop("new and calm")["state"] == "resolved"
    assert set(found) == {"spike", "step", "over", "euro", "fresh", "nulls", "young", "leak", "exact", "new, spike", "driven"}
    assert 199 < float(found["new, spike"]["expected"]) < 202
    assert found["over"]["state"] == "resolved" and found["over"]["ended"]
    for name in ("spike", "step", "euro", "fresh", "nulls"):
        assert found[name]["state"] == "open", name
    assert found["step"]["labels"]["days"] == "3" and found["step"]["severity"] == "low"
    assert 495 < float(found["spike"]["amount"]) < 505 and 95 < float(found["spike"]["expected"]) < 105
    assert found["euro"]["currency"] == "EUR"
    assert found["nulls"]["labels"]["account"] == "a1"
    assert 99 < float(found["young"]["expected"]) < 102, "the usual of a young service is that of its own days"
    assert found["leak"]["state"] == "open", "small excesses add up"
    assert found["exact"]["amount"] == "12345678901234567.89", "money is no floating point number"


def test_what_drives_it(build, tmp_path, bills):
    found = {r["asset"]: r for r in records(build, config(tmp_path, bills, "focus-cost"), "anomalies").values()}
    assert re.match(r"i-busy, 8[2-5] %$", found["driven"]["labels"]["mostly"]), found["driven"]["labels"]
    assert "mostly" not in found["spike"]["labels"], "its rows name no resource"


def test_titles_say_how_much(build, tmp_path, bills):
    found = {r["asset"]: r for r in records(build, config(tmp_path, bills, "focus-cost"), "anomalies").values()}
    assert re.match(r"spike \$50\d yesterday, usual 10\d, acct$", found["spike"]["title"]), found["spike"]["title"]
    assert re.match(r"euro 25\d EUR yesterday, usual 50\.\d\d, acct$", found["euro"]["title"]), found["euro"]["title"]
    assert found["fresh"]["title"] == "fresh $500 yesterday, usual nothing, acct"
    assert re.match(r"over \$40\d on 20\d\d-\d\d-\d\d, usual 10\d, acct$", found["over"]["title"]), found["over"]["title"]


def test_days_that_are_held_back_are_not_judged(build, tmp_path, bills):
    found = {r["asset"] for r in records(build, config(tmp_path, bills, "focus-cost", "hold_back: 2"), "anomalies").values()}
    assert "spike" not in found and "over" in found
    found = {r["asset"] for r in records(build, config(tmp_path, bills, "focus-cost", "hold_back: 0"), "anomalies").values()}
    assert "today" in found


def test_spend_of_the_last_full_day(build, tmp_path, bills):
    have = records(build, config(tmp_path, bills, "focus-cost"), "spend")
    spike = next(r for r in have.values() if r["asset"] == "spike")
    assert spike["state"] == "expected" and 495 < float(spike["amount"]) < 505 and 95 < float(spike["expected"]) < 105
    assert not any(r["asset"] == "credit" and float(r["amount"]) > 200 for r in have.values())
