-- Targets: the extension points that the operator defines, and which functions of a tenant run at them, in which order.
-- A target is the platform's and has no tenant; a binding is a tenant's.

create table target (
    name text primary key,
    title text not null,
    description text not null,
    -- JSON Schemas, draft 2020-12, compiled before they were stored. json, not jsonb: members stay in their order, which
    -- is the order in which people and generated types read them.
    input_schema json not null,
    output_schema json not null,
    -- Lower limits of its own, as domain::LimitOverrides.
    limits jsonb not null default '{}',
    -- [{name, input, output?}], each of which obeys the schemas.
    examples json not null default '[]',
    -- Whether a function may ask for a part of the payload only.
    input_query_allowed boolean not null default false,
    created_at timestamptz not null default now(),
    created_by text not null,
    updated_at timestamptz not null default now(),
    updated_by text not null
);

create table target_binding (
    tenant_id uuid not null,
    target text not null references target (name),
    -- The place in the tenant's order, from 1.
    ord smallint not null check (ord between 1 and 25),
    function_id uuid not null,
    alias text not null,
    on_error text not null check (on_error in ('skip', 'fail')),
    primary key (tenant_id, target, ord),
    constraint target_binding_function_unique unique (tenant_id, target, function_id),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id)
);
-- Asked when a function is deleted or given another target.
create index target_binding_of_function on target_binding (tenant_id, function_id);

-- The part of its target's payload that a function asked for, as domain::InputQuery; null for all of it.
alter table function add column input_query text[];
-- Who is told when a target changes.
create index function_of_target on function (target) where deleted_at is null;

alter table target_binding enable row level security;
alter table target_binding force row level security;
create policy tenant_only on target_binding using (tenant_id = (select current_setting('app.tenant_id')::uuid));
-- For the two functions below.
create policy crossing on function to cartwright_crossing using (true);

-- How many functions answer a target, and of how many tenants.
create function target_uses(wanted_target text) returns table (functions bigint, tenants bigint)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select count(*), count(distinct tenant_id) from function where target = wanted_target and deleted_at is null
$$;

-- What executors hold of every tenant that answers this target is old once this commits; of every tenant at all when it is
-- null, since each knows the names of all targets. Answers the new generations.
create function note_target_change(changed_target text) returns table (tenant_id uuid, generation bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
begin
    -- One at a time: two would lock the same tenants in two orders.
    perform pg_advisory_xact_lock(hashtextextended('note_target_change', 0));
    return query
        with changed as (
            update tenant t set generation = t.generation + 1
            where changed_target is null or exists (
                select from function f
                where f.tenant_id = t.tenant_id and f.target = changed_target and f.deleted_at is null
            )
            returning t.tenant_id, t.generation
        )
        insert into change_log as noted (tenant_id, generation)
        select changed.tenant_id, changed.generation from changed
        returning noted.tenant_id, noted.generation;
end
$$;

grant select on function to cartwright_crossing;
grant update (generation) on tenant to cartwright_crossing;

-- To own a function, a role must be able to create in its schema, for as long as the handing over takes.
grant create on schema public to cartwright_crossing;
alter function target_uses(text) owner to cartwright_crossing;
alter function note_target_change(text) owner to cartwright_crossing;
revoke create on schema public from cartwright_crossing;

revoke execute on function target_uses(text), note_target_change(text) from public;
grant execute on function target_uses(text), note_target_change(text) to cartwright_api;

grant select, insert, delete on target to cartwright_api;
grant update (
    title, description, input_schema, output_schema, limits, examples, input_query_allowed, updated_at, updated_by
) on target to cartwright_api;
grant select, insert, delete on target_binding to cartwright_api;
grant update (input_query) on function to cartwright_api;
