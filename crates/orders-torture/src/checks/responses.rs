//! Whether responses are allowed, and failures are explained by a fault.

use std::time::Duration;

use crate::faults::{Fault, FaultKind};
use crate::history::{History, Operation};
use crate::http::{Failure, Outcome};

use super::CheckResult;

/// How long after PostgreSQL accepts connections again a service may still respond 503.
const GRACE_AFTER_CRASH: Duration = Duration::from_secs(5);

/// How long after a killed service is ready again its clients may still see lost connections.
const GRACE_AFTER_KILL: Duration = Duration::from_millis(500);

/// Every response has the status, headers and body that the contract allows for its request.
pub(super) fn allowed(history: &History) -> CheckResult {
    let mut result = CheckResult::new("the contract allows every response", "responses");
    for operation in &history.operations {
        result.examined += 1;
        if let Outcome::Failed(Failure::Invalid(_)) = operation.outcome {
            result.violated("a response that the contract does not allow", [operation]);
        }
    }
    result
}

/// A connection is lost only if its service process is killed. A service is unavailable only if a
/// service process is killed or PostgreSQL crashes.
pub(super) fn failures(history: &History) -> CheckResult {
    let invariant = "no request fails except around a kill or a crash";
    let mut result = CheckResult::new(invariant, "failed requests");
    for operation in &history.operations {
        let may_cause: fn(&Fault, &Operation) -> bool = match operation.outcome {
            Outcome::Failed(Failure::NoResponse(_) | Failure::NotSent) => {
                |fault, operation| fault.kind == FaultKind::KillService(operation.process)
            }
            Outcome::Failed(Failure::Unavailable) => |_, _| true,
            _ => continue,
        };
        result.examined += 1;
        let mut faults = history.faults.iter();
        if !faults.any(|fault| may_cause(fault, operation) && overlaps(fault, operation)) {
            let before = history.faults.iter().rfind(|fault| fault.start <= operation.completed);
            let evidence = [Some(operation.to_string()), before.map(ToString::to_string)];
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

fn overlaps(fault: &Fault, operation: &Operation) -> bool {
    let grace = match fault.kind {
        FaultKind::KillService(_) => GRACE_AFTER_KILL,
        FaultKind::CrashPostgres => GRACE_AFTER_CRASH,
    };
    fault.start <= operation.completed && operation.invoked <= fault.end.plus(grace)
}
