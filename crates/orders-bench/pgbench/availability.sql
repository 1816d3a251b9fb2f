-- crates/orders-db/src/orders/free.rs: Within
\set calendar random(1, :calendars)
\set day random(0, :months - 1)
\set from (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
\set day :day + 28
\set to (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
SELECT calendars.minimum_gap, orders.datetime
  FROM calendars LEFT JOIN LATERAL (
       SELECT datetime FROM orders
        WHERE calendar = calendars.key
          AND datetime > :from::timestamptz - calendars.minimum_gap
          AND datetime < :to::timestamptz + calendars.minimum_gap
        ORDER BY datetime) AS orders ON true
 WHERE calendars.id = :calendar::text
 ORDER BY orders.datetime;
