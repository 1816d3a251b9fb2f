use orders_core::{InvalidGap, MinimumGap};
use proptest::prelude::*;

use crate::{any_gap, cases, gap, text};

#[track_caller]
fn check(text: &str, printed: &str) {
    let gap: MinimumGap = text.parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(gap.to_string(), printed);
    assert_eq!(printed.parse(), Ok(gap));
}

#[track_caller]
fn check_unreadable(text: &str) {
    assert_eq!(text.parse::<MinimumGap>(), Err(InvalidGap::NotADuration(text.to_owned())));
}

#[track_caller]
fn check_out_of_range(text: &str) {
    assert_eq!(text.parse::<MinimumGap>(), Err(InvalidGap::OutOfRange(text.to_owned())));
}

#[track_caller]
fn check_too_fine(text: &str) {
    assert_eq!(text.parse::<MinimumGap>(), Err(InvalidGap::TooFine(text.to_owned())));
}

#[track_caller]
fn check_words(text: &str, words: &str) {
    assert_eq!(text.parse::<MinimumGap>().unwrap().in_words(), words);
}

#[test]
fn equal_forms_are_one_gap_and_print_the_same() {
    check("PT3H", "PT3H");
    check("PT180M", "PT3H");
    check("PT10800S", "PT3H");
    check("PT2H60M", "PT3H");
    check("PT2H59M60S", "PT3H");
    check("P0DT3H", "PT3H");
    check("PT003H", "PT3H");
    check("PT3H0M0S", "PT3H");
    check("PT24H", "P1D");
    check("P1D", "P1D");
    check("P1DT12H", "P1DT12H");
    check("PT36H", "P1DT12H");
    check("P1DT1S", "P1DT1S");
    check("PT90S", "PT1M30S");
    check("PT0.5S", "PT0.5S");
    check("PT0,5S", "PT0.5S");
    check("PT0.000001S", "PT0.000001S");
    check("PT1.500000000S", "PT1.5S");
    check("PT10S", "PT10S");
    check("P31D", "P31D");
    check("PT744H", "P31D");
    check("P30DT23H59M59.999999S", "P30DT23H59M59.999999S");
    check(&format!("PT{}3H", "0".repeat(400)), "PT3H");
    check(&format!("PT3.{}S", "0".repeat(400)), "PT3S");
}

#[test]
fn no_gap_prints_as_no_seconds() {
    for text in ["PT0S", "PT0H", "PT0M", "P0D", "P0DT0H0M0S", "PT0.0S"] {
        check(text, "PT0S");
        assert_eq!(text.parse(), Ok(MinimumGap::ZERO));
    }
}

#[test]
fn three_hours_unless_said_otherwise() {
    assert_eq!(MinimumGap::default().to_string(), "PT3H");
    assert_eq!(MinimumGap::default().as_micros(), 3 * 60 * 60 * 1_000_000);
}

#[test]
fn what_is_no_duration_of_days_to_seconds_is_refused() {
    check_unreadable("");
    check_unreadable("P");
    check_unreadable("T");
    check_unreadable("PT");
    check_unreadable("PT3");
    check_unreadable("P3");
    check_unreadable("3H");
    check_unreadable("T3H");
    check_unreadable("P3H");
    check_unreadable("P3S");
    check_unreadable("PT3D");
    check_unreadable("P1DT");
    check_unreadable("P1DT1D");
    check_unreadable("PTH");
    check_unreadable("PD");
    check_unreadable("P1M");
    check_unreadable("P1Y");
    check_unreadable("P1W");
    check_unreadable("P1Y2M3DT4H");
    check_unreadable("PT-1S");
    check_unreadable("-PT1S");
    check_unreadable("+PT1S");
    check_unreadable("PT+1S");
    check_unreadable("PT1.5H");
    check_unreadable("PT1.5M");
    check_unreadable("P0.5D");
    check_unreadable("PT.5S");
    check_unreadable("PT5.S");
    check_unreadable("PT1.2.3S");
    check_unreadable("PT1,2.3S");
    check_unreadable("PT1.S");
    check_unreadable("PT1M1H");
    check_unreadable("PT1S1M");
    check_unreadable("PT1H1H");
    check_unreadable("P1D1D");
    check_unreadable("PT1HT1M");
    check_unreadable("PTT1H");
    check_unreadable("pt3h");
    check_unreadable("PT3h");
    check_unreadable("PT3HX");
    check_unreadable("PT3H ");
    check_unreadable(" PT3H");
    check_unreadable("PT 3H");
    check_unreadable("PT3H1");
    check_unreadable("PT٣H");
    check_unreadable("PT3Ｈ");
    check_unreadable("PT1e1S");
    check_unreadable("3 hours");
    check_unreadable("03:00:00");
    check_unreadable("10800");
}

#[test]
fn more_than_31_days_are_out_of_range() {
    check_out_of_range("P32D");
    check_out_of_range("P31DT0.000001S");
    check_out_of_range("PT745H");
    check_out_of_range("PT2678400.000001S");
    check_out_of_range("P31DT1S");
    check_out_of_range("P9223372036854775807D");
    check_out_of_range("PT9223372036854.775807S");
    check_out_of_range("PT9223372036854.775808S");
    check_out_of_range("P106751991DT9223372036854S");
    check_out_of_range("PT2562047788H9223372036854S");
    check_out_of_range("PT9223372036854775808S");
    check_out_of_range(&format!("PT{}S", "9".repeat(400)));
    assert!(MinimumGap::from_micros(-1).is_err());
    assert!(MinimumGap::from_micros(MinimumGap::MAX.as_micros() + 1).is_err());
    assert!(MinimumGap::from_micros(i64::MIN).is_err());
    assert!(MinimumGap::from_micros(i64::MAX).is_err());
}

#[test]
fn finer_than_a_microsecond_is_refused_not_cut_off() {
    check_too_fine("PT0.0000001S");
    check_too_fine("PT3H0.1234567S");
    check_too_fine(&format!("PT0.{}1S", "0".repeat(400)));
}

#[test]
fn in_words_it_reads_as_one_would_say_it() {
    check_words("PT3H", "3 hours");
    check_words("PT1H", "1 hour");
    check_words("P1DT12H", "1 day 12 hours");
    check_words("P31D", "31 days");
    check_words("PT90M", "1 hour 30 minutes");
    check_words("PT61S", "1 minute 1 second");
    check_words("PT10S", "10 seconds");
    check_words("PT0.5S", "0.5 seconds");
    check_words("PT1.5S", "1.5 seconds");
    check_words("PT0.000001S", "0.000001 seconds");
    check_words("P1DT1H1M1S", "1 day 1 hour 1 minute 1 second");
    check_words("PT0S", "0 seconds");
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn every_gap_makes_the_round_trip(any in any_gap()) {
        prop_assert_eq!(any.to_string().parse(), Ok(any));
        prop_assert_eq!(gap(any.as_micros()), any);
    }

    #[test]
    fn the_parts_of_a_duration_add_up(
        (d, h) in (prop::option::of(0..40_i64), prop::option::of(0..1000_i64)),
        (m, s) in (prop::option::of(0..50_000_i64), prop::option::of(0..3_000_000_i64)),
        fraction in prop::option::of(0..1_000_000_i64),
    ) {
        prop_assume!(d.or(h).or(m).or(s).is_some());
        let part = |n: Option<i64>, unit| n.map_or(String::new(), |n| format!("{n}{unit}"));
        let second = match (s, fraction) {
            (Some(s), Some(fraction)) => format!("{s}.{fraction:06}S"),
            (s, _) => part(s, 'S'),
        };
        let time = format!("{}{}{second}", part(h, 'H'), part(m, 'M'));
        let t = if time.is_empty() { "" } else { "T" };
        let text = format!("P{}{t}{time}", part(d, 'D'));
        let whole = ((d.unwrap_or(0) * 24 + h.unwrap_or(0)) * 60 + m.unwrap_or(0)) * 60 + s.unwrap_or(0);
        let total = whole * 1_000_000 + s.and(fraction).unwrap_or(0);
        let expected = MinimumGap::from_micros(total).map_err(|_| InvalidGap::OutOfRange(text.clone()));
        prop_assert_eq!(text.parse(), expected);
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn reading_never_panics(text in text("P?[0-9DTHMS.,-]{0,20}"), anything in any::<String>()) {
        for text in [text, anything] {
            if let Ok(gap) = text.parse::<MinimumGap>() {
                prop_assert_eq!(gap.to_string().parse(), Ok(gap));
            }
        }
    }
}
