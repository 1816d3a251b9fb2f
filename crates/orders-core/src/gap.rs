//! How far apart orders must be: [`MinimumGap`].

use std::fmt;
use std::str::FromStr;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How far apart two orders of one calendar must start: `PT0S` to `P31D`, `PT3H` unless said otherwise.
///
/// A length of time, not a difference of dates: a day is 24 hours, and years, months and weeks are
/// not read. `PT0S` asks for no distance at all, so any number of orders may share an instant.
///
/// ```
/// use orders_core::MinimumGap;
/// assert_eq!("PT180M".parse::<MinimumGap>()?, MinimumGap::default());
/// assert_eq!(MinimumGap::default().to_string(), "PT3H");
/// assert!("P1M".parse::<MinimumGap>().is_err());
/// # Ok::<(), orders_core::InvalidGap>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinimumGap(i64);

/// Why a text or a number is no minimum gap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGap {
    /// The text is not an ISO 8601 duration of days, hours, minutes and seconds.
    #[error(
        "{0:?} is not an ISO 8601 duration of days, hours, minutes and seconds, like PT3H or P1DT12H"
    )]
    NotADuration(String),
    /// The duration is longer than [`MinimumGap::MAX`].
    #[error("{0} is not between PT0S and P31D")]
    OutOfRange(String),
    /// The duration has a fraction finer than a microsecond.
    #[error("{0} is finer than a microsecond")]
    TooFine(String),
}

/// The 3 hours of the rule.
impl Default for MinimumGap {
    fn default() -> Self {
        Self(3 * HOUR)
    }
}

impl MinimumGap {
    /// No distance at all: the rule is off.
    pub const ZERO: MinimumGap = MinimumGap(0);
    /// 31 days.
    pub const MAX: MinimumGap = MinimumGap(31 * DAY);

    /// A gap of `micros` microseconds.
    ///
    /// # Errors
    /// If it is negative or longer than 31 days.
    pub fn from_micros(micros: i64) -> Result<Self, InvalidGap> {
        (0..=Self::MAX.0)
            .contains(&micros)
            .then_some(Self(micros))
            .ok_or_else(|| InvalidGap::OutOfRange(format!("{micros} µs")))
    }

    /// The gap in microseconds.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// The gap in words, as an error message says it: `3 hours`, `1 day 12 hours`.
    #[must_use]
    pub fn in_words(self) -> String {
        let (days, hours, minutes, micros) = self.parts();
        let word = |n: i64, unit: &str| match n {
            0 => None,
            1 => Some(format!("1 {unit}")),
            _ => Some(format!("{n} {unit}s")),
        };
        let seconds = (micros > 0).then(|| match decimal_seconds(micros).as_str() {
            "1" => "1 second".to_owned(),
            n => format!("{n} seconds"),
        });
        let said = [word(days, "day"), word(hours, "hour"), word(minutes, "minute"), seconds];
        match said.into_iter().flatten().collect::<Vec<_>>() {
            nothing if nothing.is_empty() => "0 seconds".to_owned(),
            said => said.join(" "),
        }
    }

    /// Days, hours, minutes, and the microseconds that are left.
    fn parts(self) -> (i64, i64, i64, i64) {
        (self.0 / DAY, self.0 % DAY / HOUR, self.0 % HOUR / MINUTE, self.0 % MINUTE)
    }
}

impl FromStr for MinimumGap {
    type Err = InvalidGap;

    /// Reads `P[nD][T[nH][nM][n[.f]S]]`, with at least one number, in any of its equal forms.
    fn from_str(text: &str) -> Result<Self, InvalidGap> {
        let unreadable = || InvalidGap::NotADuration(text.to_owned());
        let too_long = || InvalidGap::OutOfRange(text.to_owned());
        let period = text.strip_prefix('P').ok_or_else(unreadable)?;
        let (date, time) = match period.split_once('T') {
            Some((date, time)) if !time.is_empty() => (date, time),
            None if !period.is_empty() => (period, ""),
            _ => return Err(unreadable()),
        };

        let mut micros = 0_i64;
        for (part, units) in
            [(date, &[('D', DAY)][..]), (time, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)])]
        {
            let mut rest = part;
            let mut units = units.iter();
            while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
                let letter = rest[end..].chars().next();
                let &(unit, size) =
                    units.find(|(unit, _)| Some(*unit) == letter).ok_or_else(unreadable)?;
                let (whole, fraction) = match rest[..end].split_once(['.', ',']) {
                    Some((whole, fraction)) if unit == 'S' && is_number(fraction) => {
                        (whole, fraction)
                    }
                    None => (&rest[..end], ""),
                    _ => return Err(unreadable()),
                };
                if !is_number(whole) {
                    return Err(unreadable());
                }
                let whole: i64 = whole.parse().map_err(|_| too_long())?;
                let whole = whole.checked_mul(size).ok_or_else(too_long)?;
                let fraction = fraction.trim_end_matches('0');
                if fraction.len() > 6 {
                    return Err(InvalidGap::TooFine(text.to_owned()));
                }
                // OK because at most six digits are left.
                let fraction: i64 = format!("{fraction:0<6}").parse().expect("six digits");
                micros = whole
                    .checked_add(fraction)
                    .and_then(|part| micros.checked_add(part))
                    .ok_or_else(too_long)?;
                rest = &rest[end + 1..];
            }
            if !rest.is_empty() {
                return Err(unreadable());
            }
        }
        Self::from_micros(micros).map_err(|_| too_long())
    }
}

impl fmt::Display for MinimumGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours, minutes, micros) = self.parts();
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if self.0 % DAY > 0 || self.0 == 0 {
            f.write_str("T")?;
        }
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if micros > 0 || self.0 == 0 {
            write!(f, "{}S", decimal_seconds(micros))?;
        }
        Ok(())
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn decimal_seconds(micros: i64) -> String {
    let text = format!("{}.{:06}", micros / SECOND, micros % SECOND);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
