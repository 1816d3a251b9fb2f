//! The connections of a worker: [`Connections`], and what each is doing: [`Activity`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the first byte of its next request.
    pub idle: Duration,
    /// For the head of a request.
    pub head: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), head: Duration::from_secs(5) }
    }
}

/// What a connection is doing.
#[derive(Default)]
pub(crate) struct Activity {
    state: Cell<State>,
    /// Since when the client has taken nothing of what is ready for it.
    stalls_since: Cell<Option<Instant>>,
    /// Whether it has to make room for another connection.
    evicted: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy)]
enum State {
    /// It has waited for a request since then.
    Idle(Instant),
    /// The head of a request has been arriving since then.
    Head(Instant),
    /// A request is answered; it has timeouts of its own.
    Request,
}

impl Default for State {
    fn default() -> Self {
        Self::Idle(Instant::now())
    }
}

impl Activity {
    /// Notes that bytes have arrived.
    pub(super) fn received(&self) {
        if let State::Idle(_) = self.state.get() {
            self.state.set(State::Head(Instant::now()));
        }
    }

    /// Notes that bytes were sent.
    pub(super) fn sent(&self, now: Instant) {
        self.stalls_since.set(None);
        if let State::Idle(_) = self.state.get() {
            self.state.set(State::Idle(now));
        }
    }

    /// Notes that the client takes nothing.
    pub(super) fn stalls(&self) {
        if self.stalls_since.get().is_none() {
            self.stalls_since.set(Some(Instant::now()));
        }
    }

    /// Since when the client has taken nothing of what is ready for it.
    pub(super) fn stalls_since(&self) -> Option<Instant> {
        self.stalls_since.get()
    }

    /// Until when the client must have sent more; none while a request is answered.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Option<Instant> {
        match self.state.get() {
            // The framework ends most connections properly before that.
            State::Idle(since) => Some(since + timeouts.idle + timeouts.head),
            State::Head(since) => Some(since + timeouts.head),
            State::Request => None,
        }
    }

    /// Whether the connection has to make room for another one.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.get()
    }

    /// Notes whom to wake if this is evicted.
    pub(super) fn wakes(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// Since when the connection has waited for its client: for a request, or else while a request is answered, until the
    /// client takes more. The former sort before the latter.
    fn waits_since(&self) -> Option<(bool, Instant)> {
        match self.state.get() {
            _ if self.is_evicted() => None,
            State::Idle(since) | State::Head(since) => Some((false, since)),
            State::Request => Some((true, self.stalls_since.get()?)),
        }
    }

    fn evict(&self) {
        self.evicted.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A request that is answered, until this is dropped.
pub(crate) struct Answering(Rc<Activity>);

impl Answering {
    /// A request on this connection.
    pub(crate) fn on(connection: &Rc<Activity>) -> Self {
        connection.state.set(State::Request);
        Self(Rc::clone(connection))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.state.set(State::default());
    }
}

/// The open connections of a worker.
pub(super) struct Connections {
    open: RefCell<BTreeMap<u64, Rc<Activity>>>,
    next: Cell<u64>,
    /// If there are more, those that wait are closed.
    most: usize,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { open: RefCell::default(), next: Cell::default(), most }
    }

    /// A new connection and its number. If there are too many, the one that has waited longest for a request has to close; if
    /// none waits for one, the one whose client has taken nothing for longest.
    pub(super) fn add(&self) -> (u64, Rc<Activity>) {
        let mut open = self.open.borrow_mut();
        if open.len() >= self.most {
            let waiting = open.values().filter_map(|one| Some((one.waits_since()?, one)));
            if let Some((_, longest)) = waiting.min_by_key(|(since, _)| *since) {
                longest.evict();
            }
        }
        let (number, activity) = (self.next.get(), Rc::<Activity>::default());
        self.next.set(number + 1);
        open.insert(number, Rc::clone(&activity));
        (number, activity)
    }

    /// Notes that a connection is closed.
    pub(super) fn remove(&self, number: u64) {
        self.open.borrow_mut().remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_that_has_waited_longest_makes_room() {
        let connections = Connections::new(3);
        let [first, second, third] = [(); 3].map(|()| connections.add());
        let answering = Answering::on(&first.1);
        third.1.received();
        assert!(![&first, &second, &third].iter().any(|(_, one)| one.is_evicted()));
        let fourth = connections.add();
        assert!(second.1.is_evicted());
        connections.remove(second.0);
        // Its next wait begins now.
        drop(answering);
        connections.add();
        assert!(third.1.is_evicted() && !first.1.is_evicted() && !fourth.1.is_evicted());
    }

    #[test]
    fn a_client_that_takes_nothing_makes_room_if_none_waits_for_a_request() {
        let connections = Connections::new(3);
        let all @ [first, second, third] = &[(); 3].map(|()| connections.add());
        let _answering = all.each_ref().map(|(_, one)| Answering::on(one));
        third.1.stalls();
        second.1.stalls();
        let fourth = connections.add();
        assert!(third.1.is_evicted() && !first.1.is_evicted() && !second.1.is_evicted());
        connections.remove(third.0);
        connections.add();
        assert!(fourth.1.is_evicted() && !second.1.is_evicted());
        connections.remove(fourth.0);
        second.1.sent(Instant::now());
        let _answering = Answering::on(&connections.add().1);
        assert!(!first.1.is_evicted() && !second.1.is_evicted());
    }

    #[test]
    fn a_request_has_no_deadline_on_its_connection() {
        let connections = Connections::new(1);
        let ((_, activity), timeouts) = (connections.add(), Timeouts::default());
        let idle = activity.deadline(&timeouts).unwrap();
        activity.received();
        assert!(activity.deadline(&timeouts).unwrap() < idle);
        let answering = Answering::on(&activity);
        activity.received();
        assert_eq!(activity.deadline(&timeouts), None);
        connections.add();
        assert!(!activity.is_evicted());
        drop(answering);
        assert!(activity.deadline(&timeouts).unwrap() > idle);
    }
}
