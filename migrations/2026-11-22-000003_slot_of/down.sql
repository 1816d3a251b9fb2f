CREATE OR REPLACE FUNCTION slot_of(datetime timestamptz, minimum_gap interval) RETURNS tstzrange
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT tstzrange(datetime, datetime + minimum_gap, '[)') $$;
