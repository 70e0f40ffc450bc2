-- Requests for access to roles of this cluster, for the connector postgres-access.
-- Run once by a superuser in the database that the connector is given:
--   psql -f postgres-access.sql
--
-- Who may do what:
--   watchdesk_requester  may ask (watchdesk.request)
--   watchdesk_operator   is what the connector logs in as: sees requests, grants and sessions, decides, revokes
-- The decision and the GRANT are one transaction in one function, which refuses people who decide on their own
-- request, requests that are decided already, and roles that are not in watchdesk.managed_role.

create schema if not exists watchdesk;

do $$
begin
	if not exists (select from pg_roles where rolname = 'watchdesk_requester') then
		create role watchdesk_requester nologin;
	end if;
	if not exists (select from pg_roles where rolname = 'watchdesk_operator') then
		create role watchdesk_operator nologin;
	end if;
end $$;

-- The roles that may be asked for. Superusers and the roles of watchdesk itself do not belong here.
create table if not exists watchdesk.managed_role (
	role name primary key,
	owner text,
	tier int check (tier between 1 and 5)
);

create table if not exists watchdesk.access_request (
	id bigint generated always as identity primary key,
	requester name not null,
	role name not null references watchdesk.managed_role,
	reason text not null check (length(reason) between 1 and 2000),
	ticket text,
	state text not null default 'pending' check (state in ('pending', 'approved', 'denied', 'canceled', 'expired')),
	requested_at timestamptz not null default now(),
	due_at timestamptz,                 -- when an answer is owed
	wanted_until timestamptz,           -- when the access shall end
	decided_by text,
	decided_at timestamptz,
	decision_reason text,
	revoked_at timestamptz,             -- when what was approved was taken away again (watchdesk.revoke)
	updated_at timestamptz not null default now()
);
alter table watchdesk.access_request add column if not exists revoked_at timestamptz;
create index if not exists access_request_updated on watchdesk.access_request (updated_at);
create index if not exists access_request_pending on watchdesk.access_request (due_at) where state = 'pending';

create or replace function watchdesk.request(want name, why text, due timestamptz default null, until timestamptz default null, ticket text default null)
returns bigint language sql security definer set search_path = pg_catalog, pg_temp as $$
	insert into watchdesk.access_request (requester, role, reason, due_at, wanted_until, ticket)
	values (session_user, want, why, due, until, ticket) returning id
$$;

create or replace function watchdesk.decide(request bigint, approve boolean, by_whom text, why text)
returns watchdesk.access_request language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	r watchdesk.access_request;
begin
	select * into r from watchdesk.access_request where id = request for update;
	if not found then
		raise exception 'request % does not exist', request using errcode = 'no_data_found';
	end if;
	if r.state <> 'pending' then
		raise exception 'request % is % since %', request, r.state, r.decided_at using errcode = 'object_not_in_prerequisite_state';
	end if;
	if by_whom is null or by_whom = r.requester then
		raise exception '% cannot decide on an own request', by_whom using errcode = 'insufficient_privilege';
	end if;
	if approve then
		if not exists (select from pg_roles where rolname = r.requester) then
			raise exception 'role % does not exist', r.requester using errcode = 'undefined_object';
		end if;
		if exists (select from pg_roles where rolname = r.role and rolsuper) or r.role in ('watchdesk_operator', 'pg_signal_backend') then
			raise exception 'role % is not given from here', r.role using errcode = 'insufficient_privilege';
		end if;
		execute format('grant %I to %I', r.role, r.requester);
	end if;
	update watchdesk.access_request
		set state = case when approve then 'approved' else 'denied' end,
			decided_by = by_whom, decided_at = now(), decision_reason = why, updated_at = now()
		where id = request returning * into r;
	return r;
end $$;

create or replace function watchdesk.revoke(member_role name, granted name)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not exists (select from watchdesk.managed_role where role = granted) then
		raise exception 'role % is not managed here', granted using errcode = 'insufficient_privilege';
	end if;
	execute format('revoke %I from %I', granted, member_role);
	update watchdesk.access_request set revoked_at = now(), updated_at = now()
		where requester = member_role and role = granted and state = 'approved' and revoked_at is null;
	return not exists (
		select from pg_auth_members a join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member
		where g.rolname = granted and m.rolname = member_role);
end $$;

create or replace function watchdesk.set_login(who name, allowed boolean)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if exists (select from pg_roles where rolname = who and (rolsuper or rolreplication)) then
		raise exception 'role % is a superuser or replicates: not from here', who using errcode = 'insufficient_privilege';
	end if;
	execute format('alter role %I %s', who, case when allowed then 'login' else 'nologin' end);
	return (select rolcanlogin from pg_roles where rolname = who);
end $$;

revoke all on schema watchdesk from public;
revoke all on all functions in schema watchdesk from public;
grant usage on schema watchdesk to watchdesk_requester, watchdesk_operator;
grant select on watchdesk.managed_role to watchdesk_requester, watchdesk_operator;
grant select on watchdesk.access_request to watchdesk_operator;
grant execute on function watchdesk.request(name, text, timestamptz, timestamptz, text) to watchdesk_requester;
grant execute on function watchdesk.decide(bigint, boolean, text, text) to watchdesk_operator;
grant execute on function watchdesk.revoke(name, name) to watchdesk_operator;
grant execute on function watchdesk.set_login(name, boolean) to watchdesk_operator;
-- To see and end other people's sessions.
grant pg_monitor, pg_signal_backend to watchdesk_operator;
