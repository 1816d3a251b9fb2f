-- PostgreSQL puts the text of a function in SQL into the statement that calls it, and parses it again each time
-- that statement runs. A function in PL/pgSQL is parsed once a session.
CREATE OR REPLACE FUNCTION slot_of(datetime timestamptz, minimum_gap interval) RETURNS tstzrange
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN tstzrange(datetime, datetime + minimum_gap, '[)'); END $$;
