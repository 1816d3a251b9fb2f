//! Durations on the command line: a whole number and its unit.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long changes may be kept.
const RETENTION: [Duration; 2] = [MINUTE, DAY.saturating_mul(3660)];

/// Reads a wait of more than zero: in `ms`, `s` or `m`.
pub(super) fn wait(text: &str) -> Result<Duration, &'static str> {
    let is_possible = |wait: &Duration| !wait.is_zero();
    pause(text).ok().filter(is_possible).ok_or("write a number and its unit, like 500ms, 10s or 1m")
}

/// Reads a wait, which may be zero.
pub(super) fn pause(text: &str) -> Result<Duration, &'static str> {
    let units = [("ms", Duration::from_millis(1)), ("s", Duration::from_secs(1)), ("m", MINUTE)];
    read(text, &units).ok_or("write a number and its unit, like 500ms, 10s or 0s")
}

/// Reads a period: in `s`, `m`, `h` or `d`.
pub(super) fn period(text: &str) -> Result<Duration, &'static str> {
    let units = [("s", Duration::from_secs(1)), ("m", MINUTE), ("h", HOUR), ("d", DAY)];
    read(text, &units).ok_or("write a number and its unit, like 30m, 24h or 90d")
}

/// Reads how long changes are kept.
pub(super) fn retention(text: &str) -> Result<Duration, &'static str> {
    let [least, most] = RETENTION;
    let period = period(text)?;
    let is_possible = (least..=most).contains(&period);
    if is_possible { Ok(period) } else { Err("write a period from 1m to 3660d, like 30d") }
}

fn read(text: &str, units: &[(&str, Duration)]) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, name) = text.split_at(end);
    let (_, unit) = units.iter().find(|(unit, _)| *unit == name)?;
    unit.checked_mul(number.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: Result<Duration, &str>, millis: Option<u64>) {
        assert_eq!(read.ok(), millis.map(Duration::from_millis));
    }

    #[test]
    fn a_wait_is_a_number_and_its_unit() {
        check(wait("500ms"), Some(500));
        check(wait("10s"), Some(10_000));
        check(wait("2m"), Some(120_000));
        for text in ["0s", "5", "s", "1.5s", "1h", "99999999999s", ""] {
            check(wait(text), None);
        }
    }

    #[test]
    fn a_period_is_a_number_and_its_unit() {
        check(period("0s"), Some(0));
        check(period("30m"), Some(1_800_000));
        check(period("24h"), Some(86_400_000));
        check(period("90d"), Some(7_776_000_000));
        for text in ["90", "d", "1.5h", "1ms", "99999999999d", ""] {
            check(period(text), None);
        }
    }

    #[test]
    fn changes_are_kept_for_a_minute_to_ten_years() {
        check(retention("1m"), Some(60_000));
        check(retention("3660d"), Some(316_224_000_000));
        for text in ["59s", "3661d", "0d", "x"] {
            check(retention(text), None);
        }
    }
}
