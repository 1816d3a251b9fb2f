DROP TRIGGER orders_updated_by_role ON orders;
CREATE TRIGGER orders_updated_by_role
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN (COALESCE(current_setting('orders.client', true), '') = ''
          AND (OLD.id, OLD.calendar, OLD.datetime, OLD.totalfee, OLD.services, OLD.version)
              IS DISTINCT FROM (NEW.id, NEW.calendar, NEW.datetime, NEW.totalfee, NEW.services, NEW.version))
    EXECUTE FUNCTION orders_updated_by_role();
ALTER TABLE idempotency_keys DROP COLUMN reference, DROP COLUMN metadata;
ALTER TABLE orders DROP COLUMN reference, DROP COLUMN metadata;
DROP FUNCTION is_metadata;
