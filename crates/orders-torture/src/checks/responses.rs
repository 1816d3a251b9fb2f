//! Whether responses are allowed, and failures are explained by a fault.

use std::fmt::Display;
use std::time::Duration;

use crate::faults::{Fault, FaultKind};
use crate::history::{Follower, History, Moment, ReadOutcome};
use crate::http::{Failure, Outcome};

use super::CheckResult;

/// How long after PostgreSQL accepts connections again a service may still respond 503.
const GRACE_AFTER_CRASH: Duration = Duration::from_secs(5);

/// How long after a killed service is ready again its clients may still see lost connections.
const GRACE_AFTER_KILL: Duration = Duration::from_millis(500);

/// A request of a client or a follower.
struct Attempt<'a> {
    process: usize,
    invoked: Moment,
    completed: Moment,
    failure: Option<&'a Failure>,
    /// Whether the response is lost if the database fails while it is sent.
    is_streamed: bool,
    shown: &'a dyn Display,
}

fn attempts(history: &History) -> impl Iterator<Item = Attempt<'_>> {
    let operations = history.operations.iter().map(|operation| Attempt {
        process: operation.process,
        invoked: operation.invoked,
        completed: operation.completed,
        failure: match &operation.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        },
        is_streamed: false,
        shown: operation,
    });
    let reads = history.reads.iter().map(|read| Attempt {
        process: read.process,
        invoked: read.invoked,
        completed: read.completed,
        failure: match &read.outcome {
            ReadOutcome::UpTo { .. } => None,
            ReadOutcome::Failed(failure) => Some(failure),
        },
        is_streamed: matches!(read.follower, Follower::Export(_)),
        shown: read,
    });
    operations.chain(reads)
}

/// Every response has the status, headers and body that the contract allows for its request.
pub(super) fn allowed(history: &History) -> CheckResult {
    let mut result = CheckResult::new("the contract allows every response", "responses");
    for attempt in attempts(history) {
        result.examined += 1;
        if let Some(Failure::Invalid(_)) = attempt.failure {
            result.violated("a response that the contract does not allow", [attempt.shown]);
        }
    }
    result
}

/// A connection is lost only if its service process is killed. A service is unavailable only if a
/// service process is killed or PostgreSQL crashes.
pub(super) fn failures(history: &History) -> CheckResult {
    let invariant = "no request fails except around a kill or a crash";
    let mut result = CheckResult::new(invariant, "failed requests");
    for attempt in attempts(history) {
        let may_cause: fn(&Fault, &Attempt<'_>) -> bool = match attempt.failure {
            Some(Failure::NoResponse(_) | Failure::NotSent) => |fault, attempt| match fault.kind {
                FaultKind::KillService(process) => process == attempt.process,
                FaultKind::CrashPostgres | FaultKind::FailOver => attempt.is_streamed,
            },
            Some(Failure::Unavailable) => |_, _| true,
            _ => continue,
        };
        result.examined += 1;
        let mut faults = history.faults.iter();
        if !faults.any(|fault| may_cause(fault, &attempt) && overlaps(fault, &attempt)) {
            let before = history.faults.iter().rfind(|fault| fault.start <= attempt.completed);
            let evidence = [Some(attempt.shown.to_string()), before.map(ToString::to_string)];
            result.violated("a failure without a fault", evidence.into_iter().flatten());
        }
    }
    result
}

/// Nothing fails in the cluster except what the fault injector breaks.
pub(super) fn incidents(history: &History) -> CheckResult {
    let invariant = "no service process exits by itself, and PostgreSQL detects no deadlock";
    let mut result = CheckResult::new(invariant, "faults");
    result.examined = history.faults.len();
    for incident in &history.incidents {
        result.violated(incident, [""; 0]);
    }
    result
}

fn overlaps(fault: &Fault, attempt: &Attempt<'_>) -> bool {
    let grace = match fault.kind {
        FaultKind::KillService(_) => GRACE_AFTER_KILL,
        FaultKind::CrashPostgres | FaultKind::FailOver => GRACE_AFTER_CRASH,
    };
    fault.start <= attempt.completed && attempt.invoked <= fault.end.plus(grace)
}
