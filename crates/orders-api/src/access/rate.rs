//! How many requests a client may send: [`Rates`].

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use orders_core::ClientId;

/// The window in which a client may send as many requests as its rate says, in any distribution.
pub(crate) const WINDOW: Duration = Duration::from_secs(1);

/// A token bucket for each client that has a rate. It holds one window's requests.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<ClientId, Bucket>>);

/// The requests that a client may still send.
#[derive(Debug)]
struct Bucket {
    requests: f64,
    filled_at: Instant,
}

impl Rates {
    /// Counts a request at `now`. If the client sends too many, it is not counted, and the error is the time until
    /// one is accepted again.
    pub(crate) fn count(
        &self,
        client: &ClientId,
        rate: NonZeroU32,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = f64::from(rate.get());
        let new = || Bucket { requests: full, filled_at: now };
        buckets.entry(client.clone()).or_insert_with(new).take(full, now)
    }
}

impl Bucket {
    /// Takes one request out of a bucket that fills within [`WINDOW`].
    fn take(&mut self, full: f64, now: Instant) -> Result<(), Duration> {
        let per_second = full / WINDOW.as_secs_f64();
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.requests = (self.requests + elapsed * per_second).min(full);
        self.filled_at = now;
        if self.requests < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.requests) / per_second));
        }
        self.requests -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_send_its_rate_at_once_and_then_evenly() {
        let (rates, shop) = (Rates::default(), ClientId::new("shop").unwrap());
        let (rate, start) = (NonZeroU32::new(4).unwrap(), Instant::now());
        let count = |millis| rates.count(&shop, rate, start + Duration::from_millis(millis));
        assert_eq!([0, 0, 0, 0].map(count), [Ok(()); 4]);
        assert_eq!(count(0), Err(WINDOW / 4));
        assert_eq!(count(125), Err(WINDOW / 8));
        assert_eq!(count(250), Ok(()));
        assert!(count(250).is_err());
        assert_eq!([9_000; 4].map(count), [Ok(()); 4], "more than its rate does not accumulate");
        assert!(count(9_000).is_err());
    }

    #[test]
    fn clients_do_not_count_for_each_other() {
        let (rates, rate, now) = (Rates::default(), NonZeroU32::MIN, Instant::now());
        for name in ["shop", "partner"] {
            let client = ClientId::new(name).unwrap();
            assert!(rates.count(&client, rate, now).is_ok());
            assert!(rates.count(&client, rate, now).is_err());
        }
    }
}
