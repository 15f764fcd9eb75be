-- rails: column definitions
select a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
  c.collname, col_description(a.attrelid, a.attnum) as comment, attidentity as identity, attgenerated as attgenerated
from pg_attribute a left join pg_attrdef d on a.attrelid = d.adrelid and a.attnum = d.adnum
left join pg_type t on a.atttypid = t.oid
left join pg_collation c on a.attcollation = c.oid and a.attcollation <> t.typcollation
where a.attrelid = '"products"'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum;

-- rails: primary key
select a.attname from (select indrelid, indkey, generate_subscripts(indkey, 1) idx from pg_index where indrelid = '"products"'::regclass and indisprimary) i
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[i.idx] order by i.idx;

-- rails: type map
select t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
from pg_type as t left join pg_range as r on oid = rngtypid where t.typname in ('int2', 'int4', 'text', 'numeric', 'jsonb') order by t.oid;

-- rails: tables
select c.relname from pg_class c left join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any (current_schemas(false)) and c.relkind in ('r', 'v', 'm', 'p', 'f') order by 1;

-- rails: indexes
select distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') as comment, d.indisvalid,
  array(select pg_get_indexdef(d.indexrelid, k + 1, true) from generate_subscripts(d.indkey, 1) as k order by k) as columns
from pg_class t inner join pg_index d on t.oid = d.indrelid inner join pg_class i on d.indexrelid = i.oid
left join pg_namespace n on n.oid = t.relnamespace
where i.relkind in ('i', 'I') and d.indisprimary = 'f' and t.relname = 'shipments' and n.nspname = any (current_schemas(false)) order by i.relname;

-- rails: foreign keys
select t2.oid::regclass::text as to_table, a1.attname as column, a2.attname as primary_key, c.conname as name, c.confupdtype as on_update,
  c.confdeltype as on_delete, c.convalidated as valid, c.condeferrable as deferrable, c.condeferred as deferred
from pg_constraint c join pg_class t1 on c.conrelid = t1.oid join pg_class t2 on c.confrelid = t2.oid
join pg_attribute a1 on a1.attnum = c.conkey[1] and a1.attrelid = t1.oid join pg_attribute a2 on a2.attnum = c.confkey[1] and a2.attrelid = t2.oid
join pg_namespace t3 on c.connamespace = t3.oid
where c.contype = 'f' and t1.relname = 'order_items' and t3.nspname = any (current_schemas(false)) order by c.conname;

-- rails: find
-- with [3, 1]
select "products".* from "products" where "products"."id" = $1 limit $2;

-- rails: where and order
-- with ["true", 5]
select "products".* from "products" where "products"."active" = $1 order by "products"."created_at" desc limit $2;

-- rails: pluck
select "customers"."id", "customers"."name" from "customers" order by "customers"."name" asc;

-- rails: counted association
-- with [1]
select count(*) from "orders" where "orders"."customer_id" = $1;

-- rails: exists
-- with ["SKU-1", 1]
select 1 as one from "products" where "products"."sku" = $1 limit $2;

-- rails: eager load
select "categories"."id" as t0_r0, "categories"."name" as t0_r1, "products"."id" as t1_r0, "products"."sku" as t1_r1
from "categories" left outer join "products" on "products"."category_id" = "categories"."id" where "categories"."name" = 'Books' order by 1, 3;

-- rails: insert
-- with [2, "R-1", "From Rails", "12.50"]
insert into "products" ("category_id", "sku", "name", "price", "created_at") values ($1, $2, $3, $4, '2026-03-01 10:00:00') returning "id";

-- rails: touch
-- with ["2026-03-01 11:00:00", 5]
update "shipments" set "updated_at" = $1 where "shipments"."id" = $2;

-- rails: insert all
insert into "products" ("sku", "name", "price") values ('R-2', 'Two', 2.0), ('R-3', 'Three', 3.0) on conflict do nothing returning "id";

-- rails: upsert all
insert into "options" ("name", "setting") values ('theme', '{"dark": false}') on conflict ("name") do update set "setting" = excluded."setting" returning "name";

-- rails: destroy
-- with [90]
delete from "shipments" where "shipments"."id" = $1;

-- prisma: find many
-- with [true, 5, 0]
select "public"."products"."id", "public"."products"."sku", "public"."products"."name", "public"."products"."price"::text
from "public"."products" where "public"."products"."active" = $1 order by "public"."products"."id" asc limit $2 offset $3;

-- prisma: relation
-- with [1, 2, 3, 0]
select "public"."orders"."id", "public"."orders"."status", "public"."orders"."customer_id" from "public"."orders"
where "public"."orders"."customer_id" in ($1, $2, $3) offset $4;

-- prisma: joined relation as json
-- with [4]
select "t1"."id", "t1"."name", "products"."__prisma_data__" as "products" from "public"."categories" as "t1"
left join lateral (
  select coalesce(jsonb_agg("__prisma_data__"), '[]') as "__prisma_data__" from (
    select "t3"."__prisma_data__" from (
      select jsonb_build_object('id', "t2"."id", 'name', "t2"."name") as "__prisma_data__"
      from (select "t0".* from "public"."products" as "t0" where "t1"."id" = "t0"."category_id" /* root select */) as "t2") as "t3") as "t4") as "products" on true
where "t1"."id" < $1 order by "t1"."id";

-- prisma: create
-- with ["P-1", "From Prisma", "9.99", true]
insert into "public"."products" ("sku", "name", "price", "active") values ($1, $2, $3, $4)
returning "public"."products"."id", "public"."products"."sku", "public"."products"."name";

-- prisma: update
-- with ["done", 7]
update "public"."orders" set "status" = $1 where ("public"."orders"."id" = $2 and 1 = 1) returning "public"."orders"."id", "public"."orders"."status";

-- prisma: aggregate
-- with [0]
select count(*), sum("amount"), avg("amount") from (select "public"."orders"."amount" from "public"."orders" where 1 = 1 offset $1) as "sub";

-- prisma: schema columns
select oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) as formatted_type, info.numeric_precision,
  info.numeric_scale, info.numeric_precision_radix, info.datetime_precision, info.data_type, info.udt_schema as type_schema_name, info.udt_name as full_data_type,
  pg_get_expr(attdef.adbin, attdef.adrelid) as column_default, info.is_nullable, info.is_identity, info.character_maximum_length, col_description(att.attrelid, ordinal_position) as description
from information_schema.columns info
join pg_attribute att on att.attname = info.column_name
join (select pg_class.oid, relname, pg_namespace.nspname as namespace from pg_class join pg_namespace on pg_namespace.oid = pg_class.relnamespace
      and pg_namespace.nspname = any ('{public}')) as oid on oid.oid = att.attrelid and relname = info.table_name and namespace = info.table_schema
left join pg_attrdef attdef on attdef.adrelid = att.attrelid and attdef.adnum = att.attnum and table_schema = namespace
where table_schema = 'public' order by namespace, table_name, ordinal_position;

-- prisma: schema indexes
with rawindex as (
  select indrelid, indexrelid, indisunique, indisprimary, unnest(indkey) as indkeyid, generate_subscripts(indkey, 1) as indkeyidx, unnest(indclass) as indclass, unnest(indoption) as indoption
  from pg_index where indpred is null and array_position(indkey::int2[], 0::int2) is null)
select schemainfo.nspname as namespace, indexinfo.relname as index_name, tableinfo.relname as table_name, columninfo.attname as column_name,
  rawindex.indisunique as is_unique, rawindex.indisprimary as is_primary_key, rawindex.indkeyidx as column_index, opclass.opcname as opclass,
  case when rawindex.indoption & 1 = 1 then 'DESC' else 'ASC' end as column_order
from rawindex join pg_class tableinfo on tableinfo.oid = rawindex.indrelid join pg_class indexinfo on indexinfo.oid = rawindex.indexrelid
join pg_namespace schemainfo on schemainfo.oid = tableinfo.relnamespace
left join pg_attribute columninfo on columninfo.attrelid = tableinfo.oid and columninfo.attnum = rawindex.indkeyid
left join pg_opclass opclass on opclass.oid = rawindex.indclass
where schemainfo.nspname = any ('{public}') order by namespace, table_name, index_name, column_index;

-- prisma: enums
select t.typname as name, e.enumlabel as value, n.nspname as namespace from pg_type t join pg_enum e on t.oid = e.enumtypid
join pg_catalog.pg_namespace n on n.oid = t.typnamespace where n.nspname = any ('{public}') order by e.enumsortorder;

-- hibernate: sequence
-- varies
select nextval('products_id_seq');

-- hibernate: entity
-- with [5]
select p1_0.id, p1_0.active, c1_0.id, c1_0.name, p1_0.name, p1_0.price, p1_0.sku from products p1_0
left join categories c1_0 on c1_0.id = p1_0.category_id where p1_0.id = $1;

-- hibernate: page
-- with ["%1%", 0, 5]
select o1_0.id, o1_0.amount, o1_0.status from orders o1_0 join customers c1_0 on c1_0.id = o1_0.customer_id
where c1_0.name like $1 escape '' order by o1_0.id offset $2 rows fetch first $3 rows only;

-- hibernate: insert
-- with [1, "H-1", "From Hibernate", "1.00", 5001]
insert into products (category_id, sku, name, price, id) values ($1, $2, $3, $4, $5);

-- hibernate: versioned update
-- with ["2026-03-02 00:00:00+00", "Swift", 3, "2026-03-01 00:00:00+00"]
update shipments set updated_at = $1, carrier = $2 where id = $3 and updated_at = $4;

-- hibernate: sequences of the schema
select sequence_schema, sequence_name, start_value, minimum_value, maximum_value, increment from information_schema.sequences order by 2;

-- dbeaver: session
select current_schema(), session_user, current_database(), version();

-- dbeaver: databases
select db.oid, db.* from pg_catalog.pg_database db where datallowconn and not datistemplate order by db.datname;

-- dbeaver: schemas
select n.oid, n.*, d.description from pg_catalog.pg_namespace n
left outer join pg_catalog.pg_description d on d.objoid = n.oid and d.objsubid = 0 and d.classoid = 'pg_namespace'::regclass order by nspname;

-- dbeaver: tables
select c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
from pg_catalog.pg_class c left outer join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
where c.relnamespace = 'public'::regnamespace and c.relkind not in ('i', 'I', 'c') order by c.relname;

-- dbeaver: columns
select c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value, dsc.description, dep.objid
from pg_catalog.pg_attribute a inner join pg_catalog.pg_class c on a.attrelid = c.oid
left outer join pg_catalog.pg_attrdef ad on a.attrelid = ad.adrelid and a.attnum = ad.adnum
left outer join pg_catalog.pg_description dsc on c.oid = dsc.objoid and a.attnum = dsc.objsubid
left outer join pg_depend dep on dep.refobjid = a.attrelid and dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
where not a.attisdropped and c.oid = 'products'::regclass order by a.attnum;

-- dbeaver: constraints
select c.oid, c.*, t.relname as tabrelname, rt.relnamespace as refnamespace, d.description, pg_catalog.pg_get_constraintdef(c.oid) as definition
from pg_catalog.pg_constraint c inner join pg_catalog.pg_class t on t.oid = c.conrelid left outer join pg_catalog.pg_class rt on rt.oid = c.confrelid
left outer join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_constraint'::regclass
where c.conrelid = 'products'::regclass order by c.conname;

-- dbeaver: sizes
select c.oid, pg_catalog.pg_total_relation_size(c.oid) > 0 as total, pg_catalog.pg_relation_size(c.oid) > 0 as rel from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relname = 'products';

-- dbeaver: functions
select p.oid as poid, p.proname, pg_catalog.pg_get_function_arguments(p.oid), l.lanname, pg_catalog.pg_get_function_result(p.oid)
from pg_catalog.pg_proc p left outer join pg_catalog.pg_language l on l.oid = p.prolang where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = 'reverse' order by 1;

-- dbeaver: roles
select r.rolname, r.rolsuper, r.rolcanlogin, r.rolvaliduntil from pg_catalog.pg_roles r order by r.rolname;

-- dbeaver: settings
-- varies
select * from pg_catalog.pg_settings where name in ('TimeZone', 'max_connections', 'server_version_num') order by name;

-- metabase: fields
select n.nspname as schema, c.relname as "table-name", a.attname as name, t.typname as "database-type", a.attnum - 1 as "database-position",
  not a.attnotnull as nullable, pk.attnum is not null as "pk?" from pg_class c
join pg_namespace n on c.relnamespace = n.oid join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
left join (select i.indrelid, unnest(i.indkey) as attnum from pg_index i where i.indisprimary) pk on pk.indrelid = c.oid and pk.attnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'f', 'm') and a.attnum > 0 and not a.attisdropped and n.nspname !~ '^(pg_|information_schema)' order by 2, 5;

-- metabase: question
select date_trunc('month', cast("public"."events"."happened_at" as timestamp)) as "happened_at", sum("public"."events"."amount") as "sum"
from "public"."events" where "public"."events"."kind" = 'buy' group by date_trunc('month', cast("public"."events"."happened_at" as timestamp)) order by 1 asc;

-- metabase: distinct values
select "source"."status" as "status" from (select "public"."orders"."status" as "status" from "public"."orders") as "source" group by "source"."status" order by "source"."status" asc limit 1000;

-- metabase: bins
select floor((("public"."orders"."amount" - 0.0) / 20.0)) * 20.0 + 0.0 as "amount", count(*) as "count" from "public"."orders" group by 1 order by 1 asc;

-- grafana: time series
select extract(epoch from happened_at)::bigint / 86400 * 86400 as time, kind as metric, avg(amount) as value from events
where happened_at between '2025-11-01T00:00:00Z' and '2025-12-01T00:00:00Z' group by 1, 2 order by 1, 2;

-- tables with sizes
select schemaname, tablename, tableowner from pg_tables where schemaname = 'public' order by tablename;

-- indexes
select indexname, indexdef from pg_indexes where tablename = 'shipments' order by indexname;

-- views
select viewname, definition from pg_views where schemaname = 'public' order by viewname;

-- standard tables
select table_schema, table_name, table_type from information_schema.tables where table_schema = 'public' order by table_name;

-- standard columns
select column_name, data_type, is_nullable, character_maximum_length, numeric_precision, column_default from information_schema.columns
where table_name = 'products' order by ordinal_position;

-- standard keys
select tc.constraint_name, tc.constraint_type, kcu.column_name, ccu.table_name as foreign_table, ccu.column_name as foreign_column
from information_schema.table_constraints tc left join information_schema.key_column_usage kcu using (constraint_name)
left join information_schema.constraint_column_usage ccu using (constraint_name) where tc.table_schema = 'public' and tc.constraint_type <> 'CHECK' order by 1, 3, 5;

-- standard references
select constraint_name, unique_constraint_name, update_rule, delete_rule from information_schema.referential_constraints order by 1;

-- standard privileges
select grantee, table_name, privilege_type from information_schema.role_table_grants where table_schema = 'public' order by 1, 2, 3;

-- standard routines and views
select (select count(*) from information_schema.routines where routine_schema = 'public') as routines,
  (select count(*) from information_schema.views where table_schema = 'public') as views, (select count(*) from information_schema.triggers) as triggers;

-- standard domains and checks
select d.domain_name, d.data_type, c.check_clause is not null from information_schema.domains d
left join information_schema.check_constraints c on c.constraint_schema = d.domain_schema where d.domain_schema = 'public' order by 1;

-- extensions
select extname, extversion from pg_extension order by 1;

-- who may
select has_table_privilege('orders', 'select'), has_schema_privilege('public', 'usage'), pg_has_role(current_user, current_user, 'member');

-- names of types
select 'products'::regclass::text, 'int4'::regtype::text, to_regclass('nothing') is null, to_regtype('numeric')::text, pg_typeof(price) from products limit 1;
