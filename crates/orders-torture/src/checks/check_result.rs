//! What a check found: [`CheckResult`].

use std::fmt::Display;

/// The result of one check.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// What must hold.
    pub invariant: &'static str,
    /// How many things were examined.
    pub examined: usize,
    /// What was examined, in the plural.
    pub unit: &'static str,
    /// Where the invariant does not hold.
    pub violations: Vec<Violation>,
}

/// A case in which an invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong.
    pub message: String,
    /// The operations, faults and rows that show it.
    pub evidence: Vec<String>,
}

impl CheckResult {
    pub(super) fn new(invariant: &'static str, unit: &'static str) -> Self {
        Self { invariant, examined: 0, unit, violations: Vec::new() }
    }

    pub(super) fn violated(
        &mut self,
        message: impl Into<String>,
        evidence: impl IntoIterator<Item = impl Display>,
    ) {
        let evidence = evidence.into_iter().map(|shown| shown.to_string()).collect();
        self.violations.push(Violation { message: message.into(), evidence });
    }
}
