// Sensitive columns as outputs: stored, computed, in rows, arrays and aggregates.

export const SHOWN_VALUES = `
select * from customers
  clear clear tokenize(pii.email) redact(pii.ssn) scan
select name, email, ssn from customers limit 2
  clear tokenize(pii.email) redact(pii.ssn)
select c from customers c
  constant(pii.email)
table customers
  clear clear tokenize(pii.email) redact(pii.ssn) scan
select x.a, x.b, x.d from customers x(a, b, c, d)
  clear clear redact(pii.ssn)
select row_to_json(c) from customers c
  constant(pii.email)
select to_jsonb(c)->>'ssn' from customers c
  constant(pii.email)
select to_json(c.ssn) from customers c
  constant(pii.ssn)
select ssn::varchar, ssn collate "C" from customers
  redact(pii.ssn) redact(pii.ssn)
select ssn::text, pan::text from customers, cards
  redact(pii.ssn) constant(pci.pan)
select ssn || '', '' || ssn, ssn || name from customers
  constant(pii.ssn) constant(pii.ssn) constant(pii.ssn)
select left(ssn, 3), right(ssn, 4), substr(ssn, 2) from customers
  constant(pii.ssn) constant(pii.ssn) constant(pii.ssn)
select reverse(ssn), upper(ssn), md5(ssn) from customers
  constant(pii.ssn) constant(pii.ssn) constant(pii.ssn)
select concat(name, ssn), concat_ws('-', name, ssn) from customers
  constant(pii.ssn) constant(pii.ssn)
select array[ssn, name] from customers
  constant(pii.ssn)
select row(ssn, name) from customers
  constant(pii.ssn)
select (array[ssn])[1] from customers
  constant(pii.ssn)
select coalesce(ssn, name) from customers
  constant(pii.ssn)
select greatest(ssn, name) from customers
  constant(pii.ssn)
select case when id = 1 then ssn else name end from customers
  constant(pii.ssn)
select case id when 1 then ssn end from customers
  constant(pii.ssn)
select quote_literal(ssn), initcap(email) from customers
  constant(pii.ssn) constant(pii.email)
select string_agg(ssn, ','), array_agg(ssn), min(ssn), max(ssn) from customers
  constant(pii.ssn) constant(pii.ssn) constant(pii.ssn) constant(pii.ssn)
select json_agg(ssn), jsonb_agg(c) from customers c
  constant(pii.ssn) constant(pii.email)
select name, string_agg(ssn, ',' order by id) from customers group by name
  clear constant(pii.ssn)
select lag(ssn) over (order by id), first_value(ssn) over (partition by name order by id) from customers
  constant(pii.ssn) constant(pii.ssn)
select max(ssn) over () from customers
  constant(pii.ssn)
select count(*), count(ssn), count(distinct ssn), count(distinct email) from customers
  clear clear clear clear
select count(ssn) over (partition by name) from customers
  clear
select name, count(ssn) from customers group by name having count(*) > 1 order by 2
  clear clear
select (select ssn from customers where id = o.customer_id) from orders o
  redact(pii.ssn)
select array(select ssn from customers)
  constant(pii.ssn)
select exists(select ssn from customers)
  clear
select ssn is null, email is not null from customers
  clear clear
select notes from customers
  scan
select notes || '' from customers
  constant(unknown)
select doc, remark, doc->>'a' from documents
  scan scan constant(unknown)
select twofold from people
  constant(pii.ssn)
select allergic, mood, address from people
  redact(pii.health) clear clear
select pan, expires from cards
  partial(pci.pan) clear
select pan + 0 from cards
  ! tag_touch may not be used in the operator +
select (c).ssn, (c).name from customers c
  redact(pii.ssn) clear
select s.* from (select ssn x, id from customers) s
  redact(pii.ssn) clear
select o.id, l.ssn from orders o, lateral (select c.ssn from customers c where c.id = o.customer_id) l
  clear redact(pii.ssn)
with t as (select ssn as a, name as b from customers) select b, a from t
  clear redact(pii.ssn)
with t as (select * from customers), u as (select ssn s from t) select s || '!' from u
  constant(pii.ssn)
with recursive t(n, s) as (select 1, ssn from customers union all select n + 1, s from t where n < 3) select n, s from t
  clear redact(pii.ssn)
with recursive t(n, s) as (select 1, 'a' union all select n + 1, (select ssn from customers where id = n) from t where n < 3) select n, s from t
  clear constant(pii.ssn)
with recursive t(a, b, c) as (select id, name, ssn from customers union all select a + 1, c, b from t where a < 3) select a, b, c from t
  clear constant(pii.ssn) constant(pii.ssn)
select ssn from customers union all select ssn from people
  redact(pii.ssn)
select email from people union all select contact from people
  tokenize(pii.email)
select email from people union all select name from customers
  constant(pii.email)
select email from people union all select 'x@example.org'
  constant(pii.email)
select email from people union all select null
  constant(pii.email)
select email from people union all select ssn from people
  constant(pii.email)
select name, ssn from customers union all (select status, status from orders limit 1)
  clear constant(pii.ssn)
select notes from customers union all select remark from documents
  scan
select notes from customers union all select name from customers
  constant(unknown)
select x from customers c, lateral (values (c.ssn)) v(x)
  redact(pii.ssn)
select x from people p, lateral (values (p.email), (p.contact)) v(x)
  tokenize(pii.email)
select x from people p, lateral (values (p.email), ('a@b.c')) v(x)
  constant(pii.email)
select ssn from customers left join people using (ssn)
  redact(pii.ssn)
select email, p.id from people p right join customers c using (email)
  tokenize(pii.email) clear
select * from customers join orders using (id)
  clear clear tokenize(pii.email) redact(pii.ssn) scan clear clear clear
select j.* from (customers c join orders o on o.customer_id = c.id) j
  clear clear tokenize(pii.email) redact(pii.ssn) scan clear clear clear clear
select j from (customers c join orders o on o.customer_id = c.id) j
  constant(pii.email)
select s from (select id, ssn from customers) s
  constant(pii.ssn)
select id, ssn, part, label, loud from shown
  clear redact(pii.ssn) constant(pii.ssn) redact(pii.label) clear
select * from renamed
  clear redact(pii.ssn)
select * from stored
  clear redact(pii.ssn) clear
select sh from shown sh
  constant(pii.ssn)
select * from policed
  clear redact(pii.ssn) clear
select ssn, tableoid from customers
  redact(pii.ssn) clear
select xmin, ctid, name from customers
  clear clear clear
select 'x', 1, now(), current_date, current_user
  clear clear clear clear clear harmless
select id, name from customers where id in (1, 2) order by name
  clear clear
select n from generate_series(1, 3) n
  clear harmless
select o.id, count(*) over (partition by o.status), rank() over (order by o.amount) from orders o
  clear clear clear harmless
select distinct name from customers
  clear
select name, grouping(name), count(*) from customers group by rollup (name)
  clear clear clear
select id from customers tablesample bernoulli (10) repeatable (1)
  clear
select c.name from customers c join orders o on o.customer_id = c.id where o.amount > 10 for update of c skip locked
  clear
select ssn from only customers
  redact(pii.ssn)
select nick from people where nick like 'a%'
  hash(pii.nick)
select id from people order by nick
  clear
select distinct nick from people
  hash(pii.nick)
select nick || 'x' from people
  constant(pii.nick)
select max(nick), nick from people group by nick
  constant(pii.nick) hash(pii.nick)
select allergic from people where allergic
  redact(pii.health) approve pii.health
select json_build_object('s', ssn, 'n', name) from customers
  constant(pii.ssn)
select xmin from placed_1 where false and 1 = 0 union all select '1'::xid
  ! tag_touch may not be used in a system column that tells where a row lies
`
