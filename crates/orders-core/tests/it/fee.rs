use orders_core::{Fee, InvalidFee};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{cases, text};

/// The cents of the largest fee.
const MAX_CENTS: i64 = 999_999_999_999;

fn cents(cents: i64) -> Fee {
    Fee::new(Decimal::new(cents, 2)).unwrap()
}

#[track_caller]
fn check(text: &str, printed: &str) {
    let fee: Fee = text.parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fee.to_string(), printed);
    assert_eq!(printed.parse(), Ok(fee));
}

#[track_caller]
fn check_not_a_number(text: &str) {
    assert_eq!(text.parse::<Fee>(), Err(InvalidFee::NotANumber(text.to_owned())));
}

#[track_caller]
fn check_out_of_range(text: &str) {
    assert_eq!(text.parse::<Fee>(), Err(InvalidFee::OutOfRange(text.to_owned())));
}

#[track_caller]
fn check_too_fine(text: &str) {
    assert_eq!(text.parse::<Fee>(), Err(InvalidFee::TooFine(text.to_owned())));
}

#[test]
fn an_amount_is_kept_exactly_however_it_is_written() {
    check("0", "0");
    check("-0", "0");
    check("-0.00", "0");
    check("0.0", "0");
    check("0e0", "0");
    check("0e999999999999", "0");
    check("-0.0E-999999999999", "0");
    check("0.01", "0.01");
    check("0.1", "0.1");
    check("0.07", "0.07");
    check("100", "100");
    check("100.00", "100");
    check("1e2", "100");
    check("1E+2", "100");
    check("1.0e2", "100");
    check("10000e-2", "100");
    check("0.001e5", "100");
    check("99.95", "99.95");
    check("99.950", "99.95");
    check("9995e-2", "99.95");
    check("0.9995e02", "99.95");
    check("9999999999.99", "9999999999.99");
    check("999999999999e-2", "9999999999.99");
    check("9.99999999999e9", "9999999999.99");
}

#[test]
fn zeros_at_the_ends_make_no_difference_however_many() {
    let zeros = "0".repeat(400);
    check(&format!("1.{zeros}"), "1");
    check(&format!("99.95{zeros}"), "99.95");
    check(&format!("99.95{zeros}e0"), "99.95");
    check(&format!("1.{zeros}e2"), "100");
    check(&format!("1{zeros}e-400"), "1");
    check(&format!("9995{zeros}e-402"), "99.95");
    check(&format!("0.{zeros}1e401"), "1");
    check(&format!("0.{zeros}"), "0");
    check(&format!("0.{zeros}e5"), "0");
}

#[test]
fn below_nothing_and_above_the_largest_is_out_of_range() {
    check_out_of_range("-1");
    check_out_of_range("-0.01");
    check_out_of_range("-0.001");
    check_out_of_range("-1e-400");
    check_out_of_range("-1e400");
    check_out_of_range("10000000000");
    check_out_of_range("10000000000.001");
    check_out_of_range("1e10");
    check_out_of_range("1e400");
    check_out_of_range("1e99999999999999999999");
    check_out_of_range("0.1e11");
    check_out_of_range(&format!("1{}", "0".repeat(400)));
    check_out_of_range(&format!("1{}.5", "0".repeat(400)));
    check_out_of_range(&format!("{}.{}", "9".repeat(400), "9".repeat(400)));
}

#[test]
fn more_than_two_decimals_are_too_fine() {
    check_too_fine("0.001");
    check_too_fine("99.955");
    check_too_fine("9999999999.991");
    check_too_fine("1e-3");
    check_too_fine("1e-400");
    check_too_fine("1e-99999999999999999999");
    check_too_fine("12345e-3");
    check_too_fine(&format!("0.{}1", "0".repeat(400)));
    // Neither rounded to 1 nor to 100.
    check_too_fine(&format!("1.{}1", "0".repeat(40)));
    check_too_fine(&format!("1.{}1e2", "0".repeat(40)));
    check_too_fine(&format!("0.{}9e2", "9".repeat(40)));
    check_too_fine(&format!("0.{}1e2", "0".repeat(40)));
}

#[test]
fn what_json_would_not_read_as_a_number_is_none() {
    check_not_a_number("");
    check_not_a_number("-");
    check_not_a_number("--1");
    check_not_a_number("+1");
    check_not_a_number(".5");
    check_not_a_number("5.");
    check_not_a_number("-.5");
    check_not_a_number("1e");
    check_not_a_number("1e+");
    check_not_a_number("1e+-2");
    check_not_a_number("1e2e3");
    check_not_a_number("1e2.0");
    check_not_a_number("e2");
    check_not_a_number("1.2.3");
    check_not_a_number("0x1");
    check_not_a_number("1_000");
    check_not_a_number("1,5");
    check_not_a_number(" 1");
    check_not_a_number("1 ");
    check_not_a_number("00");
    check_not_a_number("007");
    check_not_a_number("-01");
    check_not_a_number("NaN");
    check_not_a_number("Infinity");
    check_not_a_number("null");
    check_not_a_number("\"1\"");
    check_not_a_number("١");
    check_not_a_number("1٢");
    check_not_a_number("1\0");
}

#[test]
fn decimals_that_are_no_fees_are_refused() {
    let refused = |amount| Fee::new(amount).unwrap_err();
    assert_eq!(refused(Decimal::NEGATIVE_ONE), InvalidFee::OutOfRange("-1".into()));
    assert_eq!(
        refused(Decimal::new(-1, 28)).to_string(),
        "-0.0000000000000000000000000001 is not between 0 and 9999999999.99"
    );
    assert_eq!(refused(Decimal::new(1, 3)), InvalidFee::TooFine("0.001".into()));
    assert!(matches!(refused(Decimal::MAX), InvalidFee::OutOfRange(_)));
    assert!(matches!(refused(Decimal::MIN), InvalidFee::OutOfRange(_)));
    assert_eq!(
        refused(Decimal::new(MAX_CENTS + 1, 2)),
        InvalidFee::OutOfRange("10000000000.00".into())
    );
    assert_eq!(cents(MAX_CENTS), Fee::MAX);
    assert_eq!(Fee::new(-Decimal::ZERO).unwrap().to_string(), "0");
    assert_eq!(Fee::new(Decimal::new(0, 28)).unwrap().to_string(), "0");
}

/// A number as JSON writes one, in parts that an `i128` can hold.
fn number() -> impl Strategy<Value = (bool, String, String, i32)> {
    (any::<bool>(), text("0|[1-9][0-9]{0,11}"), text("[0-9]{0,6}|[0-9]{0,2}0{0,4}"), -8..=8)
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn every_amount_of_cents_makes_the_round_trip(amount in 0..=MAX_CENTS, small in 0..=100_000_i64) {
        for amount in [amount, small, amount / 100 * 100] {
            let fee = cents(amount);
            let text = fee.to_string();
            prop_assert_eq!(text.parse(), Ok(fee));
            prop_assert_eq!(fee.amount(), Decimal::new(amount, 2));
            prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{}", text);
            let (whole, part) = (amount / 100, amount % 100);
            prop_assert_eq!(format!("{whole}.{part:02}").parse(), Ok(fee));
            prop_assert_eq!(format!("{amount}e-2").parse(), Ok(fee));
        }
    }

    #[test]
    fn a_number_is_read_exactly_or_refused_for_the_right_reason(
        (negative, whole, fraction, exponent) in number()
    ) {
        let minus = if negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let text = match exponent {
            0 => format!("{minus}{whole}{point}{fraction}"),
            _ => format!("{minus}{whole}{point}{fraction}e{exponent}"),
        };
        // The amount in units of 10^-14, which is as fine as these numbers get.
        let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
        let places = 14 + exponent - i32::try_from(fraction.len()).unwrap();
        let amount = digits * 10_i128.pow(places.try_into().unwrap());
        let cent = 10_i128.pow(12);
        let expected = if amount >= (i128::from(MAX_CENTS) + 1) * cent || (negative && amount > 0) {
            Err(InvalidFee::OutOfRange(text.clone()))
        } else if amount % cent != 0 {
            Err(InvalidFee::TooFine(text.clone()))
        } else {
            Ok(cents((amount / cent).try_into().unwrap()))
        };
        prop_assert_eq!(text.parse(), expected);
    }

    #[test]
    fn a_text_is_a_number_exactly_when_it_is_one_in_json(text in text("-?[-+.0-9eE]{1,8}|[0-9]{1,3}(\\.[0-9]{0,3})?([eE][-+]?[0-9]{0,3})?")) {
        let json = serde_json::from_str::<&RawValue>(&text).is_ok();
        let refused = matches!(text.parse::<Fee>(), Err(InvalidFee::NotANumber(_)));
        prop_assert_eq!(json, !refused, "{}", text);
    }

    #[test]
    fn fees_are_ordered_as_their_cents_are(a in 0..=MAX_CENTS, b in 0..=MAX_CENTS) {
        prop_assert_eq!(cents(a).cmp(&cents(b)), a.cmp(&b));
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn long_numbers_never_panic(
        text in text("-?[0-9]{1,60}(\\.[0-9]{1,60})?(e-?[0-9]{1,25})?"),
        anything in any::<String>(),
    ) {
        for text in [text, anything] {
            if let Ok(fee) = text.parse::<Fee>() {
                prop_assert_eq!(fee.to_string().parse(), Ok(fee));
            }
        }
    }
}
