//! All operations and faults of a run: [`History`].

mod clock;
mod following;
mod operation_id;

use std::fmt;
use std::time::Duration;

use orders_core::Calendar;

pub use clock::{Clock, Moment};
pub use following::{
    Export, FeedChange, FeedRead, Follower, Following, OrderHistory, ReadOutcome, ReceivedChange,
};
pub use operation_id::OperationId;

use crate::faults::Fault;
use crate::http::{Outcome, Request};

/// One request and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Identifies the operation, and everything that it wrote.
    pub id: OperationId,
    /// The index of the client that sent the request.
    pub client: usize,
    /// The index of the service process that received it.
    pub process: usize,
    /// The time of the invocation, just before the request was sent.
    pub invoked: Moment,
    /// The time of the completion, just after the response was received.
    pub completed: Moment,
    /// The request.
    pub request: Request,
    /// The outcome.
    pub outcome: Outcome,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, client, process, invoked, completed, request, outcome } = self;
        write!(
            f,
            "{invoked} to {completed} s, {id}, client {client}, process {process}: \
             {request} -> {outcome}"
        )
    }
}

/// Everything that was recorded in a run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The calendars before the first operation.
    pub calendars: Vec<Calendar>,
    /// All operations, sorted by their invocation.
    pub operations: Vec<Operation>,
    /// What each follower of the feed of changes received.
    pub followings: Vec<Following>,
    /// The histories of single orders that a follower read.
    pub order_histories: Vec<OrderHistory>,
    /// The requests of all followers, sorted by their invocation.
    pub reads: Vec<FeedRead>,
    /// All faults, sorted by their start.
    pub faults: Vec<Fault>,
    /// Failures that the fault injector did not cause, such as a service process that exited.
    pub incidents: Vec<String>,
}

impl History {
    /// A moment after the last completion, at which the rows of the database count as read.
    #[must_use]
    pub fn end(&self) -> Moment {
        let last = self.operations.iter().map(|operation| operation.completed).max();
        last.unwrap_or(Moment(0)).plus(Duration::from_secs(1))
    }

    /// The history as text, one operation, request of a follower or fault per line, sorted by time.
    #[must_use]
    pub fn to_text(&self) -> String {
        let operations = self.operations.iter().map(|op| (op.invoked, op.to_string()));
        let reads = self.reads.iter().map(|read| (read.invoked, read.to_string()));
        let faults = self.faults.iter().map(|fault| (fault.start, fault.to_string()));
        let mut lines: Vec<_> = operations.chain(reads).chain(faults).collect();
        lines.sort_by_key(|(start, _)| *start);
        lines.into_iter().map(|(_, line)| line + "\n").collect()
    }
}
