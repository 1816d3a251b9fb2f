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
  FROM order_services AS listed
       CROSS JOIN LATERAL (SELECT * FROM orders WHERE orders.id = listed.order_id OFFSET 0) AS orders
 WHERE (listed.calendar, listed.service, listed.datetime, listed.order_id)
       > ((SELECT key FROM calendars WHERE id = :calendar::text), :service::text, :from::timestamptz, ''::text)
   AND (listed.calendar, listed.service, listed.datetime, listed.order_id)
       < ((SELECT key FROM calendars WHERE id = :calendar::text), :service::text, :to::timestamptz, ''::text)
 ORDER BY listed.calendar, listed.service, listed.datetime, listed.order_id LIMIT :hundred_and_one::bigint;
