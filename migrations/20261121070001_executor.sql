-- The fleet: one row for each executor process that reported and has not left in good order. An operator's order to drain
-- must outlive everything that may be lost, and a lost executor's last words matter most when it is gone; so this is a
-- table, and not in Redis. Written every three seconds by each executor, through the api.
create table executor (
    executor_id uuid primary key,
    internal_url text not null,
    -- Whether it takes new runs by its own account.
    ready boolean not null,
    -- Records that billing did not have when it last reported: its own, and those of logs that it took over.
    unshipped bigint not null check (unshipped >= 0),
    -- What it last said of itself, as domain::wire::ExecutorReport.
    report jsonb not null,
    registered_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    -- The operator's order, which the answer to its next report carries.
    drain_since timestamptz,
    drain_by text,
    -- The later process that ships its log, once it is gone.
    taken_over_by uuid,
    check ((drain_since is null) = (drain_by is null))
    -- No column that a report changes is indexed, and pages have room: the rows are updated in place.
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 200);

grant select, insert, delete on executor to cartwright_api;
grant update (internal_url, ready, unshipped, report, last_seen_at, drain_since, drain_by, taken_over_by) on executor to cartwright_api;
-- The worker counts them for the alerts, and forgets those whose logs are with others.
grant select, delete on executor to cartwright_worker;
