-- Orders, the services they name, and the calendars whose time they take.

-- Lets one exclusion constraint compare a bigint with = and a range with &&. Trusted since
-- PostgreSQL 13: a role that may create objects in the database may create it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- A name is not all blank, and has no control characters: the same that the service takes for one.
CREATE FUNCTION is_name(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT char_length(name) BETWEEN 1 AND 200
             AND name COLLATE "C" !~ '[\u0001-\u001f\u007f-\u009f]'
             AND name COLLATE "C" ~ '[^ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' $$;

CREATE TABLE services (
    id   text COLLATE "C" CONSTRAINT services_pkey PRIMARY KEY
         CONSTRAINT services_id_is_an_id CHECK (id ~ '^[A-Za-z0-9._~-]{1,64}$' AND id NOT IN ('.', '..')),
    name text NOT NULL
         CONSTRAINT services_name_is_a_name CHECK (is_name(name))
);

-- The surrogate key makes the rule cheap: under an exclusion constraint a bigint costs half of a text.
CREATE TABLE calendars (
    key         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT calendars_pkey PRIMARY KEY,
    id          text COLLATE "C" NOT NULL CONSTRAINT calendars_id_key UNIQUE
                CONSTRAINT calendars_id_is_an_id CHECK (id ~ '^[A-Za-z0-9._~-]{1,64}$' AND id NOT IN ('.', '..')),
    name        text NOT NULL
                CONSTRAINT calendars_name_is_a_name CHECK (is_name(name)),
    -- Hours, minutes and seconds, never days: those have 23 to 25 hours.
    minimum_gap interval NOT NULL DEFAULT '03:00:00'
                CONSTRAINT calendars_minimum_gap_is_a_length CHECK (
                    minimum_gap BETWEEN '0' AND '744:00:00'
                    AND extract(day FROM minimum_gap) = 0 AND extract(month FROM minimum_gap) = 0
                    AND extract(year FROM minimum_gap) = 0),
    -- What orders refer to, so that they always hold their calendar's present gap.
    CONSTRAINT calendars_key_minimum_gap_key UNIQUE (key, minimum_gap)
);

INSERT INTO calendars (id, name) VALUES ('default', 'Default');

-- The time an order keeps to itself. Adding hours to an instant does not depend on any setting, which
-- PostgreSQL cannot know of an interval in general: hence a function that vouches for it.
CREATE FUNCTION slot_of(datetime timestamptz, minimum_gap interval) RETURNS tstzrange
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT tstzrange(datetime, datetime + minimum_gap, '[)') $$;

CREATE TABLE orders (
    id          text COLLATE "C" CONSTRAINT orders_pkey PRIMARY KEY
                CONSTRAINT orders_id_is_an_id CHECK (id ~ '^[A-Za-z0-9._~-]{1,64}$' AND id NOT IN ('.', '..')),
    calendar    bigint NOT NULL,
    minimum_gap interval NOT NULL
                CONSTRAINT orders_minimum_gap_is_a_length CHECK (
                    extract(day FROM minimum_gap) = 0 AND extract(month FROM minimum_gap) = 0
                    AND extract(year FROM minimum_gap) = 0),
    datetime    timestamptz NOT NULL
                CONSTRAINT orders_datetime_is_in_range CHECK (
                    datetime >= '0001-01-01 00:00:00+00' AND datetime < '10000-01-01 00:00:00+00'),
    slot        tstzrange NOT NULL GENERATED ALWAYS AS (slot_of(datetime, minimum_gap)) STORED,
    totalfee    numeric(12, 2) NOT NULL
                CONSTRAINT orders_totalfee_is_in_range CHECK (totalfee BETWEEN 0 AND 9999999999.99),
    services    text[] NOT NULL
                CONSTRAINT orders_services_are_1_to_32 CHECK (
                    array_ndims(services) = 1 AND cardinality(services) BETWEEN 1 AND 32
                    AND array_position(services, NULL) IS NULL),
    version     bigint NOT NULL DEFAULT 1
                CONSTRAINT orders_version_counts_from_1 CHECK (version >= 1),
    created_at  timestamptz NOT NULL DEFAULT now()
                CONSTRAINT orders_created_at_is_in_range CHECK (
                    created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    updated_at  timestamptz NOT NULL DEFAULT now()
                CONSTRAINT orders_updated_at_is_in_range CHECK (
                    updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00'),

    -- A new gap of a calendar reaches all of its orders in the statement that sets it.
    CONSTRAINT orders_calendar_fkey FOREIGN KEY (calendar, minimum_gap)
        REFERENCES calendars (key, minimum_gap) ON UPDATE CASCADE,
    -- The rule.
    CONSTRAINT orders_keep_the_minimum_gap EXCLUDE USING gist (calendar WITH =, slot WITH &&)
);

-- Lists, and the search for free time.
CREATE INDEX orders_by_time ON orders (datetime, id);
CREATE INDEX orders_by_calendar_and_time ON orders (calendar, datetime, id);

-- Which orders name a service. Follows orders.services by trigger: it is what refuses an order with a
-- service that does not exist, and the removal of a service in use, and it lists orders by service.
CREATE TABLE order_services (
    service  text COLLATE "C" NOT NULL
             CONSTRAINT order_services_service_fkey REFERENCES services (id),
    datetime timestamptz NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    calendar bigint NOT NULL,
    CONSTRAINT order_services_pkey PRIMARY KEY (service, datetime, order_id)
);

CREATE INDEX order_services_by_calendar_and_time
    ON order_services (service, calendar, datetime, order_id);

CREATE FUNCTION order_services_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM order_services
         WHERE service = ANY (OLD.services) AND datetime = OLD.datetime AND order_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO order_services (service, datetime, order_id, calendar)
        SELECT service, NEW.datetime, NEW.id, NEW.calendar FROM unnest(NEW.services) AS service;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_write_order_services
    AFTER INSERT OR DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION order_services_follow();

CREATE TRIGGER orders_rewrite_order_services
    AFTER UPDATE ON orders
    FOR EACH ROW
    WHEN ((OLD.id, OLD.calendar, OLD.datetime, OLD.services)
          IS DISTINCT FROM (NEW.id, NEW.calendar, NEW.datetime, NEW.services))
    EXECUTE FUNCTION order_services_follow();

CREATE FUNCTION order_services_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE order_services;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_truncate_order_services
    AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION order_services_truncate();

-- Only the triggers write to it: other statements are rejected.
CREATE FUNCTION order_services_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order_services follows the services of orders, and is written by nobody else'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_services_follow_orders',
              TABLE = 'order_services';
END $$;

CREATE TRIGGER order_services_follow_orders
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON order_services
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION order_services_refuse();

-- The calendar "default" always exists.
CREATE FUNCTION calendars_keep_default() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the calendar "default" always exists'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'calendars_default_exists', TABLE = 'calendars';
END $$;

CREATE TRIGGER calendars_default_exists
    BEFORE DELETE OR UPDATE OF id ON calendars
    FOR EACH ROW WHEN (OLD.id = 'default')
    EXECUTE FUNCTION calendars_keep_default();

CREATE TRIGGER calendars_default_outlasts_truncation
    BEFORE TRUNCATE ON calendars
    FOR EACH STATEMENT EXECUTE FUNCTION calendars_keep_default();
