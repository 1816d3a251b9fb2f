//! Webhooks: what clients do with them, and [`delivery`], what the service stores while it sends changes.

mod attempts;
mod delivery;

use std::time::Duration;

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Timestamptz};
use orders_core::{
    CalendarId, ChangeFilter, ChangeType, ListPage, ListQuery, Resource, SendAfter, ServiceId,
    StoreError, Subscription, Timestamp, Webhook, WebhookDraft, WebhookId, WebhookState,
    WebhookUrl,
};

pub use self::attempts::DeliveryAttempt;
pub use self::delivery::{LeasedWebhook, Leases, WebhookLag, WebhookProgress};
use crate::PgStore;
use crate::changes::{cursor, known_cursor};
use crate::error::{Failure, violates};
use crate::row::{self, decode};
use crate::statement::statement;

/// The most webhooks that there may be.
const MAX_WEBHOOKS: i64 = 1000;

/// The secrets of a webhook, as they are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecrets {
    /// The newest one.
    pub current: Vec<u8>,
    /// The one before, and until when messages are signed with it too.
    pub previous: Option<(Vec<u8>, Timestamp)>,
}

/// id, url, calendar, service, types, paused, disabled, position, assigned_at, failing_since, last_error, behind, parked
type WebhookRow = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<Vec<String>>,
    bool,
    Option<String>,
    i64,
    PgTimestamp,
    Option<PgTimestamp>,
    Option<String>,
    i64,
    i64,
);

type WebhookSql = (
    Text,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Array<Text>>,
    Bool,
    Nullable<Text>,
    BigInt,
    Timestamptz,
    Nullable<Timestamptz>,
    Nullable<Text>,
    BigInt,
    BigInt,
);

/// The statement for the webhooks that a condition selects.
macro_rules! select_webhooks {
    ($condition:literal) => {
        concat!(
            "SELECT webhooks.id, url, calendar, service, types, paused, disabled, webhooks.position, webhooks.assigned_at,
                    failing_since, last_error, GREATEST(change_feed.position - webhooks.position, 0),
                    (SELECT count(*) FROM webhook_parked_orders WHERE webhook = webhooks.id)
               FROM webhooks CROSS JOIN change_feed
              WHERE ",
            $condition
        )
    };
}

statement! {
    /// The webhooks after an id, by id.
    ListWebhooks<'a> { after: &'a str as Text, limit: i64 as BigInt } -> WebhookSql =
    select_webhooks!("webhooks.id > $1 ORDER BY webhooks.id LIMIT $2")
}

statement! {
    GetWebhook<'a> { id: &'a str as Text } -> WebhookSql = select_webhooks!("webhooks.id = $1")
}

statement! {
    /// Adds a webhook if there are not too many. Several of these statements at once may exceed the limit by a few.
    AddWebhook<'a> {
        id: &'a str as Text,
        url: &'a str as Text,
        calendar: Option<&'a str> as Nullable<Text>,
        service: Option<&'a str> as Nullable<Text>,
        types: Option<Vec<&'static str>> as Nullable<Array<Text>>,
        paused: bool as Bool,
        secret: &'a [u8] as Bytea,
        position: i64 as BigInt,
        assigned_at: PgTimestamp as Timestamptz,
        most: i64 as BigInt,
    } -> () =
    "INSERT INTO webhooks (id, url, calendar, service, types, paused, secret, position, assigned_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM webhooks) < $10"
}

statement! {
    /// A webhook that is active again, or has another endpoint, begins anew.
    ReplaceWebhook<'a> {
        id: &'a str as Text,
        url: &'a str as Text,
        calendar: Option<&'a str> as Nullable<Text>,
        service: Option<&'a str> as Nullable<Text>,
        types: Option<Vec<&'static str>> as Nullable<Array<Text>>,
        paused: Option<bool> as Nullable<Bool>,
        position: Option<i64> as Nullable<BigInt>,
        assigned_at: Option<PgTimestamp> as Nullable<Timestamptz>,
    } -> () =
    "UPDATE webhooks
        SET url = request.url, calendar = request.calendar, service = request.service, types = request.types,
            paused = COALESCE(request.paused, webhooks.paused),
            disabled = CASE WHEN request.paused IS NULL THEN disabled END,
            failures = CASE WHEN request.paused IS NULL AND webhooks.url = request.url THEN failures ELSE 0 END,
            failing_since = CASE WHEN request.paused IS NULL AND webhooks.url = request.url THEN failing_since END,
            retry_at = CASE WHEN request.paused IS NULL AND webhooks.url = request.url THEN retry_at END,
            last_error = CASE WHEN request.paused IS NULL AND webhooks.url = request.url THEN last_error END,
            position = COALESCE(request.position, webhooks.position),
            assigned_at = COALESCE(request.assigned_at, webhooks.assigned_at),
            done = CASE WHEN request.position IS NULL THEN done ELSE '{}' END,
            configuration = configuration + 1,
            generation = generation + CASE
                WHEN request.position IS NOT NULL
                     OR (webhooks.url, webhooks.calendar, webhooks.service, webhooks.types)
                        IS DISTINCT FROM (request.url, request.calendar, request.service, request.types)
                     OR NOT request.paused AND (webhooks.paused OR disabled IS NOT NULL OR failures > 0
                                                OR failing_since IS NOT NULL OR retry_at IS NOT NULL) THEN 1 ELSE 0
            END
       FROM (SELECT $1 AS id, $2 AS url, $3 AS calendar, $4 AS service, $5 AS types, $6 AS paused, $7 AS position,
                    $8 AS assigned_at) AS request
      WHERE webhooks.id = request.id"
}

statement! {
    /// Forgets the parked orders of a webhook that begins elsewhere.
    ForgetParked<'a> { webhook: &'a str as Text } -> () =
    "DELETE FROM webhook_parked_orders WHERE webhook = $1"
}

statement! {
    /// Lets all parked orders of webhooks be tried again now.
    RetryParked<'a> { webhooks: Vec<&'a str> as Array<Text> } -> () =
    "UPDATE webhook_parked_orders SET retry_at = now() WHERE webhook = ANY ($1)"
}

statement! {
    /// Gives a webhook a new secret unless the previous one is still used.
    RotateSecret<'a> {
        id: &'a str as Text,
        secret: &'a [u8] as Bytea,
        overlap: i64 as BigInt,
    } -> () =
    "UPDATE webhooks
        SET previous_secret = webhooks.secret, previous_secret_expires_at = now() + make_interval(secs => request.overlap),
            secret = request.secret, configuration = configuration + 1
       FROM (SELECT $1 AS id, $2 AS secret, $3 AS overlap) AS request
      WHERE webhooks.id = request.id
        AND (previous_secret_expires_at IS NULL OR previous_secret_expires_at <= now())"
}

statement! {
    DeleteWebhook<'a> { id: &'a str as Text } -> () = "DELETE FROM webhooks WHERE id = $1"
}

statement! {
    GetEndpoint<'a> { id: &'a str as Text } -> (Text, Bytea, Nullable<Bytea>, Nullable<Timestamptz>) =
    "SELECT url, secret, previous_secret, previous_secret_expires_at FROM webhooks WHERE id = $1"
}

impl PgStore {
    /// Adds a webhook with this id and this secret. Without a position it begins with the next change.
    ///
    /// # Errors
    /// [`StoreError::IdTaken`], [`StoreError::CursorGone`], [`StoreError::TooManyWebhooks`].
    pub fn add_webhook(
        &self,
        id: &WebhookId,
        draft: &WebhookDraft,
        secret: &[u8],
    ) -> Result<Webhook, StoreError> {
        self.with(|conn| {
            let cursor = known_cursor(conn, draft.after.unwrap_or(SendAfter::Now).into())?;
            let Subscription { filter, types } = &draft.subscription;
            let add = AddWebhook {
                id: id.as_str(),
                url: draft.url.as_str(),
                calendar: filter.calendar.as_ref().map(CalendarId::as_str),
                service: filter.service.as_ref().map(ServiceId::as_str),
                types: types.as_ref().map(|types| types.iter().map(|it| it.as_str()).collect()),
                paused: draft.paused.unwrap_or(false),
                secret,
                position: pg_position(cursor.position),
                assigned_at: row::pg_timestamp(cursor.assigned_at),
                most: MAX_WEBHOOKS,
            };
            match add.execute(conn) {
                Ok(0) => Err(StoreError::TooManyWebhooks(MAX_WEBHOOKS as u64))?,
                Ok(_) => get(conn, id),
                Err(error) if violates(&error, "webhooks_pkey") => {
                    Err(StoreError::IdTaken(Resource::Webhook(id.clone())))?
                }
                Err(error) => Err(error)?,
            }
        })
    }

    /// The webhook with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn webhook(&self, id: &WebhookId) -> Result<Webhook, StoreError> {
        self.with(|conn| get(conn, id))
    }

    /// A page of the list of webhooks, by id.
    ///
    /// # Errors
    /// None of its own.
    pub fn webhooks(
        &self,
        query: &ListQuery<WebhookId>,
    ) -> Result<ListPage<Webhook, WebhookId>, StoreError> {
        // No id is empty.
        let after = query.after.as_ref().map_or("", WebhookId::as_str);
        self.with(|conn| {
            let list = ListWebhooks { after, limit: row::one_more_than(query.limit) };
            let rows: Vec<WebhookRow> = list.load(conn)?;
            let webhooks = rows.into_iter().map(webhook).collect::<QueryResult<_>>()?;
            Ok(ListPage::new(webhooks, query.limit, |webhook: &Webhook| webhook.id.clone()))
        })
    }

    /// Replaces a webhook by the draft. It keeps its id and its secrets. One that was disabled or paused and is active
    /// again, or has another URL, tries its parked orders at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::CursorGone`].
    pub fn replace_webhook(
        &self,
        id: &WebhookId,
        draft: &WebhookDraft,
    ) -> Result<Webhook, StoreError> {
        self.with(|conn| {
            conn.transaction(|conn| {
                let before = get(conn, id)?;
                let cursor =
                    draft.after.map(|after| known_cursor(conn, after.into())).transpose()?;
                let Subscription { filter, types } = &draft.subscription;
                let replace = ReplaceWebhook {
                    id: id.as_str(),
                    url: draft.url.as_str(),
                    calendar: filter.calendar.as_ref().map(CalendarId::as_str),
                    service: filter.service.as_ref().map(ServiceId::as_str),
                    types: types.as_ref().map(|types| types.iter().map(|it| it.as_str()).collect()),
                    paused: draft.paused,
                    position: cursor.map(|cursor| pg_position(cursor.position)),
                    assigned_at: cursor.map(|cursor| row::pg_timestamp(cursor.assigned_at)),
                };
                if replace.execute(conn)? == 0 {
                    return Err(not_found(id).into());
                }
                if cursor.is_some() {
                    ForgetParked { webhook: id.as_str() }.execute(conn)?;
                } else if draft.paused == Some(false) || draft.url != before.url {
                    RetryParked { webhooks: vec![id.as_str()] }.execute(conn)?;
                }
                get(conn, id)
            })
        })
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn remove_webhook(&self, id: &WebhookId) -> Result<(), StoreError> {
        self.with(|conn| match (DeleteWebhook { id: id.as_str() }).execute(conn)? {
            0 => Err(not_found(id))?,
            _ => Ok(()),
        })
    }

    /// Gives a webhook a new secret. Messages are signed with the old one too during the overlap, to the second.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::RotationOpen`] if the secret before the present one is still used.
    pub fn rotate_webhook_secret(
        &self,
        id: &WebhookId,
        secret: &[u8],
        overlap: Duration,
    ) -> Result<(), StoreError> {
        let overlap = overlap.as_secs().try_into().unwrap_or(i64::MAX);
        self.with(|conn| {
            match (RotateSecret { id: id.as_str(), secret, overlap }).execute(conn)? {
                0 => {
                    get(conn, id)?;
                    Err(StoreError::RotationOpen(id.clone()))?
                }
                _ => Ok(()),
            }
        })
    }

    /// Where messages for a webhook are sent, and its secrets.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn webhook_endpoint(
        &self,
        id: &WebhookId,
    ) -> Result<(WebhookUrl, StoredSecrets), StoreError> {
        self.with(|conn| {
            let get = GetEndpoint { id: id.as_str() };
            let row: Option<(String, _, _, _)> = get.get_result(conn).optional()?;
            let (url, current, previous, expires_at) = row.ok_or_else(|| not_found(id))?;
            Ok((decode(WebhookUrl::new(url))?, stored_secrets(current, previous, expires_at)?))
        })
    }
}

fn get(conn: &mut PgConnection, id: &WebhookId) -> Result<Webhook, Failure> {
    let row: Option<WebhookRow> = GetWebhook { id: id.as_str() }.get_result(conn).optional()?;
    Ok(webhook(row.ok_or_else(|| not_found(id))?)?)
}

fn webhook(row: WebhookRow) -> QueryResult<Webhook> {
    let (
        id,
        url,
        calendar,
        service,
        types,
        paused,
        disabled,
        position,
        assigned_at,
        failing_since,
        last_error,
        behind,
        parked,
    ) = row;
    Ok(Webhook {
        id: decode(WebhookId::new(id))?,
        url: decode(WebhookUrl::new(url))?,
        subscription: subscription(calendar, service, types)?,
        state: match (&disabled, paused) {
            (Some(_), _) => WebhookState::Disabled,
            (None, true) => WebhookState::Paused,
            (None, false) => WebhookState::Active,
        },
        cursor: cursor(position, assigned_at)?,
        behind: decode(behind.try_into())?,
        parked: decode(parked.try_into())?,
        failing_since: failing_since.map(row::timestamp).transpose()?,
        last_error: disabled.or(last_error),
    })
}

fn subscription(
    calendar: Option<String>,
    service: Option<String>,
    types: Option<Vec<String>>,
) -> QueryResult<Subscription> {
    let types =
        types.map(|types| types.iter().map(|it| decode(it.parse::<ChangeType>())).collect());
    Ok(Subscription {
        filter: ChangeFilter {
            calendar: calendar.as_deref().map(row::calendar_id).transpose()?,
            service: service.as_deref().map(row::service_id).transpose()?,
        },
        types: types.transpose()?,
    })
}

fn stored_secrets(
    current: Vec<u8>,
    previous: Option<Vec<u8>>,
    expires_at: Option<PgTimestamp>,
) -> QueryResult<StoredSecrets> {
    let expires_at = expires_at.map(row::timestamp).transpose()?;
    Ok(StoredSecrets { current, previous: previous.zip(expires_at) })
}

/// A position as a column. No change has one that it cannot hold.
fn pg_position(position: u64) -> i64 {
    position.try_into().unwrap_or(i64::MAX)
}

fn not_found(id: &WebhookId) -> StoreError {
    StoreError::NotFound(Resource::Webhook(id.clone()))
}
