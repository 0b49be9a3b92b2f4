-- A claim that met nothing but what has to wait answered no rows, and its worker took the flow for empty. It tells of each flow how
-- many it looked at and up to when these were ready, so that whoever looked at as many as asked for looks on at once. Workers of the
-- version before claim by `delivery_claim`, which goes with a later migration.

-- Take from these flows so many deliveries each that are due, none of them before its floor: what the worker last took from
-- the flow became ready then, so whatever lies before is dead entries of the index, and reading them again would make a
-- transaction that is held open cost more with every delivery.
--
-- What may not run now is put out of the way instead of being looked at again: deliveries of a paused subscription, and those
-- that wait for an earlier one of their order key. `runs` are new ids of invocations, as many as deliveries may be taken.
-- A worker that is no longer alive takes nothing: its row is locked, so that whoever frees what it held sees all of it.
--
-- Answers a row for each that is taken, and one without a delivery for a flow of which only others were looked at. Each says how
-- many of its flow were looked at, those that were put out of the way among them, and when the last of these was ready.
create function delivery_claim_from(
    worker uuid, tenants uuid[], lanes smallint[], counts integer[], floors timestamptz[], runs uuid[]
)
returns table (
    tenant_id uuid, lane smallint, looked_at bigint, looked_to timestamptz,
    delivery_id uuid, event_id uuid, subscription_id uuid, function_id uuid,
    expires_at timestamptz, attempts smallint, faults smallint, invocation_id uuid, seed_id uuid,
    subscription_deleted boolean, alias text, transform text, retry json, concurrency integer,
    output_endpoint_id uuid, function_name text, function_deleted boolean,
    event_type text, source text, schedule_id uuid, occurred_at timestamptz, data bytea, object_key text,
    request_id uuid, generation bigint, leased_at timestamptz
)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
-- The tables are small one moment and large the next; the way by the indexes is right for both.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
    perform from queue_worker w where w.worker_id = worker and w.alive_until > now() for key share;
    if not found then
        return;
    end if;
    return query
    with wanted as (
        select * from unnest(tenants, lanes, counts, floors) w (tenant_id, lane, rows_max, not_before)
    ), due as (
        select d.*
        from wanted w cross join lateral (
            select d.tenant_id, d.delivery_id, d.lane, d.ready_at, d.subscription_id, d.order_key, d.expires_at
            from delivery d
            where d.tenant_id = w.tenant_id and d.lane = w.lane and d.lease_owner is null
              and d.ready_at >= w.not_before and d.ready_at <= now()
            order by d.ready_at, d.delivery_id
            limit w.rows_max
            for update skip locked
        ) d
    ), judged as materialized (
        select d.tenant_id, d.delivery_id, d.lane, d.ready_at,
            d.expires_at > now() and coalesce(s.deleted_at is null and (
                s.paused or d.order_key is not null and (exists (
                    select from delivery before
                    where before.tenant_id = d.tenant_id and before.subscription_id = d.subscription_id
                      and before.order_key = d.order_key and before.delivery_id < d.delivery_id
                ) or exists (
                    select from delivery held
                    where held.tenant_id = d.tenant_id and held.subscription_id = d.subscription_id
                      and held.order_key = d.order_key and held.lease_owner is not null
                ))
            ), false) as waits
        from due d
        left join subscription s on s.tenant_id = d.tenant_id and s.subscription_id = d.subscription_id
    ), parked as (
        update delivery d set ready_at = 'infinity'
        from judged j
        where j.waits and d.tenant_id = j.tenant_id and d.delivery_id = j.delivery_id
    ), taken as (
        update delivery d
        set lease_owner = worker, leased_at = now(), invocation_id = coalesce(d.invocation_id, j.run),
            seed_id = coalesce(d.seed_id, d.invocation_id, j.run)
        from (select j.*, runs[row_number() over ()] as run from judged j where not j.waits) j
        where d.tenant_id = j.tenant_id and d.delivery_id = j.delivery_id
        returning d.*
    ), looked as materialized (
        select j.tenant_id, j.lane, count(*) as looked_at, max(j.ready_at) as looked_to
        from judged j
        group by j.tenant_id, j.lane
    )
    select l.tenant_id, l.lane, l.looked_at, l.looked_to,
        t.delivery_id, t.event_id, t.subscription_id, t.function_id, t.expires_at,
        t.attempts, t.faults, t.invocation_id, t.seed_id,
        coalesce(s.deleted_at is not null, false), s.alias, s.transform, s.retry, s.concurrency,
        s.output_endpoint_id, f.name, f.deleted_at is not null,
        e.event_type, (select o.name from source o where o.tenant_id = e.tenant_id and o.source_id = e.source_id), e.schedule_id,
        e.occurred_at, e.data, e.object_key, e.request_id,
        o.generation, t.leased_at
    from looked l
    left join taken t on t.tenant_id = l.tenant_id and t.lane = l.lane
    left join tenant o on o.tenant_id = t.tenant_id
    left join function f on f.tenant_id = t.tenant_id and f.function_id = t.function_id
    left join subscription s on s.tenant_id = t.tenant_id and s.subscription_id = t.subscription_id
    left join event e on e.tenant_id = t.tenant_id and e.event_id = t.event_id;
end
$$;

do $$
begin
    grant create on schema public to cartwright_crossing;
    alter function delivery_claim_from(uuid, uuid[], smallint[], integer[], timestamptz[], uuid[]) owner to cartwright_crossing;
    revoke execute on function delivery_claim_from(uuid, uuid[], smallint[], integer[], timestamptz[], uuid[]) from public;
    grant execute on function delivery_claim_from(uuid, uuid[], smallint[], integer[], timestamptz[], uuid[]) to cartwright_worker;
    revoke create on schema public from cartwright_crossing;
end
$$;
