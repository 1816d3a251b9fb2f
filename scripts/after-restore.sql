-- Run this as the owner of the tables on a database that was restored from a backup, before the service uses it.
--
-- Since the backup, orders may have got versions that the database no longer knows. It would use their numbers again, and an
-- ETag that a client still holds would match another state. So all versions become larger than any from that time. Cursors
-- stay valid. ETags from before the backup no longer match; their clients read the order again.
BEGIN;
ALTER TABLE orders DISABLE TRIGGER USER;
ALTER TABLE order_versions DISABLE TRIGGER USER;
UPDATE orders SET version = version + 1000000;
UPDATE order_versions SET version = version + 1000000;
ALTER TABLE order_versions ENABLE TRIGGER USER;
ALTER TABLE orders ENABLE TRIGGER USER;
COMMIT;
