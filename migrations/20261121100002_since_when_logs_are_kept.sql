-- Since when the tenant's runs leave the logs that they leave now: of earlier runs a missing log is no loss.
alter table tenant add column run_log_retention_since timestamptz not null default 'epoch';
grant update (run_log_retention_since) on tenant to cartwright_api;
grant select (run_log_retention_since) on tenant to cartwright_worker;
