//! Statistics of what was measured: rates, medians, percentiles.

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
}
