-- What dead workers held was found by a walk over all that is leased, every four seconds. Where a transaction is held open, that
-- walk reads every lease that there has been since it began: millions after ten minutes, and in the end more than a statement
-- may take. Whose lease ended is known without it, and only what that
-- one held is read; what has an owner that nobody knows is looked for on its own, now and then.

create or replace function delivery_reclaim() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    dead uuid[];
    freed bigint;
begin
    with gone as (
        delete from queue_worker where worker_id in (
            select worker_id from queue_worker where alive_until < now() for update skip locked
        )
        returning worker_id
    )
    select array_agg(worker_id) into dead from gone;
    if dead is null then
        return 0;
    end if;
    -- A statement of its own: it sees what a claim committed that the delete waited for.
    update delivery set lease_owner = null, leased_at = null, ready_at = now(), may_have_run = true where lease_owner = any(dead);
    get diagnostics freed = row_count;
    return freed;
end
$$;

-- Free what is held by owners that have no row, however that came about. Answers how many there were.
create function delivery_reclaim_orphans() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    dead uuid[];
    freed bigint;
begin
    -- From owner to owner, not from row to row. A worker has its row before it holds anything, so whoever has none is dead.
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

do $$
begin
    grant create on schema public to cartwright_crossing;
    alter function delivery_reclaim_orphans() owner to cartwright_crossing;
    revoke create on schema public from cartwright_crossing;
end
$$;
revoke execute on function delivery_reclaim_orphans() from public;
grant execute on function delivery_reclaim_orphans() to cartwright_worker;
