// Recursion with SEARCH and CYCLE, JSON constructors, MERGE, RETURNING of old and new rows.

export const NEWER_SYNTAX = `
with recursive t(id, s) as (select id, ssn from customers union all select t.id + 1, c.ssn from t join customers c on c.id = t.id + 1) select id, s from t
  clear redact(pii.ssn)
-- from 14
with recursive t(id, s) as (select id, ssn from customers union all select t.id + 1, c.ssn from t join customers c on c.id = t.id + 1) search breadth first by id set ord select id, s from t order by ord
  clear redact(pii.ssn)
-- from 14
with recursive t(id, s) as (select id, ssn from customers union all select t.id + 1, c.ssn from t join customers c on c.id = t.id + 1) search breadth first by s set ord select id, s from t order by ord
  ! tag_touch may not be used in the function int8inc
-- from 14
with recursive t(id, s) as (select id, ssn from customers union all select t.id + 1, c.ssn from t join customers c on c.id = t.id + 1) search depth first by s set ord select id, ord from t
  ! tag_touch may not be used in the function array_cat
-- from 14
with recursive t(id, s) as (select id, ssn from customers union all select t.id + 1, c.ssn from t join customers c on c.id = t.id + 1) cycle id set is_cycle using path select id, is_cycle, path, s from t
  clear clear clear redact(pii.ssn)
-- from 14
with recursive t(id, s) as (select id, ssn from customers union all select t.id + 1, c.ssn from t join customers c on c.id = t.id + 1) cycle s set is_cycle using path select id, is_cycle from t
  ! tag_touch may not be compared with = ANY here
with recursive a(n, s) as (with recursive b(m, u) as (select 1, ssn from customers union all select m + 1, u from b where m < 3) select m, u from b union all select n + 1, s from a where n < 3) select n, s from a
  clear redact(pii.ssn)
with recursive t(n, s, u) as (select 1, 'x', ssn from customers union all select n + 1, u, s from t where n < 5) select n from t where s = '5'
  ! tag_touch may not be compared with something other than a constant (=) here
with recursive t(n, s, u) as (select 1, 'x', ssn from customers union all select n + 1, u, s from t where n < 5) select n from t order by s
  ! tag_touch may not decide the order of rows (ORDER BY)
select x from people p, xmltable('/a' passing (p.ssn::xml) columns x text path 'b')
  ! tag_touch may not be used in the function xml
select x.* from documents d, xmltable('/a' passing xml '<a/>' columns b text path 'b') x
  clear
-- from 17
select x.* from documents d, json_table(d.doc, '$[*]' columns (a text path '$.a')) x
  ! tag_touch may not be used in a JSON path
-- from 17
select x.* from json_table('[{"a": 1}]'::jsonb, '$[*]' columns (a text path '$.a')) x
  clear harmless
-- from 17
select json_value(doc, '$.a') from documents
  ! tag_touch may not be used in a JSON path
-- from 17
select json_exists(doc, '$.a') from documents
  ! tag_touch may not be used in a JSON path
-- from 17
select json_query('{"a": 1}'::jsonb, '$.a')
  clear harmless
-- from 16
select json_object('s': ssn, 'n': name) from customers
  constant(pii.ssn)
-- from 16
select json_object(ssn: 1) from customers
  ! tag_touch may not be used in a JSON constructor
-- from 16
select json_object('s': ssn with unique keys) from customers
  ! tag_touch may not be used in a JSON constructor
-- from 16
select json_array(ssn, name) from customers
  constant(pii.ssn)
-- from 16
select json_arrayagg(ssn) from customers
  ! tag_touch may not be used in the function json_agg_strict
-- from 16
select json_objectagg(id: ssn) from customers
  ! tag_touch may not be used in the function json_object_agg
-- from 16
select json_objectagg(ssn: id) from customers
  ! tag_touch may not be used in the function json_object_agg
-- from 16
select ssn is json from customers
  ! tag_touch may not be used in IS JSON
-- from 18
update customers set ssn = '1' where id = 1 returning old.ssn, new.ssn, old.name
  constant(pii.ssn) constant(pii.ssn) clear
-- from 18
update people set email = 'x' where id = 1 returning old.email, new.contact
  constant(pii.email) tokenize(pii.email)
-- from 18
delete from people where id = 1 returning old.email, new.email
  tokenize(pii.email) tokenize(pii.email)
-- from 18
insert into people (id, email) values (1, 'a') on conflict (id) do update set email = excluded.email returning old.email, new.id
  constant(pii.email) clear
-- from 15
merge into orders o using customers c on o.customer_id = c.id when matched then update set status = c.ssn
  ! tag_sink may not be written to orders.status
-- from 15
merge into orders o using customers c on o.customer_id = c.id when matched then update set status = c.name
  none
-- from 15
merge into orders o using customers c on o.customer_id = c.id when matched and c.ssn = '1' then delete
  ! tag_touch may not be compared with = here
-- from 15
merge into orders o using customers c on o.customer_id = c.id and c.ssn = '1' when matched then delete
  none budget pii.ssn 1
-- from 15
merge into orders o using customers c on o.customer_id = c.id and c.ssn like '1%' when matched then delete
  ! tag_touch may not be compared with LIKE here
-- from 15
merge into orders o using customers c on o.customer_id = c.id when not matched then insert (id, status) values (c.id, c.ssn)
  ! tag_sink may not be written to orders.status
-- from 15
merge into people p using customers c on p.id = c.id when not matched then insert (id, ssn) values (c.id, c.ssn) when matched then update set ssn = c.ssn
  none
-- from 15
merge into people p using customers c on p.ssn = c.ssn when matched then do nothing
  none
-- from 17
merge into people p using customers c on p.ssn = c.ssn when not matched by source then delete when matched then do nothing
  none
-- from 17
merge into people p using customers c on p.ssn = c.ssn when not matched by source then delete when not matched then do nothing
  ! tag_touch may not decide the order of rows (FULL JOIN)
-- from 15
merge into people p using (values (1, '1')) c(id, ssn) on p.ssn = c.ssn when matched then delete
  ! tag_touch may not be compared with something other than a constant (=) here
-- from 17
merge into people p using customers c on p.id = c.id when matched then update set email = 'x' returning merge_action(), p.id, p.email, p.contact, c.ssn
  clear clear constant(pii.email) tokenize(pii.email) redact(pii.ssn)
-- from 17
with m as (merge into orders o using customers c on o.customer_id = c.id when matched then delete returning c.ssn) select ssn from m
  redact(pii.ssn)
select * from policed
  clear redact(pii.ssn) clear
select id from policed where owner = 'x'
  clear
update policed set owner = 'x'
  none
select id from updatable
  ! tag_touch may not be compared with LIKE here
`
