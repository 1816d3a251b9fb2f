//! Who may do what: the clients, their API keys and tokens, and what they may use.
//!
//! A request costs no round trip: [`Access`] finds its client in a snapshot, which a heartbeat keeps current.

mod authorization;
mod credentials;
pub(crate) mod feed_token;
pub(crate) mod key;
mod policy;
mod rate;
pub(crate) mod snapshot;
pub(crate) mod token;

use std::time::{SystemTime, UNIX_EPOCH};

use orders_core::Timestamp;

pub use authorization::Access;
pub(crate) use authorization::{Authorization, Caller, authorize};
pub use policy::AuthMode;
pub(crate) use rate::WINDOW;

/// The present time.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // OK because the years up to 9999 are timestamps.
    Timestamp::from_micros(since_1970.as_micros() as i64).expect("a year up to 9999")
}
