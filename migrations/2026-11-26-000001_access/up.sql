-- Who may use the service, and with which keys. It rebuilds the primary key of idempotency_keys, and locks that table
-- and orders meanwhile.
CREATE TABLE clients (
    id        text COLLATE "C" CONSTRAINT clients_pkey PRIMARY KEY
              CONSTRAINT clients_id_is_an_id CHECK (id ~ '^[A-Za-z0-9._~-]{1,64}$' AND id NOT IN ('.', '..')),
    scope     text NOT NULL
              CONSTRAINT clients_scope_is_a_scope CHECK (scope IN ('read', 'write', 'admin')),
    -- The ids of the only calendars that it may use. They need not exist. Null is all.
    calendars text[]
              CONSTRAINT clients_calendars_are_ids CHECK (
                  array_position(calendars, NULL) IS NULL AND array_position(calendars, '') IS NULL
                  AND array_to_string(calendars, ',') ~ '^([A-Za-z0-9._~-]{1,64}(,|$))*$'
                  AND NOT calendars && ARRAY['.', '..']),
    -- Requests per second. Null is any number.
    rate      integer CONSTRAINT clients_rate_is_positive CHECK (rate > 0),
    -- How an identity provider names it.
    subject   text CONSTRAINT clients_subject_key UNIQUE
);

-- The keys of the clients, also of those that were deleted: a service that once had a key stays closed.
CREATE TABLE api_keys (
    -- SHA-256 of the key, which is stored nowhere.
    hash         bytea CONSTRAINT api_keys_pkey PRIMARY KEY
                 CONSTRAINT api_keys_hash_is_sha_256 CHECK (octet_length(hash) = 32),
    client       text COLLATE "C" NOT NULL
                 CONSTRAINT api_keys_client_is_an_id CHECK (
                     client ~ '^[A-Za-z0-9._~-]{1,64}$' AND client NOT IN ('.', '..')),
    -- The last four characters, by which people recognize it.
    ends         text NOT NULL CONSTRAINT api_keys_ends_are_4 CHECK (ends ~ '^[A-Za-z0-9]{4}$'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    -- To the minute.
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_keys_times_are_in_range CHECK (
        LEAST(created_at, expires_at, last_used_at, revoked_at) >= '0001-01-01 00:00:00+00'
        AND GREATEST(created_at, expires_at, last_used_at, revoked_at) < '10000-01-01 00:00:00+00')
);

CREATE INDEX api_keys_by_client ON api_keys (client, created_at);

-- Counts the changes of clients and keys, so that every service notices them by reading one row.
CREATE TABLE access_version (
    singleton boolean DEFAULT true CONSTRAINT access_version_pkey PRIMARY KEY
              CONSTRAINT access_version_is_one_row CHECK (singleton),
    version   bigint NOT NULL
);

INSERT INTO access_version (version) VALUES (1);

CREATE FUNCTION access_version_increment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access_version SET version = version + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER clients_increment_access_version
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON clients
    FOR EACH STATEMENT EXECUTE FUNCTION access_version_increment();

-- The time of the last use is not a change.
CREATE TRIGGER api_keys_increment_access_version
    AFTER INSERT OR UPDATE OF hash, client, expires_at, revoked_at OR DELETE OR TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION access_version_increment();

-- An idempotency key belongs to the client that sent it. Empty is a client without credentials.
ALTER TABLE idempotency_keys ADD COLUMN client text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE idempotency_keys ALTER COLUMN client DROP DEFAULT;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey;
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (client, key);

-- Who wrote an order last: the id of a client; `db:` and a role, if it was not the service; null, if the client had no
-- credentials.
ALTER TABLE orders ADD COLUMN updated_by text;
ALTER TABLE orders ALTER COLUMN updated_by SET DEFAULT 'db:' || current_user;

CREATE FUNCTION orders_updated_by_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_by := 'db:' || current_user;
    RETURN NEW;
END $$;

-- The service sets orders.client in the statement itself. A new gap of the calendar does not change an order.
CREATE TRIGGER orders_updated_by_role
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN (COALESCE(current_setting('orders.client', true), '') = ''
          AND (OLD.id, OLD.calendar, OLD.datetime, OLD.totalfee, OLD.services, OLD.version)
              IS DISTINCT FROM (NEW.id, NEW.calendar, NEW.datetime, NEW.totalfee, NEW.services, NEW.version))
    EXECUTE FUNCTION orders_updated_by_role();
