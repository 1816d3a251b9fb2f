//! The identity of an operation, encoded in everything that it writes: [`OperationId`].

use std::fmt;

use orders_core::{Fee, Name};

/// What a calendar's name starts with if an operation wrote it.
const NAME_PREFIX: &str = "operation ";

/// The index of an operation. It is encoded in an order's fee, in cents, and in a calendar's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u32);

impl OperationId {
    /// The fee that only this operation writes.
    #[must_use]
    pub fn fee(self) -> Fee {
        // OK because 2^32 cents are less than the highest fee.
        format!("{}.{:02}", self.0 / 100, self.0 % 100).parse().expect("a fee")
    }

    /// The calendar name that only this operation writes.
    #[must_use]
    pub fn calendar_name(self) -> Name {
        // OK because letters, a space and digits are a valid name.
        Name::new(format!("{NAME_PREFIX}{}", self.0)).expect("a name")
    }

    /// The operation that wrote this fee; `None` if no operation can have written it.
    #[must_use]
    pub fn from_fee(fee: Fee) -> Option<Self> {
        let text = fee.to_string();
        let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
        let cents: i64 = format!("{cents:0<2}").parse().ok()?;
        Self::from_cents(whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?)
    }

    /// The operation that wrote this fee, in cents; `None` if no operation can have written it.
    #[must_use]
    pub fn from_cents(cents: i64) -> Option<Self> {
        cents.try_into().ok().map(Self)
    }

    /// The operation that wrote this calendar name; `None` if no operation can have written it.
    #[must_use]
    pub fn from_calendar_name(name: &Name) -> Option<Self> {
        name.as_str().strip_prefix(NAME_PREFIX)?.parse().ok().map(Self)
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_decoded_from_what_it_wrote() {
        for number in [0, 1, 9, 10, 99, 100, 101, 110, 12_345, u32::MAX] {
            let id = OperationId(number);
            assert_eq!(OperationId::from_fee(id.fee()), Some(id));
            assert_eq!(OperationId::from_calendar_name(&id.calendar_name()), Some(id));
        }
    }

    #[test]
    fn other_fees_and_names_belong_to_no_operation() {
        assert_eq!(OperationId::from_fee("9999999999.99".parse().unwrap()), None);
        assert_eq!(OperationId::from_calendar_name(&Name::new("Default").unwrap()), None);
    }
}
