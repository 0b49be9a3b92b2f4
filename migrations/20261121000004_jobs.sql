-- The queue: live rows only. A done job is deleted, so the table stays small; what it did stands in its own table.

create table job (
    tenant_id uuid not null references tenant (tenant_id),
    job_id uuid not null,
    -- What to do, as the api's jobs::Task.
    task jsonb not null,
    run_at timestamptz not null default now(),
    attempts integer not null default 0,
    -- Until when `lease_owner`, one worker process, alone works on it. Past that, anyone may take it over.
    lease_until timestamptz,
    lease_owner uuid,
    last_error text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, job_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 200);
create index job_due on job ((greatest(run_at, coalesce(lease_until, run_at))));

alter table job enable row level security;
alter table job force row level security;
create policy tenant_only on job using (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy crossing on job to cartwright_crossing using (true);

grant select, insert on job to cartwright_api;
grant select, delete on job to cartwright_worker;
grant update (run_at, lease_until, last_error) on job to cartwright_worker;
grant select on job to cartwright_crossing;
grant update (attempts, lease_until, lease_owner) on job to cartwright_crossing;

-- Take jobs that are due, those first whose tenant has the fewest in work, so that one tenant's thousand uploads keep
-- nobody else waiting. `owner` is new with every claim: who lost its lease can neither renew nor finish.
create function job_claim(owner uuid, lease_ms integer, jobs_max integer)
returns table (tenant_id uuid, job_id uuid, task jsonb, attempts integer, last_error text)
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with busy as (
        select job.tenant_id, count(*) as running from job where job.lease_until > now() group by job.tenant_id
    ), due as (
        select job.tenant_id, job.job_id
        from job left join busy on busy.tenant_id = job.tenant_id
        where greatest(job.run_at, coalesce(job.lease_until, job.run_at)) <= now()
        order by coalesce(busy.running, 0), greatest(job.run_at, coalesce(job.lease_until, job.run_at))
        limit jobs_max
        for update of job skip locked
    )
    update job
    set lease_owner = owner, lease_until = now() + lease_ms * interval '1 millisecond', attempts = job.attempts + 1
    from due
    where job.tenant_id = due.tenant_id and job.job_id = due.job_id
    returning job.tenant_id, job.job_id, job.task, job.attempts, job.last_error
$$;

-- How long the queue is and how long its oldest due job has waited, in seconds.
create function job_backlog() returns table (jobs bigint, waiting_s double precision)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select count(*), coalesce(extract(epoch from max(now() - run_at) filter (where run_at <= now())), 0)::double precision
    from job
$$;

grant create on schema public to cartwright_crossing;
alter function job_claim(uuid, integer, integer) owner to cartwright_crossing;
alter function job_backlog() owner to cartwright_crossing;
revoke create on schema public from cartwright_crossing;
grant execute on function job_claim(uuid, integer, integer), job_backlog() to cartwright_worker;
