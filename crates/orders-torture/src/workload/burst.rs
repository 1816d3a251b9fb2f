//! What the operations of a burst have in common: [`Burst`].

use fastrand::Rng;
use orders_core::{CalendarId, OrderId, Timestamp};

/// How many operations start at the same time and compete for one time.
pub(super) const BURST_SIZE: u32 = 32;

/// The calendars, few enough to be full.
pub const CALENDARS: [&str; 3] = ["default", "north", "south"];

/// What the ids that clients choose start with; ids that the service generates do not.
pub(crate) const OWN_ID_PREFIX: &str = "own-";

/// After this many operations clients choose among new ids.
const OPERATIONS_PER_ID_SET: u32 = 2048;

/// How many ids clients choose among at one time.
const IDS_PER_SET: u32 = 6;

/// 2030-01-01T00:00:00Z
const FIRST_TIME: i64 = 1_893_456_000_000_000;

/// Times are multiples of this, as are most gaps, so that orders are often exactly a gap apart. In
/// microseconds.
const STEP: i64 = 30 * 60 * 1_000_000;

/// How many different times a day has, apart from those that are a microsecond beside one.
pub(super) const TIMES: i64 = 24;

const DAY: i64 = 48 * STEP;

/// Which operations are frequent in a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    Mixed,
    Creates,
    Moves,
    Deletes,
}

impl Profile {
    /// The weights of: create, move, replace in place, delete, read, list, set gap, read calendar.
    pub(super) fn weights(self) -> [u32; 8] {
        match self {
            Self::Mixed => [34, 18, 8, 16, 14, 2, 2, 6],
            Self::Creates => [78, 8, 2, 6, 3, 1, 1, 1],
            Self::Moves => [10, 74, 2, 8, 2, 2, 1, 1],
            Self::Deletes => [6, 6, 6, 58, 8, 2, 8, 6],
        }
    }
}

/// The contended calendar and time of a burst.
pub(super) struct Burst {
    pub(super) profile: Profile,
    calendar: usize,
    /// The start of the day, in microseconds after [`FIRST_TIME`].
    day: i64,
    time: i64,
}

impl Burst {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let profiles = [Profile::Mixed, Profile::Creates, Profile::Moves, Profile::Deletes];
        let profile = profiles[pick(rng, [35, 20, 25, 20])];
        // Moves need free times, and the later days have more of them.
        let day = if profile == Profile::Moves { rng.i64(1..=3) * DAY } else { 0 };
        let calendar = rng.usize(..CALENDARS.len());
        Self { profile, calendar, day, time: rng.i64(0..TIMES) }
    }

    /// In most cases the contended calendar, otherwise any.
    pub(super) fn calendar(&self, rng: &mut Rng) -> CalendarId {
        let index = if rng.u32(..10) < 7 { self.calendar } else { rng.usize(..CALENDARS.len()) };
        // OK because the names above are valid ids.
        CalendarId::new(CALENDARS[index]).expect("an id")
    }

    /// In most cases the contended time, otherwise any; sometimes a microsecond beside it.
    pub(super) fn time(&self, rng: &mut Rng) -> Timestamp {
        let time = if rng.u32(..10) < 6 { self.time } else { rng.i64(0..TIMES) };
        let offset = [0, 0, 0, 0, 0, 0, 1, -1][rng.usize(..8)];
        // OK because the years up to 9999 are valid.
        Timestamp::from_micros(FIRST_TIME + self.day + time * STEP + offset).expect("a time")
    }
}

/// An id that a client chooses for the operation with this index.
pub(super) fn own_id(rng: &mut Rng, index: u32) -> OrderId {
    let (set, id) = (index / OPERATIONS_PER_ID_SET, rng.u32(..IDS_PER_SET));
    // OK because letters, digits and hyphens are a valid id.
    OrderId::new(format!("{OWN_ID_PREFIX}{set}-{id}")).expect("an id")
}

/// A random index into `weights`; an index with a higher weight is more likely.
pub(super) fn pick<const N: usize>(rng: &mut Rng, weights: [u32; N]) -> usize {
    let total: u32 = weights.iter().sum();
    let mut left = rng.u32(..total);
    let picked = weights.iter().position(|&weight| {
        let hit = left < weight;
        left = left.saturating_sub(weight);
        hit
    });
    picked.unwrap_or(N - 1)
}
