//! Whether a history and what the database keeps can be right: [`all`].

mod answers;
mod conflicts;
mod exclusion;
mod gaps;
pub mod linearizable;
mod origin;
mod registers;
mod rule;
mod spans;
mod steps;

use std::fmt::Display;

use crate::history::History;
use crate::keep::Keep;
use steps::Steps;

/// What one check found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What must hold.
    pub claim: &'static str,
    /// How many things were looked at.
    pub looked_at: usize,
    /// What those things are.
    pub things: &'static str,
    /// Where it does not hold.
    pub violations: Vec<Violation>,
}

/// Something that must not be, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong.
    pub what: String,
    /// The requests and rows that show it.
    pub evidence: Vec<String>,
}

impl Violation {
    fn new(what: impl Into<String>, evidence: impl IntoIterator<Item = impl Display>) -> Self {
        let evidence = evidence.into_iter().map(|shown| shown.to_string()).collect();
        Self { what: what.into(), evidence }
    }
}

impl Finding {
    fn new(claim: &'static str, things: &'static str) -> Self {
        Self { claim, looked_at: 0, things, violations: Vec::new() }
    }

    fn violated(
        &mut self,
        what: impl Into<String>,
        evidence: impl IntoIterator<Item = impl Display>,
    ) {
        self.violations.push(Violation::new(what, evidence));
    }
}

/// Every check there is.
#[must_use]
pub fn all(history: &History, keep: &Keep) -> Vec<Finding> {
    let steps = Steps::of(history, keep);
    let orders = spans::orders(&steps);
    let gaps = gaps::Gaps::of(history, &steps);
    vec![
        rule::rows(keep),
        rule::slots(keep),
        rule::mirror(keep),
        origin::states(history, keep, &steps),
        registers::orders(history, &steps),
        registers::calendars(history, &steps),
        exclusion::seen_by_writers(history, &orders, &gaps),
        exclusion::seen_in_lists(history, &gaps),
        answers::legal(history),
        answers::outages(history),
        conflicts::plausible(history, &steps, &orders, &gaps),
        conflicts::gaps_too_wide(history, &steps, &orders),
        answers::incidents(history),
    ]
}
