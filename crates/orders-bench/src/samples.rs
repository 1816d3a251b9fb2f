//! Latencies and what is said about them: [`Latencies`], [`median`].

use std::time::Duration;

/// Latencies, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latencies(Vec<Duration>);

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(latencies: I) -> Self {
        let mut latencies: Vec<_> = latencies.into_iter().collect();
        latencies.sort_unstable();
        Self(latencies)
    }
}

impl Latencies {
    /// The smallest latency that so many percent do not exceed, in milliseconds (nearest rank).
    #[must_use]
    pub fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.max(1) - 1).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }

    /// The largest, in milliseconds.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.percentile(100.0)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The median; of an even number the mean of the two in the middle.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_latencies() {
        let hundred: Latencies = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(
            [50.0, 99.0, 99.9, 100.0].map(|p| hundred.percentile(p)),
            [50.0, 99.0, 100.0, 100.0]
        );
        let one: Latencies = [Duration::from_millis(7)].into_iter().collect();
        assert_eq!([0.0, 50.0, 99.9].map(|p| one.percentile(p)), [7.0; 3]);
        assert_eq!(Latencies::default().percentile(99.0), 0.0);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
