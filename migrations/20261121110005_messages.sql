-- What goes out: endpoints of tenants, and messages to them, signed, until they are received or given up.

create table endpoint (
    tenant_id uuid not null references tenant (tenant_id),
    endpoint_id uuid not null,
    name text not null,
    url text not null,
    -- Which notices of ours it wants, as api::messages::notices::Notice.
    notices text[] not null default '{}',
    -- Nothing is sent to it since; why, when it was not a person who disabled it.
    disabled_at timestamptz,
    disabled_because text,
    -- Attempts that failed one after the other, and when the first of them was made.
    failures integer not null default 0,
    failing_since timestamptz,
    -- It gets nothing until then: it asked for that, or fails time after time.
    blocked_until timestamptz,
    created_at timestamptz not null default now(),
    created_by text not null,
    deleted_at timestamptz,
    primary key (tenant_id, endpoint_id)
);

-- Two are valid while one is rotated: a message is signed with each. Wrapped, since we sign with them.
create table endpoint_secret (
    tenant_id uuid not null,
    endpoint_id uuid not null,
    secret_id uuid not null,
    wrapped bytea not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    -- Null is for ever.
    expires_at timestamptz,
    primary key (tenant_id, endpoint_id, secret_id),
    foreign key (tenant_id, endpoint_id) references endpoint (tenant_id, endpoint_id)
);

create table message (
    tenant_id uuid not null,
    message_id uuid not null,
    endpoint_id uuid not null,
    -- The member `type` of the payload.
    kind text not null,
    -- The body that is signed and sent: every attempt sends the same.
    payload text not null,
    status text not null default 'pending' check (status in ('pending', 'succeeded', 'failed')),
    -- Since it was made, or a person had it sent again.
    attempts smallint not null default 0,
    ready_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '5 days',
    -- Who sends it now. A worker that died leaves its lease to end.
    lease_owner uuid,
    lease_until timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (tenant_id, message_id),
    foreign key (tenant_id, endpoint_id) references endpoint (tenant_id, endpoint_id),
    constraint message_ends check ((ended_at is not null) = (status <> 'pending'))
);
create index message_waiting on message (tenant_id, endpoint_id, ready_at) where status = 'pending';
create index message_leased on message (lease_until) where lease_until is not null;
create index message_expires on message (expires_at) where status = 'pending';
create index message_of_endpoint on message (tenant_id, endpoint_id, message_id desc);
create index message_age on message (message_id);

create table message_attempt (
    tenant_id uuid not null,
    message_id uuid not null,
    attempt_id uuid not null,
    started_at timestamptz not null,
    duration_ms integer not null,
    -- `delivered`, or why not, as api::outbound::Failure.
    outcome text not null,
    -- The HTTP status, where there was an answer.
    status smallint,
    primary key (tenant_id, message_id, attempt_id),
    foreign key (tenant_id, message_id) references message (tenant_id, message_id) on delete cascade
);

alter table subscription add constraint subscription_output_endpoint
    foreign key (tenant_id, output_endpoint_id) references endpoint (tenant_id, endpoint_id);

-- Up to when deaths of deliveries were told of.
create table notice_watermark (
    one boolean primary key default true check (one),
    dead_until timestamptz not null default now()
);
insert into notice_watermark default values;
create index delivery_dead_at on delivery_ended (ended_at) where status = 'dead';

do $$
declare
    table_name text;
begin
    foreach table_name in array array['endpoint', 'endpoint_secret', 'message', 'message_attempt'] loop
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

grant select, insert on endpoint, endpoint_secret, message to cartwright_api;
grant update (name, url, notices, disabled_at, disabled_because, failures, failing_since, blocked_until, deleted_at)
    on endpoint to cartwright_api;
grant update (expires_at) on endpoint_secret to cartwright_api;
grant update (status, attempts, ready_at, expires_at, last_error, ended_at) on message to cartwright_api;
grant select on message_attempt to cartwright_api;

grant select, insert on message to cartwright_worker;
grant select on endpoint to cartwright_worker;
grant update (disabled_at, disabled_because, failures, failing_since, blocked_until) on endpoint to cartwright_worker;
grant update (status, attempts, ready_at, lease_owner, lease_until, last_error, ended_at) on message to cartwright_worker;
grant insert on message_attempt to cartwright_worker;

-- The column is for locking the row while its messages are claimed.
grant select, update (blocked_until) on endpoint to cartwright_crossing;
grant select on endpoint_secret to cartwright_crossing;
grant select, insert, update, delete on message to cartwright_crossing;
grant select, update on notice_watermark to cartwright_crossing;

-- A new UUIDv7, for what is made where there is no program to make one.
create function uuid_now() returns uuid
language sql volatile parallel safe
set search_path = pg_catalog
as $$
    select encode(set_byte(bytes, 6, get_byte(bytes, 6) & 15 | 112), 'hex')::uuid
    from (select overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6
    ) as bytes) as fresh
$$;

-- Messages are made by whoever makes what they tell of, in the same transaction and with their own rights: a role for its
-- tenant, or a function that crosses tenants. `data` is JSON, spliced in as it is.
create function message_insert(tenant uuid, endpoint uuid, kind text, data text) returns uuid
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
    select pg_notify('cartwright_messages', '');
    insert into message (tenant_id, message_id, endpoint_id, kind, payload)
    values (
        tenant, public.uuid_now(), endpoint, kind,
        format('{"type":"%s","timestamp":"%s","data":%s}',
            kind, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), data)
    )
    returning message_id
$$;

-- Tell every endpoint of the tenant that wants this notice, except one that it is about; how many these are.
create function message_notify(tenant uuid, notice text, data text, except_endpoint uuid default null) returns integer
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
    select count(public.message_insert(tenant, e.endpoint_id, notice, data))::integer
    from endpoint e
    where e.tenant_id = tenant and e.deleted_at is null and e.notices @> array[notice]
        and e.endpoint_id is distinct from except_endpoint
$$;

-- Send a function's output to an endpoint. Null when that was deleted meanwhile.
create function message_output(tenant uuid, endpoint uuid, data text) returns uuid
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
    select public.message_insert(tenant, e.endpoint_id, 'function.output', data)
    from endpoint e
    where e.tenant_id = tenant and e.endpoint_id = endpoint and e.deleted_at is null
$$;

grant execute on function
    uuid_now(), message_insert(uuid, uuid, text, text), message_notify(uuid, text, text, uuid), message_output(uuid, uuid, text)
    to cartwright_api, cartwright_worker, cartwright_crossing;

-- Take messages that are due, some of each endpoint and no more of a tenant than it has room for: whoever fails or is slow keeps
-- nobody else's waiting, nor does who has many endpoints. An endpoint that failed five times in a row is tried with one message at
-- a time.
create function message_claim(owner uuid, lease_ms integer, messages_max integer, per_endpoint integer, per_tenant integer)
returns table (
    tenant_id uuid, message_id uuid, endpoint_id uuid, url text, payload text, attempts smallint, secrets bytea[]
)
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with busy as (
        select m.tenant_id, m.endpoint_id, count(*) as running from message m
        where m.lease_until > now()
        group by m.tenant_id, m.endpoint_id
    ), busy_tenant as (
        select b.tenant_id, sum(b.running) as running from busy b group by b.tenant_id
    ), open as (
        select e.tenant_id, e.endpoint_id, e.url,
            case when e.failures >= 5 then 1 else per_endpoint end - coalesce(b.running, 0) as room,
            per_tenant - coalesce(t.running, 0) as tenant_room
        from endpoint e
        left join busy b on b.tenant_id = e.tenant_id and b.endpoint_id = e.endpoint_id
        left join busy_tenant t on t.tenant_id = e.tenant_id
        where e.disabled_at is null and e.deleted_at is null and coalesce(e.blocked_until, '-infinity') <= now()
            and coalesce(b.running, 0) < case when e.failures >= 5 then 1 else per_endpoint end
            and coalesce(t.running, 0) < per_tenant
            and exists (
                select from message m
                where m.tenant_id = e.tenant_id and m.endpoint_id = e.endpoint_id and m.status = 'pending'
                    and m.ready_at <= now() and coalesce(m.lease_until, '-infinity') <= now()
            )
        order by coalesce(t.running, 0), random()
        limit messages_max
        -- Two workers that claim at once take from different endpoints, and so keep to the caps.
        for no key update of e skip locked
    ), first as (
        select o.tenant_id, o.endpoint_id, o.url, o.tenant_room, m.message_id, m.ready_at
        from open o
        cross join lateral (
            select m.message_id, m.ready_at from message m
            where m.tenant_id = o.tenant_id and m.endpoint_id = o.endpoint_id and m.status = 'pending'
                and m.ready_at <= now() and coalesce(m.lease_until, '-infinity') <= now()
            order by m.ready_at
            limit o.room
            for update skip locked
        ) m
    ), ranked as (
        -- By turns among the endpoints of a tenant, and then among the tenants.
        select r.*, row_number() over (partition by r.tenant_id order by r.nth, r.ready_at) as nth_of_tenant
        from (
            select f.*, row_number() over (partition by f.tenant_id, f.endpoint_id order by f.ready_at) as nth from first f
        ) r
    ), due as (
        select r.tenant_id, r.url, r.message_id from ranked r
        where r.nth_of_tenant <= r.tenant_room
        order by r.nth_of_tenant
        limit messages_max
    )
    update message m
    set lease_owner = owner, lease_until = now() + lease_ms * interval '1 millisecond'
    from due
    where m.tenant_id = due.tenant_id and m.message_id = due.message_id
    returning m.tenant_id, m.message_id, m.endpoint_id, due.url, m.payload, m.attempts, (
        select array_agg(s.wrapped order by s.created_at desc) from endpoint_secret s
        where s.tenant_id = m.tenant_id and s.endpoint_id = m.endpoint_id and coalesce(s.expires_at, 'infinity') > now()
    )
$$;

-- End what nobody received in its time, or whose endpoint was deleted; forget what was made long ago.
create function messages_expire() returns bigint
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with over as (
        select m.tenant_id, m.message_id, 'it was not received in its time' as why from message m
        where m.status = 'pending' and m.expires_at <= now() and coalesce(m.lease_until, '-infinity') <= now()
        limit 5000
    ), orphaned as (
        select m.tenant_id, m.message_id, 'its endpoint was deleted' as why
        from endpoint e join message m on m.tenant_id = e.tenant_id and m.endpoint_id = e.endpoint_id and m.status = 'pending'
        where e.deleted_at is not null and coalesce(m.lease_until, '-infinity') <= now()
        limit 5000
    ), ended as (
        update message m set status = 'failed', ended_at = now(), last_error = gone.why, lease_owner = null, lease_until = null
        from (select * from over union select * from orphaned) gone
        where m.tenant_id = gone.tenant_id and m.message_id = gone.message_id
            -- Looked at again when it is locked: an attempt may have ended meanwhile.
            and m.status = 'pending' and coalesce(m.lease_until, '-infinity') <= now()
        returning 1
    )
    select count(*) from ended
$$;

create function messages_forget(days_kept integer) returns bigint
language sql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with forgotten as (
        delete from message m where (m.tenant_id, m.message_id) in (
            select o.tenant_id, o.message_id from message o
            where o.message_id < public.uuid_at(now() - days_kept * interval '1 day') and o.status <> 'pending'
            order by o.message_id limit 5000
        )
        returning 1
    )
    select count(*) from forgotten
$$;

-- How many messages wait, and how long the one has waited, in seconds, that is due longest of an endpoint that is well and gets
-- none now: nobody's receiver keeps that one waiting.
create function message_backlog() returns table (messages bigint, waiting_s double precision)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select (select count(*) from message m where m.status = 'pending'), coalesce((
        select extract(epoch from now() - min(first.ready_at))
        from endpoint e
        cross join lateral (
            select m.ready_at from message m
            where m.tenant_id = e.tenant_id and m.endpoint_id = e.endpoint_id and m.status = 'pending' and m.ready_at <= now()
            order by m.ready_at limit 1
        ) first
        where e.disabled_at is null and e.deleted_at is null and e.failures = 0 and coalesce(e.blocked_until, '-infinity') <= now()
            and not exists (
                select from message b
                where b.tenant_id = e.tenant_id and b.endpoint_id = e.endpoint_id and b.status = 'pending' and b.lease_until > now()
            )
    ), 0)::double precision
$$;

-- Tell of deliveries that ended dead, at most once a minute of each subscription, with how many these were. By the clock and
-- not by whoever ends a delivery: a million deaths cost no more than one. Looks at so many deaths at a time; when there were more,
-- the next call goes on. Answers how many messages were made.
create function delivery_dead_notices(deaths_max integer) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    told_until timestamptz;
    -- What ended longer ago is committed by now.
    settled timestamptz := now() - interval '20 seconds';
    upto timestamptz;
    made integer := 0;
    death record;
begin
    select w.dead_until into told_until from notice_watermark w for update skip locked;
    if told_until is null or told_until > settled - interval '1 minute' then
        return 0;
    end if;
    told_until := greatest(told_until, now() - interval '1 day');
    select d.ended_at into upto from delivery_ended d
    where d.status = 'dead' and d.ended_at > told_until and d.ended_at <= settled
    order by d.ended_at offset deaths_max - 1 limit 1;
    upto := coalesce(upto, settled);
    for death in
        select d.tenant_id, d.subscription_id, f.name as function_name, d.deaths, d.first_at, d.last_at,
            last.delivery_id as last_id, last.cause as last_cause
        from (
            select d.tenant_id, d.subscription_id, d.function_id, count(*) as deaths, min(d.ended_at) as first_at,
                max(d.ended_at) as last_at
            from delivery_ended d
            where d.status = 'dead' and d.ended_at > told_until and d.ended_at <= upto
                and exists (
                    select from endpoint e
                    where e.tenant_id = d.tenant_id and e.deleted_at is null and e.notices @> array['delivery.dead']
                )
            group by d.tenant_id, d.subscription_id, d.function_id
        ) d
        join function f on f.tenant_id = d.tenant_id and f.function_id = d.function_id
        cross join lateral (
            select l.delivery_id, l.cause from delivery_ended l
            where l.status = 'dead' and l.ended_at = d.last_at and l.tenant_id = d.tenant_id and l.function_id = d.function_id
                and l.subscription_id is not distinct from d.subscription_id
            order by l.delivery_id desc
            limit 1
        ) last
    loop
        made := made + public.message_notify(death.tenant_id, 'delivery.dead', json_build_object(
            'subscription_id', death.subscription_id, 'function', death.function_name, 'count', death.deaths,
            'cause', death.last_cause, 'delivery_id', death.last_id, 'first_at', death.first_at, 'last_at', death.last_at
        )::text);
    end loop;
    update notice_watermark set dead_until = upto;
    return made;
end
$$;
grant select (tenant_id, function_id, name) on function to cartwright_crossing;

do $$
declare
    crossing text;
begin
    grant create on schema public to cartwright_crossing;
    foreach crossing in array array[
        'message_claim(uuid, integer, integer, integer, integer)', 'messages_expire()', 'messages_forget(integer)',
        'message_backlog()', 'delivery_dead_notices(integer)'
    ] loop
        execute format('alter function %s owner to cartwright_crossing', crossing);
        execute format('revoke execute on function %s from public', crossing);
        execute format('grant execute on function %s to cartwright_worker', crossing);
    end loop;
    revoke create on schema public from cartwright_crossing;
end
$$;
