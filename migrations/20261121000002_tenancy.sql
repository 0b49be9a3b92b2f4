-- Tenants, the people who act for them, their sessions and keys, the audit log, and the log of changes that executors follow.
--
-- Every table with a tenant has row-level security, enabled and forced: `tenant_only` shows a transaction the rows of the
-- tenant in `app.tenant_id` and raises an error when that is unset; `crossing` opens the table to the functions of
-- `cartwright_crossing`, which hold only the grants written here.

create table tenant (
    tenant_id uuid primary key,
    slug text not null constraint tenant_slug_unique unique,
    name text not null,
    state text not null default 'active' check (state in ('active', 'suspended')),
    run_log_retention text not null default 'errors' check (run_log_retention in ('none', 'errors', 'all')),
    -- Lower limits of its own, as domain::LimitOverrides: what the tenant set, and what the platform set for it.
    limits jsonb not null default '{}',
    platform_limits jsonb not null default '{}',
    -- Rises with every change of what an executor's snapshot of this tenant contains.
    generation bigint not null default 1,
    -- Key of the guests' randomness, wrapped by CARTWRIGHT_SECRETS_KEY.
    seed_key_wrapped bytea not null,
    created_at timestamptz not null default now()
);

-- A person. Has no tenant: one address signs in to all the tenants that it is a member of.
create table user_account (
    user_id uuid primary key,
    -- Lowercased by whoever writes it.
    email text not null constraint user_account_email_unique unique check (email = lower(email)),
    password_hash text not null,
    email_verified_at timestamptz,
    created_at timestamptz not null default now()
);

create table membership (
    tenant_id uuid not null references tenant (tenant_id),
    user_id uuid not null references user_account (user_id),
    role text not null check (role in ('owner', 'admin', 'developer', 'billing', 'viewer')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
);
create index membership_of_user on membership (user_id);

-- An invitation becomes a membership when its secret comes back.
create table invitation (
    tenant_id uuid not null references tenant (tenant_id),
    invitation_id uuid not null,
    email text not null check (email = lower(email)),
    role text not null check (role in ('owner', 'admin', 'developer', 'billing', 'viewer')),
    sha256 bytea not null constraint invitation_sha256_unique unique check (length(sha256) = 32),
    created_at timestamptz not null default now(),
    created_by text not null,
    expires_at timestamptz not null,
    primary key (tenant_id, invitation_id),
    constraint invitation_email_unique unique (tenant_id, email)
);

-- A person signed in to one tenant: a chain of refresh tokens, of which the newest is live.
create table session (
    tenant_id uuid not null,
    session_id uuid not null,
    user_id uuid not null,
    -- The number of the newest token of the chain.
    generation integer not null default 1,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, session_id),
    -- Who is no longer a member has no session either.
    foreign key (tenant_id, user_id) references membership (tenant_id, user_id) on delete cascade
);
create index session_of_member on session (tenant_id, user_id);

create table refresh_token (
    tenant_id uuid not null,
    session_id uuid not null,
    generation integer not null,
    sha256 bytea not null constraint refresh_token_sha256_unique unique check (length(sha256) = 32),
    created_at timestamptz not null default now(),
    -- When it was exchanged for the next of the chain.
    used_at timestamptz,
    primary key (tenant_id, session_id, generation),
    foreign key (tenant_id, session_id) references session (tenant_id, session_id) on delete cascade
);

create table api_key (
    tenant_id uuid not null references tenant (tenant_id),
    -- The public part of the key, which finds it.
    key_id text not null constraint api_key_id_unique unique,
    name text not null,
    sha256 bytea not null check (length(sha256) = 32),
    scopes text[] not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    -- To the minute, and on the control plane only.
    last_used_at timestamptz,
    primary key (tenant_id, key_id)
);

-- The keys of the platform itself, made by `cartwright-api keys platform`.
create table platform_key (
    key_id text primary key,
    name text not null,
    sha256 bytea not null check (length(sha256) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- Who changed what, chained: each row's hash covers the row and the hash before it.
create table audit_log (
    tenant_id uuid not null references tenant (tenant_id),
    seq bigint not null check (seq > 0),
    at timestamptz not null,
    actor text not null,
    action text not null,
    target text not null,
    -- SHA-256 of the thing as JSON, before and after; null where there was none.
    before_sha256 bytea check (length(before_sha256) = 32),
    after_sha256 bytea check (length(after_sha256) = 32),
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    primary key (tenant_id, seq)
);

-- What changed, for executors that ask what they missed. `txid` lets a reader find every row that was written by a
-- transaction that was still open when it last read, in whatever order they committed.
create table change_log (
    change_id bigint generated always as identity primary key,
    txid xid8 not null default pg_current_xact_id(),
    at timestamptz not null default now(),
    -- Null only for a key of the platform, which is no tenant's.
    tenant_id uuid references tenant (tenant_id),
    -- A change of the tenant's snapshot has its generation; a change of a key has the key's id.
    generation bigint,
    key_id text,
    check ((generation is null) <> (key_id is null)),
    check (tenant_id is not null or key_id is not null)
);
create index change_log_txid on change_log (txid);

-- Everything in `change_log` older than this transaction was pruned.
create table change_horizon (
    one boolean primary key default true check (one),
    txid xid8 not null
);
insert into change_horizon (txid) values (pg_current_xact_id());

do $$
declare
    table_name text;
begin
    foreach table_name in array array[
        'tenant', 'membership', 'invitation', 'session', 'refresh_token', 'api_key', 'audit_log', 'change_log'
    ] loop
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

-- A person is seen by the tenants that the person is a member of, and made by whoever signs up.
alter table user_account enable row level security;
alter table user_account force row level security;
create policy member_of_tenant on user_account for select to cartwright_api
    using (exists (select from membership where membership.user_id = user_account.user_id));
create policy sign_up on user_account for insert to cartwright_api with check (true);
create policy crossing on user_account to cartwright_crossing using (true);

grant select, insert on tenant to cartwright_api;
grant update (name, state, run_log_retention, limits, platform_limits, generation) on tenant to cartwright_api;
grant select (user_id, email, email_verified_at, created_at), insert (user_id, email, password_hash)
    on user_account to cartwright_api;
grant select, insert, delete on membership to cartwright_api;
grant update (role) on membership to cartwright_api;
grant select, insert, delete on invitation to cartwright_api;
grant select, insert on session, refresh_token to cartwright_api;
grant update (generation, expires_at, ended_at) on session to cartwright_api;
grant delete on session to cartwright_api;
grant update (used_at) on refresh_token to cartwright_api;
grant select, insert on api_key to cartwright_api;
grant update (revoked_at, last_used_at) on api_key to cartwright_api;
grant select on platform_key, audit_log to cartwright_api;
grant insert on change_log to cartwright_api, cartwright_worker;
grant select (tenant_id, slug, state, limits, platform_limits, run_log_retention, generation) on tenant to cartwright_worker;
grant update (generation) on tenant to cartwright_worker;
grant select (tenant_id, slug) on tenant to cartwright_billing;

-- What executors hold of the tenant of this transaction is old once it commits. Answers the new generation.
create function note_tenant_change() returns bigint
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
as $$
declare
    own_tenant uuid := current_setting('app.tenant_id')::uuid;
    new_generation bigint;
begin
    update tenant set generation = generation + 1 where tenant_id = own_tenant returning generation into strict new_generation;
    insert into change_log (tenant_id, generation) values (own_tenant, new_generation);
    return new_generation;
end
$$;

-- What executors hold of this key of the tenant of this transaction is old once it commits.
create function note_key_change(changed_key_id text) returns void
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
    insert into change_log (tenant_id, key_id) values (current_setting('app.tenant_id')::uuid, changed_key_id)
$$;

-- What executors hold of a key of the platform is old once its row changed, whoever changed it and by whatever means.
create function platform_key_changed() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    insert into change_log (key_id) values (new.key_id);
    return null;
end
$$;
create trigger platform_key_changed after update on platform_key
    for each row execute function platform_key_changed();

-- One more row of the tenant's audit log. Only this function writes it.
create function audit_append(actor text, action text, target text, before_sha256 bytea, after_sha256 bytea) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    own_tenant uuid := current_setting('app.tenant_id')::uuid;
    last_row record;
    next_seq bigint;
    next_at timestamptz := clock_timestamp();
    next_prev bytea;
begin
    -- One writer a tenant at a time: the chain has one end.
    perform pg_advisory_xact_lock(hashtextextended('audit ' || own_tenant, 0));
    select seq, hash into last_row from audit_log where tenant_id = own_tenant order by seq desc limit 1;
    next_seq := coalesce(last_row.seq, 0) + 1;
    next_prev := coalesce(last_row.hash, decode(repeat('00', 32), 'hex'));
    insert into audit_log (tenant_id, seq, at, actor, action, target, before_sha256, after_sha256, prev_hash, hash)
    values (
        own_tenant, next_seq, next_at, actor, action, target, before_sha256, after_sha256, next_prev,
        audit_hash(own_tenant, next_seq, next_at, actor, action, target, before_sha256, after_sha256, next_prev)
    );
    return next_seq;
end
$$;

-- The hash of a row: SHA-256 over the hash before it and a JSON array of the row's values, times in microseconds.
create function audit_hash(
    tenant_id uuid, seq bigint, at timestamptz, actor text, action text, target text,
    before_sha256 bytea, after_sha256 bytea, prev_hash bytea
) returns bytea
language sql immutable
set search_path = pg_catalog
as $$
    select sha256(prev_hash || convert_to(
        jsonb_build_array(
            tenant_id, seq, (extract(epoch from at) * 1000000)::bigint, actor, action, target,
            encode(before_sha256, 'hex'), encode(after_sha256, 'hex')
        )::text,
        'UTF8'
    ))
$$;

-- The first row of the tenant's audit log whose hash is not that of its values, or whose predecessor is missing. Null when
-- the log is whole. A cut at the end shows only against a hash that was noted elsewhere.
create function audit_first_break() returns bigint
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
    select min(seq) from (
        select seq,
            hash is distinct from audit_hash(
                tenant_id, seq, at, actor, action, target, before_sha256, after_sha256, prev_hash
            )
            or prev_hash is distinct from lag(hash, 1, decode(repeat('00', 32), 'hex')) over (order by seq)
            or seq <> row_number() over (order by seq) as broken
        from audit_log
        where tenant_id = (select current_setting('app.tenant_id')::uuid)
    ) as checked
    where broken
$$;

-- Who signs in with this address.
create function login_account(wanted_email text) returns table (user_id uuid, password_hash text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select user_id, password_hash from user_account where email = wanted_email
$$;

-- The tenants that a person may sign in to, the oldest membership first.
create function login_memberships(wanted_user uuid)
returns table (tenant_id uuid, slug text, role text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id, slug, role
    from membership join tenant using (tenant_id)
    where user_id = wanted_user
    order by membership.created_at, tenant_id
$$;

-- The role that a person has in a tenant now.
create function member_role(wanted_tenant uuid, wanted_user uuid) returns text
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select role from membership where tenant_id = wanted_tenant and user_id = wanted_user
$$;

-- Whose chain a refresh token belongs to.
create function refresh_token_find(wanted_sha256 bytea)
returns table (tenant_id uuid, session_id uuid, generation integer)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id, session_id, generation from refresh_token where sha256 = wanted_sha256
$$;

-- Which invitation a secret belongs to.
create function invitation_find(wanted_sha256 bytea)
returns table (tenant_id uuid, invitation_id uuid, email text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id, invitation_id, email from invitation where sha256 = wanted_sha256 and expires_at > now()
$$;

-- What must be known of a tenant's key to check it.
create function api_key_find(wanted_key_id text)
returns table (
    tenant_id uuid, sha256 bytea, scopes text[], expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id, sha256, scopes, expires_at, revoked_at, last_used_at from api_key where key_id = wanted_key_id
$$;

-- The tenant with this slug or id.
create function tenant_find(slug_or_id text) returns uuid
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id from tenant where slug = slug_or_id or tenant_id::text = lower(slug_or_id)
$$;

-- The operator's list, the oldest first.
create function platform_tenants(after_tenant uuid, rows integer)
returns table (
    tenant_id uuid, slug text, name text, state text, run_log_retention text, limits jsonb, platform_limits jsonb,
    created_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    select tenant_id, slug, name, state, run_log_retention, limits, platform_limits, created_at
    from tenant
    where after_tenant is null or tenant_id > after_tenant
    order by tenant_id
    limit rows
$$;

-- Every change that a reader with this cursor may not have seen, and its next cursor. The cursor is the oldest transaction
-- that was still open: all below it is settled and was told; what is told from there up may be told again.
-- `reset` when the cursor is from before what is kept, or from another database.
create function changes_since(cursor_txid bigint)
returns table (reset boolean, next_cursor bigint, tenant_id uuid, generation bigint, key_id text)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    snapshot pg_snapshot := pg_current_snapshot();
    oldest_open bigint := pg_snapshot_xmin(snapshot)::text::bigint;
    must_reset boolean := cursor_txid is null
        or cursor_txid > pg_snapshot_xmax(snapshot)::text::bigint
        or cursor_txid < (select txid::text::bigint from change_horizon);
begin
    -- The first row carries the cursor alone, so that there always is one.
    return query select must_reset, oldest_open, null::uuid, null::bigint, null::text;
    if not must_reset then
        return query
            select false, oldest_open, c.tenant_id, c.generation, c.key_id
            from change_log c
            where c.txid >= cursor_txid::text::xid8
            order by c.change_id;
    end if;
end
$$;

-- Forget changes older than a day; executors ask every few seconds.
create function prune_changes() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    pruned bigint;
    horizon xid8;
begin
    select max(txid) into horizon from change_log
    where at < now() - interval '1 day' and txid < pg_snapshot_xmin(pg_current_snapshot());
    if horizon is null then
        return 0;
    end if;
    update change_horizon set txid = (horizon::text::bigint + 1)::text::xid8;
    delete from change_log where txid <= horizon;
    get diagnostics pruned = row_count;
    return pruned;
end
$$;

-- Forget sessions and invitations that are over, and refresh tokens that were exchanged, once that is 30 days ago. A token is
-- remembered that long because its return shows that someone has a copy.
create function prune_sessions() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    long_ago timestamptz := now() - interval '30 days';
    pruned bigint;
begin
    delete from invitation where expires_at < long_ago;
    delete from refresh_token where used_at < long_ago;
    delete from session where least(expires_at, ended_at) < long_ago;
    get diagnostics pruned = row_count;
    return pruned;
end
$$;

grant select on tenant, membership, invitation, session, refresh_token, api_key, user_account, change_log, change_horizon
    to cartwright_crossing;
grant select, insert on audit_log to cartwright_crossing;
grant insert on change_log to cartwright_crossing;
grant update on change_horizon to cartwright_crossing;
grant delete on change_log, session, refresh_token, invitation to cartwright_crossing;

-- To own a function, a role must be able to create in its schema, for as long as the handing over takes.
grant create on schema public to cartwright_crossing;
alter function audit_append(text, text, text, bytea, bytea) owner to cartwright_crossing;
alter function platform_key_changed() owner to cartwright_crossing;
alter function login_account(text) owner to cartwright_crossing;
alter function login_memberships(uuid) owner to cartwright_crossing;
alter function member_role(uuid, uuid) owner to cartwright_crossing;
alter function refresh_token_find(bytea) owner to cartwright_crossing;
alter function invitation_find(bytea) owner to cartwright_crossing;
alter function api_key_find(text) owner to cartwright_crossing;
alter function tenant_find(text) owner to cartwright_crossing;
alter function platform_tenants(uuid, integer) owner to cartwright_crossing;
alter function changes_since(bigint) owner to cartwright_crossing;
alter function prune_changes() owner to cartwright_crossing;
alter function prune_sessions() owner to cartwright_crossing;
revoke create on schema public from cartwright_crossing;

revoke execute on all functions in schema public from public;
-- The functions that later migrations make are nobody's either until granted.
alter default privileges revoke execute on functions from public;

grant execute on function note_tenant_change(), note_key_change(text), audit_append(text, text, text, bytea, bytea)
    to cartwright_api, cartwright_worker;
grant execute on function
    audit_first_break(), login_account(text), login_memberships(uuid), member_role(uuid, uuid), refresh_token_find(bytea),
    invitation_find(bytea), api_key_find(text), tenant_find(text), platform_tenants(uuid, integer), changes_since(bigint)
    to cartwright_api;
grant execute on function
    audit_hash(uuid, bigint, timestamptz, text, text, text, bytea, bytea, bytea) to cartwright_crossing, cartwright_api;
grant execute on function prune_changes(), prune_sessions() to cartwright_worker;
