// Sensitive columns in conditions and in functions that may not see them: every one is an oracle.

export const COMPARED_VALUES = `
select id from customers where ssn like '1%'
  ! tag_touch may not be compared with LIKE here
select id from customers where ssn ilike '1%'
  ! tag_touch may not be compared with ILIKE here
select id from customers where ssn ~ '^1'
  ! tag_touch may not be compared with a regular expression here
select id from customers where ssn similar to '1%'
  ! tag_touch may not be compared with a regular expression here
select id from customers where ssn < '5'
  ! tag_touch may not be compared with < here
select id from customers where ssn > '5' or id = 1
  ! tag_touch may not be compared with > here
select id from customers where ssn between '1' and '2'
  ! tag_touch may not be compared with >= here
select id from customers where ssn <> '5'
  ! tag_touch may not be compared with <> here
select id from customers where not ssn = '5'
  ! tag_touch may not be compared with = here
select id from customers where not (id = 1 or ssn = '5')
  ! tag_touch may not be compared with = here
select id from customers where ssn not in ('1', '2')
  ! tag_touch may not be compared with <> ALL here
select id from customers where (ssn = '1') is true
  ! tag_touch may not be compared with = here
select id from customers where ssn is distinct from '1'
  ! tag_touch may not be compared with IS DISTINCT FROM here
select id from customers where ssn is not distinct from '1'
  ! tag_touch may not be compared with IS DISTINCT FROM here
select id from customers where left(ssn, 1) = '1'
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn::varchar(3) = '819'
  ! tag_touch may not be used in the function varchar
select id from customers where ssn::char(3) = '819'
  ! tag_touch may not be used in the function bpchar
select id from customers where ssn || '' = '1'
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where upper(ssn) = '1'
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where length(ssn) = 9
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn || name = '1x'
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = name
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = email
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = lower('1')
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = current_user
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = random()::text
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = (select n::text from generate_series(1, 9) n limit 1)
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn in (select n::text from generate_series(1, 9) n)
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn in (values ('1'), ('2'))
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = any (array(select n::text from generate_series(1, 9) n))
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = any (string_to_array('1,2', ','))
  ! tag_touch may not be compared with something other than a constant (=) here
select id from customers where ssn = any ('{1,2}')
  ! tag_touch may not be compared with an array whose size is not known
select id from customers where ssn = any ($1)
  ! tag_touch may not be compared with an array whose size is not known
select id from customers where ssn = any ($1::text[])
  ! tag_touch may not be compared with an array whose size is not known
select id from customers where ssn = all (array['1'])
  ! tag_touch may not be compared with = ALL here
select id from customers where ssn >= any (array['1'])
  ! tag_touch may not be compared with >= ANY here
select c.id, g from customers c join generate_series(1, 9) g on c.ssn = g::text
  ! tag_touch may not be compared with something other than a constant (=) here
select v.x from customers c join (values ('1'), ('2')) v(x) on c.ssn = v.x
  ! tag_touch may not be compared with something other than a constant (=) here
select v.i from customers c join (values (1, '1'), (2, '2')) v(i, x) on v.x = c.ssn
  ! tag_touch may not be compared with something other than a constant (=) here
select v.x from customers c join (select '1' as x) v on c.ssn = v.x
  ! tag_touch may not be compared with something other than a constant (=) here
select v.x from customers c, (select unnest(array['1', '2']) as x) v where c.ssn = v.x
  ! tag_touch may not be compared with something other than a constant (=) here
with v(x) as (values ('1')) select v.x from v join customers c on c.ssn = v.x
  ! tag_touch may not be compared with something other than a constant (=) here
with v(x) as (select '1' union all select '2') select v.x from v where exists (select from customers c where c.ssn = v.x)
  ! tag_touch may not be compared with something other than a constant (=) here
select n from generate_series(1, 9) n where n::text in (select ssn from customers)
  ! tag_touch may not be compared with something other than a constant (=) here
select n from generate_series(1, 9) n where exists (select from customers c where c.ssn = n::text)
  ! tag_touch may not be compared with something other than a constant (=) here
select n from generate_series(1, 9) n where n::text = any (select ssn from customers)
  ! tag_touch may not be compared with something other than a constant (=) here
select n from generate_series(1, 9) n where n::text <> all (select ssn from customers)
  ! tag_touch may not be compared with <> here
select n from generate_series(1, 9) n where not exists (select from customers c where c.ssn = n::text)
  ! tag_touch may not be compared with something other than a constant (=) here
select ssn = '1' from customers
  ! tag_touch may not be compared with = here
select ssn < '5' from customers
  ! tag_touch may not be compared with < here
select ssn like '1%' from customers
  ! tag_touch may not be compared with LIKE here
select ssn in ('1', '2') from customers
  ! tag_touch may not be compared with = ANY here
select nullif(ssn, '1') from customers
  ! tag_touch may not be compared with NULLIF here
select nullif(ssn < '5', true) from customers
  ! tag_touch may not be compared with < here
select count(nullif(ssn < '5', true)) from customers
  ! tag_touch may not be compared with < here
select count(*) filter (where ssn < '5') from customers
  ! tag_touch may not be compared with < here
select count(*) filter (where ssn = '5') from customers
  ! tag_touch may not be compared with = here
select sum((ssn < '5')::int) from customers
  ! tag_touch may not be compared with < here
select case when ssn < '5' then 1 / (id - id) end from customers
  ! tag_touch may not be compared with < here
select case when ssn = '5' then 1 end from customers
  ! tag_touch may not be compared with = here
select case ssn when '5' then 1 end from customers
  ! tag_touch may not be compared with = here
select case when allergic then 1 end from people
  constant(pii.health) approve pii.health
select left(name, length(ssn)) from customers
  ! tag_touch the function left
select substr(name, length(ssn)) from customers
  ! tag_touch the function substr
select '[1, 2]'::jsonb -> length(ssn) from customers
  ! tag_touch the operator ->
select left(ssn, 3), substr(ssn, 2) from customers
  constant(pii.ssn) constant(pii.ssn)
select repeat('x', length(ssn)) from customers
  ! tag_touch may not be used in the function repeat
select repeat('x', case when ssn < '5' then 100000000 else 1 end) from customers
  ! tag_touch may not be compared with < here
select lpad(ssn, 1000000) from customers
  ! tag_touch may not be used in the function lpad
select format('%s', ssn) from customers
  ! tag_touch may not be used in the function format
select ssn::int from customers
  ! tag_touch may not be used in a cast
select ('x' || ssn)::int from customers
  ! tag_touch may not be used in a cast
select ssn::regclass from customers
  ! tag_touch may not be used in the function regclass
select ssn::date from customers
  ! tag_touch may not be used in a cast
select ssn::xml from customers
  ! tag_touch may not be used in the function xml
select ssn::json from customers
  ! tag_touch may not be used in a cast
select ssn::short_text from customers
  ! tag_touch may not be used in a cast to a domain
select to_tsquery(ssn) from customers
  ! tag_touch may not be used in the function to_tsquery
select current_setting(ssn) from customers
  ! tag_touch may not be used in the function current_setting
select to_number(ssn, '999') from customers
  ! tag_touch may not be used in the function to_number
select pan / 0 from cards
  ! tag_touch may not be used in the operator /
select pan + 1 from cards
  ! tag_touch may not be used in the operator +
select -pan from cards
  ! tag_touch may not be used in the operator -
select pan::int from cards
  ! tag_touch may not be used in the function int4
select pan::varchar(4) from cards
  ! tag_touch may not be used in the function varchar
select sqrt(pan) from cards
  ! tag_touch may not be used in the function sqrt
select avg(pan), sum(pan) from cards
  ! tag_touch may not be used in the function avg
`
