//! The rows of the database at the end of a run: [`Rows`].

mod columns;

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use orders_core::{CalendarId, Metadata, Name, OrderId, Reference, ServiceId, Timestamp};

use columns::{CalendarColumns, Comparison, Count, OrderColumns};

/// How long the database sessions of killed services, or their transactions, may take to end.
const SESSIONS_TIMEOUT: Duration = Duration::from_secs(30);

/// All rows, read after the last write.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The orders, sorted by id.
    pub orders: Vec<OrderRow>,
    /// The calendars, sorted by id.
    pub calendars: Vec<CalendarRow>,
    /// The number of rows in `order_services` that match an order.
    pub matching_services: usize,
    /// The rows that `order_services` lacks, and those that match no order.
    pub service_mismatches: Vec<String>,
    /// The number of rows in `order_versions`.
    pub versions: i64,
    /// The number of orders that are as their newest version.
    pub matching_versions: usize,
    /// The orders that differ from their newest version.
    pub version_mismatches: Vec<String>,
}

/// A row of `orders`. Its numbers are exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The id.
    pub id: OrderId,
    /// The calendar.
    pub calendar: CalendarId,
    /// The minimum gap in this row, in microseconds.
    pub gap: i64,
    /// When the order starts.
    pub datetime: Timestamp,
    /// The bounds of the slot in microseconds since 1970; `None` if the slot is empty.
    pub slot: Option<(i64, i64)>,
    /// The fee in cents.
    pub cents: i64,
    /// The services.
    pub services: Vec<ServiceId>,
    /// The reference.
    pub reference: Option<Reference>,
    /// The metadata.
    pub metadata: Metadata,
    /// The version.
    pub version: u64,
    /// When the order was created.
    pub created_at: Timestamp,
    /// When the order was last changed.
    pub updated_at: Timestamp,
}

/// A row of `calendars`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRow {
    /// The id.
    pub id: CalendarId,
    /// The name.
    pub name: Name,
    /// The minimum gap in microseconds.
    pub gap: i64,
}

/// Why the rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database cannot be reached.
    #[error("cannot reach the database: {0}")]
    Connect(#[from] ConnectionError),
    /// A statement fails.
    #[error("cannot read the database: {0}")]
    Query(#[from] diesel::result::Error),
    /// Sessions of services are still open long after the services were killed.
    #[error("the database still has {0} other sessions")]
    Busy(i64),
    /// A row contains a value that orders-core does not accept.
    #[error("a row contains an invalid value: {0}")]
    InvalidValue(String),
}

impl Rows {
    /// Waits until all other sessions have ended, and reads the rows.
    ///
    /// # Errors
    /// If the database cannot be read, or a row contains an invalid value.
    pub fn read(url: &str) -> Result<Self, DatabaseError> {
        let mut conn = PgConnection::establish(url)?;
        wait_until_there_is_no(&mut conn, "true")?;
        let orders: Vec<OrderColumns> = diesel::sql_query(OrderColumns::QUERY).load(&mut conn)?;
        let calendars: Vec<CalendarColumns> =
            diesel::sql_query(CalendarColumns::QUERY).load(&mut conn)?;
        let (matching_services, service_mismatches) = compare(&mut conn, Comparison::OF_SERVICES)?;
        let (matching_versions, version_mismatches) = compare(&mut conn, Comparison::OF_VERSIONS)?;
        let versions = count(&mut conn, "SELECT count(*) FROM order_versions")?;
        Ok(Self {
            orders: orders.into_iter().map(OrderColumns::decode).collect::<Result<_, _>>()?,
            calendars: calendars
                .into_iter()
                .map(CalendarColumns::decode)
                .collect::<Result<_, _>>()?,
            matching_services,
            service_mismatches,
            versions,
            matching_versions,
            version_mismatches,
        })
    }

    /// The row of the order with this id.
    pub(crate) fn order(&self, id: &OrderId) -> Option<&OrderRow> {
        let index = self.orders.binary_search_by(|row| row.id.cmp(id)).ok()?;
        self.orders.get(index)
    }

    /// The row of the calendar with this id.
    pub(crate) fn calendar(&self, id: &CalendarId) -> Option<&CalendarRow> {
        self.calendars.iter().find(|row| row.id == *id)
    }
}

/// The number of things that match, and those that do not.
fn compare(conn: &mut PgConnection, query: &str) -> QueryResult<(usize, Vec<String>)> {
    let compared: Vec<Comparison> = diesel::sql_query(query).load(conn)?;
    let all = compared.len();
    let mismatches = compared.into_iter().filter(|compared| !compared.matches);
    let mismatches: Vec<_> = mismatches.map(|compared| compared.description).collect();
    Ok((all - mismatches.len(), mismatches))
}

/// Drops the exclusion constraint that enforces the minimum gap.
///
/// # Errors
/// If the database cannot be reached or rejects the statement.
pub fn drop_exclusion_constraint(url: &str) -> Result<(), DatabaseError> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute("ALTER TABLE orders DROP CONSTRAINT orders_keep_the_minimum_gap")?;
    Ok(())
}

/// Adds a trigger that loses some versions of orders.
///
/// # Errors
/// If the database cannot be reached or rejects the statement.
pub fn lose_versions(url: &str) -> Result<(), DatabaseError> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER lose BEFORE INSERT ON order_versions FOR EACH ROW WHEN (NEW.sequence % 20 = 0)
            EXECUTE FUNCTION lose()",
    )?;
    Ok(())
}

/// Waits until every transaction that runs now has ended.
///
/// # Errors
/// If the database cannot be read, or a transaction does not end.
pub fn wait_for_transactions(url: &str) -> Result<(), DatabaseError> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute("CREATE TEMPORARY TABLE beginning AS SELECT clock_timestamp() AS at")?;
    let older = "xact_start <= (SELECT at FROM beginning)";
    wait_until_there_is_no(&mut conn, older)
}

/// Waits until no other session of a client matches this condition.
fn wait_until_there_is_no(conn: &mut PgConnection, condition: &str) -> Result<(), DatabaseError> {
    let query = format!(
        "SELECT count(*) FROM pg_stat_activity
          WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND {condition}",
    );
    let start = Instant::now();
    loop {
        match count(conn, &query)? {
            0 => return Ok(()),
            others if start.elapsed() > SESSIONS_TIMEOUT => {
                return Err(DatabaseError::Busy(others));
            }
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn count(conn: &mut PgConnection, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result(conn).map(|Count { count }| count)
}
