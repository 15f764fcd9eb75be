// Functions, types, catalogs and tables that are off the lists, and those that are on them.

export const UNKNOWN_THINGS = `
select own_function(name) from customers
  ! lineage_unknown a function that is not of PostgreSQL
select own_function('x')
  ! lineage_unknown a function that is not of PostgreSQL
select * from own_function('x')
  ! lineage_unknown a function that is not of PostgreSQL
select 'a'::citext = 'b'::citext
  ! lineage_unknown an operator that is not of PostgreSQL
select 'a'::spy
  ! lineage_unknown a type whose input, output or checks are not of PostgreSQL
select pg_sleep(1)
  ! lineage_unknown the function pg_sleep
select pg_read_file('/etc/passwd')
  ! lineage_unknown the function pg_read_file
select query_to_xml('select ssn from customers', true, true, '')
  ! lineage_unknown the function query_to_xml
select table_to_xml('customers', true, true, '')
  ! lineage_unknown the function table_to_xml
select set_config('a.b', 'c', false)
  clear harmless
select pg_notify('a', 'b')
  ! lineage_unknown the function pg_notify
select pg_advisory_lock(1)
  ! lineage_unknown the function pg_advisory_lock
select lo_from_bytea(0, 'x')
  ! lineage_unknown the function lo_from_bytea
select setval('audit_id_seq', 1)
  ! lineage_unknown the function setval
select currval('audit_id_seq')
  ! lineage_unknown the function currval
select setseed(0.5)
  ! lineage_unknown the function setseed
select ts_stat('select ssn from customers')
  ! lineage_unknown the function ts_stat
select * from pg_stats
  ! lineage_unknown the catalog s
select * from pg_stat_activity
  ! lineage_unknown the function pg_stat_get_activity
select * from pg_authid
  ! lineage_unknown that column of the catalog pg_authid
select rolpassword from pg_authid
  ! lineage_unknown that column of the catalog pg_authid
select * from pg_statistic
  ! lineage_unknown the catalog pg_statistic
select * from pg_largeobject
  ! lineage_unknown the catalog pg_largeobject
select pg_terminate_backend(1)
  ! lineage_unknown the function pg_terminate_backend
select ts_rewrite('a'::tsquery, 'select ssn::tsquery, ssn::tsquery from customers')
  ! lineage_unknown the function ts_rewrite
update pg_class set relname = 'x'
  ! lineage_unknown a write to a catalog of PostgreSQL
select relname from pg_class
  clear harmless
select proname from pg_proc
  clear harmless
select oid, typname from pg_type
  clear clear harmless
select table_name from information_schema.tables
  clear harmless
select datname from pg_database
  clear harmless
select rolname from pg_roles
  clear harmless
select 'ok'::mood, mood from people
  clear clear
select address, (address).zip from people
  clear clear
select 'x'::short_text
  clear harmless
`
