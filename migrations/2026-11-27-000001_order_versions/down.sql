ALTER TABLE idempotency_keys DROP COLUMN version;

DROP FUNCTION assign_positions;
DROP VIEW versions_without_position;
DROP FUNCTION feed_bounds;

DROP TRIGGER calendars_id_is_permanent ON calendars;

DROP TRIGGER orders_complete_update ON orders;
DROP TRIGGER orders_complete_insert ON orders;
DROP FUNCTION orders_complete_update, orders_complete_insert, last_version;

CREATE FUNCTION orders_updated_by_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_by := 'db:' || current_user;
    RETURN NEW;
END $$;

CREATE TRIGGER orders_updated_by_role
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN (COALESCE(current_setting('orders.client', true), '') = ''
          AND (OLD.id, OLD.calendar, OLD.datetime, OLD.totalfee, OLD.services, OLD.reference, OLD.metadata, OLD.version)
              IS DISTINCT FROM
              (NEW.id, NEW.calendar, NEW.datetime, NEW.totalfee, NEW.services, NEW.reference, NEW.metadata, NEW.version))
    EXECUTE FUNCTION orders_updated_by_role();

DROP TRIGGER orders_truncation_record_versions ON orders;
DROP TRIGGER orders_rewrite_record_version ON orders;
DROP TRIGGER orders_write_record_version ON orders;
DROP FUNCTION orders_record_truncation, orders_record_version, order_writer;

DROP TABLE change_feed;
DROP TABLE order_versions;
DROP FUNCTION order_versions_keep_last, reject_statement;
DROP SEQUENCE order_versions_sequence;
DROP TYPE change_type;
