//! Addresses of names: [`Resolve`].

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::rt::task::spawn_blocking;
use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

/// How many look-ups there may be at once. Each has a thread, and the runtime has 512 threads for all that blocks: the work of the
/// database must find one.
const MAX_LOOKUPS: usize = 256;

/// Where the addresses of a name come from.
pub(super) trait Resolve: Send + Sync {
    /// All addresses of a name, best first; none if there is no such name.
    ///
    /// # Errors
    /// If they cannot be found out now.
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver (`getaddrinfo`).
pub(super) struct SystemResolver {
    places: Arc<Semaphore>,
}

impl SystemResolver {
    pub(super) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        block(Arc::clone(&self.places), move || look_up(&name)).boxed()
    }
}

/// Does a job on a thread of its own, when there is a place for it. A job that has begun goes on when nobody waits for it any
/// more, so it keeps its place until it ends.
async fn block<T: Send + 'static>(
    places: Arc<Semaphore>,
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let place = places.acquire_owned().await.map_err(io::Error::other)?;
    let job = move || {
        let _place = place;
        job()
    };
    spawn_blocking(job).await?
}

/// The standard library has no kind of error that tells whether there is no such name.
fn look_up(name: &str) -> io::Result<Vec<IpAddr>> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    match getaddrinfo(Some(name), None, Some(hints)) {
        Ok(found) => found.map(|found| Ok(found?.sockaddr.ip())).collect(),
        Err(error) => match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData => Ok(Vec::new()),
            _ => Err(error.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[actix_web::test]
    async fn a_look_up_keeps_its_place_until_it_ends() {
        let places = Arc::new(Semaphore::new(1));
        let (end, ended) = mpsc::channel::<()>();
        let slow = block(Arc::clone(&places), move || ended.recv().map_err(io::Error::other));
        assert!(slow.now_or_never().is_none());
        // Nobody waits for it, but it goes on.
        assert_eq!(places.available_permits(), 0);
        let next = actix_web::rt::spawn(block(Arc::clone(&places), || Ok(7)));
        end.send(()).unwrap();
        assert_eq!(next.await.unwrap().unwrap(), 7);
        assert_eq!(places.available_permits(), 1);
    }
}
