-- The queue of deliveries: a narrow table of live rows, and partitions by day of what ended. docs/decisions/0010 has the reasons.

-- Who takes from the queue. A worker that is silent past `alive_until` is taken for dead, and what it held for free; one that
-- comes back takes a new id, so whoever lost its rows can end none of them.
create table queue_worker (
    worker_id uuid primary key,
    alive_until timestamptz not null
);

-- Where something may wait: one row for each lane that a tenant ever used, so that nobody counts rows to find out. Rows are
-- only inserted, and deleted when they were idle for long; a counter here would be the hottest row of the database.
create table queue_flow (
    tenant_id uuid not null references tenant (tenant_id),
    lane smallint not null check (lane between 0 and 2),
    primary key (tenant_id, lane)
);

-- What the operator gives a tenant of the queue. No row: weight 1, and the concurrency of the tenant's quota.
create table queue_share (
    tenant_id uuid primary key references tenant (tenant_id),
    weight integer not null check (weight between 1 and 1000),
    concurrency integer check (concurrency between 1 and 100000)
);

create table delivery (
    tenant_id uuid not null,
    delivery_id uuid not null,
    event_id uuid not null,
    -- Null for a schedule's.
    subscription_id uuid,
    function_id uuid not null,
    -- 0 events and schedules as they come, 1 batches, 2 replays.
    lane smallint not null check (lane between 0 and 2),
    -- Set where the subscription orders: of one key, the next runs when the one before has ended.
    order_key text,
    -- When it may run; infinity while its subscription is paused.
    ready_at timestamptz not null,
    expires_at timestamptz not null,
    -- Attempts that the function had; and how often we failed in the one under way.
    attempts smallint not null default 0,
    faults smallint not null default 0,
    -- The run of the attempt under way, stored before it is asked for. A fault of ours keeps it, so that the attempt is
    -- billed once; the end of an attempt clears it.
    invocation_id uuid,
    -- An executor may have begun that run, so nobody may forget its id before the attempt is over.
    may_have_run boolean not null default false,
    -- The first attempt's: what clock and randomness of every attempt derive from.
    seed_id uuid,
    lease_owner uuid,
    leased_at timestamptz,
    last_error text,
    -- Which batch of replays made it, and of which delivery.
    replay_id uuid,
    replay_of uuid,
    primary key (tenant_id, delivery_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
-- What may be taken, in the order in which it is.
create index delivery_ready on delivery (tenant_id, lane, ready_at, delivery_id) where lease_owner is null;
create index delivery_leased on delivery (lease_owner) where lease_owner is not null;
create index delivery_in_order on delivery (tenant_id, subscription_id, order_key, delivery_id) where order_key is not null;
create index delivery_of_event on delivery (tenant_id, event_id);
-- Which of a key a worker has: the next of the key waits for it.
create index delivery_in_order_leased on delivery (tenant_id, subscription_id, order_key)
    where order_key is not null and lease_owner is not null;
create index delivery_held on delivery (tenant_id, subscription_id, order_key) where ready_at = 'infinity';
create index delivery_held_expires on delivery (expires_at) where ready_at = 'infinity' and lease_owner is null;
-- What a pause puts out of the way.
create index delivery_to_hold on delivery (tenant_id, subscription_id) where lease_owner is null and ready_at < 'infinity';

-- What ended, and how. Written once, in the transaction that deletes the live row.
create table delivery_ended (
    tenant_id uuid not null,
    delivery_id uuid not null,
    event_id uuid not null,
    subscription_id uuid,
    function_id uuid not null,
    lane smallint not null,
    order_key text,
    status text not null check (status in ('succeeded', 'dead', 'cancelled', 'expired')),
    -- Why it is dead: an outcome, or one of ours. What failures are grouped by.
    cause text,
    attempts smallint not null,
    -- The last attempt.
    invocation_id uuid,
    seed_id uuid,
    started_at timestamptz,
    ended_at timestamptz not null default now(),
    last_error text,
    replay_id uuid,
    replay_of uuid,
    primary key (tenant_id, delivery_id),
    constraint delivery_dead_has_cause check ((status = 'dead') = (cause is not null))
) partition by range (delivery_id);
create index delivery_ended_of_event on delivery_ended (tenant_id, event_id);
create index delivery_dead on delivery_ended (tenant_id, function_id, cause, delivery_id desc) where status = 'dead';
create index delivery_ended_of_function on delivery_ended (tenant_id, function_id, delivery_id desc);
create index delivery_ended_of_subscription on delivery_ended (tenant_id, subscription_id, delivery_id desc);
-- Few among many that succeeded.
create index delivery_given_up on delivery_ended (tenant_id, status, delivery_id desc) where status in ('expired', 'cancelled');

-- Attempts that were not the last, and faults of ours on the way. The last stands in the row itself.
create table delivery_attempt (
    tenant_id uuid not null,
    delivery_id uuid not null,
    attempt_id uuid not null,
    -- Which attempt of the function's, from 1.
    attempt smallint not null,
    invocation_id uuid,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    -- An outcome, or the code of the problem for which nothing ran.
    outcome text not null,
    error text,
    primary key (tenant_id, delivery_id, attempt_id)
) partition by range (delivery_id);

do $$
declare
    table_name text;
begin
    foreach table_name in array array['queue_flow', 'queue_share', 'delivery', 'delivery_ended', 'delivery_attempt'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format(
            'create policy tenant_only on %I using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))',
            table_name
        );
        execute format('create policy crossing on %I to cartwright_crossing using (true)', table_name);
    end loop;
end
$$;

grant select, insert on queue_flow, delivery to cartwright_api;
grant select on delivery_ended, delivery_attempt to cartwright_api;
grant insert on delivery_ended to cartwright_api;
grant update (ready_at) on delivery to cartwright_api;
grant delete on delivery to cartwright_api;
grant select, insert on queue_share to cartwright_api;
grant update (weight, concurrency) on queue_share to cartwright_api;

grant select, insert, update, delete on queue_worker to cartwright_worker;
grant select, insert on queue_flow, delivery to cartwright_worker;
grant update (ready_at) on delivery to cartwright_worker;
grant delete on delivery to cartwright_worker;
grant select on queue_share, delivery_ended, delivery_attempt to cartwright_worker;
grant insert on delivery_ended to cartwright_worker;

grant select on queue_worker to cartwright_crossing;
grant select, delete on queue_flow to cartwright_crossing;
grant select on queue_share to cartwright_crossing;
grant select, insert, update, delete on delivery to cartwright_crossing;
grant select, insert on delivery_ended, delivery_attempt to cartwright_crossing;
grant delete on delivery_attempt to cartwright_crossing;

-- Whether a delivery of this day, or of an event of it, still waits.
create function delivery_lives_of(day date) returns boolean
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select exists (
        select from delivery d, (
            select public.uuid_at(day::timestamp at time zone 'UTC') as first,
                public.uuid_at((day + 1)::timestamp at time zone 'UTC') as past
        ) of_day
        where d.delivery_id >= of_day.first and d.delivery_id < of_day.past
           or d.event_id >= of_day.first and d.event_id < of_day.past
    )
$$;
do $$
begin
    grant create on schema public to cartwright_crossing;
    alter function delivery_lives_of(date) owner to cartwright_crossing;
    revoke create on schema public from cartwright_crossing;
end
$$;
revoke execute on function delivery_lives_of(date) from public;
grant execute on function delivery_lives_of(date) to current_user;
select event_create_days(1, 8);
