// Equality of stored values with constants and with each other, within the budget.

export const EQUALITIES = `
select id from customers where ssn = '123-45-6789'
  clear budget pii.ssn 1
select id from customers where '123-45-6789' = ssn
  clear budget pii.ssn 1
select id from customers where ssn = $1
  clear budget pii.ssn 1
select id from customers where ssn = $1 or ssn = $2
  clear budget pii.ssn 2
select id from customers where ssn in ('1', '2', '3', '4', '5')
  clear budget pii.ssn 5
select id from customers where ssn in ('1', '2', '3', '4', '5', '6')
  ! tag_budget may not be compared with 6 values in one statement
select id from customers where ssn in ($1, $2, $1)
  clear budget pii.ssn 2
select id from customers where ssn = '1' or ssn = '2' or (id = 1 and ssn in ('3', '4', '5', '6'))
  ! tag_budget may not be compared with 6 values in one statement
select id from customers where ssn = '1' union all select id from customers where ssn in ('2', '3', '4', '5', '6')
  ! tag_budget may not be compared with 6 values in one statement
select id from customers where ssn = any (array['1', '2'])
  clear budget pii.ssn 2
select id from customers where ssn = '1'::varchar
  clear budget pii.ssn 1
select id from customers where ssn = '1' collate "C"
  clear budget pii.ssn 1
select id from customers where ssn::varchar = '1'
  clear budget pii.ssn 1
select id from customers c where exists (select from people p where p.ssn = c.ssn)
  clear
select id from customers c where not exists (select from people p where p.ssn = c.ssn)
  clear
select id from customers c where ssn in (select ssn from people)
  clear
select id from customers c where (ssn, id) in (select ssn, id from people)
  clear
select c.id, p.id from customers c join people p on p.ssn = c.ssn
  clear clear
select c.id, p.id from customers c join people p using (ssn)
  clear clear
select c.id, p.id from customers c left join people p on p.ssn = c.ssn and p.ssn = '1'
  clear clear budget pii.ssn 1
select c.id from customers c natural join people
  clear
select p.id from people p where p.email = p.contact
  clear
select d.id from documents d join customers c on d.remark = c.notes
  clear
select id from customers where notes = 'x'
  clear budget unknown 1
select id from customers where ssn = '1' and name like 'A%' order by name limit 5
  clear budget pii.ssn 1
select exists (select from customers where ssn = '1')
  clear budget pii.ssn 1
select id from (select id, ssn s from customers) x where s = '1'
  clear budget pii.ssn 1
with t as (select ssn s, id from customers) select id from t where s = '1'
  clear budget pii.ssn 1
select id from (select ssn s, id from customers union all select ssn, id from people) u where s = '1'
  clear budget pii.ssn 1
select id from shown where ssn = '1'
  clear budget pii.ssn 1
select id from customers where ssn = (select ssn from people where id = 1)
  clear
select id from people where allergic = true
  clear approve pii.health
select id from people where allergic = true and nick = 'a'
  clear approve pii.health
select id from people where nick = 'a'
  clear
select count(*) from customers where ssn = '1'
  clear budget pii.ssn 1
select id from customers where ssn = null
  clear budget pii.ssn 1
select o.id from orders o, lateral (select c.ssn from customers c where c.id = o.customer_id) l where l.ssn = '1'
  clear budget pii.ssn 1
select id from cards where (pin = 1)
  ! tag_touch may not be compared with = here
`
