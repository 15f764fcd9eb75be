// What INSERT, UPDATE and DELETE write, and what comes back from them.

export const WRITTEN_VALUES = `
update orders set status = c.ssn from customers c where c.id = orders.customer_id
  ! tag_sink may not be written to orders.status
update orders set status = (select ssn from customers limit 1)
  ! tag_sink may not be written to orders.status
update orders set (status, amount) = (select ssn, 1 from customers limit 1)
  ! tag_sink may not be written to orders.status
update orders set (status, amount) = (select name, 1 from customers limit 1)
  none
update orders set status = 'x' || left(c.ssn, 1) from customers c
  ! tag_sink may not be written to orders.status
update orders set amount = pan from cards
  ! tag_sink may not be written to orders.amount
update customers set name = ssn
  ! tag_sink may not be written to customers.name
update customers set ssn = email
  ! tag_sink may not be written to customers.ssn
update customers set email = upper(email)
  ! tag_sink may not be written to customers.email
update customers set ssn = p.ssn from people p where p.id = customers.id
  none
update customers set ssn = left(p.ssn, 3) from people p where p.id = customers.id
  ! tag_sink may not be written to customers.ssn
update customers set notes = d.remark from documents d
  ! tag_sink may not be written to customers.notes
update customers set notes = notes
  none
update customers set notes = notes || '0'
  ! tag_sink may not be written to customers.notes
update customers set notes = ssn
  ! tag_sink may not be written to customers.notes
update documents set remark = 'x' where id = 1
  none
update customers set ssn = '1' where id = 1
  none
update customers set ssn = $1 where id = $2
  none
update customers set ssn = null
  none
update customers set ssn = name
  ! tag_touch may not be used in a write of values that are computed from rows
update customers set ssn = id::text
  ! tag_touch may not be used in a write of values that are computed from rows
update customers set ssn = md5('x')
  none
update customers set name = 'x' where ssn = '1' returning ssn, name
  redact(pii.ssn) clear budget pii.ssn 1
update customers set name = 'x' where ssn like '1%'
  ! tag_touch may not be compared with LIKE here
update people set email = 'x' where id = 1 returning email, contact
  constant(pii.email) tokenize(pii.email)
update orders set status = 'shipped' where id = 7 returning *
  clear clear clear clear harmless
update updatable set name = 'x'
  ! tag_touch may not be compared with LIKE here
update shown set ssn = '1'
  none
update renamed set number = '1' where id = 1
  none
delete from customers where ssn = '1'
  none budget pii.ssn 1
delete from customers where ssn < '5'
  ! tag_touch may not be compared with < here
delete from customers returning *
  clear clear tokenize(pii.email) redact(pii.ssn) scan
delete from orders using customers c where c.id = orders.customer_id and c.ssn like '1%'
  ! tag_touch may not be compared with LIKE here
delete from orders where id = 1
  none harmless
insert into orders (id, status) select id, ssn from customers
  ! tag_sink may not be written to orders.status
insert into orders (id, status) select id, name from customers
  none
insert into orders (id, status) values (1, (select ssn from customers limit 1))
  ! tag_sink may not be written to orders.status
insert into orders values (1, 2, 'new', 5)
  none harmless
insert into people (id, ssn) select id, ssn from customers
  none
insert into people (id, email) select id, ssn from customers
  ! tag_sink may not be written to people.email
insert into people (id, ssn) select id, upper(ssn) from customers
  ! tag_sink may not be written to people.ssn
insert into people (id, contact) select id, email from customers
  none
insert into people (id, ssn) select n, n::text from generate_series(1, 1000000) n
  ! tag_touch may not be used in a write of values that are computed from rows
insert into people (id, ssn) select n, 'x' from generate_series(1, 10) n
  none
insert into people (id, ssn) values (1, '1'), (2, '2'), (3, '3'), (4, '4'), (5, '5'), (6, '6')
  none
insert into people (id, ssn) select 1, a.x || b.x from (values ('1'), ('2')) a(x), (values ('1'), ('2')) b(x)
  ! tag_touch may not be used in a write of values that are computed from rows
insert into people (id, ssn) values (1, '1') on conflict do nothing
  none budget pii.ssn 1
insert into people (id, ssn) values (1, '1') on conflict (ssn) do nothing
  none budget pii.ssn 1
insert into people (id, ssn) values (1, '1'), (2, '2'), (3, '3'), (4, '4'), (5, '5'), (6, '6') on conflict (ssn) do nothing
  ! tag_budget may not be compared with 6 values in one statement
insert into people (id, ssn) values (1, '1'), (2, '2'), (3, '3'), (4, '4'), (5, '5'), (6, '6') on conflict do nothing
  ! tag_budget may not be compared with 6 values in one statement
insert into people (id, nick) values (1, 'x') on conflict (id) do nothing
  none
insert into people (id, ssn) values (1, '1') on conflict (id) do update set ssn = excluded.ssn
  none
insert into people (id, ssn) values (1, '1') on conflict (id) do update set mood = 'ok', address = row(excluded.ssn, '')
  ! tag_sink may not be written to people.address
insert into people (id, ssn) values (1, '1') on conflict (id) do update set email = people.ssn
  ! tag_sink may not be written to people.email
insert into people (id, ssn) values (1, '1') on conflict (id) do update set email = excluded.ssn
  ! tag_sink may not be written to people.email
insert into people (id, ssn) values (1, '1') on conflict (id) do update set id = 1 where people.ssn = excluded.ssn
  ! tag_touch may not be compared with something other than a constant (=) here
insert into people (id, ssn) values (1, '1') on conflict (id) do update set id = 1 where people.ssn = '1'
  none budget pii.ssn 1
insert into people (id, ssn) values (1, '1') on conflict (id) do update set id = 1 where people.ssn like '1%'
  ! tag_touch may not be compared with LIKE here
insert into people (id, ssn, email) values (1, '1', 'a') returning ssn, email, id
  constant(pii.ssn) constant(pii.email) clear
insert into customers (id, notes) values (1, 'free text')
  none
insert into customers (id, notes) select id, status from orders
  none
insert into documents (id, remark) select id, notes from customers
  ! tag_sink may not be written to documents.remark
insert into audit (what) values ('x') returning id
  clear
insert into audit (what) select ssn from customers
  ! tag_sink may not be written to audit.what
insert into audit (ssn) select ssn from customers
  none
insert into audit default values
  none
insert into triggered (id, what) values (1, 'x')
  ! lineage_unknown a write to public.triggered, which has triggers or rules that run code of its own
update triggered set what = 'x'
  ! lineage_unknown a write to public.triggered, which has triggers or rules that run code of its own
select * from triggered
  clear redact(pii.ssn) clear
insert into ruled values (1, '1')
  ! lineage_unknown a rule, which makes other statements of it
insert into spied values (1, 'x')
  ! lineage_unknown public.spied, which runs functions of its own when it is read
select id from spied
  ! lineage_unknown public.spied, which runs functions of its own when it is read
with u as (update orders set status = c.ssn from customers c returning orders.id) select * from u
  ! tag_sink may not be written to orders.status
with d as (delete from customers returning ssn, id) select id, ssn from d
  clear redact(pii.ssn)
with d as (delete from customers returning ssn, id) insert into orders (id, status) select id, ssn from d
  ! tag_sink may not be written to orders.status
with d as (delete from customers returning ssn, id) insert into audit (ssn) select ssn from d
  none
with i as (insert into people (id, ssn) values (1, '1'), (2, '2') returning id, ssn) select i.id from i join customers c on c.ssn = i.ssn
  ! tag_touch may not be compared with something other than a constant (=) here
with i as (insert into people (id, email) values (1, 'a') returning id, email) select email from i
  constant(pii.email)
with i as (insert into people (id, ssn) values (1, '1') returning id) select ssn from i join customers c on c.id = i.id
  redact(pii.ssn)
with u as (update customers set ssn = '1' returning ssn) select ssn from u
  constant(pii.ssn)
insert into policed values (1, '1', 'me')
  none
update policed set owner = 'x'
  none
update redirected set id = 1
  ! lineage_unknown a rule, which makes another statement of it
with u as (update redirected set id = 1) select 1 from orders
  ! lineage_unknown a rule, which makes another statement of it
`
