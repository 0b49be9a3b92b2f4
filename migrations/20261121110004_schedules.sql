-- Schedules: functions that run by the clock of a time zone. What fires becomes an event with one delivery.

create table schedule (
    tenant_id uuid not null references tenant (tenant_id),
    schedule_id uuid not null,
    function_id uuid not null,
    -- Five fields, read in the zone of the IANA name beside them.
    cron text not null,
    timezone text not null,
    -- What the function gets: JSON, as it was put.
    input text not null,
    -- What becomes of firings that nobody was there for: none, the last, or each.
    missed text not null check (missed in ('skip', 'once', 'all')),
    paused boolean not null default false,
    -- Why, when it was not a person who paused it.
    paused_because text,
    -- The firing that is to come, by the database's clock. It only moves on, so none comes twice when a clock goes back.
    next_at timestamptz,
    -- The time of the last firing, not of when it was done.
    last_at timestamptz,
    created_at timestamptz not null default now(),
    created_by text not null,
    deleted_at timestamptz,
    primary key (tenant_id, schedule_id),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id),
    constraint schedule_fires_or_not check ((next_at is null) = (paused or deleted_at is not null))
);
create index schedule_next on schedule (next_at) where next_at is not null;
create index schedule_of_function on schedule (tenant_id, function_id) where deleted_at is null;

alter table schedule enable row level security;
alter table schedule force row level security;
create policy tenant_only on schedule using (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy crossing on schedule to cartwright_crossing using (true);

grant select, insert on schedule to cartwright_api;
grant update (function_id, cron, timezone, input, missed, paused, paused_because, next_at, deleted_at)
    on schedule to cartwright_api;
grant select on schedule to cartwright_worker;
grant update (paused, paused_because, next_at, last_at) on schedule to cartwright_worker;
grant select (tenant_id, schedule_id, next_at) on schedule to cartwright_crossing;

-- Which schedules are due, the longest due first. Nothing is taken by this: whoever fires one locks it and looks again.
create function schedules_due(schedules_max integer) returns table (tenant_id uuid, schedule_id uuid)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select s.tenant_id, s.schedule_id from schedule s where s.next_at <= now() order by s.next_at limit schedules_max
$$;

do $$
begin
    grant create on schema public to cartwright_crossing;
    alter function schedules_due(integer) owner to cartwright_crossing;
    revoke execute on function schedules_due(integer) from public;
    grant execute on function schedules_due(integer) to cartwright_worker;
    revoke create on schema public from cartwright_crossing;
end
$$;
