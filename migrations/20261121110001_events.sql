-- What comes in: events of the platform and of third parties, what tenants want to hear of, and what was accepted. An event,
-- its place among what was seen and its deliveries (the next migration) are written in one transaction.

-- What the platform may send. An event of a type that stands here must fit its schema; other types pass as they are.
create table event_type (
    name text primary key,
    description text,
    -- json, not jsonb: its text stays as it was put.
    schema json,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- Where a third party's webhooks come in, each under an address that carries the source's id.
create table source (
    tenant_id uuid not null references tenant (tenant_id),
    source_id uuid not null,
    name text not null,
    scheme text not null check (scheme in ('standard_webhooks', 'shopify', 'github', 'hmac')),
    -- For `hmac`: which headers, algorithm and encoding, as api::sources::HmacScheme.
    settings json not null default '{}',
    paused boolean not null default false,
    created_at timestamptz not null default now(),
    created_by text not null,
    deleted_at timestamptz,
    primary key (tenant_id, source_id)
);
create unique index source_name_unique on source (tenant_id, name) where deleted_at is null;
create unique index source_by_id on source (source_id);

-- Several at a time while one is rotated. Wrapped, since a signature cannot be checked by a digest.
create table source_secret (
    tenant_id uuid not null,
    source_id uuid not null,
    secret_id uuid not null,
    wrapped bytea not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    -- Past that it verifies nothing; null is for ever.
    expires_at timestamptz,
    primary key (tenant_id, source_id, secret_id),
    foreign key (tenant_id, source_id) references source (tenant_id, source_id)
);

create table subscription (
    tenant_id uuid not null references tenant (tenant_id),
    subscription_id uuid not null,
    function_id uuid not null,
    alias text not null default 'live',
    -- An event's type, or a pattern such as `orders/*`.
    event_type text not null,
    -- Only of this source; null is any, the platform too.
    source_id uuid,
    -- CEL, over `event`: which events, and what of one the function gets. Null: all, and the event as it is.
    filter text,
    transform text,
    -- A JSON pointer into the event's data: deliveries with the same value run one after the other.
    order_by text,
    -- As api::subscriptions::RetryPolicy.
    retry json not null,
    -- How long a delivery may wait, in seconds, before it expires.
    expires_after_s integer not null check (expires_after_s between 1 and 2592000),
    -- Runs of this subscription at the same time; null is what the tenant may.
    concurrency integer check (concurrency between 1 and 10000),
    paused boolean not null default false,
    -- Why, when it was not a person who paused it.
    paused_because text,
    -- So many deliveries that end dead one after the other pause it; 0 never.
    pause_after_dead integer not null check (pause_after_dead between 0 and 100000),
    -- How many ended dead since the last one that succeeded. Only written when it changes.
    dead_in_a_row integer not null default 0,
    -- Where the function's output goes as a signed message; null is nowhere.
    output_endpoint_id uuid,
    created_at timestamptz not null default now(),
    created_by text not null,
    deleted_at timestamptz,
    primary key (tenant_id, subscription_id),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id),
    foreign key (tenant_id, source_id) references source (tenant_id, source_id)
);
create index subscription_of_function on subscription (tenant_id, function_id) where deleted_at is null;

-- What was accepted. One partition a day, by the time inside the id (a UUIDv7); a day is dropped whole.
create table event (
    tenant_id uuid not null,
    event_id uuid not null,
    event_type text not null,
    -- Null when it came from the platform, or from a schedule.
    source_id uuid,
    schedule_id uuid,
    -- The sender's id of it.
    external_id text not null,
    -- When it happened, by the sender.
    occurred_at timestamptz not null,
    -- The event that caused this one, the first of them all, and how many lie between.
    parent_event_id uuid,
    root_event_id uuid not null,
    hops smallint not null default 0,
    -- The JSON that was sent, byte for byte; null when it is in the object store under `object_key`.
    data bytea,
    object_key text,
    data_bytes integer not null,
    data_sha256 bytea not null check (length(data_sha256) = 32),
    -- The request that brought it: the same id stands in the records and logs of its runs.
    request_id uuid not null,
    deliveries integer not null,
    primary key (tenant_id, event_id),
    constraint event_data_is_somewhere check ((data is null) <> (object_key is null))
) partition by range (event_id);
create index event_newest_of_type on event (tenant_id, event_type, event_id desc);
create index event_newest_of_source on event (tenant_id, source_id, event_id desc) where source_id is not null;

-- What was seen, so that a repeat does no work. `origin` is the source's or the schedule's id, and the nil id for the platform.
create table event_seen (
    tenant_id uuid not null,
    origin uuid not null,
    external_id text not null,
    event_id uuid not null,
    primary key (tenant_id, origin, external_id)
);
create index event_seen_age on event_seen (event_id);

-- How much an event has caused so far, counted at the first of the chain: what keeps a loop from running for ever.
create table event_chain (
    tenant_id uuid not null,
    root_event_id uuid not null,
    events integer not null,
    primary key (tenant_id, root_event_id)
);
create index event_chain_age on event_chain (root_event_id);

do $$
declare
    table_name text;
begin
    foreach table_name in array array['source', 'source_secret', 'subscription', 'event', 'event_seen', 'event_chain'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format(
            'create policy tenant_only on %I using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))',
            table_name
        );
    end loop;
end
$$;

grant select, insert, update, delete on event_type to cartwright_api;
grant select, insert on source, source_secret, subscription, event, event_seen, event_chain to cartwright_api;
grant update (name, settings, paused, deleted_at) on source to cartwright_api;
grant update (expires_at) on source_secret to cartwright_api;
grant delete on source_secret to cartwright_api;
grant update (
    function_id, alias, event_type, source_id, filter, transform, order_by, retry, expires_after_s, concurrency, paused,
    paused_because, pause_after_dead, dead_in_a_row, output_endpoint_id, deleted_at
) on subscription to cartwright_api;
grant update (events) on event_chain to cartwright_api;

grant select, insert on event, event_seen to cartwright_worker;
grant select on subscription, source to cartwright_worker;
grant update (paused, paused_because, dead_in_a_row) on subscription to cartwright_worker;
grant select on function_config to cartwright_worker;

-- Whose webhook this is: all that is known of it is the address that it came to.
create policy crossing on source to cartwright_crossing using (true);
grant select (tenant_id, source_id, deleted_at) on source to cartwright_crossing;
create function source_tenant(source uuid) returns uuid
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id from source where source_id = $1 and deleted_at is null
$$;

-- Partitions by day of the tables whose ids are UUIDv7, as of run logs: today's, those of so many days back and ahead.
create function event_create_days(days_back integer, days_ahead integer) returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '5s'
as $$
declare
    table_name text;
    day date;
    partition_name text;
begin
    -- Two workers that begin the same day would both find it missing.
    perform pg_advisory_xact_lock(hashtext('event_days'));
    foreach table_name in array array['event', 'delivery_ended', 'delivery_attempt'] loop
        for day in
            select d::date from generate_series(
                (now() at time zone 'UTC')::date - days_back, (now() at time zone 'UTC')::date + days_ahead, interval '1 day'
            ) d
        loop
            partition_name := table_name || '_' || to_char(day, 'YYYYMMDD');
            if to_regclass('public.' || partition_name) is null then
                execute format(
                    'create table public.%I partition of public.%I for values from (%L) to (%L)',
                    partition_name,
                    table_name,
                    public.uuid_at(day::timestamp at time zone 'UTC'),
                    public.uuid_at((day + 1)::timestamp at time zone 'UTC')
                );
                execute format('alter table public.%I enable row level security', partition_name);
                execute format('alter table public.%I force row level security', partition_name);
            end if;
        end loop;
    end loop;
end
$$;

-- Drop the partitions of days before the last `days_kept` days, and say which days these were. A day of which a delivery still
-- waits stays: it ends in that day's partition, and needs its event until then.
create function event_drop_days(days_kept integer) returns setof date
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
-- A drop waits for readers, and writers wait behind it: better to try again later.
set lock_timeout = '2s'
as $$
declare
    found record;
begin
    perform pg_advisory_xact_lock(hashtext('event_days'));
    for found in
        select c.relname as partition_name, to_date(right(c.relname, 8), 'YYYYMMDD') as day
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent in ('public.event'::regclass, 'public.delivery_ended'::regclass, 'public.delivery_attempt'::regclass)
          -- In a case, since the planner may look at names before it knows whose partitions they are.
          and case when c.relname ~ '_[0-9]{8}$' then to_date(right(c.relname, 8), 'YYYYMMDD') end
              < (now() at time zone 'UTC')::date - days_kept
          and case when c.relname ~ '_[0-9]{8}$' then not public.delivery_lives_of(to_date(right(c.relname, 8), 'YYYYMMDD')) end
    loop
        execute format('drop table public.%I', found.partition_name);
        return next found.day;
    end loop;
end
$$;
revoke execute on function event_create_days(integer, integer), event_drop_days(integer) from public;
grant execute on function event_create_days(integer, integer), event_drop_days(integer) to cartwright_worker;

-- What was seen is known for 30 days, and what an event caused. Forgets at most so many of each at a time, and answers how many
-- of both: fewer than that, and there are no more.
create policy crossing on event_seen to cartwright_crossing using (true);
create policy crossing on event_chain to cartwright_crossing using (true);
grant select, delete on event_seen, event_chain to cartwright_crossing;
create function event_seen_forget(days_kept integer, rows_max integer) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    horizon uuid := public.uuid_at(((now() at time zone 'UTC')::date - days_kept)::timestamp at time zone 'UTC');
    seen bigint;
    chains bigint;
begin
    delete from event_seen where (tenant_id, origin, external_id) in (
        select tenant_id, origin, external_id from event_seen where event_id < horizon order by event_id limit rows_max
    );
    get diagnostics seen = row_count;
    delete from event_chain where (tenant_id, root_event_id) in (
        select tenant_id, root_event_id from event_chain where root_event_id < horizon order by root_event_id limit rows_max
    );
    get diagnostics chains = row_count;
    return seen + chains;
end
$$;

do $$
begin
    grant create on schema public to cartwright_crossing;
    alter function source_tenant(uuid) owner to cartwright_crossing;
    alter function event_seen_forget(integer, integer) owner to cartwright_crossing;
    revoke execute on function source_tenant(uuid), event_seen_forget(integer, integer) from public;
    grant execute on function source_tenant(uuid) to cartwright_api;
    grant execute on function event_seen_forget(integer, integer) to cartwright_worker;
    revoke create on schema public from cartwright_crossing;
end
$$;
