-- Calendars to which other programs subscribe, each by a link with a token. It locks the table calendars for a moment.
CREATE TABLE calendar_feeds (
    id          text COLLATE "C" CONSTRAINT calendar_feeds_pkey PRIMARY KEY
                CONSTRAINT calendar_feeds_id_is_an_id CHECK (id ~ '^[A-Za-z0-9._~-]{1,64}$' AND id NOT IN ('.', '..')),
    name        text NOT NULL
                CONSTRAINT calendar_feeds_name_is_a_name CHECK (is_name(name)),
    -- SHA-256 of the token, which is stored nowhere.
    token       bytea NOT NULL CONSTRAINT calendar_feeds_token_key UNIQUE
                CONSTRAINT calendar_feeds_token_is_sha_256 CHECK (octet_length(token) = 32),
    -- What the last reader was shown, and since when it is shown. Null if nobody has read it.
    digest      bytea
                CONSTRAINT calendar_feeds_digest_is_sha_256 CHECK (octet_length(digest) = 32),
    modified_at timestamptz NOT NULL DEFAULT now()
                CONSTRAINT calendar_feeds_modified_at_is_in_range CHECK (
                    modified_at >= '0001-01-01 00:00:00+00' AND modified_at < '10000-01-01 00:00:00+00')
);

-- Which calendars a feed shows. One that is deleted leaves the feed, so that a later one with the same id is not shown.
CREATE TABLE calendar_feed_calendars (
    feed     text COLLATE "C" NOT NULL
             CONSTRAINT calendar_feed_calendars_feed_fkey REFERENCES calendar_feeds ON DELETE CASCADE,
    calendar bigint NOT NULL
             CONSTRAINT calendar_feed_calendars_calendar_fkey REFERENCES calendars (key) ON DELETE CASCADE,
    CONSTRAINT calendar_feed_calendars_pkey PRIMARY KEY (feed, calendar)
);

CREATE INDEX calendar_feed_calendars_by_calendar ON calendar_feed_calendars (calendar);
