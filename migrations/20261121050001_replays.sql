-- Batches of replays: one version of a function run on inputs that were recorded, and how that compares. A batch is made by the
-- api and run by the worker; each of its runs has a row, so that a worker that takes over goes on where the other fell.

create table replay_batch (
    tenant_id uuid not null,
    batch_id uuid not null,
    function_id uuid not null,
    version integer not null,
    -- The version that it is compared with; null when that is what was recorded.
    against integer,
    -- The configuration that its runs are given; null when each is given the one that it was recorded with.
    config_version integer,
    -- Which runs: the newest so many, from a time, before a time, that ended so.
    last integer not null check (last between 1 and 1000),
    from_at timestamptz,
    to_at timestamptz,
    outcome text,
    status text not null default 'queued' check (status in ('queued', 'running', 'finished', 'cancelled', 'failed')),
    -- Why it failed, for people.
    error text,
    -- What it came to, as api::replays::Summary. Written once at the end; before, it is counted from the runs.
    summary json,
    created_at timestamptz not null default now(),
    created_by text not null,
    begun_at timestamptz,
    ended_at timestamptz,
    primary key (tenant_id, batch_id),
    foreign key (tenant_id, function_id, version) references version (tenant_id, function_id, version),
    foreign key (tenant_id, function_id, against) references version (tenant_id, function_id, version),
    constraint replay_batch_ends check ((ended_at is not null) = (status in ('finished', 'cancelled', 'failed')))
);
create index replay_batch_newest on replay_batch (tenant_id, function_id, batch_id desc);
create index replay_batch_open on replay_batch (tenant_id) where ended_at is null;

create table replay_run (
    tenant_id uuid not null,
    batch_id uuid not null,
    -- The run that is repeated.
    invocation_id uuid not null,
    -- It, as domain::wire::Record.
    recorded json not null,
    -- Null until it was repeated.
    class text check (class in ('same', 'differs', 'newly_failing', 'newly_passing', 'not_comparable')),
    -- Set where both sides ended well: only then do they say what the version costs.
    fuel_before bigint,
    fuel_after bigint,
    -- Both sides and why they do not compare, as api::replays::RunResult.
    result json,
    -- What a reader wants to see first.
    rank smallint not null generated always as (
        case class
            when 'newly_failing' then 0 when 'differs' then 1 when 'not_comparable' then 2 when 'newly_passing' then 3 else 4
        end
    ) stored,
    fuel_delta bigint not null generated always as (coalesce(fuel_after - fuel_before, 0)) stored,
    primary key (tenant_id, batch_id, invocation_id),
    foreign key (tenant_id, batch_id) references replay_batch (tenant_id, batch_id),
    constraint replay_run_is_whole check ((class is null) = (result is null))
);
create index replay_run_worst on replay_run (tenant_id, batch_id, rank, fuel_delta desc, invocation_id);
create index replay_run_age on replay_run (invocation_id);

-- What an alias asks of a version before it moves there: a finished batch of that version that went well enough.
create table alias_gate (
    tenant_id uuid not null,
    function_id uuid not null,
    alias text not null,
    -- Runs that must have been compared.
    min_runs integer not null check (min_runs between 1 and 1000),
    newly_failing_max integer not null check (newly_failing_max between 0 and 1000),
    -- Null: outputs may differ as they like.
    differs_max integer check (differs_max between 0 and 1000),
    max_age_hours integer not null check (max_age_hours between 1 and 8760),
    set_at timestamptz not null default now(),
    set_by text not null,
    primary key (tenant_id, function_id, alias),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id)
);

-- Why a move went over a gate, in the words of who did it.
alter table alias_move add column over_gate text;

do $$
declare
    table_name text;
begin
    foreach table_name in array array['replay_batch', 'replay_run', 'alias_gate'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format(
            'create policy tenant_only on %I using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))',
            table_name
        );
    end loop;
end
$$;

grant select, insert on replay_batch to cartwright_api;
grant update (status, ended_at) on replay_batch to cartwright_api;
grant select on replay_run to cartwright_api;
grant select, insert, delete on alias_gate to cartwright_api;
grant update (min_runs, newly_failing_max, differs_max, max_age_hours, set_at, set_by) on alias_gate to cartwright_api;

grant select on replay_batch, alias_gate to cartwright_worker;
grant update (status, error, summary, begun_at, ended_at) on replay_batch to cartwright_worker;
grant select, insert on replay_run to cartwright_worker;
grant update (class, fuel_before, fuel_after, result) on replay_run to cartwright_worker;
-- What a batch runs on.
grant select on run_log, function_config to cartwright_worker;
grant execute on function run_log_days() to cartwright_worker;

-- Outputs in results are the tenant's data, and go when its run logs of that age go. What a batch came to stays.
create policy crossing on replay_run to cartwright_crossing using (true);
grant select, delete on replay_run to cartwright_crossing;
create function replay_runs_forget(days_kept integer) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    forgotten bigint;
begin
    -- The id of the run that was repeated carries its time.
    delete from replay_run
    where invocation_id < public.uuid_at(((now() at time zone 'UTC')::date - days_kept)::timestamp at time zone 'UTC');
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

-- The same claim as before, among jobs of these kinds: work that takes minutes must not keep uploads from being compiled.
drop function job_claim(uuid, integer, integer);
create function job_claim(owner uuid, lease_ms integer, jobs_max integer, kinds text[])
returns table (tenant_id uuid, job_id uuid, task jsonb, attempts integer, last_error text)
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with busy as (
        select job.tenant_id, count(*) as running from job
        where job.lease_until > now() and job.task ->> 'kind' = any(kinds)
        group by job.tenant_id
    ), due as (
        select job.tenant_id, job.job_id
        from job left join busy on busy.tenant_id = job.tenant_id
        where greatest(job.run_at, coalesce(job.lease_until, job.run_at)) <= now() and job.task ->> 'kind' = any(kinds)
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

do $$
declare
    crossing text;
begin
    grant create on schema public to cartwright_crossing;
    foreach crossing in array array['job_claim(uuid, integer, integer, text[])', 'replay_runs_forget(integer)'] loop
        execute format('alter function %s owner to cartwright_crossing', crossing);
        execute format('revoke execute on function %s from public', crossing);
        execute format('grant execute on function %s to cartwright_worker', crossing);
    end loop;
    revoke create on schema public from cartwright_crossing;
end
$$;
grant execute on function uuid_at(timestamptz) to cartwright_crossing;
