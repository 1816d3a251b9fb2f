-- crates/orders-db/src/orders/list.rs: All
\set day random(0, (:months + 1) / 2 - 1)
\set datetime (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
SELECT orders.id, (SELECT id FROM calendars WHERE key = orders.calendar),
       orders.datetime, orders.totalfee, orders.services, orders.version,
       orders.created_at, orders.updated_at
  FROM orders WHERE (orders.datetime, orders.id) > (:datetime::timestamptz, ''::text)
   AND (orders.datetime, orders.id) < (:end::timestamptz, ''::text)
 ORDER BY orders.datetime, orders.id LIMIT :hundred_and_one::bigint;
