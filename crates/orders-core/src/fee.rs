//! Exact money: [`Fee`].

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// The most decimals a fee has.
pub const FEE_DECIMALS: u32 = 2;

/// What an order costs, exactly: 0 to 9999999999.99, with at most two decimals.
///
/// Equal amounts are equal and print the same, however they were written.
///
/// ```
/// use orders_core::Fee;
/// assert_eq!("99.95".parse::<Fee>()?.to_string(), "99.95");
/// assert_eq!("100.00".parse::<Fee>()?, "1e2".parse()?);
/// assert!("0.001".parse::<Fee>().is_err());
/// # Ok::<(), orders_core::InvalidFee>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fee(Decimal);

/// Why a number is not a fee.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFee {
    /// The text is not a decimal number.
    #[error("{0:?} is not a decimal number")]
    NotANumber(String),
    /// The amount is below 0 or above [`Fee::MAX`].
    #[error("{0} is not between 0 and 9999999999.99")]
    OutOfRange(String),
    /// The amount has more than [`FEE_DECIMALS`] decimals.
    #[error("{0} has more than two decimals")]
    TooFine(String),
}

impl Fee {
    /// The largest fee, 9999999999.99.
    pub const MAX: Fee = Fee(Decimal::from_parts(0xD4A5_0FFF, 0xE8, 0, false, FEE_DECIMALS));

    /// A fee of this amount.
    ///
    /// # Errors
    /// If `amount` is negative, above [`Fee::MAX`], or has more than two decimals.
    pub fn new(amount: Decimal) -> Result<Self, InvalidFee> {
        let exact = amount.normalize();
        if exact < Decimal::ZERO || exact > Fee::MAX.0 {
            Err(InvalidFee::OutOfRange(amount.to_string()))
        } else if exact.scale() > FEE_DECIMALS {
            Err(InvalidFee::TooFine(amount.to_string()))
        } else {
            Ok(Self(exact))
        }
    }

    /// The amount.
    #[must_use]
    pub fn amount(self) -> Decimal {
        self.0
    }
}

/// Reads a decimal number, with or without an exponent, as JSON writes one.
impl FromStr for Fee {
    type Err = InvalidFee;

    fn from_str(text: &str) -> Result<Self, InvalidFee> {
        let number = Number::read(text).ok_or_else(|| InvalidFee::NotANumber(text.to_owned()))?;
        // The amount is `significant` times ten to the power of `exponent`, exactly.
        let digits = format!("{}{}", number.whole, number.fraction);
        let shortened = digits.trim_end_matches('0');
        let exponent = number.exponent - number.fraction.len() as i64
            + (digits.len() - shortened.len()) as i64;
        let significant = shortened.trim_start_matches('0');

        if significant.is_empty() {
            Ok(Self(Decimal::ZERO))
        } else if number.negative || significant.len() as i64 + exponent > WHOLE_DIGITS {
            Err(InvalidFee::OutOfRange(text.to_owned()))
        } else if exponent < -i64::from(FEE_DECIMALS) {
            Err(InvalidFee::TooFine(text.to_owned()))
        } else {
            // OK because at most ten digits before the point and two behind it are left.
            let significant: i64 = significant.parse().expect("at most twelve digits");
            let cents = significant * 10_i64.pow((exponent + i64::from(FEE_DECIMALS)) as u32);
            Ok(Self(Decimal::new(cents, FEE_DECIMALS).normalize()))
        }
    }
}

impl fmt::Display for Fee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The most digits before the point that [`Fee::MAX`] can have.
const WHOLE_DIGITS: i64 = 10;

/// The parts of a number in the grammar of JSON (RFC 8259, section 6).
struct Number<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Number<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = match unsigned.split_once('.') {
            None => (unsigned, ""),
            Some((_, "")) => return None,
            Some(parts) => parts,
        };
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        let number =
            !whole.is_empty() && !leading_zero && all_digits(whole) && all_digits(fraction);
        let negative = mantissa.starts_with('-');
        number.then_some(Self { negative, whole, fraction, exponent })
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let places = text.strip_prefix(['+', '-']).unwrap_or(text);
    if places.is_empty() || !all_digits(places) {
        return None;
    }
    // An exponent that fits no i32 is as far out of range as the largest that does: no text is
    // long enough to make up for it.
    let places = i64::from(places.parse::<i32>().unwrap_or(i32::MAX));
    Some(if text.starts_with('-') { -places } else { places })
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}
