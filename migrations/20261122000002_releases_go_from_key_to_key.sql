-- A resume asked of every held delivery whether an earlier one of its order key waits, and of a key with a million that took longer
-- than a statement may. It goes from key to key, some thousand of them in a transaction, and the job notes up to which it came.
grant update (task) on job to cartwright_worker;

-- Release the first delivery of an order key, where it is held and none of the key is with a worker; says whether it was. However
-- many wait behind it, they are not looked at. Each step names a whole index: asked for by its id and by what else it must be, the one
-- delivery was looked for among all that are held, whenever the planner knew the table as it was when it was small.
create function delivery_release_first(of_tenant uuid, of_subscription uuid, of_key text) returns boolean
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    first delivery;
begin
    select d.* into first from delivery d
    where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.order_key = of_key
    order by d.delivery_id limit 1;
    if not found or first.ready_at < 'infinity' or first.lease_owner is not null then
        return false;
    end if;
    -- What somebody else is at is left to whoever looks next.
    select d.* into first from delivery d
    where d.tenant_id = of_tenant and d.delivery_id = first.delivery_id
    for update skip locked;
    if not found or first.ready_at < 'infinity' or first.lease_owner is not null then
        return false;
    end if;
    perform from delivery d
    where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.order_key = of_key and d.lease_owner is not null;
    if found then
        return false;
    end if;
    update delivery d set ready_at = statement_timestamp()
    where d.tenant_id = of_tenant and d.delivery_id = first.delivery_id;
    return true;
end
$$;

-- Release the first delivery of each of so many order keys of a subscription, those after this one. Answers the key up to which it
-- came, or null when there are no more.
create function delivery_release_keys(of_tenant uuid, of_subscription uuid, after_key text, keys_max integer) returns text
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    of_key text := after_key;
    has_released boolean := false;
begin
    for looked in 1..keys_max loop
        if of_key is null then
            select d.order_key into of_key from delivery d
            where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.ready_at = 'infinity'
              and d.order_key is not null
            order by d.order_key limit 1;
        else
            select d.order_key into of_key from delivery d
            where d.tenant_id = of_tenant and d.subscription_id = of_subscription and d.ready_at = 'infinity'
              and d.order_key > of_key
            order by d.order_key limit 1;
        end if;
        exit when of_key is null;
        has_released := public.delivery_release_first(of_tenant, of_subscription, of_key) or has_released;
    end loop;
    if has_released then
        perform pg_notify('cartwright_deliveries', of_tenant::text);
    end if;
    return of_key;
end
$$;

revoke execute on function delivery_release_first(uuid, uuid, text), delivery_release_keys(uuid, uuid, text, integer) from public;
grant execute on function delivery_release_first(uuid, uuid, text) to cartwright_worker, cartwright_crossing;
grant execute on function delivery_release_keys(uuid, uuid, text, integer) to cartwright_worker;

-- Make ready what is held without a reason: its subscription was resumed, or the one before it in its order ended just as it
-- was put out of the way. Looks at one subscription at a time, the next after this one, and there at so many deliveries without
-- a key and so many keys at most, of each key only at the first. Answers where it stopped: `order_key` is null when it was
-- through with the subscription. No row when there is none after.
create or replace function delivery_free_held(after_tenant uuid, after_subscription uuid, after_key text, looks_max integer)
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
        if public.delivery_release_first(of_tenant, of_subscription, of_key) then
            all_freed := all_freed + 1;
        end if;
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
