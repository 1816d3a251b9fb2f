//! What the database keeps in the end: [`Keep`].

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use orders_core::{CalendarId, OrderId, ServiceId, Timestamp};

/// The rows of the database, read when nobody writes any more.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// The orders, by id.
    pub orders: Vec<OrderRow>,
    /// The calendars, by id.
    pub calendars: Vec<CalendarRow>,
    /// How many rows `order_services` has.
    pub mirrored: usize,
    /// Rows that `order_services` has and should not, or lacks.
    pub mirror_faults: Vec<String>,
}

/// An order as its row says it, in numbers that need no rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// Its calendar.
    pub calendar: CalendarId,
    /// The gap that its own row holds, in microseconds.
    pub gap: i64,
    /// When it starts.
    pub datetime: Timestamp,
    /// The bounds of its slot in microseconds since 1970; none when it is empty.
    pub slot: Option<(i64, i64)>,
    /// Its fee in cents.
    pub cents: i64,
    /// Its services.
    pub services: Vec<ServiceId>,
    /// Its version.
    pub version: u64,
    /// When it was placed.
    pub created_at: Timestamp,
}

/// A calendar as its row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRow {
    /// Its id.
    pub id: CalendarId,
    /// Its name.
    pub name: String,
    /// Its gap in microseconds.
    pub gap: i64,
}

/// Why the database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It cannot be reached.
    #[error("cannot reach the database: {0}")]
    Connect(#[from] ConnectionError),
    /// It does not answer as it should.
    #[error("cannot read the database: {0}")]
    Query(#[from] diesel::result::Error),
    /// Somebody is still at work long after all services have ended.
    #[error("the database still has {0} other sessions")]
    Busy(i64),
    /// A row holds what no row may hold.
    #[error("a row holds {0}")]
    Unsound(String),
}

/// How long sessions of services that were killed may take to end.
const LEAVE: Duration = Duration::from_secs(30);

impl Keep {
    /// Reads everything, as soon as no other session is left.
    ///
    /// # Errors
    /// When the database cannot be read, or a row cannot be understood.
    pub fn read(url: &str) -> Result<Self, KeepError> {
        let mut conn = PgConnection::establish(url)?;
        wait_until_alone(&mut conn)?;
        let orders: Vec<OrderColumns> = diesel::sql_query(ORDERS).load(&mut conn)?;
        let calendars: Vec<CalendarColumns> = diesel::sql_query(CALENDARS).load(&mut conn)?;
        let mirror: Vec<MirrorColumns> = diesel::sql_query(MIRROR).load(&mut conn)?;
        let (good, bad): (Vec<_>, Vec<_>) = mirror.into_iter().partition(|row| row.sound);
        Ok(Self {
            orders: orders.into_iter().map(OrderColumns::row).collect::<Result<_, _>>()?,
            calendars: calendars.into_iter().map(CalendarColumns::row).collect::<Result<_, _>>()?,
            mirrored: good.len(),
            mirror_faults: bad.into_iter().map(|row| row.what).collect(),
        })
    }
}

/// Drops the exclusion constraint that is the rule: a way to see the harness fail.
///
/// # Errors
/// When the database does not do it.
pub fn drop_constraint(url: &str) -> Result<(), KeepError> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute("ALTER TABLE orders DROP CONSTRAINT orders_keep_the_minimum_gap")?;
    Ok(())
}

fn wait_until_alone(conn: &mut PgConnection) -> Result<(), KeepError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        others: i64,
    }
    let begin = Instant::now();
    loop {
        let Count { others } = diesel::sql_query(
            "SELECT count(*) AS others FROM pg_stat_activity
              WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        .get_result(conn)?;
        match others {
            0 => return Ok(()),
            others if begin.elapsed() > LEAVE => return Err(KeepError::Busy(others)),
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
}

const ORDERS: &str = "
    SELECT orders.id, calendars.id AS calendar,
           (extract(epoch FROM orders.minimum_gap) * 1000000)::bigint AS gap,
           (extract(epoch FROM datetime) * 1000000)::bigint AS datetime,
           (extract(epoch FROM lower(slot)) * 1000000)::bigint AS slot_from,
           (extract(epoch FROM upper(slot)) * 1000000)::bigint AS slot_to,
           (totalfee * 100)::bigint AS cents, services, version,
           (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
      FROM orders JOIN calendars ON calendars.key = orders.calendar
     ORDER BY orders.id";

#[derive(QueryableByName)]
struct OrderColumns {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    calendar: String,
    #[diesel(sql_type = BigInt)]
    gap: i64,
    #[diesel(sql_type = BigInt)]
    datetime: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    slot_from: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    slot_to: Option<i64>,
    #[diesel(sql_type = BigInt)]
    cents: i64,
    #[diesel(sql_type = Array<Text>)]
    services: Vec<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

impl OrderColumns {
    fn row(self) -> Result<OrderRow, KeepError> {
        Ok(OrderRow {
            id: sound(OrderId::new(self.id))?,
            calendar: sound(CalendarId::new(self.calendar))?,
            gap: self.gap,
            datetime: sound(Timestamp::from_micros(self.datetime))?,
            slot: self.slot_from.zip(self.slot_to),
            cents: self.cents,
            services: self
                .services
                .into_iter()
                .map(|id| sound(ServiceId::new(id)))
                .collect::<Result<_, _>>()?,
            version: sound(self.version.try_into())?,
            created_at: sound(Timestamp::from_micros(self.created_at))?,
        })
    }
}

const CALENDARS: &str = "
    SELECT id, name, (extract(epoch FROM minimum_gap) * 1000000)::bigint AS gap
      FROM calendars ORDER BY id";

#[derive(QueryableByName)]
struct CalendarColumns {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    gap: i64,
}

impl CalendarColumns {
    fn row(self) -> Result<CalendarRow, KeepError> {
        Ok(CalendarRow { id: sound(CalendarId::new(self.id))?, name: self.name, gap: self.gap })
    }
}

const MIRROR: &str = "
    SELECT coalesce(m.order_id, o.id) || ' ' || coalesce(m.service, o.service)
               || CASE WHEN m.order_id IS NULL THEN ' is missing' ELSE ' should not be there' END AS what,
           m.order_id IS NOT NULL AND o.id IS NOT NULL AS sound
      FROM order_services m
      FULL JOIN (SELECT id, calendar, datetime, unnest(services) AS service FROM orders) o
        ON (m.order_id, m.calendar, m.datetime, m.service) = (o.id, o.calendar, o.datetime, o.service)";

#[derive(QueryableByName)]
struct MirrorColumns {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Bool)]
    sound: bool,
}

fn sound<T, E: std::fmt::Display>(value: Result<T, E>) -> Result<T, KeepError> {
    value.map_err(|error| KeepError::Unsound(error.to_string()))
}
