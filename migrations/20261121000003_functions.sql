-- Functions, their versions, aliases and configurations. The bytes of modules and artifacts are in S3, by digest.

create table function (
    tenant_id uuid not null references tenant (tenant_id),
    function_id uuid not null,
    name text not null,
    target text,
    -- Lower limits of its own, as domain::LimitOverrides.
    limits jsonb not null default '{}',
    -- Numbers handed out so far. Taken in the transaction that inserts the row, so that no number is skipped.
    versions integer not null default 0,
    config_versions integer not null default 0,
    created_at timestamptz not null default now(),
    created_by text not null,
    -- Deleted functions stay: meter records and invoices name them by id.
    deleted_at timestamptz,
    primary key (tenant_id, function_id)
);
create unique index function_name_unique on function (tenant_id, name) where deleted_at is null;

create table version (
    tenant_id uuid not null,
    function_id uuid not null,
    version integer not null check (version > 0),
    sha256 bytea not null check (length(sha256) = 32),
    size_bytes bigint not null check (size_bytes > 0),
    status text not null check (status in ('compiling', 'ready', 'refused')),
    created_at timestamptz not null default now(),
    created_by text not null,
    -- The alias to move here as soon as the version is ready, who asked for it, and when.
    promote_alias text,
    promote_by text,
    promote_asked_at timestamptz,
    -- What the compiler found out, as domain::CompileReport; null while compiling. json, not jsonb: the properties of a
    -- settings schema stay in their order, and a module may have a NUL in a name, which jsonb refuses.
    report json,
    settled_at timestamptz,
    engine_epoch integer,
    artifact_sha256 bytea check (length(artifact_sha256) = 32),
    artifact_bytes bigint,
    signature bytea check (length(signature) = 64),
    primary key (tenant_id, function_id, version),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id),
    -- The same bytes twice are one version.
    constraint version_module_unique unique (tenant_id, function_id, sha256),
    constraint version_ready_has_artifact check (
        status <> 'ready'
        or (artifact_sha256 is not null and artifact_bytes is not null and signature is not null and engine_epoch is not null)
    )
);

create table alias (
    tenant_id uuid not null,
    function_id uuid not null,
    name text not null,
    version integer not null,
    moved_at timestamptz not null default now(),
    moved_by text not null,
    -- When the newest move was asked for: a version that took long to compile does not undo a move that was asked for later.
    asked_at timestamptz not null,
    primary key (tenant_id, function_id, name),
    foreign key (tenant_id, function_id, version) references version (tenant_id, function_id, version)
);

create table alias_move (
    tenant_id uuid not null,
    move_id uuid not null,
    function_id uuid not null,
    alias text not null,
    -- Null on the first move: it pointed at nothing.
    from_version integer,
    to_version integer not null,
    moved_at timestamptz not null default now(),
    moved_by text not null,
    primary key (tenant_id, move_id),
    foreign key (tenant_id, function_id, to_version) references version (tenant_id, function_id, version)
);
create index alias_move_newest on alias_move (tenant_id, function_id, alias, move_id desc);

create table function_config (
    tenant_id uuid not null,
    function_id uuid not null,
    config_version integer not null check (config_version > 0),
    -- json, not jsonb: the guest gets the text as it was put, so its digest and its order stay.
    config json not null,
    -- The version whose settings schema it was checked against; null when none had one.
    checked_against integer,
    created_at timestamptz not null default now(),
    created_by text not null,
    primary key (tenant_id, function_id, config_version),
    foreign key (tenant_id, function_id) references function (tenant_id, function_id)
);

do $$
declare
    table_name text;
begin
    foreach table_name in array array['function', 'version', 'alias', 'alias_move', 'function_config'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format(
            'create policy tenant_only on %I using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))',
            table_name
        );
    end loop;
end
$$;

grant select, insert on function, version, alias, alias_move, function_config to cartwright_api;
grant update (target, limits, versions, config_versions, deleted_at) on function to cartwright_api;
grant update (status, promote_alias, promote_by, promote_asked_at, report, settled_at) on version to cartwright_api;
grant update (version, moved_at, moved_by, asked_at) on alias to cartwright_api;

grant select on function, version to cartwright_worker;
grant select, insert on alias, alias_move to cartwright_worker;
grant update (
    status, promote_alias, promote_by, promote_asked_at, report, settled_at, engine_epoch, artifact_sha256, artifact_bytes,
    signature
) on version to cartwright_worker;
grant update (version, moved_at, moved_by, asked_at) on alias to cartwright_worker;
-- A lock on the function orders promotions; Postgres asks for the right to update one column of it.
grant update (versions) on function to cartwright_worker;
