-- What long searches for free time have learned: stretches of a calendar without room for one more order.
-- A search that meets one steps over it. Losing rows from here costs time, never correctness.
CREATE TABLE solid_runs (
    calendar    bigint NOT NULL
                CONSTRAINT solid_runs_calendar_fkey REFERENCES calendars (key) ON DELETE CASCADE,
    minimum_gap interval NOT NULL,
    -- The times of two orders. No two neighbours from one to the other are two gaps apart.
    first       timestamptz NOT NULL,
    last        timestamptz NOT NULL
                CONSTRAINT solid_runs_end_after_they_begin CHECK (first <= last),
    -- Null while it is only claimed.
    proven_at   timestamptz,
    CONSTRAINT solid_runs_pkey PRIMARY KEY (calendar, first, last, minimum_gap)
);

-- Whoever frees a time ends the runs that hold it. The shared lock lets a claim wait out those who
-- freed a time before they could see it.
CREATE FUNCTION orders_end_solid_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(2, hashint8(OLD.calendar));
    DELETE FROM solid_runs
     WHERE calendar = OLD.calendar AND first <= OLD.datetime AND last >= OLD.datetime;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_delete_ends_solid_runs
    AFTER DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION orders_end_solid_runs();

CREATE TRIGGER orders_update_ends_solid_runs
    AFTER UPDATE ON orders
    FOR EACH ROW
    WHEN ((OLD.calendar, OLD.datetime) IS DISTINCT FROM (NEW.calendar, NEW.datetime))
    EXECUTE FUNCTION orders_end_solid_runs();

CREATE FUNCTION orders_truncate_ends_solid_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE solid_runs;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_truncate_ends_solid_runs
    AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION orders_truncate_ends_solid_runs();
