//! How many requests a client may send: [`Rates`].

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use orders_core::ClientId;

/// The window in which a client may send as many requests as its rate says, in any distribution.
pub(crate) const WINDOW: Duration = Duration::from_secs(1);

/// How long an import leaves a part of the rate to the client's other requests. Then it is its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// A token bucket for each client that has a rate. It holds one window's requests.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<ClientId, Bucket>>);

/// The requests that a client may still send. It is negative after an import whose turn it was.
#[derive(Debug)]
struct Bucket {
    requests: f64,
    filled_at: Instant,
}

/// How many orders of an import are counted at once: half of the requests that the client may send at once.
pub(crate) fn import_share(rate: NonZeroU32) -> u32 {
    (rate.get() / 2).max(1)
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
        self.with(client, rate, now, |bucket| bucket.take(rate))
    }

    /// Counts some orders of an import at `now`, which has waited for so long. The error is the time until it may ask
    /// again.
    ///
    /// An import leaves the other half of the rate to the client's other requests, so that it does not delay them. If they
    /// use all of it, the import gets its turn after two seconds.
    pub(crate) fn count_import(
        &self,
        client: &ClientId,
        rate: NonZeroU32,
        orders: usize,
        waited: Duration,
        now: Instant,
    ) -> Result<(), Duration> {
        self.with(client, rate, now, |bucket| bucket.take_import(rate, orders, waited))
    }

    fn with<T>(
        &self,
        client: &ClientId,
        rate: NonZeroU32,
        now: Instant,
        take: impl FnOnce(&mut Bucket) -> T,
    ) -> T {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Bucket { requests: rate.get().into(), filled_at: now };
        let bucket = buckets.entry(client.clone()).or_insert_with(new);
        bucket.fill(rate, now);
        take(bucket)
    }
}

impl Bucket {
    /// Adds what has come since the last time. It is full after a [`WINDOW`].
    fn fill(&mut self, rate: NonZeroU32, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.requests = (self.requests + elapsed * per_second(rate)).min(rate.get().into());
        self.filled_at = now;
    }

    /// Takes one request.
    fn take(&mut self, rate: NonZeroU32) -> Result<(), Duration> {
        if self.requests < 1.0 {
            return Err(self.time_until(1.0, rate));
        }
        self.requests -= 1.0;
        Ok(())
    }

    fn take_import(
        &mut self,
        rate: NonZeroU32,
        orders: usize,
        waited: Duration,
    ) -> Result<(), Duration> {
        let (full, orders) = (f64::from(rate.get()), orders as f64);
        let reserve = full - f64::from(import_share(rate));
        let needed = if waited < PATIENCE { (orders + reserve).min(full) } else { 0.0 };
        if self.requests < needed {
            let left = PATIENCE.saturating_sub(waited);
            let wait = self.time_until(needed, rate);
            return Err(if left.is_zero() { wait } else { wait.min(left) });
        }
        self.requests -= orders;
        Ok(())
    }

    fn time_until(&self, requests: f64, rate: NonZeroU32) -> Duration {
        Duration::from_secs_f64((requests - self.requests) / per_second(rate))
    }
}

fn per_second(rate: NonZeroU32) -> f64 {
    f64::from(rate.get()) / WINDOW.as_secs_f64()
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

    /// Lets an import with so many orders in a batch run for 20 seconds, and another request come every `pause`, if any.
    /// Returns how many orders were imported, and how many of the other requests were accepted.
    fn run(rate: u32, orders: usize, pause: Option<Duration>) -> (usize, usize) {
        let (rates, shop) = (Rates::default(), ClientId::new("shop").unwrap());
        let (rate, start) = (NonZeroU32::new(rate).unwrap(), Instant::now());
        let (mut imported, mut accepted) = (0, 0);
        let (mut asks_at, mut waits_since, mut next) = (start, start, start);
        let end = start + Duration::from_secs(20);
        while asks_at < end {
            while let Some(pause) = pause.filter(|_| next <= asks_at) {
                accepted += usize::from(rates.count(&shop, rate, next).is_ok());
                next += pause;
            }
            match rates.count_import(&shop, rate, orders, asks_at - waits_since, asks_at) {
                Ok(()) => (imported, waits_since) = (imported + orders, asks_at),
                // A sleep takes a little longer than it should.
                Err(wait) => asks_at += wait + Duration::from_micros(100),
            }
        }
        (imported, accepted)
    }

    #[test]
    fn an_import_gets_the_whole_rate_if_there_is_nothing_else() {
        for (rate, orders) in [(1, 1), (2, 1), (10, 1), (10, 5), (1000, 500)] {
            let (imported, _) = run(rate, orders, None);
            let most = 20 * rate as usize;
            // At first the bucket is full.
            assert!(
                (most * 95 / 100..=most + rate as usize).contains(&imported),
                "{rate}: {imported}"
            );
        }
    }

    #[test]
    fn an_import_leaves_as_much_as_other_requests_need_up_to_half_of_the_rate() {
        for (rate, orders) in [(10, 1), (10, 5), (1000, 500)] {
            let pause = WINDOW * 2 / rate;
            let (imported, accepted) = run(rate, orders, Some(pause));
            assert_eq!(accepted, 10 * rate as usize, "{rate}");
            assert!(imported >= 9 * rate as usize, "{rate}: {imported}");
        }
    }

    #[test]
    fn neither_an_import_nor_other_requests_starve() {
        for (rate, orders) in [(10, 1), (10, 5), (1000, 500)] {
            let (imported, accepted) = run(rate, orders, Some(WINDOW / rate / 4));
            let all = 20 * rate as usize;
            assert!(imported >= 9 * orders && imported <= all / 2, "{rate}: {imported}");
            assert!(accepted >= all / 3, "{rate}: {accepted}");
        }
    }

    #[test]
    fn a_batch_of_more_orders_than_the_bucket_holds_takes_its_time() {
        let (rates, shop) = (Rates::default(), ClientId::new("shop").unwrap());
        let (rate, start) = (NonZeroU32::new(10).unwrap(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        let import = |waited: u64, at| {
            rates.count_import(&shop, rate, 500, Duration::from_secs(waited), after(at))
        };
        assert_eq!(import(0, 0), Ok(()));
        assert_eq!(import(2, 2), Err(Duration::from_secs(47)));
        assert_eq!(import(49, 49), Ok(()));
    }
}
