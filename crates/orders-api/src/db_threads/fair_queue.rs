//! The waiting jobs of all clients, and whose turn it is: [`FairQueue`].

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use orders_core::{CalendarFeedId, ClientId};

use super::kind::Kind;

/// For whom a job is done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClientKey {
    /// A client with credentials.
    Client(ClientId),
    /// Everyone without credentials at this address; `None` if it is not known.
    Address(Option<IpAddr>),
    /// Everyone who reads a feed of calendars, or any of them.
    Feed(Option<CalendarFeedId>),
}

/// How many clients without waiting jobs are remembered.
const REMEMBERED: usize = 1000;

/// A queue for each client. The next job is one of the client that has used the database least.
///
/// A client that comes or returns starts at the least time that a client with waiting jobs has used. So nobody saves up time
/// by being idle.
pub(super) struct FairQueue<J> {
    queues: HashMap<ClientKey, ClientQueue<J>>,
    /// Those with waiting jobs, by the time that they have used. The number distinguishes equal times.
    turns: BTreeMap<(Duration, u64), ClientKey>,
    /// The least time that a client with waiting jobs had used, when there was one.
    clock: Duration,
    /// How many jobs have come.
    arrivals: u64,
    /// How many jobs wait, of each kind.
    waiting: [usize; Kind::ALL.len()],
}

struct ClientQueue<J> {
    number: u64,
    used: Duration,
    len: usize,
    /// Jobs with the numbers of their arrivals, for each kind in the order in which they came.
    jobs: [VecDeque<(u64, J)>; Kind::ALL.len()],
}

/// Jobs of one kind that are executed together, each with its client.
pub(super) struct Batch<J> {
    pub(super) kind: Kind,
    pub(super) clients: Vec<ClientKey>,
    pub(super) jobs: Vec<J>,
}

impl<J> Default for FairQueue<J> {
    fn default() -> Self {
        Self {
            queues: HashMap::new(),
            turns: BTreeMap::new(),
            clock: Duration::ZERO,
            arrivals: 0,
            waiting: [0; Kind::ALL.len()],
        }
    }
}

impl<J> FairQueue<J> {
    /// How many jobs wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.iter().sum()
    }

    /// Whether a job of this kind waits.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.waiting[kind as usize] > 0
    }

    /// Adds a job.
    pub(super) fn push(&mut self, client: ClientKey, kind: Kind, job: J) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        self.queue(client).jobs[kind as usize].push_back((arrival, job));
        self.waiting[kind as usize] += 1;
    }

    /// Adds a job before the others of its client.
    pub(super) fn push_first(&mut self, client: ClientKey, kind: Kind, job: J) {
        self.queue(client).jobs[kind as usize].push_front((0, job));
        self.waiting[kind as usize] += 1;
    }

    /// The queue of a client, to which a job is added.
    fn queue(&mut self, client: ClientKey) -> &mut ClientQueue<J> {
        let least = self.turns.keys().next().map_or(self.clock, |(used, _)| *used);
        let number = self.arrivals;
        let queue = self.queues.entry(client.clone()).or_insert_with(|| ClientQueue {
            number,
            used: least,
            len: 0,
            jobs: Default::default(),
        });
        if queue.len == 0 {
            queue.used = queue.used.max(least);
            self.turns.insert((queue.used, queue.number), client);
        }
        queue.len += 1;
        queue
    }

    /// Removes the job that is next, and those that are executed together with it, if a job of an eligible kind waits.
    pub(super) fn take(&mut self, is_eligible: impl Fn(Kind) -> bool) -> Option<Batch<J>> {
        let eligible: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| self.has(*kind) && is_eligible(*kind)).collect();
        if eligible.is_empty() {
            return None;
        }
        let oldest = |queue: &ClientQueue<J>| {
            let fronts = eligible.iter().filter_map(|kind| {
                queue.jobs[*kind as usize].front().map(|(arrival, _)| (*arrival, *kind))
            });
            fronts.min_by_key(|(arrival, _)| *arrival)
        };
        let (turn, kind) = self.turns.iter().find_map(|(turn, client)| {
            let (_, kind) = oldest(self.queues.get(client)?)?;
            Some((*turn, kind))
        })?;
        self.clock = self.clock.max(turn.0);

        let mut batch = Batch { kind, clients: Vec::new(), jobs: Vec::new() };
        let turns: Vec<_> = match kind.is_of_one_client() || kind.most_together() == 1 {
            true => vec![turn],
            // The waiting jobs of the kind are no more than those of all kinds.
            false => self.turns.range(turn..).map(|(turn, _)| *turn).collect(),
        };
        for turn in turns {
            if batch.jobs.len() == kind.most_together() || !self.has(kind) {
                break;
            }
            self.take_of(turn, &mut batch);
        }
        Some(batch)
    }

    /// Moves jobs of the client with this turn to the batch.
    fn take_of(&mut self, turn: (Duration, u64), batch: &mut Batch<J>) {
        let Some(client) = self.turns.get(&turn) else { return };
        let Some(queue) = self.queues.get_mut(client) else { return };
        let jobs = &mut queue.jobs[batch.kind as usize];
        let count = jobs.len().min(batch.kind.most_together() - batch.jobs.len());
        batch.clients.extend(std::iter::repeat_n(client, count).cloned());
        batch.jobs.extend(jobs.drain(..count).map(|(_, job)| job));
        self.waiting[batch.kind as usize] -= count;
        queue.len -= count;
        if queue.len == 0 {
            self.turns.remove(&turn);
        }
    }

    /// Counts time that the database worked for these clients, the same for each.
    pub(super) fn charge(&mut self, clients: &[ClientKey], time: Duration) {
        let share = time / u32::try_from(clients.len()).unwrap_or(u32::MAX).max(1);
        for client in clients {
            let Some(queue) = self.queues.get_mut(client) else { continue };
            let before = (queue.used, queue.number);
            queue.used += share;
            if let Some(client) = self.turns.remove(&before) {
                self.turns.insert((queue.used, queue.number), client);
            }
        }
        if self.queues.len() > self.turns.len() + REMEMBERED {
            self.queues.retain(|_, queue| queue.len > 0);
        }
    }

    /// Removes the newest job of the longest queue, if it is longer than that of this client.
    pub(super) fn displace(&mut self, client: &ClientKey) -> Option<J> {
        let own = self.queues.get(client).map_or(0, |queue| queue.len);
        let longest = self.turns.iter().max_by_key(|(_, client)| self.queues[*client].len)?;
        let (turn, client) = (*longest.0, longest.1.clone());
        let queue = self.queues.get_mut(&client).filter(|queue| queue.len > own + 1)?;
        let newest = Kind::ALL
            .into_iter()
            .max_by_key(|kind| queue.jobs[*kind as usize].back().map(|(arrival, _)| *arrival))?;
        let (_, job) = queue.jobs[newest as usize].pop_back()?;
        self.waiting[newest as usize] -= 1;
        queue.len -= 1;
        if queue.len == 0 {
            self.turns.remove(&turn);
        }
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn client(name: &str) -> ClientKey {
        ClientKey::Client(ClientId::new(name).unwrap())
    }

    fn push(queue: &mut FairQueue<&'static str>, name: &str, kind: Kind, jobs: &[&'static str]) {
        jobs.iter().for_each(|job| queue.push(client(name), kind, job));
    }

    /// Takes the next batch, whose jobs take so long.
    fn take(queue: &mut FairQueue<&'static str>, time: Duration) -> Vec<&'static str> {
        let Some(batch) = queue.take(|_| true) else { return Vec::new() };
        queue.charge(&batch.clients, time);
        batch.jobs
    }

    #[test]
    fn the_next_job_is_of_the_client_that_has_used_least() {
        let mut queue = FairQueue::default();
        push(&mut queue, "heavy", Kind::Single, &["h1", "h2", "h3"]);
        push(&mut queue, "light", Kind::Single, &["l1", "l2", "l3", "l4"]);
        assert_eq!(take(&mut queue, 3 * MILLI), ["h1"]);
        for job in ["l1", "l2", "l3"] {
            assert_eq!(take(&mut queue, MILLI), [job]);
        }
        // Both have used 3 ms.
        assert_eq!(take(&mut queue, 3 * MILLI), ["h2"]);
        assert_eq!(take(&mut queue, MILLI), ["l4"]);
        assert_eq!(take(&mut queue, MILLI), ["h3"]);
        assert_eq!(take(&mut queue, MILLI), [""; 0]);
    }

    #[test]
    fn a_client_that_returns_starts_with_the_others() {
        let mut queue = FairQueue::default();
        push(&mut queue, "idle", Kind::Single, &["i1"]);
        assert_eq!(take(&mut queue, MILLI), ["i1"]);
        push(&mut queue, "busy", Kind::Single, &["b1", "b2", "b3", "b4"]);
        for job in ["b1", "b2"] {
            assert_eq!(take(&mut queue, 10 * MILLI), [job]);
        }
        push(&mut queue, "idle", Kind::Single, &["i2", "i3", "i4"]);
        for job in ["i2", "b3", "i3", "b4", "i4"] {
            assert_eq!(take(&mut queue, 10 * MILLI), [job]);
        }
    }

    #[test]
    fn a_client_does_not_lose_what_it_has_used_by_a_pause() {
        let mut queue = FairQueue::default();
        push(&mut queue, "heavy", Kind::Single, &["h1"]);
        push(&mut queue, "light", Kind::Single, &["l1", "l2"]);
        assert_eq!(take(&mut queue, 10 * MILLI), ["h1"]);
        push(&mut queue, "heavy", Kind::Single, &["h2"]);
        assert_eq!(take(&mut queue, MILLI), ["l1"]);
        assert_eq!(take(&mut queue, MILLI), ["l2"]);
        assert_eq!(take(&mut queue, MILLI), ["h2"]);
    }

    #[test]
    fn all_waiting_jobs_of_a_kind_are_taken_together() {
        let mut queue = FairQueue::default();
        push(&mut queue, "shop", Kind::Get, &["s1"]);
        push(&mut queue, "shop", Kind::Create, &["s2"]);
        push(&mut queue, "crew", Kind::Get, &["c1", "c2"]);
        push(&mut queue, "crew", Kind::Create, &["c3"]);
        push(&mut queue, "shop", Kind::Get, &["s3"]);
        assert_eq!(take(&mut queue, MILLI), ["s1", "s3", "c1", "c2"]);
        assert_eq!(take(&mut queue, MILLI), ["s2", "c3"]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn some_kinds_are_taken_together_for_one_client_only() {
        let mut queue = FairQueue::default();
        for name in ["shop", "crew"] {
            push(&mut queue, name, Kind::Delete, &["1", "2"]);
            push(&mut queue, name, Kind::Single, &["3", "4"]);
        }
        for jobs in [&["1", "2"][..], &["1", "2"], &["3"], &["3"], &["4"], &["4"]] {
            assert_eq!(take(&mut queue, MILLI), jobs);
        }
    }

    #[test]
    fn a_batch_is_limited_and_each_of_its_clients_is_charged_its_share() {
        let mut queue = FairQueue::default();
        let most = Kind::Create.most_together();
        push(&mut queue, "one", Kind::Create, &["1"]);
        push(&mut queue, "many", Kind::Create, &vec!["m"; most]);
        let batch = take(&mut queue, MILLI * most as u32);
        assert_eq!((batch.len(), queue.len()), (most, 1));
        push(&mut queue, "one", Kind::Single, &["2"]);
        assert_eq!(take(&mut queue, MILLI), ["2"], "it has used less");
    }

    #[test]
    fn kinds_that_are_not_eligible_wait() {
        let mut queue = FairQueue::default();
        push(&mut queue, "shop", Kind::Import, &["i1", "i2"]);
        push(&mut queue, "crew", Kind::Get, &["c1"]);
        let batch = queue.take(|kind| kind != Kind::Import).unwrap();
        assert_eq!((batch.kind, batch.jobs), (Kind::Get, vec!["c1"]));
        assert!(queue.take(|kind| kind != Kind::Import).is_none());
        assert_eq!(take(&mut queue, MILLI), ["i1"]);
    }

    #[test]
    fn the_newest_job_of_the_longest_queue_is_displaced() {
        let mut queue = FairQueue::default();
        push(&mut queue, "long", Kind::Get, &["1"]);
        push(&mut queue, "long", Kind::Create, &["2"]);
        push(&mut queue, "long", Kind::Get, &["3"]);
        push(&mut queue, "short", Kind::Get, &["4"]);
        assert_eq!(queue.displace(&client("long")), None, "its own job is the newest");
        assert_eq!(queue.displace(&client("new")), Some("3"));
        assert_eq!(queue.displace(&client("short")), None, "it would be as long");
        assert_eq!(queue.displace(&client("new")), Some("2"));
        assert_eq!(queue.len(), 2);
        assert_eq!(take(&mut queue, MILLI), ["1", "4"]);
    }

    #[test]
    fn idle_clients_are_forgotten_when_they_are_many() {
        let mut queue = FairQueue::default();
        for number in 0..3 * REMEMBERED {
            push(&mut queue, &number.to_string(), Kind::Single, &["job"]);
            take(&mut queue, MILLI);
        }
        assert!(queue.queues.len() <= REMEMBERED + 1);
    }
}
