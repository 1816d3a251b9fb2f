//! The time zone in which times are read and shown: [`Zone`].

use std::env;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use orders_core::Timestamp;

use super::InvalidTime;

/// A time zone with its offset changes, such as `Europe/Berlin`.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

/// A text is not the name of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone; write a name such as Europe/Berlin, or UTC")]
pub(crate) struct InvalidZone(String);

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(name: &str) -> Result<Self, InvalidZone> {
        TimeZone::get(name).map(Self).map_err(|_| InvalidZone(name.to_owned()))
    }
}

impl Zone {
    /// The zone of the system, which `TZ` overrides, or UTC if it has none.
    ///
    /// # Errors
    /// If `TZ` is set to something else than a time zone.
    pub(crate) fn system() -> Result<Self, InvalidZone> {
        match (TimeZone::try_system(), env::var("TZ")) {
            (Ok(zone), _) => Ok(Self(zone)),
            (Err(_), Ok(name)) if !name.is_empty() => Err(InvalidZone(name)),
            (Err(_), _) => Ok(Self(TimeZone::UTC)),
        }
    }

    /// The date that it is in the zone at this instant.
    pub(crate) fn date(&self, at: Timestamp) -> Option<Date> {
        Some(self.0.to_datetime(instant(at)?).date())
    }

    /// The first instant of a day. A day that does not exist begins with the next one.
    ///
    /// # Errors
    /// If it is outside the years 0001 to 9999.
    pub(crate) fn start_of(&self, date: Date) -> Result<Timestamp, InvalidTime> {
        let start =
            self.0.to_zoned_datetime(date.at(0, 0, 0, 0)).and_then(|zoned| zoned.start_of_day());
        timestamp(start.map_err(|_| InvalidTime::OutOfRange)?.timestamp())
    }

    /// The instant at which clocks in the zone show this time.
    ///
    /// # Errors
    /// If they never do, or twice, or if it is outside the years 0001 to 9999.
    pub(crate) fn instant(&self, local: DateTime) -> Result<Timestamp, InvalidTime> {
        let found = self.0.to_ambiguous_timestamp(local);
        let at = |offset: Offset| offset.to_timestamp(local).map_err(|_| InvalidTime::OutOfRange);
        match found.offset() {
            AmbiguousOffset::Unambiguous { offset } => timestamp(at(offset)?),
            AmbiguousOffset::Fold { before, after } => Err(InvalidTime::Repeated {
                local,
                first: self.format(timestamp(at(before)?)?),
                second: self.format(timestamp(at(after)?)?),
            }),
            // The offset before the gap leads to the same distance after it.
            AmbiguousOffset::Gap { before, .. } => {
                Err(InvalidTime::Skipped { local, later: self.format(timestamp(at(before)?)?) })
            }
        }
    }

    /// The instant for people: `2026-11-24 09:00 +01:00`. [`super::TimeText`] reads it back.
    pub(crate) fn format(&self, at: Timestamp) -> String {
        self.print(at, "%Y-%m-%d %H:%M", " ")
    }

    /// The same with the day of the week: `Tue 2026-11-24 09:00 +01:00`.
    pub(crate) fn format_with_weekday(&self, at: Timestamp) -> String {
        self.print(at, "%a %Y-%m-%d %H:%M", " ")
    }

    /// The same in RFC 3339: `2026-11-24T09:00:00+01:00`, which needs no quotes on a command line.
    pub(crate) fn format_rfc3339(&self, at: Timestamp) -> String {
        self.print(at, "%Y-%m-%dT%H:%M:%S", "")
    }

    fn print(&self, at: Timestamp, format: &str, blank: &str) -> String {
        let Some(zoned) = instant(at).map(|instant| instant.to_zoned_datetime(self.0.clone()))
        else {
            return at.to_string();
        };
        let (seconds, nanos) = (zoned.second(), zoned.subsec_nanosecond());
        // Orders are stored to the microsecond. All digits are shown, because the rule counts them.
        let seconds = match (format.ends_with("%S"), seconds, nanos) {
            (false, 0, 0) | (true, _, 0) => "",
            (false, _, 0) => ":%S",
            (false, ..) => ":%S%.f",
            (true, ..) => "%.f",
        };
        zoned.strftime(&format!("{format}{seconds}{blank}%:z")).to_string()
    }
}

fn instant(at: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(at.as_micros()).ok()
}

fn timestamp(at: jiff::Timestamp) -> Result<Timestamp, InvalidTime> {
    Timestamp::from_micros(at.as_microsecond()).map_err(|_| InvalidTime::OutOfRange)
}
