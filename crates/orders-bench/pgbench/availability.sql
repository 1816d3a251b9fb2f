-- crates/orders-db/src/orders/free.rs: Within
\set calendar random(1, :calendars)
\set day random(0, :months - 1)
\set from (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
\set day :day + 28
\set to (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
SELECT calendars.minimum_gap, ARRAY(
       SELECT datetime FROM orders
        WHERE (calendar, datetime) > (calendars.key, :from::timestamptz - calendars.minimum_gap)
          AND (calendar, datetime) < (calendars.key, :to::timestamptz + calendars.minimum_gap)
        ORDER BY calendar, datetime)
  FROM calendars WHERE id = :calendar::text;
