DROP TRIGGER orders_updated_by_role ON orders;
DROP FUNCTION orders_updated_by_role;
ALTER TABLE orders DROP COLUMN updated_by;
-- Different clients may have used the same key; the newest one is kept.
DELETE FROM idempotency_keys AS older USING idempotency_keys AS newer
 WHERE older.key = newer.key AND (older.created_at, older.client) < (newer.created_at, newer.client);
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey;
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key);
ALTER TABLE idempotency_keys DROP COLUMN client;
DROP TABLE access_version, api_keys, clients;
DROP FUNCTION access_version_increment;
