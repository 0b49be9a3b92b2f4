-- Meters: what executors say that runs used, taken in exactly once. Billing owns these tables and alone writes them, through
-- the functions at the end, which are the only ones that cross tenants here.
--
-- Two barriers keep a record from counting twice: the cursor of its writer (the same batch again) and its invocation id (the
-- same run from two writers). Rollups are fed from what was really inserted and from nothing else.

-- The first instant of a millisecond, as the lowest UUIDv7 of it: what time looks like among invocation ids.
create function uuid7_floor(unix_ms bigint) returns uuid
language sql immutable strict parallel safe
set search_path = pg_catalog
as $$
    select rpad(lpad(to_hex(unix_ms), 12, '0'), 32, '0')::uuid
$$;

-- The millisecond of a UUIDv7.
create function uuid7_ms(id uuid) returns bigint
language sql immutable strict parallel safe
as $$
    select ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
$$;

-- One start of an executor process, which writes one log.
create table writer (
    writer_id uuid primary key,
    -- Null for a writer that was first met by a batch of its: billing was down when it registered.
    engine_epoch integer,
    started_at timestamptz,
    registered_at timestamptz not null default now()
);

-- Up to where each writer's log is durable here.
create table ship_cursor (
    writer_id uuid primary key references writer (writer_id),
    next_seq bigint not null default 0 check (next_seq >= 0),
    -- The hash chain of the log up to there, so that no batch can be left out, put in or changed unseen.
    chain bytea not null default decode(repeat('00', 16), 'hex') check (length(chain) = 16),
    advanced_at timestamptz
);

create table meter_record (
    invocation_id uuid primary key,
    tenant_id uuid not null,
    function_id uuid not null,
    seed_id uuid not null,
    request_id uuid not null,
    writer_id uuid not null,
    seq bigint not null,
    version integer not null,
    config_version integer not null,
    price_sheet integer not null,
    -- As domain::{Outcome, Trigger, BillClass} code them.
    engine_epoch smallint not null,
    outcome smallint not null,
    trigger smallint not null,
    bill_class smallint not null,
    fuel bigint not null,
    memory_peak_bytes bigint not null,
    memory_kib_ms bigint not null,
    duration_us integer not null,
    input_bytes integer not null,
    output_bytes integer not null,
    log_bytes integer not null,
    egress_bytes integer not null,
    alias text,
    input_sha256 bytea not null,
    output_sha256 bytea not null,
    charge_key bytea
) partition by range (invocation_id);
create index meter_record_of_tenant on meter_record (tenant_id, invocation_id);
create index meter_record_of_function on meter_record (tenant_id, function_id, invocation_id);

-- What has no day of its own lands here and counts all the same: records that arrive after a very long outage.
create table meter_record_default partition of meter_record default;

-- A charge key bills one run in 48 hours. Apart from meter_record, since its uniqueness is not by invocation.
create table charge_key (
    tenant_id uuid not null,
    charge_key bytea not null check (length(charge_key) = 32),
    invocation_id uuid not null,
    -- When the billed run was admitted.
    at timestamptz not null,
    seen_at timestamptz not null default now(),
    primary key (tenant_id, charge_key)
);
create index charge_key_seen on charge_key (seen_at);

-- Sums by minute. The writer is in the key, so two writers never wait for each other's rows.
create table usage_rollup (
    tenant_id uuid not null,
    minute timestamptz not null,
    function_id uuid not null,
    version integer not null,
    trigger smallint not null,
    writer_id uuid not null,
    invocations bigint not null,
    billable_invocations bigint not null,
    cached_hits bigint not null,
    errors bigint not null,
    fuel numeric not null,
    billable_fuel numeric not null,
    memory_kib_ms numeric not null,
    billable_memory_kib_ms numeric not null,
    input_bytes numeric not null,
    output_bytes numeric not null,
    log_bytes numeric not null,
    egress_bytes numeric not null,
    primary key (tenant_id, minute, function_id, version, trigger, writer_id)
);
create index usage_rollup_minute on usage_rollup (minute);

-- What was not inserted, or not billed, because it was there before: evidence, never billed.
create table usage_dup (
    writer_id uuid not null,
    seq bigint not null,
    tenant_id uuid not null,
    invocation_id uuid not null,
    -- `invocation`: the same run came before, and this record is not among the meter records. `charge_key`: another run
    -- with the same charge key was billed, and this one is among them, unbilled.
    cause text not null check (cause in ('invocation', 'charge_key')),
    -- The record, as it came.
    record bytea not null,
    at timestamptz not null default now(),
    primary key (writer_id, seq)
);

-- What billing does not believe: kept whole for people to look at, counted nowhere.
create table set_aside (
    writer_id uuid not null,
    seq bigint not null,
    -- As the record claims; such a tenant may not exist.
    tenant_id uuid not null,
    invocation_id uuid not null,
    cause text not null check (cause in ('tenant', 'version', 'epoch', 'fuel', 'price', 'class', 'time', 'size')),
    record bytea not null,
    at timestamptz not null default now(),
    primary key (writer_id, seq)
);

-- One per batch: what it was and what became of it. What is checked against later.
create table ship_manifest (
    writer_id uuid not null references writer (writer_id),
    lo bigint not null,
    hi bigint not null,
    inserted integer not null,
    dups integer not null,
    unbelieved integer not null,
    -- Sums over what was inserted.
    fuel numeric not null,
    billable_invocations bigint not null,
    -- The lowest and highest invocation inserted; null when none was.
    first_id uuid,
    last_id uuid,
    frames_sha256 bytea not null check (length(frames_sha256) = 32),
    chain bytea not null check (length(chain) = 16),
    shipped_at timestamptz not null default now(),
    primary key (writer_id, lo),
    check (hi >= lo and inserted + dups + unbelieved = hi - lo + 1)
);
create index ship_manifest_shipped on ship_manifest (shipped_at);

do $$
declare
    table_name text;
begin
    foreach table_name in array array[
        'meter_record', 'meter_record_default', 'charge_key', 'usage_rollup', 'usage_dup', 'set_aside'
    ] loop
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

-- Billing tells a tenant's records and sums as that tenant, in a transaction that sees no other.
grant select on meter_record, usage_rollup to cartwright_billing;
grant select, insert on writer, ship_cursor to cartwright_billing;
grant update (engine_epoch, started_at) on writer to cartwright_billing;
grant select on ship_manifest to cartwright_billing;

grant select on writer, ship_cursor to cartwright_crossing;
grant update on ship_cursor to cartwright_crossing;
grant select, insert on meter_record, usage_dup, set_aside, ship_manifest to cartwright_crossing;
grant select, insert, update on usage_rollup to cartwright_crossing;
grant select, insert, update, delete on charge_key to cartwright_crossing;

-- To believe a record, its version must be known, with the engine that it was prepared for.
create policy crossing on version to cartwright_crossing using (true);
grant select (tenant_id, function_id, version, engine_epoch) on version to cartwright_crossing;

-- Take in one batch of a writer's log, in one statement of one transaction: advance the cursor if it stands where the batch
-- begins, set aside what is not believed, insert the rest unless it was there before, add what was inserted to the rollups,
-- and note all of it in a manifest. Arrays hold one entry per record, in sequence; `records` is the records as they came, one
-- after the other. `doubt` is a cause that the caller found by itself.
--
-- Answers no row when the cursor stands elsewhere or the chain differs: then nothing was done.
create function meter_ingest(
    of_writer uuid, lo bigint, chain_before bytea, chain_after bytea, frames_sha256 bytea, records bytea,
    doubt text[], invocation_id uuid[], seed_id uuid[], tenant_id uuid[], function_id uuid[], request_id uuid[],
    version integer[], config_version integer[], price_sheet integer[], engine_epoch smallint[], outcome smallint[],
    run_trigger smallint[], bill_class smallint[], alias text[], fuel bigint[], memory_peak_bytes bigint[],
    memory_kib_ms bigint[], duration_us integer[], input_bytes integer[], output_bytes integer[], log_bytes integer[],
    egress_bytes integer[], input_sha256 bytea[], output_sha256 bytea[], charge_keys bytea[]
)
returns table (next_seq bigint, inserted integer, dups integer, unbelieved integer, unbilled_repeats integer)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
-- The planner takes a batch of thousands for a handful of rows, and would compare each with each.
set enable_nestloop = off
-- A whole batch stays in memory between its steps.
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    hi constant bigint := lo + cardinality(invocation_id) - 1;
    record_len constant integer := length(records) / cardinality(invocation_id);
begin
    update ship_cursor set next_seq = hi + 1, chain = chain_after, advanced_at = now()
    where writer_id = of_writer and ship_cursor.next_seq = lo and chain = chain_before;
    if not found then
        return;
    end if;

    return query
    with batch as (
        select lo + place - 1 as seq, r.*
        from unnest(
            doubt, invocation_id, seed_id, tenant_id, function_id, request_id, version, config_version, price_sheet,
            engine_epoch, outcome, run_trigger, bill_class, alias, fuel, memory_peak_bytes, memory_kib_ms, duration_us,
            input_bytes, output_bytes, log_bytes, egress_bytes, input_sha256, output_sha256, charge_keys
        ) with ordinality as r (
            doubt, invocation_id, seed_id, tenant_id, function_id, request_id, version, config_version, price_sheet,
            engine_epoch, outcome, trigger, bill_class, alias, fuel, memory_peak_bytes, memory_kib_ms, duration_us,
            input_bytes, output_bytes, log_bytes, egress_bytes, input_sha256, output_sha256, charge_key, place
        )
    ),
    -- Once per version, not once per record. The most fuel is that of any plan that the tenant was on in the last two
    -- days: a limit that was lowered while records were on their way must not make honest ones unbelievable.
    known as (
        select v.tenant_id, v.function_id, v.version,
            (
                select ship.engine_epoch from version as ship
                where ship.tenant_id = v.tenant_id and ship.function_id = v.function_id and ship.version = v.version
            ) as engine_epoch,
            (
                select max((plan_version.limits ->> 'fuel')::numeric)
                from (
                    select tenant_plan.price_sheet, lead(since, 1, 'infinity') over (order by since) as until
                    from tenant_plan where tenant_plan.tenant_id = v.tenant_id
                ) as held
                join plan_version on plan_version.price_sheet = held.price_sheet
                where held.until > now() - interval '2 days'
            ) as fuel_max
        from (select distinct tenant_id, function_id, version from batch) as v
    ),
    judged as (
        select batch.*, coalesce(
            batch.doubt,
            case
                when known.fuel_max is null then 'tenant'
                when known.engine_epoch is null then 'version'
                when batch.engine_epoch not between 1 and known.engine_epoch then 'epoch'
                when batch.fuel > known.fuel_max then 'fuel'
                when batch.price_sheet not in (select price_sheet from plan_version) then 'price'
            end
        ) as cause
        from batch join known using (tenant_id, function_id, version)
    ),
    -- The same run twice in one batch: the first stands.
    believed as (
        select *, row_number() over (partition by invocation_id order by seq) = 1 as is_first
        from judged where cause is null
    ),
    claimed as (
        insert into charge_key as held (tenant_id, charge_key, invocation_id, at)
        select distinct on (tenant_id, charge_key) tenant_id, charge_key, invocation_id,
            to_timestamp(uuid7_ms(invocation_id) / 1000.0)
        from believed where is_first and charge_key is not null and bill_class <> 0
        order by tenant_id, charge_key, seq
        on conflict (tenant_id, charge_key) do update
            set invocation_id = excluded.invocation_id, at = excluded.at, seen_at = now()
            where held.invocation_id = excluded.invocation_id
                or held.at not between excluded.at - interval '48 hours' and excluded.at + interval '48 hours'
        returning held.invocation_id
    ),
    decided as (
        select believed.*, charge_key is not null and bill_class <> 0 and claimed.invocation_id is null as is_repeat
        from believed left join claimed using (invocation_id)
        where is_first
    ),
    fresh as (
        insert into meter_record (
            invocation_id, tenant_id, function_id, seed_id, request_id, writer_id, seq, version, config_version,
            price_sheet, engine_epoch, outcome, trigger, bill_class, fuel, memory_peak_bytes, memory_kib_ms, duration_us,
            input_bytes, output_bytes, log_bytes, egress_bytes, alias, input_sha256, output_sha256, charge_key
        )
        select invocation_id, tenant_id, function_id, seed_id, request_id, of_writer, seq, version, config_version,
            price_sheet, engine_epoch, outcome, trigger, case when is_repeat then 0 else bill_class end, fuel,
            memory_peak_bytes, memory_kib_ms, duration_us, input_bytes, output_bytes, log_bytes, egress_bytes, alias,
            input_sha256, output_sha256, charge_key
        from decided
        -- One order for all writers, so that two of them never wait for each other.
        order by invocation_id
        on conflict (invocation_id) do nothing
        returning *
    ),
    rolled_up as (
        insert into usage_rollup as held
        select tenant_id, to_timestamp(uuid7_ms(invocation_id) / 60000 * 60), function_id, version, trigger, of_writer,
            count(*), count(*) filter (where bill_class = 1), count(*) filter (where bill_class = 2),
            count(*) filter (where outcome <> 0),
            sum(fuel), coalesce(sum(fuel) filter (where bill_class = 1), 0),
            sum(memory_kib_ms), coalesce(sum(memory_kib_ms) filter (where bill_class = 1), 0),
            sum(input_bytes), sum(output_bytes), sum(log_bytes), sum(egress_bytes)
        from fresh
        group by 1, 2, 3, 4, 5
        on conflict (tenant_id, minute, function_id, version, trigger, writer_id) do update set
            invocations = held.invocations + excluded.invocations,
            billable_invocations = held.billable_invocations + excluded.billable_invocations,
            cached_hits = held.cached_hits + excluded.cached_hits,
            errors = held.errors + excluded.errors,
            fuel = held.fuel + excluded.fuel,
            billable_fuel = held.billable_fuel + excluded.billable_fuel,
            memory_kib_ms = held.memory_kib_ms + excluded.memory_kib_ms,
            billable_memory_kib_ms = held.billable_memory_kib_ms + excluded.billable_memory_kib_ms,
            input_bytes = held.input_bytes + excluded.input_bytes,
            output_bytes = held.output_bytes + excluded.output_bytes,
            log_bytes = held.log_bytes + excluded.log_bytes,
            egress_bytes = held.egress_bytes + excluded.egress_bytes
    ),
    -- Not inserted by this batch: the run was there before, or stands further up in the batch itself.
    repeated as (
        insert into usage_dup (writer_id, seq, tenant_id, invocation_id, cause, record)
        select of_writer, believed.seq, believed.tenant_id, believed.invocation_id,
            case when fresh.seq is null then 'invocation' else 'charge_key' end,
            substr(records, (believed.seq - lo)::integer * record_len + 1, record_len)
        from believed
        left join fresh using (invocation_id, seq)
        left join decided using (seq)
        where fresh.seq is null or decided.is_repeat
        returning cause
    ),
    doubted as (
        insert into set_aside (writer_id, seq, tenant_id, invocation_id, cause, record)
        select of_writer, seq, tenant_id, invocation_id, cause,
            substr(records, (seq - lo)::integer * record_len + 1, record_len)
        from judged where cause is not null
        returning cause
    )
    insert into ship_manifest (
        writer_id, lo, hi, inserted, dups, unbelieved, fuel, billable_invocations, first_id, last_id, frames_sha256, chain
    )
    select of_writer, lo, hi, count(*), (select count(*) from repeated where cause = 'invocation'),
        (select count(*) from doubted), coalesce(sum(fuel), 0), count(*) filter (where bill_class = 1),
        (select invocation_id from fresh order by invocation_id limit 1),
        (select invocation_id from fresh order by invocation_id desc limit 1), frames_sha256, chain_after
    from fresh
    returning ship_manifest.hi + 1, ship_manifest.inserted, ship_manifest.dups, ship_manifest.unbelieved,
        (select count(*)::integer from repeated where cause = 'charge_key');
end
$$;

-- Make the partitions of these coming days, today included, and say which could not be made because the default partition
-- holds rows of theirs already. Those rows count as well, only slower; people should move them.
create function meter_partitions_ahead(days integer) returns table (day date, made boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
    partition_name text;
begin
    -- Several billing processes may ask at once.
    perform pg_advisory_xact_lock(hashtextextended('meter_partitions_ahead', 0));
    -- Yesterday too: on the first start, executors may hold records of the hours before.
    for day in select d::date from generate_series(
        (now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date + days, interval '1 day'
    ) as d loop
        partition_name := 'meter_record_' || to_char(day, 'YYYYMMDD');
        if to_regclass('public.' || partition_name) is null then
            begin
                execute format(
                    'create table public.%I partition of meter_record for values from (%L) to (%L)',
                    partition_name,
                    uuid7_floor(extract(epoch from day::timestamp at time zone 'UTC')::bigint * 1000),
                    uuid7_floor(extract(epoch from (day + 1)::timestamp at time zone 'UTC')::bigint * 1000)
                );
                execute format('alter table public.%I enable row level security', partition_name);
                execute format('alter table public.%I force row level security', partition_name);
                execute format(
                    'create policy tenant_only on public.%I using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))',
                    partition_name
                );
                made := true;
            exception when check_violation then
                made := false;
            end;
            return next;
        end if;
    end loop;
end
$$;
do $$ begin perform meter_partitions_ahead(7); end $$;

-- Compare what was shipped since then with what is stored: manifests with the records of their batches, and the rollups of
-- every minute that those records touch with a recount. All three in one snapshot; every count but the first must be 0.
-- `examples` names some of what differs.
create function meter_drift(since timestamptz)
returns table (manifests bigint, manifest_drift bigint, rollup_drift bigint, examples text[])
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with shipped as (
        select * from ship_manifest where shipped_at >= since
    ),
    stored as (
        select m.writer_id, m.lo, m.inserted, m.fuel, m.billable_invocations, count(r.seq) as found,
            coalesce(sum(r.fuel), 0) as found_fuel, count(*) filter (where r.bill_class = 1) as found_billable
        from shipped as m
        left join meter_record as r
            on r.invocation_id between m.first_id and m.last_id and r.writer_id = m.writer_id and r.seq between m.lo and m.hi
        group by m.writer_id, m.lo, m.inserted, m.fuel, m.billable_invocations
    ),
    minutes as (
        select distinct uuid7_ms(r.invocation_id) / 60000 as minute
        from shipped as m
        join meter_record as r
            on r.invocation_id between m.first_id and m.last_id and r.writer_id = m.writer_id and r.seq between m.lo and m.hi
    ),
    recount as (
        select r.tenant_id, to_timestamp(minutes.minute * 60) as minute, r.function_id, r.version, r.trigger, r.writer_id,
            count(*) as invocations, count(*) filter (where r.bill_class = 1) as billable_invocations,
            sum(r.fuel) as fuel, coalesce(sum(r.fuel) filter (where r.bill_class = 1), 0) as billable_fuel,
            sum(r.memory_kib_ms) as memory_kib_ms
        from minutes
        join meter_record as r
            on r.invocation_id >= uuid7_floor(minutes.minute * 60000)
            and r.invocation_id < uuid7_floor((minutes.minute + 1) * 60000)
        group by 1, 2, 3, 4, 5, 6
    ),
    held as (
        select tenant_id, minute, function_id, version, trigger, writer_id, invocations, billable_invocations, fuel,
            billable_fuel, memory_kib_ms
        from usage_rollup
        where minute in (select to_timestamp(minutes.minute * 60) from minutes)
    ),
    broken as (
        select * from stored where (inserted, fuel, billable_invocations) is distinct from (found, found_fuel, found_billable)
    ),
    differing as (
        (table recount except table held) union all (table held except table recount)
    )
    select
        (select count(*) from shipped),
        (select count(*) from broken),
        (select count(*) from differing),
        array(select format('batch %s of writer %s', lo, writer_id) from broken limit 3)
            || array(select format('minute %s of tenant %s by writer %s', minute, tenant_id, writer_id) from differing limit 3)
$$;

-- Forget charge keys whose 48 hours have passed, by the run and by its arrival.
create function charge_keys_forget() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from charge_key where seen_at < now() - interval '48 hours' and at < now() - interval '48 hours';
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

-- How many records lie before the first day that has a partition or after the last. Asked of the whole table, since nobody
-- is granted a partition.
create function meter_strays() returns bigint
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with days as (
        select min(day) as first, max(day) + 1 as after_last
        from (
            select to_date(right(relname, 8), 'YYYYMMDD') as day
            from pg_class where relispartition and relname ~ '^meter_record_[0-9]{8}$'
        ) as partitions
    ), bounds as (
        select uuid7_floor(extract(epoch from first::timestamp at time zone 'UTC')::bigint * 1000) as first,
            uuid7_floor(extract(epoch from after_last::timestamp at time zone 'UTC')::bigint * 1000) as after_last
        from days
    )
    select (select count(*) from meter_record where invocation_id < (select first from bounds))
        + (select count(*) from meter_record where invocation_id >= (select after_last from bounds))
$$;

do $$
declare
    crossing text;
begin
    grant create on schema public to cartwright_crossing;
    foreach crossing in array array[
        'meter_drift(timestamptz)', 'charge_keys_forget()', 'meter_strays()',
        'meter_ingest(uuid, bigint, bytea, bytea, bytea, bytea, text[], uuid[], uuid[], uuid[], uuid[], uuid[], integer[], '
            'integer[], integer[], smallint[], smallint[], smallint[], smallint[], text[], bigint[], bigint[], bigint[], '
            'integer[], integer[], integer[], integer[], integer[], bytea[], bytea[], bytea[])'
    ] loop
        execute format('alter function %s owner to cartwright_crossing', crossing);
        execute format('revoke execute on function %s from public', crossing);
        execute format('grant execute on function %s to cartwright_billing', crossing);
    end loop;
    revoke create on schema public from cartwright_crossing;
end
$$;
-- This one stays with the owner of the tables, who alone may give them partitions.
revoke execute on function meter_partitions_ahead(integer), uuid7_floor(bigint), uuid7_ms(uuid) from public;
grant execute on function meter_partitions_ahead(integer) to cartwright_billing;
grant execute on function uuid7_floor(bigint), uuid7_ms(uuid) to cartwright_billing, cartwright_crossing;
