//! A follower that waits for pages.

use std::time::Duration;

use crate::history::Follower;
use crate::http::ChangesRead;

use super::order_copy::OrderCopy;
use super::{Followed, Followers};

/// The most changes on a page.
const LIMIT: usize = 200;

/// The longest pause between two pages, during which changes gather.
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// Follows page by page, each from any service process.
pub(super) fn follow(followers: &Followers) -> Followed {
    let mut copy = OrderCopy::empty(followers, Follower::Pages);
    let mut connections = followers.connections();
    let mut rng = followers.rng(1);
    let mut path = format!("/changes?limit={LIMIT}&wait=2");
    while !copy.is_finished() {
        let preferred = rng.usize(..followers.endpoints.len());
        let Some((process, connection)) = connections.wait(preferred, || followers.is_over())
        else {
            break;
        };
        let invoked = followers.clock.now();
        let read = ChangesRead::page(connection, &path);
        path = copy.apply_read((process, invoked, path), read, |changes| changes < LIMIT);
        if rng.bool() {
            followers.pause(&mut rng, MAX_PAUSE);
        }
    }
    Followed { followings: vec![copy.following], reads: copy.reads, ..Followed::default() }
}
