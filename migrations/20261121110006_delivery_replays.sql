-- Replays of many deliveries at once: a named batch, made by the api and worked off by a job, which makes a new delivery of each
-- that the filter finds. How far it has come is written with what it made, so that a worker that takes over goes on where the
-- other fell and makes nothing twice.

create table delivery_replay (
    tenant_id uuid not null references tenant (tenant_id),
    replay_id uuid not null,
    name text not null,
    idempotency_key text,
    -- As api::deliveries::replays::Filter, and the function that its name was.
    filter json not null,
    function_id uuid,
    rate_per_s integer not null check (rate_per_s between 1 and 1000),
    status text not null default 'queued' check (status in ('queued', 'running', 'finished', 'cancelled', 'failed')),
    -- Why it failed, for people.
    error text,
    -- What the filter found when the batch was asked for.
    total bigint not null,
    made bigint not null default 0,
    event_gone bigint not null default 0,
    function_deleted bigint not null default 0,
    subscription_deleted bigint not null default 0,
    -- The last delivery that was looked at.
    looked_at_id uuid not null default '00000000-0000-0000-0000-000000000000',
    created_at timestamptz not null default now(),
    created_by text not null,
    begun_at timestamptz,
    ended_at timestamptz,
    primary key (tenant_id, replay_id),
    constraint delivery_replay_name_unique unique (tenant_id, name),
    constraint delivery_replay_key_unique unique (tenant_id, idempotency_key),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id),
    constraint delivery_replay_ends check ((ended_at is not null) = (status in ('finished', 'cancelled', 'failed')))
);
create index delivery_replay_open on delivery_replay (tenant_id) where ended_at is null;

-- A batch repeats a delivery once.
create unique index delivery_of_replay on delivery (tenant_id, replay_id, replay_of) where replay_id is not null;
create index delivery_replayed on delivery (tenant_id, replay_of) where replay_of is not null;
-- What became of a batch, read from the index alone; and whether a delivery was replayed already.
create index delivery_ended_of_replay on delivery_ended (tenant_id, replay_id, status) where replay_id is not null;
create index delivery_ended_replayed on delivery_ended (tenant_id, replay_of) where replay_of is not null;

alter table delivery_replay enable row level security;
alter table delivery_replay force row level security;
create policy tenant_only on delivery_replay using (tenant_id = (select current_setting('app.tenant_id')::uuid));

grant select, insert on delivery_replay to cartwright_api;
grant update (status, ended_at) on delivery_replay to cartwright_api;
grant select on delivery_replay to cartwright_worker;
grant update (
    status, error, total, made, event_gone, function_deleted, subscription_deleted, looked_at_id, begun_at, ended_at
) on delivery_replay to cartwright_worker;
