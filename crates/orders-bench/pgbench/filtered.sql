-- crates/orders-db/src/orders/list.rs: OfBoth
\set calendar random(1, :calendars)
\set service random(1, 10)
\set day random(0, :months - 1)
\set from (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
\set day :day + 28
\set to (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
SELECT orders.id, (SELECT id FROM calendars WHERE key = orders.calendar),
       orders.datetime, orders.totalfee, orders.services, orders.version,
       orders.created_at, orders.updated_at
  FROM order_services AS named
       CROSS JOIN LATERAL (SELECT * FROM orders WHERE orders.id = named.order_id OFFSET 0) AS orders
 WHERE named.service = :service::text AND named.calendar = (SELECT key FROM calendars WHERE id = :calendar::text)
   AND (named.datetime, named.order_id) > (:from::timestamptz, ''::text)
   AND (named.datetime, named.order_id) < (:to::timestamptz, ''::text)
 ORDER BY named.datetime, named.order_id LIMIT :hundred_and_one::bigint;
