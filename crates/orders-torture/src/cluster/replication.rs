//! Synchronous replication, as an operator sets it up with SQL.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// How long a standby may take to receive everything.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why servers do not replicate.
#[derive(Debug, thiserror::Error)]
pub enum ReplicationError {
    /// A server cannot be reached.
    #[error("cannot reach a server: {0}")]
    Connect(#[from] ConnectionError),
    /// A statement fails.
    #[error("cannot configure the replication: {0}")]
    Query(#[from] diesel::result::Error),
    /// The standby does not receive everything.
    #[error("commits do not wait for the standby within {TIMEOUT:?}")]
    NotSynchronous,
    /// There is no standby.
    #[error("there is no standby")]
    NoStandby,
}

/// Lets the commits of this primary wait for its standby from now on.
pub(super) fn wait_for_standby(primary: &str) -> Result<(), ReplicationError> {
    let mut conn = PgConnection::establish(primary)?;
    conn.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
    conn.batch_execute("SELECT pg_reload_conf()")?;
    let synchronous = "EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')";
    let start = Instant::now();
    while !diesel::select(diesel::dsl::sql::<Bool>(synchronous)).get_result(&mut conn)? {
        if start.elapsed() > TIMEOUT {
            return Err(ReplicationError::NotSynchronous);
        }
        thread::sleep(Duration::from_millis(20));
    }
    // It is the checkpointer that tells all sessions to wait. It reads the settings before a checkpoint.
    Ok(conn.batch_execute("CHECKPOINT")?)
}

/// Makes this standby the primary. It has no standby yet, so commits wait for none.
pub(super) fn promote(standby: &str) -> Result<(), ReplicationError> {
    let mut conn = PgConnection::establish(standby)?;
    conn.batch_execute("ALTER SYSTEM RESET synchronous_standby_names")?;
    Ok(conn.batch_execute("SELECT pg_reload_conf(), pg_promote()")?)
}
