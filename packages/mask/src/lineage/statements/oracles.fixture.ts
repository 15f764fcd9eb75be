// Oracles through sub-selects, views, free text, places of rows, sizes and recursion.

export const ORACLES = `
select id from customers where exists (select from people p where p.ssn < customers.ssn)
  ! tag_touch may not be compared with < here
select (select count(*) from people p where p.ssn < c.ssn) from customers c
  ! tag_touch may not be compared with < here
select exists (select from people p where p.ssn like '1%')
  ! tag_touch may not be compared with LIKE here
select id from customers where (select ssn) like '1%'
  ! tag_touch may not be compared with LIKE here
select id from (select id, ssn s from customers) x where s like '1%'
  ! tag_touch may not be compared with LIKE here
with t as (select id, ssn s from customers) select id from t where s > '5'
  ! tag_touch may not be compared with > here
with t as (select id, left(ssn, 1) s from customers) select id from t where s = '5'
  ! tag_touch may not be compared with something other than a constant (=) here
select id from shown where part = '123'
  ! tag_touch may not be compared with something other than a constant (=) here
select id from shown where ssn like '1%'
  ! tag_touch may not be compared with LIKE here
select id from ordered
  ! tag_touch may not decide the order of rows (ORDER BY)
select name from stored where ssn > '5'
  ! tag_touch may not be compared with > here
select count(*) from renamed where number < '5'
  ! tag_touch may not be compared with < here
select id from people where allergic is true
  clear approve pii.health
select id from people where not allergic
  clear approve pii.health
select id from cards where pin is null
  clear
select id from cards where pin = 1
  ! tag_touch may not be compared with = here
select pin from cards where id = 1
  redact(pii.pin)
select a.id from cards a join cards b on a.pin = b.pin
  ! tag_touch may not be compared with = here
select id from cards where pan = 4111111111111111
  ! tag_touch may not be compared with = here
select a.id from cards a join cards b using (pan)
  ! tag_touch may not be compared with = here
select ctid from placed
  ! tag_touch may not be used in a system column that tells where a row lies
select tableoid::regclass from placed
  ! tag_touch may not be used in a system column that tells where a row lies
select tableoid from placed_1
  ! tag_touch may not be used in a system column that tells where a row lies
select xmin from placed
  ! tag_touch may not be used in a system column that tells where a row lies
select id from placed where ctid = '(0,1)'
  ! tag_touch may not be used in a system column that tells where a row lies
select * from documents where doc->>'a' = 'x'
  ! tag_touch may not be compared with something other than a constant (=) here
select * from documents where doc @> '{"a": 1}'
  ! tag_touch may not be compared with @> here
select * from documents where remark like '%x%'
  ! tag_touch may not be compared with LIKE here
select id from customers where notes like '%x%'
  ! tag_touch may not be compared with LIKE here
select id from customers order by notes
  ! tag_touch may not decide the order of rows (ORDER BY)
select id from customers where to_tsvector(notes) @@ to_tsquery('x')
  ! tag_touch may not be used in the function to_tsvector
select c.id from customers c where c = (select d from customers d where d.id = 1)
  ! tag_touch may not be compared with = here
select c.id from customers c where row(c.ssn, c.id) < row('5', 1)
  ! tag_touch may not be compared with a comparison of rows here
select c.id from customers c where (c.ssn, c.id) >= ('5', 1)
  ! tag_touch may not be compared with a comparison of rows here
select c.id from customers c where c is null
  ! tag_touch may not be compared with IS NULL of something computed here
select coalesce(ssn, name) is null from customers
  ! tag_touch may not be compared with IS NULL of something computed here
select upper(ssn) is null from customers
  ! tag_touch may not be compared with IS NULL of something computed here
select p.id from customers c join people p on p.ssn = c.email
  ! tag_touch may not be compared with something other than a constant (=) here
select p.id from customers c join people p on p.ssn || '' = c.ssn
  ! tag_touch may not be compared with something other than a constant (=) here
select p.id from customers c join people p on p.twofold = c.ssn
  ! tag_touch may not be compared with something other than a constant (=) here
select p.id from customers c join people p on p.ssn < c.ssn
  ! tag_touch may not be compared with < here
select c.id from customers c left join people p on p.ssn < c.ssn
  ! tag_touch may not be compared with < here
select c.id, p.id from customers c full join people p on p.id = c.id and p.ssn = c.ssn
  ! tag_touch may not decide the order of rows (FULL JOIN)
select c.id, p.id from customers c full join people p using (ssn)
  ! tag_touch may not decide the order of rows (FULL JOIN)
select c.id, p.id from customers c left join people p on p.ssn = c.ssn and p.ssn > '5'
  ! tag_touch may not be compared with > here
select pg_column_size(ssn), pg_typeof(ssn) from customers
  ! tag_touch may not be used in the function pg_column_size
select json_object_agg(ssn, id) from customers
  ! tag_touch may not be used in the function json_object_agg
select json_object(array[ssn], array['1']) from customers
  ! tag_touch may not be used in the function json_object
select encode(ssn::bytea, 'hex') from customers
  ! tag_touch may not be used in a cast
select translate(ssn, '123', 'abc'), replace(ssn, '1', 'a') from customers
  ! tag_touch may not be used in the function translate
select position('1' in ssn), strpos(ssn, '1') from customers
  ! tag_touch may not be used in the function position
select starts_with(ssn, '1') from customers
  ! tag_touch may not be used in the function starts_with
select split_part(ssn, '-', 1) from customers
  ! tag_touch may not be used in the function split_part
select overlay(ssn placing 'x' from 1) from customers
  ! tag_touch may not be used in the function overlay
select substring(ssn from 1 for 3) from customers
  ! tag_touch may not be used in the function substring
select regexp_replace(ssn, '^1', '') from customers
  ! tag_touch may not be used in the function regexp_replace
select array_position(array['1'], ssn) from customers
  ! tag_touch may not be used in the function array_position
select array[ssn] @> array['1'] from customers
  ! tag_touch may not be compared with @> here
select array[name] || ssn from customers
  ! tag_touch may not be used in the operator ||
select (array['a', 'b'])[pan] from cards
  ! tag_touch may not be used in the function int4
select s1.x || s1.x from (select s2.x || s2.x x from (select s3.x || s3.x x from (select s4.x || s4.x x from (select s5.x || s5.x x from (select s6.x || s6.x x from (select s7.x || s7.x x from (select s8.x || s8.x x from (select ssn x from customers) s8) s7) s6) s5) s4) s3) s2) s1
  constant(pii.ssn)
with recursive t(n, s) as (select 1, ssn from customers union all select n + 1, s || s from t where n < 30) select n from t where s = '1'
  ! tag_touch may not be used in the operator ||
with recursive t(n, s) as (select 1, ssn from customers union all select n + 1, s || s from t where n < 30) select s from t
  ! tag_touch may not be used in the operator ||
with recursive t(s) as (select ssn from customers union select s from t) select 1 from t
  ! tag_touch may not be grouped by (UNION)
with recursive t(n, s) as (select 1, '0' union all select n + 1, n::text from t where n < 999999) select t.n from t join customers c on c.ssn = t.s
  ! tag_touch may not be compared with something other than a constant (=) here
select nick, v.x from people p join (values ('a')) v(x) on p.nick = v.x
  hash(pii.nick) constant(pii.nick)
select v.x from people p join (values ('a')) v(x) on p.nick = v.x
  constant(pii.nick)
select w.x from people p join (values ('a')) v(x) on p.nick = v.x join (values ('a')) w(x) on w.x = v.x
  constant(pii.nick)
select chunk_data from pg_toast.pg_toast_2619
  ! lineage_unknown which is no table
select last_value from audit_id_seq
  clear harmless
with recursive t(a, b, c, d) as (select ssn, name, name, name from customers union all select d, a, b, c from t) select 1 from t order by d
  ! tag_touch may not decide the order of rows (ORDER BY)
with recursive t(n, s) as (select 1, ssn from customers union all select n + 1, s || c.ssn from t join customers c on c.id = n where n < 9) select s from t
  ! tag_touch may not be used in the operator ||
`
