-- Endpoints of other teams, to which the changes of the feed are sent.
CREATE TABLE webhooks (
    id            text COLLATE "C" CONSTRAINT webhooks_pkey PRIMARY KEY
                  CONSTRAINT webhooks_id_is_an_id CHECK (id ~ '^[A-Za-z0-9._~-]{1,64}$' AND id NOT IN ('.', '..')),
    url           text NOT NULL
                  CONSTRAINT webhooks_url_is_a_url CHECK (url ~ '^https?://[!-~]+$' AND length(url) <= 2000),
    -- Which changes it gets. The calendar and the service need not exist. Null is all.
    calendar      text COLLATE "C",
    service       text COLLATE "C",
    types         text[]
                  CONSTRAINT webhooks_types_are_types CHECK (
                      types <@ ARRAY['order.created', 'order.updated', 'order.deleted']
                      AND array_position(types, NULL) IS NULL),
    paused        boolean NOT NULL DEFAULT false,
    -- Why the service has given it up.
    disabled      text,
    -- How often a client has changed it, so that the instance that sends the changes notices it.
    configuration bigint NOT NULL DEFAULT 1,
    -- Increases when an instance leases it, and when a client lets it begin anew. What an instance saves must be of the present
    -- generation. The first one is random, because a deleted webhook may be created again.
    generation    bigint NOT NULL DEFAULT floor(random() * 1e15),

    -- The secrets with which messages are signed, as the service encrypts them. The previous one is used until it expires.
    secret                     bytea NOT NULL,
    previous_secret            bytea,
    previous_secret_expires_at timestamptz,
    CONSTRAINT webhooks_previous_secret_expires CHECK (
        (previous_secret IS NULL) = (previous_secret_expires_at IS NULL)),

    -- The cursor: all changes up to here are done. And the positions after it that are done.
    position      bigint NOT NULL CONSTRAINT webhooks_position_is_not_negative CHECK (position >= 0),
    assigned_at   timestamptz NOT NULL,
    done          bigint[] NOT NULL DEFAULT '{}',

    -- Whether the endpoint works.
    failures      bigint NOT NULL DEFAULT 0,
    failing_since timestamptz,
    retry_at      timestamptz,
    last_error    text,
    attempts      bigint NOT NULL DEFAULT 0,

    -- The instance that sends the changes, until when.
    lease         bigint,
    leased_until  timestamptz,
    CONSTRAINT webhooks_times_are_in_range CHECK (
        LEAST(previous_secret_expires_at, assigned_at, failing_since, retry_at, leased_until)
            >= '0001-01-01 00:00:00+00'
        AND GREATEST(previous_secret_expires_at, assigned_at, failing_since, retry_at, leased_until)
            < '10000-01-01 00:00:00+00')
-- A row is updated often, and no index contains what is changed.
) WITH (fillfactor = 50);

-- Orders whose delivery failed. Their changes between the two positions wait.
CREATE TABLE webhook_parked_orders (
    webhook        text COLLATE "C" NOT NULL
                   CONSTRAINT webhook_parked_orders_webhook_fkey REFERENCES webhooks ON DELETE CASCADE,
    order_id       text COLLATE "C" NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    attempts       bigint NOT NULL,
    retry_at       timestamptz NOT NULL,
    CONSTRAINT webhook_parked_orders_pkey PRIMARY KEY (webhook, order_id),
    CONSTRAINT webhook_parked_orders_times_are_in_range CHECK (
        retry_at >= '0001-01-01 00:00:00+00' AND retry_at < '10000-01-01 00:00:00+00')
);

-- The last attempts to deliver a change.
CREATE TABLE webhook_attempts (
    webhook      text COLLATE "C" NOT NULL
                 CONSTRAINT webhook_attempts_webhook_fkey REFERENCES webhooks ON DELETE CASCADE,
    number       bigint NOT NULL,
    attempted_at timestamptz NOT NULL,
    -- The cursor of the change.
    position     bigint NOT NULL,
    assigned_at  timestamptz NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    type         text NOT NULL,
    -- The status of the response; null if there was none.
    status       integer,
    -- In microseconds.
    duration     bigint NOT NULL,
    error        text,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (webhook, number),
    CONSTRAINT webhook_attempts_times_are_in_range CHECK (
        LEAST(attempted_at, assigned_at) >= '0001-01-01 00:00:00+00'
        AND GREATEST(attempted_at, assigned_at) < '10000-01-01 00:00:00+00')
);
