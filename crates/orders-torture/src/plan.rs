//! What is requested, as a function of a seed: [`Plan`].

use fastrand::Rng;
use orders_core::{CalendarId, MinimumGap, OrderId, Timestamp};

use crate::mark::Mark;

/// So many operations begin together and aim at one hot time.
pub const BURST: u32 = 32;

/// Own ids are used for so many operations, and then new ones.
const ERA: u32 = 2048;

/// How many own ids clients fight over in one era.
const HOT_IDS: u32 = 6;

/// The calendars, few enough to be full.
pub const CALENDARS: [&str; 3] = ["default", "north", "south"];

/// 2030-01-01T00:00:00Z
const FIRST_TIME: i64 = 1_893_456_000_000_000;

/// Times are multiples of this, as are most gaps, so that orders are often exactly a gap apart.
const STEP: i64 = 30 * 60 * 1_000_000;

/// How many different times there are on a day, give or take a microsecond.
const TIMES: i64 = 24;

const DAY: i64 = 48 * STEP;

/// The gaps that calendars get, the narrowest first.
const GAPS: [&str; 5] = ["PT59M59.999999S", "PT1H", "PT1H30M", "PT2H", "PT3H"];

/// The operations of a run: the same for the same seed.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    seed: u64,
}

/// One planned operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its number, which marks what it writes.
    pub mark: Mark,
    /// Which process gets it, modulo how many there are.
    pub process: usize,
    /// What is done.
    pub action: Action,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Places an order, under an own id or not.
    Place {
        /// The own id.
        id: Option<OrderId>,
        /// Where.
        calendar: CalendarId,
        /// When.
        datetime: Timestamp,
    },
    /// Moves an order to another time, and perhaps to another calendar.
    Move {
        /// Which.
        target: Target,
        /// Where to.
        calendar: Option<CalendarId>,
        /// When to.
        datetime: Timestamp,
    },
    /// Writes an order anew where it is.
    Rewrite(Target),
    /// Removes an order.
    Remove(Target),
    /// Reads an order.
    Read(Target),
    /// Reads all orders.
    List,
    /// Changes a calendar's gap.
    SetGap {
        /// Which.
        calendar: CalendarId,
        /// To what.
        gap: MinimumGap,
    },
    /// Reads a calendar.
    ReadCalendar(CalendarId),
}

/// Which order an operation is about. Which orders stand depends on who won, so some are only known
/// when their turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The order with this own id.
    Own(OrderId),
    /// One that is thought to stand; which, modulo how many there are.
    Standing(usize),
    /// One that was lately removed; which, modulo how many there are.
    Gone(usize),
}

/// What a burst is mostly about.
#[derive(Clone, Copy)]
enum Flavour {
    Mixed,
    Race,
    Moves,
    Clearance,
}

impl Flavour {
    /// The weights of: place, move, rewrite, remove, read, list, set gap, read calendar.
    fn weights(self) -> [u32; 8] {
        match self {
            Self::Mixed => [34, 18, 8, 16, 14, 2, 2, 6],
            Self::Race => [78, 8, 2, 6, 3, 1, 1, 1],
            Self::Moves => [10, 74, 2, 8, 2, 2, 1, 1],
            Self::Clearance => [6, 6, 6, 58, 8, 2, 8, 6],
        }
    }
}

/// Where a burst's operations meet.
struct Focus {
    flavour: Flavour,
    calendar: usize,
    /// The first of the times, in microseconds after the first of all.
    first: i64,
    time: i64,
}

impl Plan {
    /// The plan of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The operation of this number.
    #[must_use]
    pub fn operation(self, number: u32) -> Operation {
        let focus = self.focus(number / BURST);
        let mut rng = self.rng(2 * u64::from(number) + 1);
        let process = rng.usize(..1 << 16);
        let action = match pick(&mut rng, focus.flavour.weights()) {
            0 => Action::Place {
                id: (rng.u32(..10) < 3).then(|| own_id(&mut rng, number)),
                calendar: calendar(&mut rng, &focus),
                datetime: time(&mut rng, &focus),
            },
            1 if matches!(focus.flavour, Flavour::Moves) => Action::Move {
                target: Target::Standing(rng.usize(..1 << 16)),
                calendar: Some(calendar(&mut rng, &focus)),
                datetime: time(&mut rng, &focus),
            },
            1 => Action::Move {
                target: target(&mut rng, number),
                calendar: rng.bool().then(|| calendar(&mut rng, &focus)),
                datetime: time(&mut rng, &focus),
            },
            2 => Action::Rewrite(target(&mut rng, number)),
            3 => Action::Remove(target(&mut rng, number)),
            4 => Action::Read(target(&mut rng, number)),
            5 => Action::List,
            6 => {
                let calendar = calendar(&mut rng, &focus);
                let gap = GAPS[rng.usize(..GAPS.len())];
                // OK because the gaps above are gaps.
                Action::SetGap { calendar, gap: gap.parse().expect("a gap") }
            }
            _ => Action::ReadCalendar(calendar(&mut rng, &focus)),
        };
        Operation { mark: Mark(number), process, action }
    }

    fn focus(self, burst: u32) -> Focus {
        let mut rng = self.rng(2 * u64::from(burst));
        let flavours = [Flavour::Mixed, Flavour::Race, Flavour::Moves, Flavour::Clearance];
        let flavour = flavours[pick(&mut rng, [35, 20, 25, 20])];
        // Who moves races for the next days, where there is more room.
        let day = if matches!(flavour, Flavour::Moves) { rng.i64(1..=3) } else { 0 };
        let calendar = rng.usize(..CALENDARS.len());
        Focus { flavour, calendar, first: day * DAY, time: rng.i64(0..TIMES) }
    }

    fn rng(self, stream: u64) -> Rng {
        // An odd factor keeps streams of one seed apart; the generator mixes the bits.
        Rng::with_seed(self.seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

/// The place of one of the weights, heavier ones more often.
fn pick<const N: usize>(rng: &mut Rng, weights: [u32; N]) -> usize {
    let total: u32 = weights.iter().sum();
    let mut left = rng.u32(..total);
    let chosen = weights.iter().position(|&weight| {
        let hit = left < weight;
        left = left.saturating_sub(weight);
        hit
    });
    chosen.unwrap_or(N - 1)
}

fn calendar(rng: &mut Rng, focus: &Focus) -> CalendarId {
    let place = if rng.u32(..10) < 7 { focus.calendar } else { rng.usize(..CALENDARS.len()) };
    // OK because the names above are ids.
    CalendarId::new(CALENDARS[place]).expect("an id")
}

/// Mostly the hot time, else any; sometimes a microsecond beside it.
fn time(rng: &mut Rng, focus: &Focus) -> Timestamp {
    let place = if rng.u32(..10) < 6 { focus.time } else { rng.i64(0..TIMES) };
    let beside = [0, 0, 0, 0, 0, 0, 1, -1][rng.usize(..8)];
    // OK because a day in 2030 is a time.
    Timestamp::from_micros(FIRST_TIME + focus.first + place * STEP + beside).expect("a time")
}

fn own_id(rng: &mut Rng, number: u32) -> OrderId {
    // OK because letters, digits and hyphens are an id.
    OrderId::new(format!("own-{}-{}", number / ERA, rng.u32(..HOT_IDS))).expect("an id")
}

fn target(rng: &mut Rng, number: u32) -> Target {
    match rng.u32(..10) {
        0..=2 => Target::Own(own_id(rng, number)),
        3..=8 => Target::Standing(rng.usize(..1 << 16)),
        _ => Target::Gone(rng.usize(..1 << 16)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_plans_the_same_operations() {
        let plan = |seed| (0..1000).map(move |number| Plan::new(seed).operation(number));
        assert!(plan(7).eq(plan(7)));
        assert!(!plan(7).eq(plan(8)));
    }

    #[test]
    fn every_action_is_planned_and_times_are_few() {
        let plan = Plan::new(1);
        let operations: Vec<_> = (0..10_000).map(|number| plan.operation(number).action).collect();
        let mut times: Vec<_> = operations
            .iter()
            .filter_map(|action| match action {
                Action::Place { datetime, .. } | Action::Move { datetime, .. } => Some(*datetime),
                _ => None,
            })
            .collect();
        times.sort_unstable();
        times.dedup();
        assert!(times.len() <= 4 * 3 * TIMES as usize);
        let count = |wanted: fn(&Action) -> bool| operations.iter().filter(|a| wanted(a)).count();
        assert!(count(|a| matches!(a, Action::Place { id: Some(_), .. })) > 500);
        assert!(count(|a| matches!(a, Action::Place { id: None, .. })) > 500);
        assert!(count(|a| matches!(a, Action::Move { .. })) > 500);
        assert!(count(|a| matches!(a, Action::Rewrite(_))) > 100);
        assert!(count(|a| matches!(a, Action::Remove(_))) > 500);
        assert!(count(|a| matches!(a, Action::Read(_))) > 500);
        assert!(count(|a| matches!(a, Action::List)) > 50);
        assert!(count(|a| matches!(a, Action::SetGap { .. })) > 50);
        assert!(count(|a| matches!(a, Action::ReadCalendar(_))) > 50);
    }
}
