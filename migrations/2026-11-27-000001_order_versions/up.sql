-- Every version of every order: the history of an order, and the feed of all changes. It stores the present version of
-- each order, which takes about as long as reading the table.
CREATE TYPE change_type AS ENUM ('created', 'updated', 'deleted');

CREATE SEQUENCE order_versions_sequence;

CREATE TABLE order_versions (
    version     bigint NOT NULL,
    -- The order in which changes took effect. It is drawn when all conflicts with other transactions are settled.
    sequence    bigint NOT NULL DEFAULT nextval('order_versions_sequence'),
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- When the change was made.
    changed_at  timestamptz NOT NULL,
    datetime    timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    type        change_type NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    -- Its id, since a calendar can be deleted.
    calendar    text COLLATE "C" NOT NULL,
    totalfee    numeric(12, 2) NOT NULL,
    services    text[] NOT NULL,
    reference   text,
    metadata    jsonb,
    -- As orders.updated_by.
    client      text,
    -- The position in the feed, and when it was assigned. Null until a reader assigns it.
    position    bigint,
    assigned_at timestamptz,
    CONSTRAINT order_versions_pkey PRIMARY KEY (order_id, version)
);

CREATE UNIQUE INDEX order_versions_by_position ON order_versions (position) WHERE position IS NOT NULL;
CREATE INDEX order_versions_without_position ON order_versions (transaction) WHERE position IS NULL;

CREATE TABLE change_feed (
    singleton           boolean DEFAULT true CONSTRAINT change_feed_pkey PRIMARY KEY
                        CONSTRAINT change_feed_is_one_row CHECK (singleton),
    -- The last position that was assigned, and when.
    position            bigint NOT NULL,
    assigned_at         timestamptz NOT NULL,
    -- Changes up to here are not kept any more, except as the present version of an order.
    expired_position    bigint NOT NULL,
    expired_at          timestamptz NOT NULL,
    -- All versions that transactions before this one wrote have a position, except those of transactions that were open.
    first_transaction   xid8 NOT NULL,
    open_transactions   xid8[] NOT NULL,
    -- The server that counts the transactions. The database may be restored on another one.
    server              bigint NOT NULL
);

INSERT INTO order_versions (
    version, changed_at, datetime, created_at, updated_at, type, order_id, calendar, totalfee, services, reference,
    metadata, client, position, assigned_at)
SELECT version, updated_at, datetime, created_at, updated_at, 'created', orders.id, calendars.id, totalfee, services,
       reference, metadata, updated_by, row_number() OVER (ORDER BY updated_at, orders.id), clock_timestamp()
  FROM orders JOIN calendars ON calendars.key = orders.calendar;

INSERT INTO change_feed (
    position, assigned_at, expired_position, expired_at, first_transaction, open_transactions, server)
SELECT last.position, last.assigned_at, 0, now(), '0', '{}', (SELECT system_identifier FROM pg_control_system())
  FROM (SELECT COALESCE(max(position), 0) AS position, COALESCE(max(assigned_at), now()) AS assigned_at
          FROM order_versions) AS last;

-- Who writes: the client that the service has set, or else the role.
CREATE FUNCTION order_writer() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT NULLIF(COALESCE(NULLIF(current_setting('orders.client', true), ''), 'db:' || current_user), ' ')
$$;

CREATE FUNCTION orders_record_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN
        INSERT INTO order_versions (
            version, changed_at, datetime, created_at, updated_at, type, order_id, calendar, totalfee, services,
            reference, metadata, client)
        VALUES (
            OLD.version + 1, GREATEST(now(), OLD.updated_at), OLD.datetime, OLD.created_at, OLD.updated_at, 'deleted',
            OLD.id, (SELECT id FROM calendars WHERE key = OLD.calendar), OLD.totalfee, OLD.services, OLD.reference,
            OLD.metadata, order_writer());
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO order_versions (
            version, changed_at, datetime, created_at, updated_at, type, order_id, calendar, totalfee, services,
            reference, metadata, client)
        VALUES (
            NEW.version,
            -- A transaction that began before the deletion of the last order with this id may use the id again.
            CASE WHEN TG_OP = 'INSERT' AND NEW.version > 1
                 THEN GREATEST(NEW.updated_at, (SELECT changed_at FROM order_versions
                                                 WHERE order_id = NEW.id AND version = NEW.version - 1))
                 ELSE NEW.updated_at END,
            NEW.datetime, NEW.created_at, NEW.updated_at,
            CASE WHEN TG_OP = 'INSERT' OR OLD.id <> NEW.id THEN 'created' ELSE 'updated' END::change_type,
            NEW.id, (SELECT id FROM calendars WHERE key = NEW.calendar), NEW.totalfee, NEW.services, NEW.reference,
            NEW.metadata, NEW.updated_by);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_write_record_version
    AFTER INSERT OR DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION orders_record_version();

-- A new gap of the calendar does not change an order.
CREATE TRIGGER orders_rewrite_record_version
    AFTER UPDATE ON orders
    FOR EACH ROW WHEN (OLD.id <> NEW.id OR OLD.version <> NEW.version)
    EXECUTE FUNCTION orders_record_version();

-- Truncation fires no triggers for rows, so the orders are deleted first.
CREATE FUNCTION orders_record_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM orders;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_truncation_record_versions
    BEFORE TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION orders_record_truncation();

-- The last version that an order with this id had, also if it was deleted.
CREATE FUNCTION last_version(id text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT COALESCE((SELECT version FROM order_versions WHERE order_id = id ORDER BY version DESC LIMIT 1), 0)
$$;

-- The service sets the client, the version and the times in its statements. Other writers need not.
DROP TRIGGER orders_updated_by_role ON orders;
DROP FUNCTION orders_updated_by_role;

CREATE FUNCTION orders_complete_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := GREATEST(NEW.version, last_version(NEW.id) + 1);
    RETURN NEW;
END $$;

CREATE TRIGGER orders_complete_insert
    BEFORE INSERT ON orders
    FOR EACH ROW WHEN (NEW.updated_by LIKE 'db:%' AND NEW.version > 0)
    EXECUTE FUNCTION orders_complete_insert();

CREATE FUNCTION orders_complete_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := CASE WHEN OLD.id = NEW.id THEN OLD.version ELSE last_version(NEW.id) END + 1;
    NEW.updated_at := GREATEST(now(), OLD.updated_at);
    NEW.updated_by := order_writer();
    RETURN NEW;
END $$;

-- A new gap of the calendar does not change an order.
CREATE TRIGGER orders_complete_update
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN ((COALESCE(current_setting('orders.client', true), '') = '' OR NEW.version <> OLD.version + 1)
          AND (OLD.id, OLD.calendar, OLD.datetime, OLD.totalfee, OLD.services, OLD.reference, OLD.metadata,
               OLD.version, OLD.created_at, OLD.updated_at, OLD.updated_by)
              IS DISTINCT FROM
              (NEW.id, NEW.calendar, NEW.datetime, NEW.totalfee, NEW.services, NEW.reference, NEW.metadata,
               NEW.version, NEW.created_at, NEW.updated_at, NEW.updated_by))
    EXECUTE FUNCTION orders_complete_update();

-- Rejects a statement. The arguments are the name of the constraint and the message.
CREATE FUNCTION reject_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[1]
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
END $$;

-- The versions hold the id of the calendar.
CREATE TRIGGER calendars_id_is_permanent
    BEFORE UPDATE OF id ON calendars
    FOR EACH ROW WHEN (OLD.id <> NEW.id)
    EXECUTE FUNCTION reject_statement(
        'calendars_id_is_permanent', 'the id of a calendar never changes; create another calendar');

-- Which transactions may have written versions without a position: those from the first one on, and those that were open
-- when positions were last assigned and have ended meanwhile. In PL/pgSQL, because a function in SQL is parsed again in
-- every statement.
CREATE FUNCTION feed_bounds(OUT first_transaction xid8, OUT ended_transactions xid8[]) LANGUAGE plpgsql STABLE AS $$
DECLARE
    feed change_feed;
BEGIN
    SELECT * INTO STRICT feed FROM change_feed;
    first_transaction := '0';
    ended_transactions := '{}';
    IF feed.server = (SELECT system_identifier FROM pg_control_system()) THEN
        first_transaction := feed.first_transaction;
        ended_transactions := ARRAY(SELECT open FROM unnest(feed.open_transactions) AS open
                                     WHERE pg_visible_in_snapshot(open, pg_current_snapshot()));
    END IF;
END $$;

CREATE VIEW versions_without_position AS
SELECT found.order_id, found.version, found.sequence
  FROM feed_bounds() AS bounds
 CROSS JOIN LATERAL (
       SELECT order_id, version, sequence FROM order_versions
        WHERE position IS NULL AND transaction >= bounds.first_transaction
       UNION ALL
       SELECT order_id, version, sequence FROM order_versions
        WHERE position IS NULL AND transaction = ANY (bounds.ended_transactions)) AS found;

-- Assigns positions to the first versions that have none, in the order in which they took effect, at most so many, and
-- returns how many. With `seen`, only to those with these numbers of the sequence.
CREATE FUNCTION assign_positions(seen bigint[], most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    feed change_feed;
    snapshot pg_snapshot;
    instant timestamptz;
    assigned bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(2, 0);
    SELECT * INTO STRICT feed FROM change_feed;
    -- Taken before the versions are read, so those of each transaction that has ended are seen below.
    snapshot := pg_current_snapshot();
    instant := GREATEST(clock_timestamp(), feed.assigned_at + interval '1 microsecond');
    UPDATE order_versions
       SET position = feed.position + waiting.number, assigned_at = instant
      FROM (SELECT order_id, version, row_number() OVER (ORDER BY sequence) AS number
              FROM versions_without_position
             WHERE seen IS NULL OR sequence = ANY (seen)
             ORDER BY sequence LIMIT most) AS waiting
     WHERE order_versions.order_id = waiting.order_id AND order_versions.version = waiting.version;
    GET DIAGNOSTICS assigned = ROW_COUNT;
    IF assigned > 0 THEN
        feed.position := feed.position + assigned;
        feed.assigned_at := instant;
    ELSIF NOT EXISTS (SELECT FROM pg_snapshot_xip(snapshot) AS open WHERE open >= feed.first_transaction) THEN
        -- Without changes, it is worth a write only if a transaction is open that may have written many.
        RETURN 0;
    END IF;
    IF seen IS NULL AND (most IS NULL OR assigned < most) THEN
        feed.first_transaction := pg_snapshot_xmax(snapshot);
        feed.open_transactions := ARRAY(SELECT pg_snapshot_xip(snapshot));
        feed.server := (SELECT system_identifier FROM pg_control_system());
    END IF;
    UPDATE change_feed
       SET position = feed.position, assigned_at = feed.assigned_at, first_transaction = feed.first_transaction,
           open_transactions = feed.open_transactions, server = feed.server;
    RETURN assigned;
END $$;

-- Only the triggers add versions. A version is never changed, and the last one of an id is never deleted. So the history
-- is what happened, and no version is repeated for an id.
CREATE TRIGGER order_versions_are_written_by_triggers
    BEFORE INSERT ON order_versions
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION reject_statement(
        'order_versions_are_permanent', 'order_versions is the history of orders: only triggers add to it');

CREATE TRIGGER order_versions_are_never_changed
    BEFORE UPDATE OF version, sequence, transaction, changed_at, datetime, created_at, updated_at, type, order_id,
                     calendar, totalfee, services, reference, metadata, client ON order_versions
    FOR EACH STATEMENT EXECUTE FUNCTION reject_statement(
        'order_versions_are_permanent', 'order_versions is the history of orders, which never changes');

CREATE TRIGGER order_versions_outlast_truncation
    BEFORE TRUNCATE ON order_versions
    FOR EACH STATEMENT EXECUTE FUNCTION reject_statement(
        'order_versions_are_permanent', 'order_versions is the history of orders, which never changes');

CREATE FUNCTION order_versions_keep_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM order_versions WHERE order_id = OLD.order_id AND version = OLD.version + 1) THEN
        RAISE EXCEPTION 'the last version of an order is kept, so that no version is repeated'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_versions_are_permanent', TABLE = 'order_versions';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER order_versions_keep_last
    BEFORE DELETE ON order_versions
    FOR EACH ROW EXECUTE FUNCTION order_versions_keep_last();

CREATE TRIGGER change_feed_always_exists
    BEFORE DELETE OR TRUNCATE ON change_feed
    FOR EACH STATEMENT EXECUTE FUNCTION reject_statement(
        'change_feed_always_exists', 'change_feed always has one row');

-- One key of the client that created an order again may name a later version.
ALTER TABLE idempotency_keys ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE idempotency_keys ALTER COLUMN version DROP DEFAULT;
