"""The SQL connectors on a real PostgreSQL, in a cluster of their own."""
import os

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
    return cluster


def test_grants_follow_chains(build, tmp_path, people):
    have = records(build, config(tmp_path, people, "postgres-access"), "grants")
    through = have["o'hara; -- > team_ro > base_ro"]
    assert through["opaque"] == {"member": "o'hara; --", "role": "base_ro", "via": "team_ro", "direct": False}
    assert have["o'hara; -- > team_ro"]["state"] == "active" and have["o'hara; -- > team_ro"]["tier"] == 2
    admin = have["kim > db_admin"]
    assert admin["state"] == "expiring" and admin["severity"] == "high" and admin["due"] == "2020-01-01T00:00:00Z"


def test_requests_come_with_their_limits(build, tmp_path, people):
    have = records(build, config(tmp_path, people, "postgres-access"), "requests")
    lee = next(r for r in have.values() if r["actor"] == "lee")
    assert lee["state"] == "pending" and lee["asset"] == "team_ro" and lee["due"] and lee["owner"] == "data"
    assert lee["labels"]["ticket"] == "T-1" and lee["title"].startswith("lee: team_ro until ")


def test_functions_refuse_what_is_not_theirs(people):
    lee, kim = (psql(people, "select id from watchdesk.access_request where requester = '%s'" % who) for who in ("lee", "kim"))
    refused = [
        ("select watchdesk.decide(%s, true, 'lee', 'mine')" % lee, "own request"),
        ("select watchdesk.decide(99999, true, 'desk', '')", "does not exist"),
        ("select watchdesk.revoke('desk', 'watchdesk_operator')", "not managed"),
        ("select watchdesk.set_login('%s', false)" % people["user"], "superuser"),
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
    chargeperiodstart, chargeperiodend, billedcost, effectivecost, providername, servicecategory, servicename, subaccountid, subaccountname)
select 'b', '{currency}', d, d + interval '1 month', '{category}', {klass}, d, d + interval '1 day', 0, {cost}, 'P', 'C', '{service}', 'a1', {account}
from generate_series(({today} - 120)::timestamp at time zone 'UTC', ({today} - {until})::timestamp at time zone 'UTC', interval '1 day') d where {where};"""
TODAY = "(now() at time zone 'UTC')::date"


def spend(about, service, cost, where="true", currency="USD", category="Usage", klass="null", account="'acct'", until=1):
    psql(about, ROW.format(service=service, cost=cost, where=where, currency=currency, category=category, klass=klass, account=account, until=until, today=TODAY))


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
    spend(cluster, "today", "100 + case when %s = 0 then 900 else 0 end" % AGO, until=0)
    return cluster


def test_what_is_unusual(build, tmp_path, bills):
    have = records(build, config(tmp_path, bills, "focus-cost"), "anomalies")
    found = {r["asset"]: r for r in have.values()}
    assert set(found) == {"spike", "step", "over", "euro", "fresh", "nulls"}
    assert found["over"]["state"] == "resolved" and found["over"]["ended"]
    for name in ("spike", "step", "euro", "fresh", "nulls"):
        assert found[name]["state"] == "open", name
    assert found["step"]["labels"]["days"] == "3" and found["step"]["severity"] == "low"
    assert 495 < float(found["spike"]["amount"]) < 505 and 95 < float(found["spike"]["expected"]) < 105
    assert found["euro"]["currency"] == "EUR"
    assert found["nulls"]["labels"]["account"] == "a1"


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
