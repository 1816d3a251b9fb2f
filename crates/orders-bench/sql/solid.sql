-- A calendar booked solid from 2000 on, and the times to ask for: an hour after the order in the middle,
-- and a month around it.
SET session_replication_role = replica;

INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
SELECT (:calendar * 50000000 + number)::text, 1000 + :calendar, interval '3 hours',
       timestamptz '2000-01-01 00:00:00+00' + number * interval '3 hours', 100, ARRAY['1']
  FROM generate_series(0, :count::bigint - 1) AS number;

INSERT INTO order_services (service, datetime, order_id, calendar)
SELECT '1', datetime, id, calendar FROM orders WHERE calendar = 1000 + :calendar;

SELECT to_char(middle + interval '1 hour', form), to_char(middle - interval '15 days', form),
       to_char(middle + interval '15 days', form)
  FROM (SELECT timestamptz '2000-01-01 00:00:00+00' + :count / 2 * interval '3 hours' AS middle,
               'YYYY-MM-DD"T"HH24:MI:SS"Z"' AS form) AS asked;
