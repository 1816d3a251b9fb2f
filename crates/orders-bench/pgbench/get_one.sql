-- crates/orders-db/src/orders/read.rs: one
\set id 50000000 + random(0, :orders - 1)
SELECT id, (SELECT id FROM calendars WHERE key = orders.calendar), datetime, totalfee, services,
       version, created_at, updated_at
  FROM orders WHERE id = :id::text;
