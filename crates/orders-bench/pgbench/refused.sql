-- crates/orders-db/src/orders/place.rs: Place, which finds the time taken
\set order random(0, (:orders - 1) / :a_day) * :a_day
\set number :order % :calendars
\set n :n + 1
\set id 3000000000 + :client_id + :clients * :n
\set calendar 1 + :number
\set key 1001 + :number
\set day :order / :calendars * :step / :a_day
\set datetime (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
WITH wish AS (
    SELECT :id::text AS id, :calendar::text AS calendar, :datetime::timestamptz AS datetime,
           :totalfee::numeric AS totalfee, :services::text[] AS services)
INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
SELECT wish.id, calendars.key, calendars.minimum_gap, wish.datetime, wish.totalfee, wish.services
  FROM wish JOIN calendars ON calendars.id = wish.calendar
 WHERE NOT EXISTS (
       SELECT FROM orders
        WHERE (orders.calendar, orders.datetime)
              > (calendars.key, wish.datetime - calendars.minimum_gap)
          AND (orders.calendar, orders.datetime)
              < (calendars.key, wish.datetime + calendars.minimum_gap)
       OFFSET 0)
   FOR KEY SHARE OF calendars
ON CONFLICT DO NOTHING
RETURNING version, created_at, updated_at;
-- crates/orders-db/src/orders/refusal.rs: one snapshot, and Circumstances
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
WITH wish AS (SELECT :id::text AS id, :calendar::text AS calendar, :services::text[] AS services)
SELECT now(), calendars.key, calendars.minimum_gap,
       EXISTS (SELECT FROM orders WHERE orders.id = wish.id OFFSET 0),
       ARRAY(SELECT wished.place
               FROM unnest(wish.services) WITH ORDINALITY AS wished (id, place)
              WHERE NOT EXISTS (SELECT FROM services WHERE services.id = wished.id OFFSET 0)
              ORDER BY wished.place)
  FROM wish LEFT JOIN calendars ON calendars.id = wish.calendar;
-- crates/orders-db/src/orders/free.rs: Around
SELECT id, datetime FROM orders
 WHERE (calendar, datetime) > (:key::bigint, :datetime::timestamptz - :gap::interval)
   AND (calendar, datetime) < (:key::bigint, :datetime::timestamptz + :gap::interval) AND id <> :id::text
 ORDER BY calendar, datetime, id;
-- crates/orders-db/src/orders/solid.rs: Reach, back
SELECT min(first), max(last) FROM solid_runs
 WHERE calendar = :key::bigint AND minimum_gap = :gap::interval
   AND first <= :datetime::timestamptz AND last >= :datetime::timestamptz
   AND proven_at > now() - interval '1 hour';
-- crates/orders-db/src/orders/free.rs: Earlier
SELECT datetime FROM orders
 WHERE (calendar, datetime) <= (:key::bigint, :datetime::timestamptz)
   AND (calendar, datetime) >= (:key::bigint, '-infinity') AND id <> :id::text
 ORDER BY calendar DESC, datetime DESC LIMIT :sixteen::bigint;
-- crates/orders-db/src/orders/solid.rs: Reach, on
SELECT min(first), max(last) FROM solid_runs
 WHERE calendar = :key::bigint AND minimum_gap = :gap::interval
   AND first <= :datetime::timestamptz AND last >= :datetime::timestamptz
   AND proven_at > now() - interval '1 hour';
-- crates/orders-db/src/orders/free.rs: Later
SELECT datetime FROM orders
 WHERE (calendar, datetime) >= (:key::bigint, :datetime::timestamptz)
   AND (calendar, datetime) <= (:key::bigint, 'infinity') AND id <> :id::text
 ORDER BY calendar, datetime LIMIT :sixteen::bigint;
COMMIT;
