-- Creations that may be repeated: the order that each made, as it was when it was made.
CREATE TABLE idempotency_keys (
    key        text COLLATE "C" CONSTRAINT idempotency_keys_pkey PRIMARY KEY
               CONSTRAINT idempotency_keys_key_is_visible_ascii CHECK (key ~ '^[!-~]{1,255}$'),
    order_id   text COLLATE "C" NOT NULL,
    -- whether the client chose the id, so that the same body can be distinguished from another.
    own_id     boolean NOT NULL,
    calendar   text COLLATE "C" NOT NULL,
    datetime   timestamptz NOT NULL,
    totalfee   numeric(12, 2) NOT NULL,
    services   text[] NOT NULL,
    created_at timestamptz NOT NULL
);

-- Those whose time is over, oldest first.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
