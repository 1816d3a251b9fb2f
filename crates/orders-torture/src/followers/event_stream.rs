//! A follower with an event stream.

use std::net::SocketAddr;
use std::time::Duration;

use orders_client::wire::Event;

use crate::history::{Follower, Moment, ReadOutcome};
use crate::http::{EventStream, Failure};

use super::order_copy::OrderCopy;
use super::{Followed, Followers};

/// A connection is closed after this time at most, so that streams end in many places.
const MAX_CONNECTION: Duration = Duration::from_secs(5);

/// Follows an event stream. Whenever it ends, it opens another one at any service process.
pub(super) fn follow(followers: &Followers) -> Followed {
    let mut copy = OrderCopy::empty(followers, Follower::EventStream);
    let connections = followers.connections();
    let mut rng = followers.rng(3);
    while !copy.is_finished() {
        let preferred = rng.usize(..followers.endpoints.len());
        let Some((process, address)) =
            connections.wait_for_address(preferred, || followers.is_over())
        else {
            break;
        };
        let (path, invoked) = ("/changes".to_owned(), followers.clock.now());
        let until = invoked.plus(MAX_CONNECTION.mul_f64(rng.f64()));
        let received = receive(&mut copy, address, until);
        let outcome = match (received, copy.cursor()) {
            (Err(failure), _) => ReadOutcome::Failed(failure),
            (Ok(()), Some(cursor)) => ReadOutcome::UpTo { cursor, complete: false },
            (Ok(()), None) => continue,
        };
        copy.record(process, invoked, path, outcome);
    }
    Followed { followings: vec![copy.following], reads: copy.reads, ..Followed::default() }
}

/// Receives events until the copy is complete, but only until this moment.
fn receive(copy: &mut OrderCopy<'_>, address: SocketAddr, until: Moment) -> Result<(), Failure> {
    let followers = copy.followers;
    let mut stream = EventStream::open(address, &followers.key, copy.cursor())?;
    while !copy.is_finished() && followers.clock.now() < until {
        if let Some(event) = stream.next()? {
            apply(copy, event)?;
        }
    }
    Ok(())
}

/// Applies an event.
fn apply(copy: &mut OrderCopy<'_>, event: Event) -> Result<(), Failure> {
    let Event { id, name, data } = event;
    let malformed = || Failure::Invalid(format!("a malformed event: {id:?}, {name:?}, {data:?}"));
    let id_cursor = id.as_deref().and_then(|id| id.parse().ok()).ok_or_else(malformed)?;
    match (&name, &data) {
        (Some(name), Some(data)) => {
            let cursor = copy.apply(data)?;
            let received = copy.following.changes.last();
            let is_same = received.is_some_and(|received| {
                received.change.change.change_type.as_str() == name && cursor == id_cursor
            });
            is_same.then_some(()).ok_or_else(malformed)
        }
        (None, None) => {
            copy.advance(id_cursor);
            Ok(())
        }
        _ => Err(malformed()),
    }
}
