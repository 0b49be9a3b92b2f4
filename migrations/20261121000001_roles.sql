-- The logins of the roles. None owns a table, none is superuser, none bypasses row-level security; `cartwright-api migrate`
-- gives each its password. Roles belong to the server, not to the database, so they may exist already.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['cartwright_api', 'cartwright_worker', 'cartwright_billing'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I login nosuperuser nocreatedb nocreaterole noinherit nobypassrls', role_name);
        end if;
    end loop;
    -- Owns the functions that cross tenants, and holds only the rights that these need. Nobody logs in as it.
    if not exists (select from pg_roles where rolname = 'cartwright_crossing') then
        create role cartwright_crossing nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls;
    end if;
    -- Whoever migrates hands functions over to it.
    execute format('grant cartwright_crossing to %I', current_user);
end
$$;

revoke create on schema public from public;
grant usage on schema public to cartwright_api, cartwright_worker, cartwright_billing, cartwright_crossing;
