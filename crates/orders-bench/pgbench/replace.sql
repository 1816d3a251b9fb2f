-- crates/orders-db/src/orders/replace.rs: Rewrite
\set order random(0, (:orders - 1) / :a_day) * :a_day
\set id 50000000 + :order
\set day :order / :calendars * :step / :a_day
\set datetime (2000 + :day / 336) * 10000 + (1 + :day % 336 / 28) * 100 + 1 + :day % 28
\set totalfee random(1, 999)
WITH wish AS (
    SELECT :id::text AS id, :datetime::timestamptz AS datetime, NULL::text AS calendar,
           :totalfee::numeric AS totalfee, :services::text[] AS services, NULL::bigint[] AS versions)
UPDATE orders
   SET totalfee = wish.totalfee, services = wish.services, version = version + 1, updated_at = now()
  FROM wish
 WHERE orders.id = wish.id AND orders.datetime IS NOT DISTINCT FROM wish.datetime
   AND (wish.calendar IS NULL
        OR orders.calendar = (SELECT key FROM calendars WHERE id = wish.calendar))
   AND (wish.versions IS NULL OR orders.version = ANY (wish.versions))
RETURNING orders.id, (SELECT id FROM calendars WHERE key = orders.calendar), orders.datetime, orders.totalfee, orders.services,
          orders.version, orders.created_at, orders.updated_at;
