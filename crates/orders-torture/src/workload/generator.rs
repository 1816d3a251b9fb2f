//! The operations of a run as a function of its seed: [`Generator`].

use fastrand::Rng;

use crate::history::OperationId;

use super::burst::{BURST_SIZE, Burst, Profile, own_id, pick};
use super::operation::{Action, PlannedOperation, Target};

/// The minimum gaps that calendars get, the narrowest first.
const GAPS: [&str; 5] = ["PT59M59.999999S", "PT1H", "PT1H30M", "PT2H", "PT3H"];

/// An upper bound of random indices that are reduced modulo a number of things known only later.
const INDICES: usize = 1 << 16;

/// Generates the operations of a run. The same seed gives the same operations.
#[derive(Debug, Clone, Copy)]
pub struct Generator {
    seed: u64,
}

impl Generator {
    /// The generator with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The operation with this index.
    #[must_use]
    pub fn operation(self, index: u32) -> PlannedOperation {
        let burst = Burst::new(&mut self.rng(2 * u64::from(index / BURST_SIZE)));
        let mut rng = self.rng(2 * u64::from(index) + 1);
        let process = rng.usize(..INDICES);
        let action = match pick(&mut rng, burst.profile.weights()) {
            0 => Action::Create {
                id: (rng.u32(..10) < 3).then(|| own_id(&mut rng, index)),
                calendar: burst.calendar(&mut rng),
                datetime: burst.time(&mut rng),
            },
            1 if burst.profile == Profile::Moves => Action::Move {
                target: Target::Existing(rng.usize(..INDICES)),
                calendar: Some(burst.calendar(&mut rng)),
                datetime: burst.time(&mut rng),
            },
            1 => Action::Move {
                target: target(&mut rng, index),
                calendar: rng.bool().then(|| burst.calendar(&mut rng)),
                datetime: burst.time(&mut rng),
            },
            2 => Action::ReplaceInPlace(target(&mut rng, index)),
            3 => Action::Delete(target(&mut rng, index)),
            4 => Action::Read(target(&mut rng, index)),
            5 => Action::List,
            6 => {
                let calendar = burst.calendar(&mut rng);
                // OK because the durations above are valid gaps.
                let gap = GAPS[rng.usize(..GAPS.len())].parse().expect("a gap");
                Action::SetGap { calendar, gap }
            }
            _ => Action::ReadCalendar(burst.calendar(&mut rng)),
        };
        PlannedOperation { id: OperationId(index), process, action }
    }

    fn rng(self, stream: u64) -> Rng {
        // An odd factor gives every stream another seed.
        Rng::with_seed(self.seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

fn target(rng: &mut Rng, index: u32) -> Target {
    match rng.u32(..10) {
        0..=2 => Target::OwnId(own_id(rng, index)),
        3..=8 => Target::Existing(rng.usize(..INDICES)),
        _ => Target::Deleted(rng.usize(..INDICES)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::burst::TIMES;
    use super::*;

    #[test]
    fn the_same_seed_generates_the_same_operations() {
        let operations = |seed| (0..1000).map(move |index| Generator::new(seed).operation(index));
        assert!(operations(7).eq(operations(7)));
        assert!(!operations(7).eq(operations(8)));
    }

    #[test]
    fn every_action_is_generated_and_times_are_few() {
        let generator = Generator::new(1);
        let actions: Vec<_> = (0..10_000).map(|index| generator.operation(index).action).collect();
        let mut times: Vec<_> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Create { datetime, .. } | Action::Move { datetime, .. } => Some(*datetime),
                _ => None,
            })
            .collect();
        times.sort_unstable();
        times.dedup();
        assert!(times.len() <= 4 * 3 * TIMES as usize);
        let count = |wanted: fn(&Action) -> bool| actions.iter().filter(|a| wanted(a)).count();
        assert!(count(|a| matches!(a, Action::Create { id: Some(_), .. })) > 500);
        assert!(count(|a| matches!(a, Action::Create { id: None, .. })) > 500);
        assert!(count(|a| matches!(a, Action::Move { .. })) > 500);
        assert!(count(|a| matches!(a, Action::ReplaceInPlace(_))) > 100);
        assert!(count(|a| matches!(a, Action::Delete(_))) > 500);
        assert!(count(|a| matches!(a, Action::Read(_))) > 500);
        assert!(count(|a| matches!(a, Action::List)) > 50);
        assert!(count(|a| matches!(a, Action::SetGap { .. })) > 50);
        assert!(count(|a| matches!(a, Action::ReadCalendar(_))) > 50);
    }
}
