-- PostgreSQL parses the body of a function in SQL again whenever a statement that needs it is run, and every
-- insert needs this one. A function in PL/pgSQL is parsed once a session.
CREATE OR REPLACE FUNCTION slot_of(datetime timestamptz, minimum_gap interval) RETURNS tstzrange
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN tstzrange(datetime, datetime + minimum_gap, '[)'); END $$;
