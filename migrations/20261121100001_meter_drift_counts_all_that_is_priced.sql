-- Compare what was shipped since then with what is stored: manifests with the records of their batches, and the rollups of
-- every minute that those records touch with a recount. All three in one snapshot; every count but the first must be 0.
-- `examples` names some of what differs. As before, and with all that a price may stand on: known results and billed memory.
create or replace function meter_drift(since timestamptz)
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
            sum(r.memory_kib_ms) as memory_kib_ms, count(*) filter (where r.bill_class = 2) as cached_hits,
            coalesce(sum(r.memory_kib_ms) filter (where r.bill_class = 1), 0) as billable_memory_kib_ms
        from minutes
        join meter_record as r
            on r.invocation_id >= uuid7_floor(minutes.minute * 60000)
            and r.invocation_id < uuid7_floor((minutes.minute + 1) * 60000)
        group by 1, 2, 3, 4, 5, 6
    ),
    held as (
        select tenant_id, minute, function_id, version, trigger, writer_id, invocations, billable_invocations, fuel,
            billable_fuel, memory_kib_ms, cached_hits, billable_memory_kib_ms
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
