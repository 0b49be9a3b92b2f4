-- Memoised results: a function may say that its results are kept and given again for the same input, and a plan may price a
-- result that was given again.

alter table function add column memoise boolean not null default false;
grant update (memoise) on function to cartwright_api;

insert into meter (code, unit_size, unit, title) values
    ('cached_hits', 1000000, '1,000,000 cached results', 'Cached results');

-- A third of what a run's invocation costs, and no fuel: what is left to do is to find the result and to meter it. A tenant
-- stays on the version of the plan that it has, where cached results cost nothing.
do $$
declare
    before constant plan_version := p from plan_version as p
        where p.plan = 'standard' and published_at is not null order by version desc limit 1;
    sheet constant integer := max(price_sheet) + 1 from plan_version;
    -- All that the version before says, whatever other migrations have put there.
    after constant plan_version := jsonb_populate_record(before, jsonb_build_object(
        'price_sheet', sheet, 'version', before.version + 1, 'published_at', null));
begin
    insert into plan_version select after.*;
    insert into price (price_sheet, meter) select sheet, meter from price where price_sheet = before.price_sheet;
    insert into price_tier (price_sheet, meter, ord, up_to, unit_price)
    select sheet, meter, ord, up_to, unit_price from price_tier where price_sheet = before.price_sheet;
    insert into price (price_sheet, meter) values (sheet, 'cached_hits');
    insert into price_tier (price_sheet, meter, ord, up_to, unit_price) values (sheet, 'cached_hits', 0, null, 0.10);
    update plan_version set published_at = now() where price_sheet = sheet;
end
$$;

-- As before, and the first price of cached results that is not free. What a function answers cannot be changed in place.
drop function plan_terms(uuid);
create function plan_terms(wanted_tenant uuid)
returns table (
    plan text, plan_version integer, price_sheet integer, currency text, limits jsonb,
    per_million_invocations numeric, per_billion_fuel numeric, per_million_cached_hits numeric, free_invocations numeric,
    free_fuel numeric
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
        trim_scale(coalesce(cached.unit_price * 1000000 / (select unit_size from meter where code = 'cached_hits'), 0)),
        coalesce(invocations.free, 0), coalesce(fuel.free, 0)
    from terms
    left join first_price as invocations on invocations.meter = 'invocations'
    left join first_price as fuel on fuel.meter = 'fuel'
    left join first_price as cached on cached.meter = 'cached_hits'
$$;
revoke execute on function plan_terms(uuid) from public;
grant execute on function plan_terms(uuid) to cartwright_api, cartwright_billing;
