-- Run logs are searched: by function, the newest first, for a version or an outcome. What was kept before knows neither of
-- the two.

alter table run_log
    add column version integer check (version > 0),
    add column outcome smallint check (outcome >= 0);

-- In the order of the partitions too, so that a search reads the newest day first and stops where it has enough.
create index run_log_of_function on run_log (tenant_id, function_id, invocation_id);
