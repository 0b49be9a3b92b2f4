-- Taking from the queue and putting back: everything crosses tenants, so everything here is a `security definer` function, and
-- everything takes arrays, since a worker settles many deliveries with one statement. docs/decisions/0010 has the reasons.

create policy crossing on subscription to cartwright_crossing using (true);
create policy crossing on event to cartwright_crossing using (true);
grant select on subscription, event to cartwright_crossing;
grant select (name) on source to cartwright_crossing;
grant update (paused, paused_because, dead_in_a_row) on subscription to cartwright_crossing;
-- A row lock is asked for with the right to update.
grant update, delete on queue_worker to cartwright_crossing;

-- Take from these flows so many deliveries each that are due, none of them before its floor: what the worker last took from
-- the flow became ready then, so whatever lies before is dead entries of the index, and reading them again would make a
-- transaction that is held open cost more with every delivery.
--
-- What may not run now is put out of the way instead of being looked at again: deliveries of a paused subscription, and those
-- that wait for an earlier one of their order key. `runs` are new ids of invocations, as many as deliveries may be taken.
-- A worker that is no longer alive takes nothing: its row is locked, so that whoever frees what it held sees all of it.
create function delivery_claim(
    worker uuid, tenants uuid[], lanes smallint[], counts integer[], floors timestamptz[], runs uuid[]
)
returns table (
    tenant_id uuid, delivery_id uuid, lane smallint, event_id uuid, subscription_id uuid, function_id uuid,
    ready_at timestamptz, expires_at timestamptz, attempts smallint, faults smallint, invocation_id uuid, seed_id uuid,
    subscription_deleted boolean, alias text, transform text, retry json, concurrency integer, pause_after_dead integer,
    dead_in_a_row integer, output_endpoint_id uuid, function_name text, function_deleted boolean,
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
            select d.tenant_id, d.delivery_id, d.subscription_id, d.order_key, d.expires_at
            from delivery d
            where d.tenant_id = w.tenant_id and d.lane = w.lane and d.lease_owner is null
              and d.ready_at >= w.not_before and d.ready_at <= now()
            order by d.ready_at, d.delivery_id
            limit w.rows_max
            for update skip locked
        ) d
    ), judged as materialized (
        select d.tenant_id, d.delivery_id,
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
    )
    select t.tenant_id, t.delivery_id, t.lane, t.event_id, t.subscription_id, t.function_id, t.ready_at, t.expires_at,
        t.attempts, t.faults, t.invocation_id, t.seed_id,
        coalesce(s.deleted_at is not null, false), s.alias, s.transform, s.retry, s.concurrency, s.pause_after_dead,
        s.dead_in_a_row, s.output_endpoint_id, f.name, f.deleted_at is not null,
        e.event_type, (select o.name from source o where o.tenant_id = e.tenant_id and o.source_id = e.source_id), e.schedule_id,
        e.occurred_at, e.data, e.object_key, e.request_id,
        o.generation, t.leased_at
    from taken t
    join tenant o on o.tenant_id = t.tenant_id
    join function f on f.tenant_id = t.tenant_id and f.function_id = t.function_id
    left join subscription s on s.tenant_id = t.tenant_id and s.subscription_id = t.subscription_id
    left join event e on e.tenant_id = t.tenant_id and e.event_id = t.event_id;
end
$$;

-- End deliveries that this worker holds, for good. Those that it lost are left alone, and are not among the answers. An ending
-- frees the next of its order key. So many deaths in a row pause a subscription, which is told, and answered with the last of
-- them. `outputs` are the data of messages to `endpoints`, sent with the ending or not at all; null where there is none.
create function delivery_end(
    worker uuid, tenants uuid[], deliveries uuid[], statuses text[], causes text[], errors text[], attempts_made smallint[],
    started timestamptz[], endpoints uuid[], outputs text[], leased timestamptz[]
)
returns table (tenant_id uuid, delivery_id uuid, paused_subscription uuid)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    ended delivery_ended[];
    one record;
begin
    with asked as (
        select * from unnest(tenants, deliveries, statuses, causes, errors, attempts_made, started, leased)
            a (tenant_id, delivery_id, status, cause, error, attempts, started_at, leased_at)
    ), gone as (
        delete from delivery d using asked a
        where d.tenant_id = a.tenant_id and d.delivery_id = a.delivery_id and d.lease_owner = worker
          and d.leased_at = a.leased_at
        returning d.tenant_id, d.delivery_id, d.event_id, d.subscription_id, d.function_id, d.lane, d.order_key, a.status,
            a.cause, a.attempts, case when a.started_at is not null then d.invocation_id end as invocation_id, d.seed_id, a.started_at,
            a.error, d.replay_id, d.replay_of
    ), kept as (
        insert into delivery_ended (
            tenant_id, delivery_id, event_id, subscription_id, function_id, lane, order_key, status, cause, attempts,
            invocation_id, seed_id, started_at, last_error, replay_id, replay_of
        )
        select * from gone
        returning *
    ), freed as (
        update delivery d set ready_at = now()
        from gone g
        where g.order_key is not null and d.lease_owner is null and d.tenant_id = g.tenant_id and d.delivery_id = (
            select next.delivery_id from delivery next
            where next.tenant_id = g.tenant_id and next.subscription_id = g.subscription_id and next.order_key = g.order_key
              and not exists (
                  select from gone other where other.tenant_id = next.tenant_id and other.delivery_id = next.delivery_id
              )
            order by next.delivery_id limit 1
        )
    )
    select array_agg(k::delivery_ended) into ended from kept k;
    if ended is null then
        return;
    end if;
    return query select e.tenant_id, e.delivery_id, null::uuid from unnest(ended) e;
    if array_length(array_remove(endpoints, null), 1) > 0 then
        perform public.message_output(e.tenant_id, a.endpoint_id, a.output)
        from unnest(tenants, deliveries, endpoints, outputs) a (tenant_id, delivery_id, endpoint_id, output)
        join unnest(ended) e on e.tenant_id = a.tenant_id and e.delivery_id = a.delivery_id
        where a.endpoint_id is not null;
    end if;
    for one in
        select e.tenant_id, e.subscription_id, count(*) filter (where e.status = 'dead')::integer as deaths,
            bool_or(e.status = 'succeeded') as succeeded,
            (array_agg(e.delivery_id order by e.delivery_id desc) filter (where e.status = 'dead'))[1] as last_dead
        from unnest(ended) e
        where e.subscription_id is not null and e.status in ('dead', 'succeeded')
        group by e.tenant_id, e.subscription_id
        -- In one order, so that two workers wait for each other at most one way.
        order by e.tenant_id, e.subscription_id
    loop
        -- Read first: all goes well mostly, and then nothing is written.
        if one.deaths = 0 then
            update subscription s set dead_in_a_row = 0
            where s.tenant_id = one.tenant_id and s.subscription_id = one.subscription_id and s.dead_in_a_row <> 0;
        else
            update subscription s
            set dead_in_a_row = case when one.succeeded then 0 else s.dead_in_a_row end + one.deaths
            where s.tenant_id = one.tenant_id and s.subscription_id = one.subscription_id;
            update subscription s
            set paused = true,
                paused_because = format('%s deliveries in a row ended dead; the last was %s', s.dead_in_a_row, one.last_dead)
            where s.tenant_id = one.tenant_id and s.subscription_id = one.subscription_id and not s.paused
              and s.pause_after_dead > 0 and s.dead_in_a_row >= s.pause_after_dead;
            if found then
                perform public.message_notify(one.tenant_id, 'subscription.paused', json_build_object(
                    'subscription_id', one.subscription_id, 'last_dead_delivery_id', one.last_dead,
                    'dead_in_a_row', s.dead_in_a_row, 'paused_because', s.paused_because
                )::text)
                from subscription s
                where s.tenant_id = one.tenant_id and s.subscription_id = one.subscription_id;
                return query select one.tenant_id, one.last_dead, one.subscription_id;
            end if;
        end if;
    end loop;
end
$$;

-- Give back what this worker holds since then, ready at these times: one that it gave back before and took again is another
-- holding, which a repeat of the first statement must leave alone. Where the attempt is over, the function had it and the next one is a
-- run of its own. Where it is not and there is an outcome, the run may have begun and stays the same, so that it is billed once.
-- Where there is none nothing ran: what runs later has an id of its own day. Outcomes are kept among the attempts, of the faults
-- of one attempt the last 20.
create function delivery_put_back(
    worker uuid, tenants uuid[], deliveries uuid[], ready timestamptz[], over boolean[], faulty boolean[], outcomes text[],
    errors text[], started timestamptz[], leased timestamptz[]
)
returns bigint
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
    with asked as (
        select * from unnest(tenants, deliveries, ready, over, faulty, outcomes, errors, started, leased)
            a (tenant_id, delivery_id, ready_at, over, faulty, outcome, error, started_at, leased_at)
    ), held as (
        select a.*, d.invocation_id, d.attempts
        from asked a join delivery d on d.tenant_id = a.tenant_id and d.delivery_id = a.delivery_id
        where d.lease_owner = worker and d.leased_at = a.leased_at
        for update of d
    ), kept as (
        insert into delivery_attempt (
            tenant_id, delivery_id, attempt_id, attempt, invocation_id, started_at, ended_at, outcome, error
        )
        select tenant_id, delivery_id, gen_random_uuid(), attempts + 1, invocation_id, started_at, now(), outcome, error
        from held where outcome is not null
    ), forgotten as (
        delete from delivery_attempt p using held h
        where h.outcome is not null and not h.over and p.tenant_id = h.tenant_id and p.delivery_id = h.delivery_id
          and p.attempt_id in (
              select o.attempt_id from delivery_attempt o
              where o.tenant_id = h.tenant_id and o.delivery_id = h.delivery_id and o.attempt = h.attempts + 1
              order by o.ended_at desc offset 19
          )
    ), back as (
        update delivery d
        set lease_owner = null, leased_at = null, ready_at = least(h.ready_at, d.expires_at),
            attempts = d.attempts + case when h.over then 1 else 0 end,
            faults = case when h.over then 0 else least(d.faults + case when h.faulty then 1 else 0 end, 32000) end,
            invocation_id = case when not h.over and (d.may_have_run or h.outcome is not null) then d.invocation_id end,
            may_have_run = not h.over and (d.may_have_run or h.outcome is not null),
            seed_id = case when h.over or d.attempts > 0 or d.may_have_run or h.outcome is not null then d.seed_id end,
            last_error = coalesce(h.error, d.last_error)
        from held h
        where d.tenant_id = h.tenant_id and d.delivery_id = h.delivery_id
        returning d.delivery_id
    )
    select count(*) from back
$$;

-- Free what dead workers held; each keeps its run. Answers how many there were.
create function delivery_reclaim() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    dead uuid[];
    freed bigint;
begin
    delete from queue_worker where worker_id in (
        select worker_id from queue_worker where alive_until < now() for update skip locked
    );
    -- Statements of their own: they see what a claim committed that the delete waited for. From owner to owner, not from row to
    -- row; and whoever has no row is dead too, however it went.
    with recursive owner as (
        (select d.lease_owner from delivery d where d.lease_owner is not null order by d.lease_owner limit 1)
        union all
        select (select d.lease_owner from delivery d where d.lease_owner > o.lease_owner order by d.lease_owner limit 1)
        from owner o
        where o.lease_owner is not null
    )
    select array_agg(o.lease_owner) into dead
    from owner o
    where o.lease_owner is not null and not exists (select from queue_worker w where w.worker_id = o.lease_owner);
    if dead is null then
        return 0;
    end if;
    update delivery set lease_owner = null, leased_at = null, ready_at = now(), may_have_run = true where lease_owner = any(dead);
    get diagnostics freed = row_count;
    return freed;
end
$$;

-- Every flow, with what its tenant is given of the queue.
create function queue_flows() returns table (tenant_id uuid, lane smallint, weight integer, concurrency integer)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select f.tenant_id, f.lane, coalesce(s.weight, 1), s.concurrency
    from queue_flow f left join queue_share s on s.tenant_id = f.tenant_id
$$;

-- When the first delivery of each of these flows is or was ready, from its floor on; no row where nothing waits.
create function queue_heads(tenants uuid[], lanes smallint[], floors timestamptz[])
returns table (tenant_id uuid, lane smallint, ready_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
    select w.tenant_id, w.lane, d.ready_at
    from unnest(tenants, lanes, floors) w (tenant_id, lane, not_before)
    cross join lateral (
        select d.ready_at from delivery d
        where d.tenant_id = w.tenant_id and d.lane = w.lane and d.lease_owner is null
          and d.ready_at >= w.not_before and d.ready_at < 'infinity'
        order by d.ready_at, d.delivery_id
        limit 1
    ) d
$$;

-- How many deliveries there are in each lane, by what they wait for: of two million at most, since it reads every one.
create function queue_depth()
returns table (lane smallint, waiting bigint, running bigint, later bigint, held bigint)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select d.lane,
        count(*) filter (where d.lease_owner is null and d.ready_at <= now()),
        count(*) filter (where d.lease_owner is not null),
        count(*) filter (where d.lease_owner is null and d.ready_at > now() and d.ready_at < 'infinity'),
        count(*) filter (where d.lease_owner is null and d.ready_at = 'infinity')
    from (select d.lane, d.lease_owner, d.ready_at from delivery d limit 2000000) d
    group by d.lane
$$;

-- Make ready what is held without a reason: its subscription was resumed, or the one before it in its order ended just as it
-- was put out of the way. Looks at one subscription at a time, the next after this one, and there at so many deliveries without
-- a key and so many keys at most, of each key only at the first. Answers where it stopped: `order_key` is null when it was
-- through with the subscription. No row when there is none after.
create function delivery_free_held(after_tenant uuid, after_subscription uuid, after_key text, looks_max integer)
returns table (tenant_id uuid, subscription_id uuid, order_key text, freed bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
    of_tenant uuid := after_tenant;
    of_subscription uuid := after_subscription;
    of_key text := after_key;
    all_freed bigint := 0;
    these bigint;
begin
    if after_key is null then
        select d.tenant_id, d.subscription_id into of_tenant, of_subscription from delivery d
        where d.ready_at = 'infinity' and d.subscription_id is not null
          and (d.tenant_id, d.subscription_id) > (after_tenant, after_subscription)
        order by d.tenant_id, d.subscription_id limit 1;
        if not found then
            return;
        end if;
    end if;
    -- A paused one may hold a million, and all of them wait.
    perform from subscription s
    where s.tenant_id = of_tenant and s.subscription_id = of_subscription and (not s.paused or s.deleted_at is not null);
    if not found then
        return query select of_tenant, of_subscription, null::text, 0::bigint;
        return;
    end if;
    if after_key is null then
        with free as (
            select d.tenant_id, d.delivery_id from delivery d
            where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.ready_at = 'infinity'
              and d.order_key is null and d.lease_owner is null
            limit looks_max
            for update skip locked
        )
        update delivery d set ready_at = now() from free
        where d.tenant_id = free.tenant_id and d.delivery_id = free.delivery_id;
        get diagnostics all_freed = row_count;
        select d.order_key into of_key from delivery d
        where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.ready_at = 'infinity'
          and d.order_key is not null
        order by d.order_key limit 1;
    end if;
    for looked in 1..looks_max loop
        exit when of_key is null;
        with free as (
            select d.tenant_id, d.delivery_id from delivery d
            where d.tenant_id = of_tenant and d.delivery_id = (
                select first.delivery_id from delivery first
                where first.tenant_id = of_tenant and first.subscription_id = of_subscription and first.order_key = of_key
                order by first.delivery_id limit 1
            ) and d.ready_at = 'infinity' and d.lease_owner is null and not exists (
                select from delivery held
                where held.tenant_id = of_tenant and held.subscription_id = of_subscription and held.order_key = of_key
                  and held.lease_owner is not null
            )
            for update skip locked
        )
        update delivery d set ready_at = now() from free
        where d.tenant_id = free.tenant_id and d.delivery_id = free.delivery_id;
        get diagnostics these = row_count;
        all_freed := all_freed + these;
        select (
            select d.order_key from delivery d
            where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.ready_at = 'infinity'
              and d.order_key > of_key
            order by d.order_key limit 1
        ) into of_key;
    end loop;
    return query select of_tenant, of_subscription, of_key, all_freed;
end
$$;

-- Make ready what expired while it was held, so that whoever takes it ends it. What waits for its next attempt is ready when it
-- expires at the latest.
create function delivery_free_expired(rows_max integer) returns bigint
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
    with late as (
        select tenant_id, delivery_id from delivery
        where expires_at <= now() and ready_at = 'infinity' and lease_owner is null
        order by expires_at
        limit rows_max
        for update skip locked
    ), freed as (
        update delivery d set ready_at = now() from late
        where d.tenant_id = late.tenant_id and d.delivery_id = late.delivery_id
        returning d.delivery_id
    )
    select count(*) from freed
$$;

-- Forget flows in which nothing is. Whoever queues something makes the flow's row when it is not there, and holds the table's
-- lock until it commits; so nothing comes in between the look and the delete.
create function queue_forget_flows() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
-- Whoever queues waits behind this: better to try again later.
set lock_timeout = '200ms'
as $$
declare
    forgotten bigint;
begin
    perform from queue_flow f
    where not exists (select from delivery d where d.tenant_id = f.tenant_id and d.lane = f.lane);
    if not found then
        return 0;
    end if;
    begin
        lock table queue_flow in share row exclusive mode;
    exception when lock_not_available then
        return 0;
    end;
    delete from queue_flow f
    where not exists (select from delivery d where d.tenant_id = f.tenant_id and d.lane = f.lane);
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

-- Whose data is in the object store, of days that are to be dropped: the objects go first, or nobody would know of them. A day
-- that stays, since a delivery of it still waits, keeps its objects too.
create index event_stored on event (event_id) where object_key is not null;
create function event_objects(days_kept integer, after uuid, rows_max integer)
returns table (event_id uuid, object_key text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with old as materialized (
        select to_date(right(c.relname, 8), 'YYYYMMDD') as day
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.event'::regclass and c.relname ~ '_[0-9]{8}$'
    ), over as materialized (
        select o.day from old o
        where o.day < (now() at time zone 'UTC')::date - days_kept and not public.delivery_lives_of(o.day)
    )
    select e.event_id, e.object_key
    from over o
    join event e on e.event_id >= public.uuid_at(o.day::timestamp at time zone 'UTC')
        and e.event_id < public.uuid_at((o.day + 1)::timestamp at time zone 'UTC')
    where e.object_key is not null and e.event_id > after
    order by e.event_id
    limit rows_max
$$;

-- Who removes what is over, until when: one worker is enough, and it holds no connection while it waits for the object store.
create table event_housekeeper (
    one boolean primary key default true check (one),
    worker_id uuid,
    held_until timestamptz not null default '-infinity'
);
insert into event_housekeeper default values;
grant select, update on event_housekeeper to cartwright_crossing;
create function event_keep_house(worker uuid, seconds integer) returns boolean
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with taken as (
        update event_housekeeper set worker_id = worker, held_until = now() + seconds * interval '1 second'
        where held_until <= now() or worker_id = worker
        returning 1
    )
    select exists (select from taken)
$$;

do $$
declare
    crossing text;
begin
    grant create on schema public to cartwright_crossing;
    foreach crossing in array array[
        'delivery_claim(uuid, uuid[], smallint[], integer[], timestamptz[], uuid[])',
        'delivery_end(uuid, uuid[], uuid[], text[], text[], text[], smallint[], timestamptz[], uuid[], text[], timestamptz[])',
        'delivery_put_back(uuid, uuid[], uuid[], timestamptz[], boolean[], boolean[], text[], text[], timestamptz[], timestamptz[])',
        'delivery_reclaim()', 'queue_flows()', 'queue_heads(uuid[], smallint[], timestamptz[])', 'queue_depth()',
        'delivery_free_held(uuid, uuid, text, integer)', 'delivery_free_expired(integer)', 'queue_forget_flows()',
        'event_objects(integer, uuid, integer)', 'event_keep_house(uuid, integer)'
    ] loop
        execute format('alter function %s owner to cartwright_crossing', crossing);
        execute format('revoke execute on function %s from public', crossing);
        execute format('grant execute on function %s to cartwright_worker', crossing);
    end loop;
    revoke create on schema public from cartwright_crossing;
end
$$;
