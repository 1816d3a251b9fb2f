-- Orders by number. Triggers and foreign keys are passed over, and what they would do is done here.
SET session_replication_role = replica;
SET synchronous_commit = off;

WITH placed AS (
    INSERT INTO orders (id, calendar, minimum_gap, datetime, totalfee, services)
    SELECT (:first_id + number)::text, 1001 + number % :calendars, interval '3 hours',
           make_timestamptz((2000 + day / 336)::int, (1 + day % 336 / 28)::int, (1 + day % 28)::int,
                            (24 / :a_day * (slot % :a_day))::int, 0, 0, 'UTC'),
           100, ARRAY[(1 + slot % 10)::text, (1 + (slot + 5) % 10)::text]
      FROM generate_series(0, :count::bigint - 1) AS number,
           LATERAL (SELECT number / :calendars AS slot) AS in_calendar,
           LATERAL (SELECT :first_day + slot * :step / :a_day AS day) AS in_time
    RETURNING id, calendar, datetime, services)
INSERT INTO order_services (service, datetime, order_id, calendar)
SELECT service, datetime, id, calendar FROM placed, unnest(services) AS service;
