//! A time as somebody types it: [`TimeText`], [`Day`].

use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::Offset;
use orders_core::Timestamp;

use super::Zone;

/// A point in time as somebody typed it: RFC 3339; or a day, a time of the day, or both, such as `tomorrow 9:00`, with
/// an offset if it is not that of the zone; or `now`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeText {
    /// An instant with its offset.
    Instant(Timestamp),
    /// This moment.
    Now,
    /// A whole day, without a time.
    Day(Day),
    /// A time on a day, which is today if none is given.
    Local(Option<Day>, Time, Option<Offset>),
}

/// A day as somebody typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Day {
    /// So many days after today.
    FromToday(i32),
    /// The next such day after today.
    Next(Weekday),
    /// A date, such as `2026-11-24`.
    Date(Date),
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTime {
    #[error("write a time as 'tomorrow 9:00', '2026-11-24 9:00' or 2026-11-24T09:00:00+01:00")]
    Malformed,
    #[error("write a day as tomorrow, friday or 2026-11-24")]
    MalformedDay,
    #[error("say at what time, as '{0} 9:00'")]
    NoTime(String),
    #[error(
        "{local:?} happens twice, because the clock is put back; write '{first}' or '{second}'"
    )]
    Repeated { local: DateTime, first: String, second: String },
    #[error(
        "{local:?} does not exist, because the clock is put forward; the same time later is '{later}'"
    )]
    Skipped { local: DateTime, later: String },
    #[error("the time is outside the years 0001 to 9999")]
    OutOfRange,
}

impl FromStr for TimeText {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        let text = text.trim().to_ascii_lowercase();
        if text == "now" {
            return Ok(Self::Now);
        }
        // A local time in RFC 3339's form has no blank.
        let mut words: Vec<_> = match text.split_once('t') {
            Some((date, time)) if date.parse::<Date>().is_ok() => vec![date, time],
            _ => text.split_whitespace().collect(),
        };
        let offset = match words.last().and_then(|word| offset(word)) {
            Some(offset) if words.len() > 1 => {
                words.pop();
                Some(offset)
            }
            _ => None,
        };
        match (words.as_slice(), offset) {
            ([word], None) if word.parse::<Day>().is_ok() => Ok(Self::Day(word.parse()?)),
            ([word], _) => Ok(Self::Local(None, time(word)?, offset)),
            ([day, word], _) => {
                let day = day.parse().map_err(|_| InvalidTime::Malformed)?;
                Ok(Self::Local(Some(day), time(word)?, offset))
            }
            _ => Err(InvalidTime::Malformed),
        }
    }
}

impl FromStr for Day {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "yesterday" => return Ok(Self::FromToday(-1)),
            "today" => return Ok(Self::FromToday(0)),
            "tomorrow" => return Ok(Self::FromToday(1)),
            _ => {}
        }
        if let Some(weekday) = weekday(&text) {
            return Ok(Self::Next(weekday));
        }
        // Also jiff reads other forms.
        let is_date = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = text.parse().ok().filter(|_| is_date);
        date.map(Self::Date).ok_or(InvalidTime::MalformedDay)
    }
}

impl TimeText {
    /// The instant, for a time from which or to which something lasts. A day is its first instant.
    ///
    /// # Errors
    /// If clocks in the zone never show the time, or twice.
    pub(crate) fn boundary(&self, zone: &Zone, now: Timestamp) -> Result<Timestamp, InvalidTime> {
        match *self {
            Self::Instant(instant) => Ok(instant),
            Self::Now => Ok(now),
            Self::Day(day) => zone.start_of(day.date(zone, now)?),
            Self::Local(day, time, offset) => {
                let date = day.unwrap_or(Day::FromToday(0)).date(zone, now)?;
                match offset {
                    None => zone.instant(date.to_datetime(time)),
                    Some(offset) => {
                        let instant = offset.to_timestamp(date.to_datetime(time));
                        let micros = instant.map_err(|_| InvalidTime::OutOfRange)?.as_microsecond();
                        Timestamp::from_micros(micros).map_err(|_| InvalidTime::OutOfRange)
                    }
                }
            }
        }
    }

    /// The instant at which an order starts. A day alone is not enough.
    ///
    /// # Errors
    /// The same, and if there is no time.
    pub(crate) fn start(&self, zone: &Zone, now: Timestamp) -> Result<Timestamp, InvalidTime> {
        match self {
            Self::Day(day) => Err(InvalidTime::NoTime(day.date(zone, now)?.to_string())),
            _ => self.boundary(zone, now),
        }
    }
}

impl Day {
    /// The first instants of this day and of the next one.
    ///
    /// # Errors
    /// If one of them is outside the years 0001 to 9999.
    pub(crate) fn bounds(
        self,
        zone: &Zone,
        now: Timestamp,
    ) -> Result<(Timestamp, Timestamp), InvalidTime> {
        let date = self.date(zone, now)?;
        let next = date.tomorrow().map_err(|_| InvalidTime::OutOfRange)?;
        Ok((zone.start_of(date)?, zone.start_of(next)?))
    }

    fn date(self, zone: &Zone, now: Timestamp) -> Result<Date, InvalidTime> {
        let today = zone.date(now).ok_or(InvalidTime::OutOfRange)?;
        let date = match self {
            Self::Date(date) => Ok(date),
            Self::FromToday(days) => today.checked_add(days.days()),
            Self::Next(weekday) => today.nth_weekday(1, weekday),
        };
        date.map_err(|_| InvalidTime::OutOfRange)
    }
}

/// A time of day, such as `9:00`, `09:00:30` or `09:00:30.5`.
fn time(text: &str) -> Result<Time, InvalidTime> {
    let hour = text.find(':').ok_or(InvalidTime::Malformed)?;
    let padded = if hour == 1 { format!("0{text}") } else { text.to_owned() };
    // There are no leap seconds.
    let is_time = padded.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.')
        && padded.get(6..8) != Some("60");
    let time = padded.parse().ok().filter(|_| is_time);
    time.ok_or(InvalidTime::Malformed)
}

/// An offset from UTC, such as `+01:00` or `z`.
fn offset(text: &str) -> Option<Offset> {
    if text == "z" {
        return Some(Offset::UTC);
    }
    let (sign, text) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, limit| match text.len() {
        2 => text.parse::<u8>().ok().filter(|it| *it < limit).map(i32::from),
        _ => None,
    };
    // The service accepts no other offsets.
    let seconds = number(hours, 16)? * 3600 + number(minutes, 60)? * 60;
    Offset::from_seconds(sign * seconds).ok()
}

/// A weekday, in full or by its first three letters.
fn weekday(text: &str) -> Option<Weekday> {
    let names = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let found = names.into_iter().find(|(name, _)| text == *name || text == &name[..3]);
    found.map(|(_, weekday)| weekday)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday, 10:30 in Berlin.
    const NOW: &str = "2026-11-24T09:30:00Z";

    fn read(text: &str, zone: &str) -> Result<Timestamp, InvalidTime> {
        text.parse::<TimeText>()?.boundary(&zone.parse().unwrap(), NOW.parse().unwrap())
    }

    #[track_caller]
    fn check(text: &str, zone: &str, expected: &str) {
        assert_eq!(read(text, zone).unwrap().to_string(), expected, "{text}");
    }

    #[track_caller]
    fn rejected(text: &str, zone: &str, part: &str) {
        let message = read(text, zone).unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }

    #[test]
    fn times_are_read_in_the_zone() {
        check("2026-11-24", "Europe/Berlin", "2026-11-23T23:00:00Z");
        check("2026-11-24 9:00", "Europe/Berlin", "2026-11-24T08:00:00Z");
        check("2026-11-24T09:00", "Europe/Berlin", "2026-11-24T08:00:00Z");
        check("2026-07-01 09:00:30.5", "Europe/Berlin", "2026-07-01T07:00:30.500Z");
        check("tomorrow 9:00", "Europe/Berlin", "2026-11-25T08:00:00Z");
        check("Today", "Asia/Tokyo", "2026-11-23T15:00:00Z");
        check("yesterday 23:59", "UTC", "2026-11-23T23:59:00Z");
        check("14:15", "America/New_York", "2026-11-24T19:15:00Z");
        check("now", "Asia/Tokyo", NOW);
        // Today is a Tuesday, so the next one is in a week.
        check("tuesday", "UTC", "2026-12-01T00:00:00Z");
        check("Wed 8:00", "UTC", "2026-11-25T08:00:00Z");
    }

    #[test]
    fn an_offset_takes_precedence_over_the_zone() {
        check("2026-11-24T09:00:00+05:30", "Europe/Berlin", "2026-11-24T03:30:00Z");
        check("2026-11-24 09:00 +05:30", "Europe/Berlin", "2026-11-24T03:30:00Z");
        check("2026-11-24T09:00:00.123456Z", "Europe/Berlin", "2026-11-24T09:00:00.123456Z");
        check("tomorrow 9:00 -03:00", "Europe/Berlin", "2026-11-25T12:00:00Z");
    }

    #[test]
    fn a_repeated_hour_needs_an_offset_and_a_skipped_one_does_not_exist() {
        rejected(
            "2026-10-25 2:30",
            "Europe/Berlin",
            "'2026-10-25 02:30 +02:00' or '2026-10-25 02:30 +01:00'",
        );
        check("2026-10-25 02:30 +01:00", "Europe/Berlin", "2026-10-25T01:30:00Z");
        rejected("2026-03-29 2:30", "Europe/Berlin", "'2026-03-29 03:30 +02:00'");
        // Half an hour on Lord Howe Island.
        rejected("2026-04-05 1:45", "Australia/Lord_Howe", "happens twice");
    }

    #[test]
    fn days_begin_at_their_first_instant() {
        // Midnight was skipped.
        check("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z");
        // The whole day was skipped.
        check("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z");
        let bounds = |day: &str, zone: &str| {
            let (from, to) = day
                .parse::<Day>()
                .unwrap()
                .bounds(&zone.parse().unwrap(), NOW.parse().unwrap())
                .unwrap();
            (to.as_micros() - from.as_micros()) / 60_000_000
        };
        assert_eq!(bounds("2026-03-29", "Europe/Berlin"), 23 * 60);
        assert_eq!(bounds("2026-10-25", "Europe/Berlin"), 25 * 60);
        assert_eq!(bounds("2026-04-05", "Australia/Lord_Howe"), 24 * 60 + 30);
        assert_eq!(bounds("2011-12-30", "Pacific/Apia"), 0);
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in [
            "",
            "soon",
            "9",
            "25:00",
            "9:60",
            "2026-02-30",
            "2026-11-24 soon",
            "2026-11-24 9:00 9:00",
            "mon tue",
            "2026-11-24 9:00 +1",
            "2026-11-24 9:00 +25:00",
            "9:00:60",
            "20261124",
            "+01:00",
        ] {
            rejected(text, "UTC", "write a time as");
        }
        let start = |text: &str| {
            text.parse::<TimeText>().unwrap().start(&"UTC".parse().unwrap(), NOW.parse().unwrap())
        };
        assert!(start("2026-11-24").unwrap_err().to_string().contains("'2026-11-24 9:00'"));
    }

    #[test]
    fn times_are_shown_with_their_offset_and_all_digits() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        for (at, shown) in [
            ("2026-11-24T08:00:00Z", "2026-11-24 09:00 +01:00"),
            ("2026-07-01T07:00:30Z", "2026-07-01 09:00:30 +02:00"),
            ("2022-11-01T14:11:11.111Z", "2022-11-01 15:11:11.111 +01:00"),
            ("0001-01-01T00:00:00.000001Z", "0001-01-01 00:53:28.000001 +00:53:28"),
        ] {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(zone.format(at), shown);
        }
        let at = "2022-11-01T14:11:11.111Z".parse().unwrap();
        assert_eq!(zone.format_rfc3339(at), "2022-11-01T15:11:11.111+01:00");
        assert_eq!(zone.format_with_weekday(at), "Tue 2022-11-01 15:11:11.111 +01:00");
        for text in [zone.format(at), zone.format_rfc3339(at)] {
            assert_eq!(read(&text, "UTC"), Ok(at));
        }
        assert_eq!(zone.format(Timestamp::MAX), "9999-12-31T23:59:59.999999Z");
    }
}
