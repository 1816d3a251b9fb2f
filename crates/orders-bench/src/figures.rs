//! Figures: rates, medians, percentiles, and how they are written.

use std::time::Duration;

/// How much was done in which time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throughput {
    pub(crate) count: u64,
    pub(crate) duration: Duration,
}

impl Throughput {
    /// How much a second.
    pub(crate) fn rate(self) -> f64 {
        self.count as f64 / self.duration.as_secs_f64()
    }
}

/// Milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The smallest value that so many percent do not exceed (nearest rank); not a number if there is none.
pub(crate) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut values = values.to_vec();
    let rank = (percent / 100.0 * values.len() as f64).ceil().max(1.0) as usize;
    if rank > values.len() {
        return f64::NAN;
    }
    *values.select_nth_unstable_by(rank - 1, f64::total_cmp).1
}

/// The median; of an even number the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length => f64::midpoint(values[(length - 1) / 2], values[length / 2]),
    }
}

/// A figure with three digits, or with all that stand before the point; a count from 10 on has no point.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        size if size >= 99.5 || (size >= 9.95 && size.fract() == 0.0) => grouped(value),
        size if size >= 9.95 => format!("{value:.1}"),
        size if size >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Rounded to a whole number, with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    format!("{}{}", if value < 0.0 { "-" } else { "" }, groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let percentiles = [50.0, 99.0, 99.9, 100.0].map(|percent| percentile(&hundred, percent));
        assert_eq!(percentiles, [50.0, 99.0, 100.0, 100.0]);
        assert_eq!([0.0, 50.0, 99.9].map(|percent| percentile(&[7.0], percent)), [7.0; 3]);
        assert!(percentile(&[], 99.0).is_nan());
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn figures_have_three_digits() {
        let written = [0.0, 0.0123, 0.5, 1.234, 12.34, 123.4, 1234.5, 1_234_567.0, -1500.0];
        assert_eq!(
            written.map(figure),
            ["0", "0.012", "0.50", "1.23", "12.3", "123", "1,234", "1,234,567", "-1,500"]
        );
        assert_eq!([f64::NAN, 10.0].map(figure), ["–", "10"]);
    }
}
