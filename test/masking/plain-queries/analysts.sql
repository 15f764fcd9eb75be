-- orders by status
select status, count(*), sum(amount) from orders group by status order by status;

-- largest orders
select id, customer_id, amount from orders order by amount desc, id limit 10;

-- customers with the most orders
select c.id, c.name, count(*) as orders, sum(o.amount) as spent
from customers c join orders o on o.customer_id = c.id
group by c.id, c.name having count(*) > 1 order by spent desc, c.id limit 5;

-- customers by primary key alone
select c.id, c.name, sum(o.amount) from customers c join orders o on o.customer_id = c.id group by c.id order by 1 limit 7;

-- customers without orders
select c.id, c.name from customers c left join orders o on o.customer_id = c.id where o.id is null;

-- anti-join
select c.id from customers c where not exists (select 1 from orders o where o.customer_id = c.id and o.status = 'paid') order by 1;

-- names in a list
select id, name from customers where name in ('Customer 1', 'Customer 2', 'Customer 3') order by id;

-- names by pattern
select id, name from customers where name like 'Customer 1%' and name not ilike '%0' order by name;

-- names by regular expression
select id, regexp_replace(name, '\D+', '') as number from customers where name ~ '^Customer [0-9]{2}$' order by id limit 5;

-- count of customers
select count(*), count(distinct name), count(name) filter (where id > 10) from customers;

-- text of clean columns
select upper(name), length(name), substr(name, 1, 4), split_part(name, ' ', 2), lpad(id::text, 6, '0'), initcap(lower(name))
from customers order by id limit 3;

-- concatenation
select name || ' (' || id || ')' as label, concat_ws('-', name, id), format('%s #%s', name, id) from customers order by id limit 3;

-- order revenue by day
select date_trunc('day', s.sent_at) as day, count(*), round(sum(o.amount), 2)
from shipments s join orders o on o.id = s.order_id group by 1 order by 1;

-- revenue by month in a zone
select to_char(date_trunc('month', created_at at time zone 'Europe/Lisbon'), 'YYYY-MM') as month, sum(price)
from products group by 1 order by 1;

-- extract
select extract(year from created_at) as y, extract(isodow from created_at) as d, count(*) from products group by 1, 2 order by 1, 2;

-- date_part and to_char
select date_part('week', happened_at), to_char(happened_at, 'Dy'), count(*) from events group by 1, 2 order by 1, 2 limit 10;

-- rolling window
select id, happened_at, amount, sum(amount) over (order by happened_at rows between 6 preceding and current row) as week
from events order by happened_at limit 20;

-- ranks
select id, category_id, price, rank() over w, dense_rank() over w, percent_rank() over w, ntile(4) over w
from products window w as (partition by category_id order by price desc) order by category_id, price desc;

-- first of each group
select distinct on (category_id) category_id, id, name, price from products order by category_id, price desc, id;

-- lag and lead
select day, kind, amount, amount - lag(amount) over (partition by kind order by day) as change, lead(day) over (partition by kind order by day)
from sales_by_day order by kind, day limit 20;

-- range window
select id, sum(quantity) over (order by unit_price range between 1 preceding and 1 following) from
  (select order_id as id, quantity, unit_price from order_items order by 1, 2, 3 limit 20) t order by 1, 2;

-- shares
select kind, count(*) as number, round(100.0 * count(*) / sum(count(*)) over (), 1) as percent from events group by kind order by kind;

-- cumulative share
with t as (select product_id, sum(total) as total from order_items group by 1)
select product_id, total, sum(total) over (order by total desc, product_id) / sum(total) over () as share from t order by share limit 10;

-- grouping sets
select kind, date_trunc('month', happened_at) as month, grouping(kind), count(*) from events
group by grouping sets ((kind, date_trunc('month', happened_at)), (kind), ()) order by 1, 2, 3;

-- rollup
select country, city, count(*), avg(area) from stores group by rollup (country, city) order by 1, 2;

-- cube
select status, customer_id % 3 as third, count(*) from orders group by cube (1, 2) order by 1, 2;

-- median and percentiles
select percentile_cont(0.5) within group (order by amount), percentile_disc(array[0.25, 0.75]) within group (order by amount),
  mode() within group (order by status) from orders;

-- statistics
select stddev(amount), var_pop(amount), corr(amount, id), regr_slope(amount, id), min(amount), max(amount), avg(amount)::numeric(10, 2) from orders;

-- boolean aggregates
select category_id, bool_and(active), bool_or(active), every(price > 0), count(*) filter (where not active) from products group by 1 order by 1;

-- string_agg
select order_id, string_agg(p.name, ', ' order by p.name) from order_items i join products p on p.id = i.product_id group by 1 order by 1 limit 5;

-- array_agg
select category_id, array_agg(id order by id) as ids, array_length(array_agg(id), 1), (array_agg(sku order by price))[1] from products group by 1 order by 1;

-- json_agg
select category_id, json_agg(json_build_object('id', id, 'name', name) order by id) from products where id < 20 group by 1 order by 1;

-- jsonb object
select jsonb_object_agg(kind, number order by kind) from (select kind, count(*) as number from events group by kind) t;

-- rows as json
select row_to_json(p) from (select id, name, price from products order by id limit 3) p;

-- a clean row as json
select to_jsonb(s) - 'id' as store from stores s order by s.city;

-- whole clean rows
select s, s.city from stores s order by city;

-- running balance with a common table expression
with movements as (select happened_at, case kind when 'buy' then amount else 0 end as amount from events)
select happened_at::date, sum(amount) as bought from movements where happened_at >= '2025-12-01' group by 1 order by 1 limit 10;

-- several common table expressions
with big as (select * from orders where amount > 50), counted as (select customer_id, count(*) as n from big group by 1)
select c.name, counted.n from counted join customers c on c.id = counted.customer_id order by n desc, c.id limit 5;

-- materialized common table expression
with recent as materialized (select id, kind from events where happened_at > '2026-01-01') select kind, count(*) from recent group by 1 order by 1;

-- recursive tree
with recursive tree as (
  select id, name, 0 as depth, array[id] as path from categories where parent_id is null
  union all
  select c.id, c.name, t.depth + 1, t.path || c.id from categories c join tree t on c.parent_id = t.id)
select depth, repeat('  ', depth) || name as name from tree order by path;

-- recursive numbers
with recursive n(i) as (values (1) union select i * 2 from n where i < 1000) select array_agg(i order by i), sum(i) from n;

-- calendar
select d::date as day, coalesce(sum(e.amount), 0) as amount
from generate_series(timestamp '2026-01-01', timestamp '2026-01-14', interval '1 day') d
left join events e on e.happened_at >= d and e.happened_at < d + interval '1 day' group by 1 order by 1;

-- histogram
select width_bucket(amount, 0, 200, 10) as bucket, count(*), min(amount), max(amount) from orders group by 1 order by 1;

-- lateral
select c.id, c.name, latest.id as order_id, latest.amount
from customers c cross join lateral (select o.id, o.amount from orders o where o.customer_id = c.id order by o.id desc limit 2) latest
order by c.id, latest.id limit 10;

-- scalar subquery
select p.id, p.name, (select count(*) from order_items i where i.product_id = p.id) as sold from products p order by sold desc, p.id limit 5;

-- compared with a subquery
select id, price from products where price > (select avg(price) from products) order by price limit 5;

-- in a subquery
select id from orders where customer_id in (select id from customers where name like '%5') order by id;

-- any and all
select id from products where price >= all (select price from products) or id = any (array[1, 2, 3]) order by id;

-- row comparison
select id, customer_id from orders where (customer_id, id) > (10, 20) order by customer_id, id limit 5;

-- keyset pagination
select id, name, created_at from products where (created_at, id) < ('2025-05-01', 50) order by created_at desc, id desc limit 10;

-- union
select 'order' as what, id from orders where id < 4 union all select 'product', id from products where id < 4 order by 1, 2;

-- union of names
select name from customers where id < 3 union select name from products where id < 3 order by 1;

-- intersect and except
select id from customers intersect select customer_id from orders except select 5 order by 1 limit 10;

-- values
select v.status, count(o.id) from (values ('new'), ('paid'), ('lost')) v(status) left join orders o using (status) group by 1 order by 1;

-- natural join
select order_id, carrier from shipments natural join (select order_id from order_items where quantity > 2) i order by 1, 2 limit 5;

-- full join
select coalesce(a.id, b.id) as id, a.id is null as only_b from (select id from orders where id < 5) a full join (select id from products where id between 3 and 7) b using (id) order by 1;

-- self join
select child.name, parent.name as parent from categories child left join categories parent on parent.id = child.parent_id order by child.id;

-- four tables
select c.name, o.id, p.name, i.total
from customers c join orders o on o.customer_id = c.id join order_items i on i.order_id = o.id join products p on p.id = i.product_id
where p.category_id = 2 and o.status <> 'done' order by o.id, p.id limit 10;

-- case
select case when amount < 20 then 'small' when amount < 100 then 'medium' else 'large' end as size, count(*) from orders group by 1 order by 1;

-- coalesce and nullif
select id, coalesce(discount, 0) as discount, nullif(category_id, 1) as category, greatest(price, 5), least(price, 100) from products order by id limit 5;

-- arithmetic
select id, price * (1 - coalesce(discount, 0) / 100) as net, round(price * 1.23, 2) as gross, price::int % 7, abs(-price), power(price, 2) from products order by id limit 5;

-- division guarded
select status, sum(amount) / nullif(count(*), 0) as mean from orders group by status order by status;

-- arrays
select id, colours[1], cardinality(colours), 'red' = any (colours), colours @> array['blue'], array_to_string(colours, '/') from products order by id limit 3;

-- unnest
select colour, count(*) from products, unnest(colours) as colour group by 1 order by 1;

-- unnest with ordinality
select id, n, colour from products cross join lateral unnest(colours) with ordinality as u(colour, n) where id < 3 order by 1, 2;

-- jsonb fields
select name, setting->>'dark' as dark, (setting->>'size')::int + 1 as size, setting #> '{rows,0}' from options order by name;

-- jsonb containment
select name from options where setting @> '{"dark": true}' or setting ? 'rows' or jsonb_typeof(setting) = 'array' order by 1;

-- jsonb elements
select name, e.value from options, jsonb_each(setting) e order by 1, e.key;

-- jsonb path
select name, jsonb_path_query_array(setting, '$.rows[*] ? (@ > 20)') from options order by 1;

-- json record
select r.dark, r.size from options o, jsonb_to_record(o.setting) as r(dark boolean, size int) where o.name = 'theme';

-- enums
select state, count(*) from shipments where state in ('sent', 'delivered') or state > 'delivered' group by 1 order by 1;

-- enum as text
select state::text, enum_range(null::shipment_state) from shipments order by id limit 1;

-- domain
select discount::numeric + 1 from products where discount > 15 order by id;

-- intervals
select carrier, avg(delivered_at - sent_at) as took, max(extract(epoch from delivered_at - sent_at) / 3600) as hours
from shipments where delivered_at is not null group by carrier order by carrier;

-- ages
select city, age(date '2026-03-01', opened_on), opened_on + 30, opened_on - date '2019-01-01', make_date(2026, 3, 1) - opened_on from stores order by city;

-- ranges
select a.id, b.id, a.during * b.during from bookings a join bookings b on a.id < b.id and a.during && b.during;

-- range bounds
select id, lower(during), upper(during) - lower(during) as length, during @> timestamptz '2026-03-01 11:30+00' from bookings order by id;

-- uuid
select id, city from stores where id = '00000000-0000-4000-8000-000000000002';

-- like on a code
select sku from products where sku similar to 'SKU-[12]_' and sku between 'SKU-1' and 'SKU-3' order by sku collate "C";

-- a view
select status, count(*), sum(total) from order_totals group by status order by status;

-- a view joined
select t.id, t.lines, c.name from order_totals t join customers c on c.id = t.customer_id where t.total > 10 order by t.id limit 5;

-- a view of some columns
select * from active_products order by id limit 3;

-- a materialised view
select kind, sum(number), sum(amount) from sales_by_day where day between '2025-12-01' and '2025-12-31' group by kind order by kind;

-- a partition
select count(*), min(happened_at), max(happened_at) from events_2025 where kind = 'buy';

-- offset
select id, name from products order by name offset 10 rows fetch next 5 rows only;

-- ties
select id, quantity from (select order_id as id, quantity from order_items) q order by quantity desc fetch first 3 rows with ties;

-- nulls last
select id, opened_on from stores order by opened_on desc nulls last, city;

-- having without group
select sum(amount) from orders having count(*) > 10;

-- distinct
select distinct status, customer_id % 2 = 0 as even from orders order by 1, 2;

-- funnel
select count(distinct id) filter (where kind = 'view') as viewed, count(distinct id) filter (where kind = 'cart') as carted,
  count(distinct id) filter (where kind = 'buy') as bought from events where happened_at < '2026-01-01';

-- cohort
with first_order as (select customer_id, min(id) as first_id from orders group by 1)
select first_id / 10 as cohort, count(distinct f.customer_id), count(o.id) from first_order f join orders o using (customer_id) group by 1 order by 1;

-- pairs bought together
select a.product_id, b.product_id, count(*) from order_items a join order_items b on a.order_id = b.order_id and a.product_id < b.product_id
group by 1, 2 order by 3 desc, 1, 2 limit 5;

-- gaps and islands
select min(day), max(day), count(*) from (
  select day, day - row_number() over (order by day)::int as island from (select distinct happened_at::date as day from events) d) i
group by island order by 1;

-- pivot
select customer_id, sum(amount) filter (where status = 'new') as new, sum(case when status = 'paid' then amount end) as paid
from orders group by 1 order by 1 limit 5;

-- a sample
select count(*) >= 0 from orders tablesample bernoulli (50) repeatable (1);

-- full text
select id from products where to_tsvector('simple', name) @@ plainto_tsquery('simple', 'product 7') order by id;

-- hashes of clean columns
select md5(name), encode(sha256(name::bytea), 'hex'), hashtext(name) is null from customers order by id limit 2;

-- base64
select encode(convert_to(name, 'UTF8'), 'base64'), convert_from(decode('c2x1aWNl', 'base64'), 'UTF8') from customers order by id limit 2;

-- formatting numbers
select to_char(amount, 'FM999G990D00'), to_number('1,234.5', '9G999D9'), trunc(amount), ceil(amount), amount::text from orders order by id limit 3;

-- constants
select 1, 'x', null, true, now() is not null, current_date > '2020-01-01', pi();

-- no table
select generate_series(1, 3) as n, random() >= 0 as yes, gen_random_uuid() is not null as id;

-- version dependent
select count(*) from pg_timezone_names where name = 'Europe/Lisbon';

-- table command
table stores;

-- values command
values (1, 'one'), (2, 'two');

-- locking
select id, status from orders where id = 7 for update;

-- exists as an output
select exists (select 1 from orders where status = 'lost') as lost, (select max(id) from products) as newest;

