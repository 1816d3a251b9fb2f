//! Instants: [`Timestamp`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant to the microsecond, from year 0001 to year 9999 in UTC.
///
/// Read from RFC 3339 with an offset; finer digits are cut off. Printed in UTC with `Z` and as
/// many fractional digits (0, 3 or 6) as it needs.
///
/// ```
/// use orders_core::Timestamp;
/// let at: Timestamp = "2022-11-01T12:11:11.111+01:00".parse()?;
/// assert_eq!(at.to_string(), "2022-11-01T11:11:11.111Z");
/// assert!("2022-02-30T00:00:00Z".parse::<Timestamp>().is_err());
/// # Ok::<(), orders_core::InvalidTimestamp>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is not a timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimestamp {
    /// The text is not a date and time of RFC 3339 that exists.
    #[error("{0:?} is not an RFC 3339 date and time with an offset, like 2022-11-01T11:11:11Z")]
    NotRfc3339(String),
    /// The instant is before year 0001 or after year 9999 in UTC.
    #[error("{0} is outside the years 0001 to 9999 in UTC")]
    OutOfRange(String),
    /// A leap second: PostgreSQL and Unix time count 86400 seconds a day.
    #[error("{0} is a leap second, which has no instant of its own here; use second 59")]
    LeapSecond(String),
    /// The offset is larger than 15:59, the largest that PostgreSQL reads.
    #[error("{0} has an offset of more than 15:59")]
    Offset(String),
}

/// The largest offset from UTC that is read, in seconds: PostgreSQL's own limit.
const MAX_OFFSET_SECONDS: i32 = (15 * 60 + 59) * 60;

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999_999);

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// If it is before [`Timestamp::MIN`] or after [`Timestamp::MAX`].
    pub fn from_micros(micros: i64) -> Result<Self, InvalidTimestamp> {
        Self::checked(micros)
            .ok_or_else(|| InvalidTimestamp::OutOfRange(format!("{micros} µs after 1970")))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant `micros` microseconds later (earlier when negative), if it is in range.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Option<Self> {
        self.0.checked_add(micros).and_then(Self::checked)
    }

    /// The instant after this time, or [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, time: Duration) -> Self {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.plus_micros(micros).unwrap_or(Self::MAX)
    }

    fn checked(micros: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&micros).then_some(Self(micros))
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let unreadable = || InvalidTimestamp::NotRfc3339(text.to_owned());
        // chrono also reads a blank for the `T` and a typographic minus; other clients might not.
        if !text.is_ascii() || text.contains(' ') {
            return Err(unreadable());
        }
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| unreadable())?;
        if at.offset().local_minus_utc().abs() > MAX_OFFSET_SECONDS {
            return Err(InvalidTimestamp::Offset(text.to_owned()));
        }
        // chrono keeps a leap second as a second of more than 10^9 nanoseconds.
        if at.timestamp_subsec_nanos() >= 1_000_000_000 {
            return Err(InvalidTimestamp::LeapSecond(text.to_owned()));
        }
        Self::checked(at.timestamp_micros())
            .ok_or_else(|| InvalidTimestamp::OutOfRange(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DateTime::from(*self).to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Digits finer than a microsecond are cut off.
impl TryFrom<DateTime<Utc>> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(at: DateTime<Utc>) -> Result<Self, InvalidTimestamp> {
        Self::checked(at.timestamp_micros())
            .ok_or_else(|| InvalidTimestamp::OutOfRange(at.to_rfc3339()))
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        // OK because every timestamp is far inside chrono's range.
        DateTime::from_timestamp_micros(at.0).expect("years 0001 to 9999 fit")
    }
}
