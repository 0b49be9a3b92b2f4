-- Quotas: what a tenant or a function may take of the fleet, as domain::Quotas. The plan gives the tenant's, the platform
-- puts others in their place, a function has its own beside them. What was used is not here: billing counts it.

-- A version that is published does not change, and this is part of it from the beginning. The plan that we ship bounds
-- what one tenant can take of a small fleet; who needs more is given it by the platform.
alter table plan_version add column quotas jsonb not null
    default '{"rate": {"limit": 5000, "burst": 10000}, "concurrency": {"limit": 1000}}';
alter table plan_version alter column quotas set default '{}';

alter table tenant add column platform_quotas jsonb not null default '{}';
grant update (platform_quotas) on tenant to cartwright_api;

alter table function add column quotas jsonb not null default '{}';
grant update (quotas) on function to cartwright_api;

-- The quotas of a tenant's plan, now. Sees the tenant of this transaction only.
create function plan_quotas(wanted_tenant uuid) returns jsonb
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
    select quotas
    from tenant_plan join plan_version using (price_sheet)
    where tenant_id = wanted_tenant and since <= now()
    order by since desc
    limit 1
$$;
revoke execute on function plan_quotas(uuid) from public;
grant execute on function plan_quotas(uuid) to cartwright_api;
