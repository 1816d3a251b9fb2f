-- crates/orders-db/src/orders/place.rs: Place
\set n :n + 1
\set number :first + :client_id + :clients * :n
\set id 1000000000 + :number
\set calendar 1 + :number % :calendars
\set day :first_free_day + :number / :calendars
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
