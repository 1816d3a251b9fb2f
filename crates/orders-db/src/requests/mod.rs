//! Requests that can be executed together with others of their kind: [`Request`].
//!
//! One statement, and one commit, does the work of many requests. Each gets the response that it would get alone:
//!
//! - A request on which the statement does nothing, for whatever reason, is executed alone afterwards. So is each of them
//!   if the statement fails: a statement that failed has done nothing.
//! - The statement waits for the lock of another transaction only for 50 ms, because it holds locks of its own
//!   meanwhile. So a request that has to wait delays the others no longer than that, and statements that wait for each
//!   other in a circle give up before PostgreSQL looks for deadlocks. Circles are rare, because all statements lock in the
//!   same order. If the machine stalls meanwhile and PostgreSQL ends a statement, its requests are executed alone.
//! - If the connection is lost, it is not known whether the requests were executed, as for a single one.

mod availability;
mod create;
mod delete;
mod get;
mod replace;

use std::collections::HashSet;
use std::sync::Arc;

use orders_core::{Client, OrderId, Precondition, StoreError};

pub use availability::FindAvailability;
pub use create::CreateOrder;
pub use delete::DeleteOrder;
pub use get::GetOrder;
pub use replace::ReplaceOrder;

use crate::caller::Caller;
use crate::{PgStore, row};

/// How long a statement for several requests waits for a lock, as a setting of PostgreSQL. Longer than most transactions.
const LOCK_TIMEOUT: &str = "50ms";

/// A request of a client. `None` as the client is one without credentials, which may use all calendars.
pub trait Request: Send + Sized + 'static {
    /// What the client gets.
    type Response: Send + 'static;

    /// Executes the request.
    ///
    /// # Errors
    /// Those of the call of the port that it stands for.
    fn execute(self, store: &PgStore) -> Result<Self::Response, StoreError>;

    /// Executes several requests together and returns the result of each. It is `None` if nothing was done and the
    /// request must be executed alone.
    fn execute_together(store: &PgStore, requests: &[Self]) -> Vec<Outcome<Self::Response>>;
}

/// What became of a request that was executed together with others; `None` if nothing was done.
pub type Outcome<T> = Option<Result<T, StoreError>>;

/// What became of a statement for several requests.
pub(crate) enum Attempt<T> {
    /// It was executed.
    Done(T),
    /// The database rejected it, so nothing was done.
    Rejected,
    /// There was no connection for it, the connection was lost, or its result cannot be understood.
    Failed(StoreError),
}

impl<T> Attempt<T> {
    /// The results of the `count` requests.
    fn outcomes<R>(
        self,
        count: usize,
        outcomes: impl FnOnce(T) -> Vec<Outcome<R>>,
    ) -> Vec<Outcome<R>> {
        match self {
            Self::Done(done) => outcomes(done),
            Self::Rejected => std::iter::repeat_with(|| None).take(count).collect(),
            Self::Failed(error) => {
                let text = error.to_string();
                let again = || match &error {
                    StoreError::Bug(_) => StoreError::Bug(text.clone().into()),
                    _ => StoreError::Unavailable(text.clone().into()),
                };
                std::iter::repeat_with(|| Some(Err(again()))).take(count).collect()
            }
        }
    }
}

/// An order that is to be written, and the index of its request.
struct Row<'a> {
    index: usize,
    id: &'a OrderId,
    /// The version that it must have; none if it may have any.
    version: Option<i64>,
}

/// What a request writes: on behalf of whom, which order, and the versions that it may have.
type Target<'a> = (&'a Option<Arc<Client>>, &'a OrderId, &'a Precondition);

/// The orders that are written together, in the order in which all batches lock them, and the client who writes them. Other
/// clients, further requests for the same order, and requests that allow several versions are left out.
fn in_order_of_ids<'a, R>(
    requests: &'a [R],
    target: impl Fn(&'a R) -> Target<'a>,
) -> (Vec<Row<'a>>, Caller) {
    let writer = requests.first().and_then(|request| target(request).0.as_ref());
    let mut ids = HashSet::with_capacity(requests.len());
    let rows = requests.iter().map(target).enumerate();
    let rows = rows.filter_map(|(index, (client, id, condition))| {
        let version = match row::pg_versions(condition).as_deref() {
            None => None,
            Some([version]) => Some(*version),
            Some(_) => return None,
        };
        (client.as_ref() == writer && ids.insert(id)).then_some(Row { index, id, version })
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by_key(|row| row.id);
    (rows, Caller::new(writer.cloned()))
}

/// The outcomes of the requests, of which only those for these rows may have one.
fn each<T>(
    count: usize,
    rows: &[Row<'_>],
    mut written: impl FnMut(&OrderId) -> Option<T>,
) -> Vec<Outcome<T>> {
    let mut outcomes: Vec<_> = std::iter::repeat_with(|| None).take(count).collect();
    for row in rows {
        outcomes[row.index] = written(row.id).map(Ok);
    }
    outcomes
}
