//! The result of an import, for people: [`ImportSummary`].

use std::collections::BTreeMap;
use std::fmt;

use orders_client::Error;

use crate::printable::printable;

/// How many rejected lines are shown one by one.
const SHOWN_LINES: usize = 10;

/// How many orders were booked, and why the others were not, or why it is not known.
#[derive(Debug, Default)]
pub(super) struct ImportSummary {
    booked: u64,
    /// How many lines were rejected with each type of problem.
    rejected: BTreeMap<String, u64>,
    first_rejected: Vec<String>,
}

impl ImportSummary {
    pub(super) fn add_booked(&mut self) {
        self.booked += 1;
    }

    pub(super) fn add_rejected(&mut self, line: u64, error: &Error) {
        self.add(line, error.problem_type(), &error.to_string());
    }

    fn add(&mut self, line: u64, problem_type: &str, detail: &str) {
        *self.rejected.entry(problem_type.to_owned()).or_default() += 1;
        if self.first_rejected.len() < SHOWN_LINES {
            self.first_rejected.push(format!("line {line}: {problem_type}: {}", printable(detail)));
        }
    }

    /// Whether no line was answered.
    pub(super) fn is_empty(&self) -> bool {
        self.booked == 0 && self.rejected.is_empty()
    }

    /// Whether no line was rejected.
    pub(super) fn all_booked(&self) -> bool {
        self.rejected.is_empty()
    }
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rejected: u64 = self.rejected.values().sum();
        write!(f, "booked {} of {} orders", self.booked, self.booked + rejected)?;
        if rejected == 0 {
            return Ok(());
        }
        let types: Vec<_> = self
            .rejected
            .iter()
            .map(|(problem_type, count)| format!("{count} {problem_type}"))
            .collect();
        write!(f, "; the other {rejected}: {}", types.join(", "))?;
        for line in &self.first_rejected {
            write!(f, "\n  {line}")?;
        }
        match rejected - self.first_rejected.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_by_type_and_shows_the_first_lines() {
        let mut summary = ImportSummary::default();
        summary.add_booked();
        assert_eq!(summary.to_string(), "booked 1 of 1 orders");
        summary.add(2, "id-taken", "order 1 already exists");
        let shown = "booked 1 of 2 orders; the other 1: 1 id-taken\n  line 2: id-taken: order 1 already exists";
        assert_eq!(summary.to_string(), shown);
        for line in 3..20 {
            summary.add(line, "order-conflict", "too close");
        }
        let shown = summary.to_string();
        assert!(
            shown.starts_with(
                "booked 1 of 19 orders; the other 18: 1 id-taken, 17 order-conflict\n"
            )
        );
        assert!(shown.ends_with("\n  line 11: order-conflict: too close\n  and 8 more"), "{shown}");
    }
}
