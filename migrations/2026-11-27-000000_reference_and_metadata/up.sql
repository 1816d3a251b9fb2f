-- What a caller stores with an order. Null is not set. The new columns rewrite no rows; the checks read the table once,
-- and lock it meanwhile.

-- Metadata has 1 to 20 entries: the same that the service accepts, and no empty object, which is null. In PL/pgSQL,
-- because a function in SQL is parsed again in every statement.
CREATE FUNCTION is_metadata(metadata jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN
        RETURN jsonb_typeof(metadata) = 'object' AND (
            SELECT count(*) BETWEEN 1 AND 20
                   AND bool_and(key COLLATE "C" ~ '^[A-Za-z0-9_.-]{1,40}$' AND jsonb_typeof(value) = 'string'
                                AND char_length(value #>> '{}') <= 500)
              FROM jsonb_each(CASE jsonb_typeof(metadata) WHEN 'object' THEN metadata ELSE '{}' END));
    END $$;

ALTER TABLE orders
    ADD COLUMN reference text COLLATE "C"
        CONSTRAINT orders_reference_is_a_reference CHECK (
            char_length(reference) BETWEEN 1 AND 200 AND reference !~ '[\u0001-\u001f\u007f-\u009f]'),
    ADD COLUMN metadata jsonb
        CONSTRAINT orders_metadata_is_metadata CHECK (is_metadata(metadata));

CREATE INDEX orders_by_reference ON orders (reference, datetime, id) WHERE reference IS NOT NULL;

ALTER TABLE idempotency_keys
    ADD COLUMN reference text COLLATE "C",
    ADD COLUMN metadata jsonb;

DROP TRIGGER orders_updated_by_role ON orders;
CREATE TRIGGER orders_updated_by_role
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN (COALESCE(current_setting('orders.client', true), '') = ''
          AND (OLD.id, OLD.calendar, OLD.datetime, OLD.totalfee, OLD.services, OLD.reference, OLD.metadata, OLD.version)
              IS DISTINCT FROM
              (NEW.id, NEW.calendar, NEW.datetime, NEW.totalfee, NEW.services, NEW.reference, NEW.metadata, NEW.version))
    EXECUTE FUNCTION orders_updated_by_role();
