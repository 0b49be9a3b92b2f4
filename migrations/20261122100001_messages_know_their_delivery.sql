-- A message with a function's output knows the delivery that made it, so that each leads to the other. Read from the payload, where
-- it stands already: whoever makes messages, in SQL or outside, makes them as before, and those that there are know theirs too.

alter table message add column delivery_id uuid generated always as (
    case when kind = 'function.output' then (payload::json #>> '{data,delivery_id}')::uuid end
) stored;
create index message_of_delivery on message (tenant_id, delivery_id) where delivery_id is not null;
