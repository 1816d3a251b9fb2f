//! Durations in responses: [`IsoDuration`].

use std::time::Duration;

use serde::{Serialize, Serializer};

/// A duration as ISO 8601 has it, in seconds and milliseconds: `PT0.031S`.
pub(super) struct IsoDuration(pub(super) Duration);

impl Serialize for IsoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        serializer.collect_str(&format_args!("PT{seconds}.{millis:03}S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_milliseconds() {
        let check = |micros, text: &str| {
            let duration = IsoDuration(Duration::from_micros(micros));
            assert_eq!(serde_json::to_value(duration).unwrap(), text);
        };
        check(0, "PT0.000S");
        check(31_999, "PT0.031S");
        check(15_000_500, "PT15.000S");
        check(90_250_000, "PT90.250S");
    }
}
