//! How a state tells which request made it: [`Mark`].

use orders_core::{Fee, Name};

/// The number of an operation, carried by what it writes: as the fee of an order, in cents, and in
/// the name of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub u32);

impl Mark {
    /// The fee that only this operation writes.
    #[must_use]
    pub fn fee(self) -> Fee {
        // OK because 2^32 cents are less than the highest fee.
        format!("{}.{:02}", self.0 / 100, self.0 % 100).parse().expect("a fee")
    }

    /// The calendar's name that only this operation writes.
    #[must_use]
    pub fn name(self) -> Name {
        // OK because letters and digits are a name.
        Name::new(format!("mark {}", self.0)).expect("a name")
    }

    /// The operation that wrote this fee, if one can have.
    #[must_use]
    pub fn of_fee(fee: Fee) -> Option<Self> {
        let text = fee.to_string();
        let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
        let cents: u64 = format!("{cents:0<2}").parse().ok()?;
        let cents = whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(cents)?;
        cents.try_into().ok().map(Self)
    }

    /// The operation that wrote this name, if one can have.
    #[must_use]
    pub fn of_name(name: &Name) -> Option<Self> {
        name.as_str().strip_prefix("mark ")?.parse().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_from_what_it_wrote() {
        for number in [0, 1, 9, 10, 99, 100, 101, 110, 12_345, u32::MAX] {
            let mark = Mark(number);
            assert_eq!(Mark::of_fee(mark.fee()), Some(mark));
            assert_eq!(Mark::of_name(&mark.name()), Some(mark));
        }
    }

    #[test]
    fn what_no_operation_wrote_has_no_mark() {
        assert_eq!(Mark::of_fee("9999999999.99".parse().unwrap()), None);
        assert_eq!(Mark::of_name(&Name::new("Default").unwrap()), None);
    }
}
