use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orders_core::{InvalidTimestamp, Timestamp};
use proptest::prelude::*;

use crate::{SECOND, any_timestamp, at, cases, micros, text};

#[track_caller]
fn check(text: &str, printed: &str) {
    let at: Timestamp = text.parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(at.to_string(), printed);
    assert_eq!(printed.parse(), Ok(at));
}

#[track_caller]
fn check_refused(text: &str, error: fn(String) -> InvalidTimestamp) {
    assert_eq!(text.parse::<Timestamp>(), Err(error(text.to_owned())));
}

#[track_caller]
fn check_unreadable(text: &str) {
    check_refused(text, InvalidTimestamp::NotRfc3339);
}

#[test]
fn any_offset_is_read_and_utc_is_printed() {
    check("2022-11-01T11:11:11Z", "2022-11-01T11:11:11Z");
    check("2022-11-01T11:11:11+00:00", "2022-11-01T11:11:11Z");
    check("2022-11-01T11:11:11-00:00", "2022-11-01T11:11:11Z");
    check("2022-11-01t11:11:11z", "2022-11-01T11:11:11Z");
    check("2022-11-01T12:11:11+01:00", "2022-11-01T11:11:11Z");
    check("2022-11-01T00:11:11+05:45", "2022-10-31T18:26:11Z");
    check("2022-12-31T23:30:00-08:30", "2023-01-01T08:00:00Z");
    check("2022-11-01T11:11:11+15:59", "2022-10-31T19:12:11Z");
    check("2022-11-01T11:11:11-15:59", "2022-11-02T03:10:11Z");
    check("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
    check("2000-02-29T23:59:59Z", "2000-02-29T23:59:59Z");
}

#[test]
fn digits_finer_than_a_microsecond_are_cut_off_not_rounded() {
    check("2022-11-01T11:11:11.1Z", "2022-11-01T11:11:11.100Z");
    check("2022-11-01T11:11:11.12Z", "2022-11-01T11:11:11.120Z");
    check("2022-11-01T11:11:11.123Z", "2022-11-01T11:11:11.123Z");
    check("2022-11-01T11:11:11.1234Z", "2022-11-01T11:11:11.123400Z");
    check("2022-11-01T11:11:11.12345Z", "2022-11-01T11:11:11.123450Z");
    check("2022-11-01T11:11:11.123456Z", "2022-11-01T11:11:11.123456Z");
    check("2022-11-01T11:11:11.1234567Z", "2022-11-01T11:11:11.123456Z");
    check("2022-11-01T11:11:11.12345678Z", "2022-11-01T11:11:11.123456Z");
    check("2022-11-01T11:11:11.123456789Z", "2022-11-01T11:11:11.123456Z");
    check("2022-11-01T11:11:11.999999999Z", "2022-11-01T11:11:11.999999Z");
    check("2022-11-01T11:11:11.9999999999Z", "2022-11-01T11:11:11.999999Z");
    check("2022-11-01T11:11:11.999999999999Z", "2022-11-01T11:11:11.999999Z");
    check("2022-11-01T11:11:11.000Z", "2022-11-01T11:11:11Z");
    check("2022-11-01T11:11:11.0000009Z", "2022-11-01T11:11:11Z");
    check("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z");
    check("1969-12-31T23:59:59.0000009Z", "1969-12-31T23:59:59Z");
    check("1066-10-14T09:00:00.1234569+00:00", "1066-10-14T09:00:00.123456Z");
}

#[test]
fn the_years_0001_to_9999_in_utc_are_in_range() {
    check("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
    check("0000-12-31T23:00:00-01:00", "0001-01-01T00:00:00Z");
    check("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z");
    check_refused("0000-12-31T23:59:59.999999Z", InvalidTimestamp::OutOfRange);
    check_refused("0001-01-01T00:00:00+00:01", InvalidTimestamp::OutOfRange);
    check_refused("9999-12-31T23:59:59-00:01", InvalidTimestamp::OutOfRange);
    assert_eq!(at("0001-01-01T00:00:00Z"), Timestamp::MIN);
    assert_eq!(at("9999-12-31T23:59:59.999999Z"), Timestamp::MAX);
    check_unreadable("10000-01-01T00:00:00Z");
    check_unreadable("+10000-01-01T00:00:00Z");
    check_unreadable("-0001-01-01T00:00:00Z");
}

#[test]
fn days_and_hours_that_do_not_exist_are_refused() {
    check_unreadable("2022-02-30T00:00:00Z");
    check_unreadable("2022-02-29T00:00:00Z");
    check_unreadable("1900-02-29T00:00:00Z");
    check_unreadable("2022-00-01T00:00:00Z");
    check_unreadable("2022-13-01T00:00:00Z");
    check_unreadable("2022-11-00T00:00:00Z");
    check_unreadable("2022-11-31T00:00:00Z");
    check_unreadable("2022-11-01T24:00:00Z");
    check_unreadable("2022-11-01T11:60:00Z");
    check_unreadable("2022-11-01T11:11:61Z");
}

#[test]
fn a_leap_second_is_refused_as_one() {
    check_refused("2016-12-31T23:59:60Z", InvalidTimestamp::LeapSecond);
    check_refused("2016-12-31T23:59:60.5Z", InvalidTimestamp::LeapSecond);
    check_refused("2017-01-01T00:59:60+01:00", InvalidTimestamp::LeapSecond);
}

#[test]
fn offsets_beyond_what_postgresql_reads_are_refused() {
    check_refused("2022-11-01T11:11:11+16:00", InvalidTimestamp::Offset);
    check_refused("2022-11-01T11:11:11-16:00", InvalidTimestamp::Offset);
    check_refused("2022-11-01T11:11:11+23:59", InvalidTimestamp::Offset);
    check_unreadable("2022-11-01T11:11:11+24:00");
    check_unreadable("2022-11-01T11:11:11+01:60");
    check_unreadable("2022-11-01T11:11:11+99:99");
}

#[test]
fn other_forms_than_rfc_3339_are_refused() {
    check_unreadable("");
    check_unreadable("2022");
    check_unreadable("2022-11-01");
    check_unreadable("2022-11-01T11:11:11");
    check_unreadable("2022-11-01T11:11Z");
    check_unreadable("2022-11-01 11:11:11Z");
    check_unreadable("2022-11-01\t11:11:11Z");
    check_unreadable("2022-11-01_11:11:11Z");
    check_unreadable("2022-11-01T11:11:11 Z");
    check_unreadable("2022-11-01T11:11:11 +01:00");
    check_unreadable("2022-11-01T11:11:11\t+01:00");
    check_unreadable(" 2022-11-01T11:11:11Z");
    check_unreadable("2022-11-01T11:11:11Z ");
    check_unreadable("\t2022-11-01T11:11:11Z");
    check_unreadable("2022-11-01T11:11:11Z\n");
    check_unreadable("2022-11-01T11:11:11Z\0");
    check_unreadable("2022-11-01T11:11:11ZZ");
    check_unreadable("2022-11-01T11:11:11UTC");
    check_unreadable("2022-11-01T11:11:11.Z");
    check_unreadable("2022-11-01T11:11:11,5Z");
    check_unreadable("2022-11-01T11:11:11+01");
    check_unreadable("2022-11-01T11:11:11+0100");
    check_unreadable("2022-11-01T11:11:11+1:00");
    check_unreadable("2022-11-01T11:11:11+01:00:00");
    check_unreadable("2022-11-01T11:11:11-");
    check_unreadable("2022-11-1T11:11:11Z");
    check_unreadable("22-11-01T11:11:11Z");
    check_unreadable("20221101T111111Z");
    check_unreadable("2022-W44-2T11:11:11Z");
    check_unreadable("2022-11-01T1:11:11Z");
    check_unreadable("1667301071");
    check_unreadable("now");
    check_unreadable("infinity");
    check_unreadable("２０２２-11-01T11:11:11Z");
    check_unreadable("2022-11-01T11:11:11\u{2212}01:00");
    check_unreadable("2022-11-01T11:11:11٫5Z");
}

#[test]
fn microseconds_outside_the_years_are_refused() {
    let (min, max) = (Timestamp::MIN.as_micros(), Timestamp::MAX.as_micros());
    for outside in [min - 1, max + 1, i64::MIN, i64::MAX] {
        assert!(Timestamp::from_micros(outside).is_err());
    }
    assert_eq!(Timestamp::MIN.plus_micros(-1), None);
    assert_eq!(Timestamp::MAX.plus_micros(1), None);
    assert_eq!(Timestamp::MAX.plus_micros(i64::MAX), None);
    assert_eq!(Timestamp::MIN.plus_micros(i64::MIN), None);
    assert_eq!(Timestamp::MIN.plus_micros(max - min), Some(Timestamp::MAX));
    assert!(Timestamp::try_from(DateTime::<Utc>::MIN_UTC).is_err());
    assert!(Timestamp::try_from(DateTime::<Utc>::MAX_UTC).is_err());
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn what_is_printed_is_read_as_the_same_instant(at in any_timestamp()) {
        prop_assert_eq!(at.to_string().parse(), Ok(at));
        prop_assert_eq!(micros(at.as_micros()), at);
        prop_assert_eq!(Timestamp::try_from(DateTime::<Utc>::from(at)), Ok(at));
    }

    #[test]
    fn it_prints_as_many_digits_as_it_needs(at in any_timestamp()) {
        let text = at.to_string();
        let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len() - 1);
        let needed = match at.as_micros() {
            micros if micros % 1_000_000 == 0 => 0,
            micros if micros % 1_000 == 0 => 3,
            _ => 6,
        };
        prop_assert_eq!(digits, needed, "{}", text);
        prop_assert!(text.ends_with('Z'));
    }

    #[test]
    fn printed_texts_sort_as_their_instants_do_to_the_second(a in any_timestamp(), b in any_timestamp()) {
        let (text_a, text_b) = (a.to_string(), b.to_string());
        if text_a[..19] != text_b[..19] {
            prop_assert_eq!(text_a.cmp(&text_b), a.cmp(&b));
        }
    }

    #[test]
    fn an_instant_is_the_same_in_every_offset_and_with_any_finer_digits(
        at in any_timestamp(),
        offset in -959..=959_i64,
        finer in text("[0-9]{0,6}"),
    ) {
        let local = DateTime::<Utc>::from(at) + TimeDelta::minutes(offset);
        let text = local.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        // chrono signs the years outside of four digits, which RFC 3339 cannot write.
        prop_assume!(!text.starts_with(['+', '-']));
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        let text = format!("{text}{finer}{sign}{hours:02}:{minutes:02}");
        prop_assert_eq!(text.parse(), Ok(at), "{}", text);
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn reading_never_panics(text in text("[0-9TZtz:.+ -]{0,30}"), anything in any::<String>()) {
        for text in [text, anything] {
            if let Ok(at) = text.parse::<Timestamp>() {
                prop_assert_eq!(at.to_string().parse(), Ok(at));
            }
        }
    }
}

#[test]
fn a_sum_that_is_out_of_range_is_the_last_instant() {
    let later = |time| Timestamp::MAX.plus_micros(-2 * SECOND).unwrap().saturating_add(time);
    assert_eq!(later(Duration::from_secs(1)), Timestamp::MAX.plus_micros(-SECOND).unwrap());
    assert_eq!(later(Duration::from_secs(3)), Timestamp::MAX);
    assert_eq!(later(Duration::MAX), Timestamp::MAX);
}
