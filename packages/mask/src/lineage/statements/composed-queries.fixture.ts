// Sub-selects, lateral joins and inherited tags; and what plain analysts ask.

export const COMPOSED_QUERIES = `
select ssn from people p where p.id = (select max(o.id) from orders o where o.customer_id = p.id)
  redact(pii.ssn)
select (select string_agg(ssn, ',') from customers c where c.id < o.id) from orders o
  constant(pii.ssn)
select (select count(*) from customers c where c.ssn = '1' and c.id = o.id) from orders o
  clear budget pii.ssn 1
select c.name from customers c where (select count(*) from people p where p.ssn = c.ssn) > 1
  clear
select c.name from customers c where (select count(*) from people p where p.ssn || '' = c.ssn) > 1
  ! tag_touch may not be compared with something other than a constant (=) here
select name from customers where id = any (select id from people where ssn = '1')
  clear budget pii.ssn 1
select name from customers where id = (select id from people where ssn like '1%' limit 1)
  ! tag_touch may not be compared with LIKE here
select name from customers where (id, name) = (select id, ssn from people limit 1)
  ! tag_touch may not be compared with = here
select name from customers where (id, name) in (select id, ssn from people)
  ! tag_touch may not be compared with something other than a constant (=) here
select name from customers where (id, ssn) in (select id, name from customers)
  ! tag_touch may not be compared with something other than a constant (=) here
select array(select ssn from customers order by ssn)
  ! tag_touch may not decide the order of rows (ORDER BY)
select array(select id from customers order by ssn)
  ! tag_touch may not decide the order of rows (ORDER BY)
select * from (select row_number() over () n, ssn from customers) x where n = 1
  clear redact(pii.ssn)
select * from (select ssn, id from customers order by id limit 1) x
  redact(pii.ssn) clear
select * from (select id from customers order by ssn limit 1) x
  ! tag_touch may not decide the order of rows (ORDER BY)
select u.* from customers c cross join lateral (select c.ssn as a union all select c.email) u
  constant(pii.ssn)
select u.* from people p cross join lateral (select p.email as a union all select p.contact) u
  tokenize(pii.email)
select count(*) from customers c cross join lateral (select c.ssn as a where c.ssn = '1') u
  clear budget pii.ssn 1
select c.id from customers c, lateral (select 1 where c.ssn like '1%') u
  ! tag_touch may not be compared with LIKE here
select c.id from customers c, lateral generate_series(1, length(c.ssn)) u
  ! tag_touch may not decide how many rows there are (the function generate_series)
select id from customers where ssn = '1' group by id having count(ssn) > 0
  clear budget pii.ssn 1
select ssn from customers where ssn = '1'
  redact(pii.ssn) budget pii.ssn 1
select email from people where email = 'a@b.c'
  tokenize(pii.email) budget pii.email 1
select '1', ssn from customers where ssn = '1'
  clear redact(pii.ssn) budget pii.ssn 1
select coalesce(nick, 'a') = 'a' from people
  constant(pii.nick)
select p.id, v.i from people p join (values (1, 'a')) v(i, x) on p.nick = v.x
  clear clear
with v(x) as (values ('a')) select w.x from v join people p on p.nick = v.x join v w on w.x = v.x
  constant(pii.nick)
select v.x from (values ('a')) v(x) where exists (select from people p where p.nick = v.x)
  constant(pii.nick)
select s.y from (values ('a')) v(x), lateral (select v.x as y) s, people p where p.nick = v.x
  constant(pii.nick)
select pg_catalog.pg_table_is_visible(c.oid), c.relname from pg_catalog.pg_class c
  clear clear harmless
select count(*) from customers where email is not null and ssn is null
  clear
select count(*) from customers where not (email is null)
  clear
select id, case when email is null then 'no' else 'yes' end from customers
  clear clear
select id from customers order by ssn is null
  clear
select string_agg(name, ', ' order by name), count(distinct name) from customers
  clear clear
select sum(amount), avg(amount), min(amount), max(status) from orders group by status order by 1 desc
  clear clear clear clear harmless
select date_trunc('day', at), count(*) from documents group by 1 order by 1
  clear clear
select name from customers where name ilike '%a%' order by name collate "C" limit 10 offset 5
  clear
select distinct on (customer_id) id, amount from orders order by customer_id, amount desc
  clear clear harmless
select customer_id, sum(amount) over (partition by customer_id order by id rows between 2 preceding and current row) from orders
  clear clear harmless
select id from orders where amount between 1 and 10 and status in ('new', 'paid') and not status = 'old'
  clear harmless
select o.id, c.name from orders o left join customers c on c.id = o.customer_id where c.id is null
  clear clear
select coalesce(sum(amount), 0) from orders where customer_id = $1
  clear harmless
select id from orders intersect select id from customers
  clear
select array_agg(id order by id) from orders group by grouping sets ((status), ())
  clear harmless
select jsonb_build_object('id', id, 'name', name) from customers
  clear
select name, email from customers order by name limit 10
  clear tokenize(pii.email)
select id, tags from documents where 'a' = any (tags)
  clear clear
select upper(name) || ' ' || status from customers join orders on customer_id = customers.id
  clear
`
