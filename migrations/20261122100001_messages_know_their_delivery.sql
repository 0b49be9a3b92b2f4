-- A message with a function's output knows the delivery that made it, so that each leads to the other; of those that there are,
-- nobody does. An output is a stranger's bytes, which Postgres may not be able to read as JSON, so the id is taken from where
-- `FunctionOutput` has it: it is the first member.

alter table message add column delivery_id uuid;
create index message_of_delivery on message (tenant_id, delivery_id) where delivery_id is not null;

create or replace function message_insert(tenant uuid, endpoint uuid, kind text, data text) returns uuid
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
    select pg_notify('cartwright_messages', '');
    insert into message (tenant_id, message_id, endpoint_id, kind, payload, delivery_id)
    values (
        tenant, public.uuid_now(), endpoint, kind,
        format('{"type":"%s","timestamp":"%s","data":%s}',
            kind, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), data),
        case when kind = 'function.output' then substring(data from '^\{"delivery_id":"([0-9a-f-]{36})"')::uuid end
    )
    returning message_id
$$;
