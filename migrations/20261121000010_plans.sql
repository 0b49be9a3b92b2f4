-- Plans: what a tenant may use and what it pays. Billing owns these tables; the api reads a tenant's terms for its snapshot
-- and gives a new tenant the default plan. A published version never changes: a new price is a new version.

-- What is counted, and in which unit it is priced and shown.
create table meter (
    code text primary key,
    -- A price is for so many of what is counted. A power of ten, so that every quantity is a short decimal.
    unit_size numeric not null check (unit_size::text ~ '^10*$'),
    unit text not null,
    title text not null
);
insert into meter (code, unit_size, unit, title) values
    ('invocations', 1000000, '1,000,000 invocations', 'Invocations'),
    ('fuel', 1000000000, '1,000,000,000 fuel', 'Fuel'),
    ('memory_kib_ms', 1000000000, '1,000,000,000 KiB·ms', 'Memory over time');

create table plan (
    code text primary key,
    name text not null,
    -- The one that a new tenant gets.
    is_default boolean not null default false
);
create unique index plan_default_unique on plan (is_default) where is_default;

-- A version of a plan is a price sheet: meter records name the one by which their cost was stated.
create table plan_version (
    price_sheet integer primary key check (price_sheet > 0),
    plan text not null references plan (code),
    version integer not null check (version > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- As domain::Limits: what one invocation may use.
    limits jsonb not null,
    -- From then on nothing of it changes.
    published_at timestamptz,
    constraint plan_version_unique unique (plan, version)
);

create table price (
    price_sheet integer not null references plan_version (price_sheet),
    meter text not null references meter (code),
    primary key (price_sheet, meter)
);

-- What is counted in a period falls into the tiers from the lowest up; each tier prices only what falls into it. Tier `ord`
-- reaches from the end of the one before, exclusive, to `up_to`, inclusive. Free units are a first tier with price 0.
create table price_tier (
    price_sheet integer not null,
    meter text not null,
    ord integer not null check (ord >= 0),
    -- In what is counted, not in units. Null for the last tier, which has no end.
    up_to numeric check (up_to > 0 and scale(up_to) = 0),
    -- Of one unit. Twelve decimals are what `Cartwright-Cost` can state.
    unit_price numeric not null check (unit_price >= 0 and scale(unit_price) <= 12),
    primary key (price_sheet, meter, ord),
    foreign key (price_sheet, meter) references price (price_sheet, meter)
);

-- Which price sheet applies to a tenant from when on.
create table tenant_plan (
    tenant_id uuid not null references tenant (tenant_id),
    since timestamptz not null default now(),
    price_sheet integer not null references plan_version (price_sheet),
    primary key (tenant_id, since)
);

-- Tiers must be numbered from 0 without gaps, rise, and end with one that has no end.
create function plan_version_check(sheet integer) returns void
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if exists (
        select from (
            select ord, up_to,
                row_number() over tiers as place,
                lag(up_to, 1, 0::numeric) over tiers as floor,
                lead(ord) over tiers is null as is_last
            from price_tier
            where price_sheet = sheet
            window tiers as (partition by meter order by ord)
        ) as tier
        where ord <> place - 1 or is_last <> (up_to is null) or up_to <= floor
    ) or exists (
        select from price left join price_tier using (price_sheet, meter)
        where price_sheet = sheet and ord is null
    ) then
        raise exception 'price sheet %: its tiers must begin at 0, rise, and end without an end', sheet
            using errcode = 'check_violation', constraint = 'price_tiers_cover_everything';
    end if;
end
$$;

create function plan_version_is_frozen() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if tg_table_name = 'plan_version' then
        if tg_op <> 'INSERT' and old.published_at is not null then
            raise exception 'price sheet % is published; publish a new version', old.price_sheet
                using errcode = 'integrity_constraint_violation', constraint = 'plan_version_immutable';
        end if;
        if tg_op <> 'DELETE' and new.published_at is not null then
            perform plan_version_check(new.price_sheet);
        end if;
    elsif exists (
        select from plan_version
        where published_at is not null
            and price_sheet in (
                case when tg_op <> 'INSERT' then old.price_sheet end,
                case when tg_op <> 'DELETE' then new.price_sheet end
            )
    ) then
        raise exception 'the price sheet is published; publish a new version'
            using errcode = 'integrity_constraint_violation', constraint = 'plan_version_immutable';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end
$$;
create trigger frozen before insert or update or delete on plan_version
    for each row execute function plan_version_is_frozen();
create trigger frozen before insert or update or delete on price
    for each row execute function plan_version_is_frozen();
create trigger frozen before insert or update or delete on price_tier
    for each row execute function plan_version_is_frozen();

-- The plan that we ship. Its limits suit a function in the middle of a checkout: 100 M fuel is some 50 to 100 ms of compute,
-- 16 MiB hold any of the sample modules ten times over, a second bounds what the caller waits, 64 runs at a time of one
-- function fill an executor. Memory over time is counted and costs nothing, since wall time includes our own scheduling.
insert into plan (code, name, is_default) values ('standard', 'Standard', true);
insert into plan_version (price_sheet, plan, version, currency, limits) values (
    1, 'standard', 1, 'USD',
    '{
        "fuel": 100000000, "memory_bytes_max": 16777216, "wall_ms": 1000, "input_bytes_max": 1048576,
        "output_bytes_max": 1048576, "log_bytes_max": 65536, "concurrency_max": 64
    }'
);
insert into price (price_sheet, meter) values (1, 'invocations'), (1, 'fuel'), (1, 'memory_kib_ms');
insert into price_tier (price_sheet, meter, ord, up_to, unit_price) values
    (1, 'invocations', 0, 100000, 0),
    (1, 'invocations', 1, null, 0.30),
    (1, 'fuel', 0, 50000000000, 0),
    (1, 'fuel', 1, null, 0.02),
    (1, 'memory_kib_ms', 0, null, 0);
update plan_version set published_at = now() where price_sheet = 1;

alter table tenant_plan enable row level security;
alter table tenant_plan force row level security;
create policy tenant_only on tenant_plan using (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy crossing on tenant_plan to cartwright_crossing using (true);

grant select on meter, plan, plan_version, price, price_tier to cartwright_api, cartwright_billing, cartwright_crossing;
grant select on tenant_plan to cartwright_api, cartwright_billing, cartwright_crossing;
grant insert on tenant_plan to cartwright_crossing;

-- What a tenant may use and pays now: its limits, the first price of each meter that is not zero, and what is free before
-- it. No row when it has no plan. Sees the tenant of this transaction only.
create function plan_terms(wanted_tenant uuid)
returns table (
    plan text, plan_version integer, price_sheet integer, currency text, limits jsonb,
    per_million_invocations numeric, per_billion_fuel numeric, free_invocations numeric, free_fuel numeric
)
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
    with terms as (
        select plan_version.*
        from tenant_plan join plan_version using (price_sheet)
        where tenant_id = wanted_tenant and since <= now()
        order by since desc
        limit 1
    ), first_price as (
        select distinct on (meter) meter, unit_price,
            coalesce((
                select max(before.up_to) from price_tier as before
                where before.price_sheet = tier.price_sheet and before.meter = tier.meter and before.ord < tier.ord
            ), 0) as free
        from price_tier as tier
        where tier.price_sheet = (select terms.price_sheet from terms) and tier.unit_price > 0
        order by meter, ord
    )
    select terms.plan, terms.version, terms.price_sheet, terms.currency, terms.limits,
        trim_scale(coalesce(invocations.unit_price * 1000000 / (select unit_size from meter where code = 'invocations'), 0)),
        trim_scale(coalesce(fuel.unit_price * 1000000000 / (select unit_size from meter where code = 'fuel'), 0)),
        coalesce(invocations.free, 0), coalesce(fuel.free, 0)
    from terms
    left join first_price as invocations on invocations.meter = 'invocations'
    left join first_price as fuel on fuel.meter = 'fuel'
$$;

-- A new tenant gets the default plan, in its newest published version. Does nothing for one that has a plan.
create function plan_assign_default(new_tenant uuid) returns void
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    insert into tenant_plan (tenant_id, price_sheet)
    select new_tenant, price_sheet
    from plan_version join plan on plan.code = plan_version.plan
    where plan.is_default and published_at is not null
        and not exists (select from tenant_plan where tenant_id = new_tenant)
    order by version desc
    limit 1
$$;

-- The tenant may be new in this very transaction, so its row in `tenant` is not for us to look up: the foreign key does.
grant create on schema public to cartwright_crossing;
alter function plan_assign_default(uuid) owner to cartwright_crossing;
revoke create on schema public from cartwright_crossing;

revoke execute on function plan_version_check(integer), plan_version_is_frozen(), plan_terms(uuid), plan_assign_default(uuid)
    from public;
grant execute on function plan_terms(uuid) to cartwright_api, cartwright_billing;
grant execute on function plan_assign_default(uuid) to cartwright_api;
