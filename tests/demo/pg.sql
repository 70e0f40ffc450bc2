-- What the demo's private cluster holds besides the shipped DDL: people, roles, requests, sessions' owners, spend.
\set ON_ERROR_STOP on
\set QUIET on
set client_min_messages = warning;
begin;

create role finance_ro; create role finance_rw; create role analyst_ro; create role pii_reader; create role warehouse_dev;
create role warehouse_admin createrole; create role etl_owner; create role mart_reader;
grant analyst_ro to finance_ro; grant mart_reader to analyst_ro; grant finance_ro to finance_rw;
grant warehouse_dev to warehouse_admin; grant etl_owner to warehouse_admin;

do $$
declare
	who text;
	roles text[] := array['finance_ro', 'analyst_ro', 'pii_reader', 'warehouse_dev', 'mart_reader', 'analyst_ro'];
	i int := 0;
begin
	foreach who in array array['k.adler', 'r.lopez', 't.okafor', 's.brandt', 'j.novak', 'a.haddad', 'd.reyes', 'n.kaya', 'p.olsen', 'l.meyer',
		'c.duarte', 'h.weber', 'g.silva', 'y.tanaka', 'o.bauer', 'e.rossi', 'v.khan', 'b.moreau', 'i.santos', 'u.ng', 'w.evans', 'f.garcia'] loop
		i := i + 1;
		execute format('create role %I login in role %I', who, roles[1 + i % 6]);
		if i % 4 = 0 then
			execute format('grant %I to %I', roles[1 + (i / 4) % 6], who);
		end if;
	end loop;
	execute format('create role "contractor-7" login valid until %L in role warehouse_admin', now() + interval '2 days');
	execute format('create role "contractor-9" login valid until %L in role analyst_ro', now() + interval '60 days');
end $$;
create role "m.ito" login in role analyst_ro;
create role "svc-airflow" login in role etl_owner;
create role "svc-looker" login in role mart_reader;
create role watchdesk login in role watchdesk_operator;
grant watchdesk_requester to "m.ito", "k.adler", "s.brandt", "j.novak";

insert into watchdesk.managed_role (role, owner, tier) values
	('finance_ro', 'finance', 2), ('finance_rw', 'finance', 1), ('analyst_ro', 'data-core', 3), ('pii_reader', 'privacy', 1),
	('warehouse_dev', 'platform', 3), ('warehouse_admin', 'platform', 1), ('mart_reader', 'data-core', 4), ('etl_owner', 'platform', 1);

insert into watchdesk.access_request (requester, role, reason, ticket, state, requested_at, due_at, wanted_until, decided_by, decided_at, decision_reason, updated_at)
select w.who, w.role, 'project work', 'DATA-' || (2100 + n), w.state, now() - n * interval '11 hours', now() - n * interval '11 hours' + interval '1 day',
	case when n % 3 = 0 then now() + interval '30 days' - n * interval '1 hour' end, 'oncall', now() - n * interval '11 hours' + interval '2 hours', 'as agreed', now() - n * interval '11 hours' + interval '2 hours'
from generate_series(2, 41) n
cross join lateral (select (array['k.adler', 'r.lopez', 'j.novak', 'a.haddad', 's.brandt'])[1 + n % 5] as who,
	(array['finance_ro', 'analyst_ro', 'pii_reader', 'warehouse_dev'])[1 + n % 4] as role, (array['approved', 'approved', 'denied', 'canceled'])[1 + (n * 7) % 4] as state) w;

insert into watchdesk.access_request (requester, role, reason, ticket, requested_at, due_at, wanted_until, updated_at) values
	('k.adler', 'finance_rw', 'correct postings of the October close', 'FIN-882', now() - interval '2 hours 10 minutes', now() + interval '5 hours', now() + interval '1 day', now() - interval '2 hours 10 minutes'),
	('s.brandt', 'warehouse_dev', 'build the returns mart', 'DATA-2188', now() - interval '26 minutes', now() + interval '22 hours', now() + interval '90 days', now() - interval '26 minutes');

do $$ begin perform setseed(0.42); end $$;
insert into focus_cost (billingaccountid, billingcurrency, billingperiodstart, billingperiodend, chargecategory, chargeclass, chargeperiodstart, chargeperiodend,
	billedcost, effectivecost, providername, servicecategory, servicename, subaccountid, subaccountname, regionid)
select '123456789012', 'USD', date_trunc('month', d), date_trunc('month', d) + interval '1 month', 'Usage', null, d, d + interval '1 day', c.cost, c.cost,
	s.provider, s.category, s.service, s.account, s.account, s.region
from (values
	('AWS', 'Storage', 'Amazon S3', 'data', 'us-east-1', 310.0, 0.05), ('AWS', 'Storage', 'Amazon S3', 'growth', 'us-east-1', 85.0, 0.2),
	('AWS', 'Compute', 'Amazon EC2', 'ml', 'eu-west-1', 640.0, 0.35), ('AWS', 'Databases', 'Amazon RDS', 'data', 'us-east-1', 220.0, 0.02),
	('AWS', 'Analytics', 'AWS Glue', 'data', 'us-east-1', 140.0, 0.5), ('AWS', 'Analytics', 'Amazon Kinesis', 'ingest', 'us-east-1', 175.0, 0.1),
	('AWS', 'Management', 'Amazon CloudWatch', 'platform', 'us-east-1', 64.0, 0.1), ('AWS', 'Networking', 'AWS Data Transfer', 'platform', 'us-east-1', 118.0, 0.3),
	('Snowflake', 'Analytics', 'WH_BI', 'warehouse', 'eu-west-1', 390.0, 0.4), ('Snowflake', 'Analytics', 'WH_ETL_EU', 'warehouse', 'eu-west-1', 205.0, 0.1),
	('Snowflake', 'Analytics', 'WH_DS', 'ml', 'eu-west-1', 160.0, 0.45), ('Google', 'Analytics', 'BigQuery', 'ml-feats', 'us', 96.0, 0.3),
	('Google', 'Storage', 'Cloud Storage', 'ml-feats', 'us', 41.0, 0.05), ('Datadog', 'Management', 'Datadog', 'platform', 'us', 150.0, 0.02)
) as s (provider, category, service, account, region, usual, weekend)
cross join generate_series(date_trunc('day', now()) - interval '120 days', date_trunc('day', now()), interval '1 day') d
cross join lateral (select round((s.usual
	* case when extract(isodow from d) >= 6 then 1 - s.weekend else 1 end
	* (0.95 + 0.1 * random())
	* case when s.service = 'BigQuery' and d >= date_trunc('day', now()) - interval '1 day' then 2.9 else 1 end
	* case when s.service = 'Amazon Kinesis' and d = date_trunc('day', now()) - interval '12 days' then 2.2 else 1 end)::numeric, 6) as cost) c;
insert into focus_cost (billingaccountid, billingcurrency, billingperiodstart, billingperiodend, chargecategory, chargeperiodstart, chargeperiodend, billedcost, effectivecost,
	providername, servicecategory, servicename, subaccountid, subaccountname)
select '123456789012', 'USD', m, m + interval '1 month', 'Tax', m, m + interval '1 day', 4100, 4100, 'AWS', 'Other', 'Tax', 'data', 'data'
from generate_series(date_trunc('month', now()) - interval '3 months', date_trunc('month', now()), interval '1 month') m;
grant select on focus_cost to watchdesk_operator;
commit;
analyze;
