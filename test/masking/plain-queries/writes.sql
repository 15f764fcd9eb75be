-- insert
insert into orders (id, customer_id, status, amount) values (1001, 1, 'new', 10.5);

-- insert returning
insert into orders (id, customer_id, status, amount) values (1002, 2, 'new', 1), (1003, 2, 'new', 2) returning id, status, amount * 2 as twice;

-- insert with defaults
insert into products (sku, name, price) values ('W-1', 'New', 5) returning id, active, colours;

-- insert default
insert into categories (id, parent_id, name) values (default, null, 'More') returning id, name;

-- insert from a query
insert into order_items (order_id, product_id, quantity, unit_price)
select o.id, 60, 1, 3.5 from orders o where o.status = 'paid' on conflict do nothing;

-- insert from a common table expression
with moved as (select id, amount from orders where amount > 150) insert into order_items (order_id, product_id, unit_price) select id, 59, amount from moved on conflict do nothing returning order_id, total;

-- upsert
insert into options (name, setting) values ('theme', '{"dark": false}')
on conflict (name) do update set setting = options.setting || excluded.setting returning name, setting;

-- upsert with a condition
insert into products (id, sku, name, price) values (1, 'SKU-1', 'x', 9) on conflict (sku) do update set price = excluded.price where products.price < excluded.price;

-- update
update orders set status = 'paid' where id = 5;

-- update computed
update products set price = round(price * 1.1, 2), name = upper(name) where category_id = 2 and active;

-- update returning
update products set price = price + 1, active = not active where id between 1 and 3 returning id, price, active;

-- update from
update order_items i set unit_price = p.price from products p where p.id = i.product_id and p.category_id = 3 returning i.order_id, i.unit_price;

-- update with a subquery
update orders set amount = (select coalesce(sum(total), 0) from order_items i where i.order_id = orders.id) where id < 10;

-- update several columns
update stores set (city, area) = ('Porto', 99.5) where id = '00000000-0000-4000-8000-000000000001' returning *;

-- update of jsonb
update options set setting = jsonb_set(setting, '{size}', '14') where name = 'theme' returning setting->'size';

-- update of an array
update products set colours[1] = 'black' where id = 1;

-- update of an array's end
update products set colours = colours || array['green'] where id = 2 returning colours;

-- delete
delete from shipments where id = 3;

-- delete returning
delete from shipments where state = 'returned' and delivered_at is null returning id, order_id;

-- delete using
delete from order_items i using orders o where o.id = i.order_id and o.status = 'done' and i.quantity = 1;

-- moved rows
with gone as (delete from shipments where id < 10 returning order_id) update orders set status = 'done' where id in (select order_id from gone) returning id;

-- of a partition
insert into events (id, kind, happened_at, amount) values (1000, 'view', '2025-12-24 10:00', 1), (1001, 'buy', '2026-01-02 10:00', 7) returning tableoid::regclass::text, id;

-- of a customer's name
update customers set name = initcap(name) where id = 4 returning id, name;

-- with a parameter for each column
-- with [1010, 3, "new", "12.30"]
insert into orders (id, customer_id, status, amount) values ($1, $2, $3, $4) returning id;

-- with an array
-- with ["{1,2,3}", "sent"]
update orders set status = $2 where id = any ($1::int[]) returning id, status;

-- many rows from arrays
-- with ["{2001,2002}", "{1,2}"]
insert into orders (id, customer_id, status, amount) select u.id, u.customer, 'new', 0 from unnest($1::int[], $2::int[]) as u(id, customer) returning id;

-- explicit identity
insert into shipments (id, order_id, carrier) overriding system value values (5000, 1, 'Bulk') returning state;

-- locked and updated
update shipments set state = 'sent' where id = (select id from shipments where state = 'packed' order by id limit 1 for update skip locked) returning id;
