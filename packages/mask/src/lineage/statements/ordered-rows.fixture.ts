// Sensitive columns that order, group, deduplicate, count and cut rows.

export const ORDERED_ROWS = `
select id from customers order by ssn
  ! tag_touch may not decide the order of rows (ORDER BY)
select id, ssn from customers order by 2
  ! tag_touch may not decide the order of rows (ORDER BY)
select id from customers order by left(ssn, 1)
  ! tag_touch may not decide the order of rows (ORDER BY)
select id from customers order by ssn || '' limit 1
  ! tag_touch may not decide the order of rows (ORDER BY)
select ssn from customers group by ssn
  ! tag_touch may not be grouped by (GROUP BY)
select count(*) from customers group by ssn
  ! tag_touch may not be grouped by (GROUP BY)
select left(ssn, 1), count(*) from customers group by 1
  ! tag_touch may not be grouped by (GROUP BY)
select count(*) from customers group by rollup (ssn, name)
  ! tag_touch may not be grouped by (GROUP BY)
select distinct ssn from customers
  ! tag_touch may not be grouped by (DISTINCT)
select distinct on (ssn) id from customers
  ! tag_touch may not be grouped by (DISTINCT)
select distinct c from customers c
  ! tag_touch may not be grouped by (DISTINCT)
select ssn from customers union select ssn from people
  ! tag_touch may not be grouped by (UNION)
select ssn from customers intersect select ssn from people
  ! tag_touch may not be grouped by (INTERSECT)
select ssn from customers except select ssn from people
  ! tag_touch may not be grouped by (EXCEPT)
select ssn from customers intersect all select ssn from people
  ! tag_touch may not be grouped by (INTERSECT)
select ssn from customers except all select '1'
  ! tag_touch may not be grouped by (EXCEPT)
select '1' except select ssn from customers
  ! tag_touch may not be grouped by (EXCEPT)
select id from customers limit (select left(ssn, 3)::int from customers limit 1)
  ! tag_touch may not be used in a cast
select id from customers limit (select pan from cards limit 1)
  ! tag_touch may not decide how many rows there are (LIMIT)
select id from customers offset (select pan from cards limit 1)
  ! tag_touch may not decide how many rows there are (OFFSET)
select id from customers limit (select count(*) from customers where ssn < '5')
  ! tag_touch may not be compared with < here
select rank() over (order by ssn) from customers
  ! tag_touch may not decide the order of rows (ORDER BY of a window)
select row_number() over (partition by ssn order by id) from customers
  ! tag_touch may not be grouped by (PARTITION BY)
select count(*) over (order by pin range between 1 preceding and current row) from cards
  ! tag_touch may not decide the order of rows (ORDER BY of a window)
select sum(id) over (order by id rows (select pan from cards limit 1) preceding) from customers
  ! tag_touch may not decide how many rows there are (the frame of a window)
select lag(name, pan::int) over (order by c.id) from customers c, cards
  ! tag_touch may not be used in the function int4
select ntile(pan::int) over (order by id) from cards
  ! tag_touch may not be used in the function int4
select nth_value(name, 2) over (order by ssn) from customers
  ! tag_touch may not decide the order of rows (ORDER BY of a window)
select string_agg(name, ',' order by ssn) from customers
  ! tag_touch may not decide the order of rows (ORDER BY of an aggregate)
select array_agg(id order by ssn desc) from customers
  ! tag_touch may not decide the order of rows (ORDER BY of an aggregate)
select string_agg(distinct ssn, ',') from customers
  ! tag_touch may not be grouped by (DISTINCT of an aggregate)
select count(distinct left(ssn, 1)) from customers
  ! tag_touch may not be grouped by (DISTINCT of an aggregate)
select count(distinct c) from customers c
  ! tag_touch may not be grouped by (DISTINCT of an aggregate)
select count(c) from customers c
  ! tag_touch may not decide how many rows there are (the function count)
select count(upper(ssn)) from customers
  ! tag_touch may not decide how many rows there are (the function count)
select percentile_disc(0.5) within group (order by ssn) from customers
  ! tag_touch may not decide the order of rows (WITHIN GROUP)
select mode() within group (order by ssn) from customers
  ! tag_touch may not decide the order of rows (WITHIN GROUP)
select rank('5') within group (order by ssn) from customers
  ! tag_touch may not decide the order of rows (WITHIN GROUP)
select id from customers group by id having max(ssn) > '5'
  ! tag_touch may not be compared with > here
select name from customers group by name having min(ssn) = '5'
  ! tag_touch may not be compared with = here
select name from customers group by name having string_agg(ssn, ',') like '1%'
  ! tag_touch may not be compared with LIKE here
select regexp_split_to_table(ssn, '') from customers
  ! tag_touch may not decide how many rows there are (the function regexp_split_to_table)
select unnest(array_agg(ssn)) from customers
  ! tag_touch may not decide how many rows there are (the function unnest)
select unnest(string_to_array(ssn, '-')) from customers
  ! tag_touch may not be used in the function string_to_array
select generate_series(1, pan) from cards
  ! tag_touch may not decide how many rows there are (the function generate_series)
select n from cards, generate_series(1, pan) n
  ! tag_touch may not decide how many rows there are (the function generate_series)
select n from customers, unnest(string_to_array(ssn, '-')) n
  ! tag_touch may not be used in the function string_to_array
select x from customers, upper(ssn) x
  ! tag_touch may not decide how many rows there are (a function in FROM)
select x, o from customers, unnest(array[ssn]) with ordinality u(x, o)
  ! tag_touch may not decide how many rows there are (the function unnest)
select * from documents, jsonb_array_elements(doc)
  ! tag_touch may not decide how many rows there are (the function jsonb_array_elements)
select * from documents, jsonb_each_text(doc)
  ! tag_touch may not decide how many rows there are (the function jsonb_each_text)
select * from documents, xmltable('/a' passing (remark::xml) columns b text)
  ! tag_touch may not be used in the function xml
select id from customers c tablesample bernoulli (50) where c.ssn < '5'
  ! tag_touch may not be compared with < here
select o.id from cards c, lateral (select id from orders tablesample bernoulli (c.pan)) o
  ! tag_touch may not be used in the function float4
`
