//! What came of an import: [`Tally`].

use std::collections::BTreeMap;
use std::fmt;

/// How many refused lines are told one by one.
const SHOWN: usize = 10;

/// How many orders were placed, and what was refused.
#[derive(Debug, Default)]
pub(super) struct Tally {
    placed: u64,
    /// By the kind of the problem.
    refused: BTreeMap<String, u64>,
    first: Vec<String>,
}

impl Tally {
    pub(super) fn placed(&mut self) {
        self.placed += 1;
    }

    pub(super) fn refused(&mut self, line: u64, kind: &str, detail: &str) {
        *self.refused.entry(kind.to_owned()).or_default() += 1;
        if self.first.len() < SHOWN {
            self.first.push(format!("line {line}: {kind}: {detail}"));
        }
    }

    /// Whether nothing was answered at all.
    pub(super) fn is_empty(&self) -> bool {
        self.placed == 0 && self.nothing_refused()
    }

    pub(super) fn nothing_refused(&self) -> bool {
        self.refused.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: u64 = self.refused.values().sum();
        write!(f, "placed {} of {} orders", self.placed, self.placed + refused)?;
        if refused == 0 {
            return Ok(());
        }
        let kinds: Vec<_> =
            self.refused.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        write!(f, "; refused {refused}: {}", kinds.join(", "))?;
        for line in &self.first {
            write!(f, "\n  {line}")?;
        }
        match refused - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_counts_by_kind_and_shows_the_first() {
        let mut tally = Tally::default();
        tally.placed();
        assert_eq!(tally.to_string(), "placed 1 of 1 orders");
        tally.refused(2, "id-taken", "order 1 already exists");
        let shown = "placed 1 of 2 orders; refused 1: 1 id-taken\n  line 2: id-taken: order 1 already exists";
        assert_eq!(tally.to_string(), shown);
        for line in 3..20 {
            tally.refused(line, "order-conflict", "too close");
        }
        let said = tally.to_string();
        assert!(
            said.starts_with("placed 1 of 19 orders; refused 18: 1 id-taken, 17 order-conflict\n")
        );
        assert!(said.ends_with("\n  line 11: order-conflict: too close\n  and 8 more"), "{said}");
    }
}
