-- crates/orders-db/src/orders/remove.rs: Remove
\set n :n + 1
\set id 2000000000 + :first + :client_id + :clients * :n
DELETE FROM orders WHERE id = :id::text AND (version = ANY (NULL::bigint[]) OR NULL::bigint[] IS NULL) RETURNING id;
