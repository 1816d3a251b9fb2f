//! Whether every answer is one of the contract's.

use std::time::Duration;

use crate::answer::Answer;
use crate::history::{Fault, FaultKind, History, Record};

use super::Finding;

/// How long after PostgreSQL accepts connections again a service may still say that it does not.
const AFTER_A_CRASH: Duration = Duration::from_secs(5);

/// How long after a killed service is ready again its clients may still notice.
const AFTER_A_KILL: Duration = Duration::from_millis(500);

/// Every answer has the status, headers and body that the contract knows for its request.
pub(super) fn legal(history: &History) -> Finding {
    let mut finding = Finding::new("every answer is one of the contract's", "answers");
    for record in &history.records {
        finding.looked_at += 1;
        if let Answer::Illegal(_) = record.answer {
            finding.violated("an answer that the contract does not know", [record]);
        }
    }
    finding
}

/// Connections are lost only when their process is killed, and nothing is unavailable except then
/// and when PostgreSQL has crashed.
pub(super) fn outages(history: &History) -> Finding {
    let claim = "nothing is lost or unavailable except around a kill or a crash";
    let mut finding = Finding::new(claim, "outages");
    for record in &history.records {
        let excuses: fn(&Fault, &Record) -> bool = match record.answer {
            Answer::Lost(_) | Answer::NotSent => {
                |fault, record| fault.kind == FaultKind::Kill(record.process)
            }
            Answer::Unavailable => |_, _| true,
            _ => continue,
        };
        finding.looked_at += 1;
        let excused =
            history.faults.iter().any(|fault| excuses(fault, record) && touches(fault, record));
        if !excused {
            let nearest = history.faults.iter().rev().find(|fault| fault.from <= record.end);
            let evidence = [Some(record.to_string()), nearest.map(ToString::to_string)];
            finding.violated("an outage without a fault", evidence.into_iter().flatten());
        }
    }
    finding
}

/// Nothing happened to the cluster but what the nemesis did.
pub(super) fn incidents(history: &History) -> Finding {
    let claim = "no process ended by itself, and PostgreSQL found no deadlock";
    let mut finding = Finding::new(claim, "faults");
    finding.looked_at = history.faults.len();
    for incident in &history.incidents {
        finding.violated(incident, [""; 0]);
    }
    finding
}

fn touches(fault: &Fault, record: &Record) -> bool {
    let after = match fault.kind {
        FaultKind::Kill(_) => AFTER_A_KILL,
        FaultKind::Crash => AFTER_A_CRASH,
    };
    fault.from <= record.end && record.start <= fault.until.plus(after)
}
