-- crates/orders-db/src/orders/read.rs: one
\set id 50000000 + random(0, :orders - 1)
SELECT "orders"."id", "calendars"."id", "orders"."datetime", "orders"."totalfee", "orders"."services",
       "orders"."version", "orders"."created_at", "orders"."updated_at"
  FROM ("orders" INNER JOIN "calendars" ON ("orders"."calendar" = "calendars"."key"))
 WHERE ("orders"."id" = :id::text) LIMIT :one::bigint;
