-- Run logs: what a tenant's retention keeps of a run beside its meter record. One partition a day, by the time inside
-- the invocation's id (a UUIDv7); a day is dropped whole when its time is over.

create table run_log (
    tenant_id uuid not null,
    invocation_id uuid not null,
    function_id uuid not null,
    request_id uuid not null,
    input bytea not null,
    output bytea not null,
    log text not null,
    log_truncated boolean not null,
    -- json, not jsonb: a guest may put a NUL into a message, which jsonb refuses.
    error json,
    received_at timestamptz not null default now(),
    primary key (tenant_id, invocation_id)
) partition by range (invocation_id);

alter table run_log enable row level security;
alter table run_log force row level security;
create policy tenant_only on run_log using (tenant_id = (select current_setting('app.tenant_id')::uuid));
grant select, insert on run_log to cartwright_api;

-- The smallest UUIDv7 of a moment: where a day's partition begins.
create function uuid_at(moment timestamptz) returns uuid
language sql stable strict parallel safe
set search_path = pg_catalog
as $$
    select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- The partitions of today and the days after it, and of `days_back` days before. What exists stays.
create function run_log_create_days(days_back integer, days_ahead integer) returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '5s'
as $$
declare
    day date;
    partition_name text;
begin
    -- Two workers that begin the same day would both find it missing.
    perform pg_advisory_xact_lock(hashtext('run_log_days'));
    for day in
        select d::date from generate_series(
            (now() at time zone 'UTC')::date - days_back, (now() at time zone 'UTC')::date + days_ahead, interval '1 day'
        ) d
    loop
        partition_name := 'run_log_' || to_char(day, 'YYYYMMDD');
        if to_regclass('public.' || partition_name) is null then
            execute format(
                'create table public.%I partition of public.run_log for values from (%L) to (%L)',
                partition_name,
                public.uuid_at(day::timestamp at time zone 'UTC'),
                public.uuid_at((day + 1)::timestamp at time zone 'UTC')
            );
            -- Nobody is granted a partition; row security on it too keeps the rule without exception.
            execute format('alter table public.%I enable row level security', partition_name);
            execute format('alter table public.%I force row level security', partition_name);
        end if;
    end loop;
end
$$;

-- Drop the partitions of days before the last `days_kept` days, and say how many there were.
create function run_log_drop_days(days_kept integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
-- A drop waits for readers, and writers wait behind it: better to try again later.
set lock_timeout = '2s'
as $$
declare
    partition_name text;
    dropped integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('run_log_days'));
    for partition_name in
        select c.relname
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.run_log'::regclass
          -- In a case, since the planner may look at names before it knows whose partitions they are.
          and case when c.relname ~ '^run_log_[0-9]{8}$' then to_date(right(c.relname, 8), 'YYYYMMDD') end
              < (now() at time zone 'UTC')::date - days_kept
    loop
        execute format('drop table public.%I', partition_name);
        dropped := dropped + 1;
    end loop;
    return dropped;
end
$$;

-- From when to when there are partitions, by the names of the tables.
create function run_log_days() returns table (first_day timestamptz, end_of_last_day timestamptz)
language sql stable
set search_path = pg_catalog
as $$
    select min(day) at time zone 'UTC', (max(day) + interval '1 day') at time zone 'UTC'
    from (
        select case when c.relname ~ '^run_log_[0-9]{8}$' then to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp end as day
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.run_log'::regclass
    ) as days
$$;
grant execute on function run_log_days() to cartwright_api;

revoke execute on function run_log_create_days(integer, integer), run_log_drop_days(integer) from public;
grant execute on function run_log_create_days(integer, integer), run_log_drop_days(integer) to cartwright_worker;

select run_log_create_days(1, 8);
