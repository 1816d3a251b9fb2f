//! How the service stops: [`Shutdown`].

use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::rt::time::timeout;
use actix_web::{HttpRequest, web};
use tokio::sync::watch;

use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::signals::Signals;

/// How far the service has stopped. Clones are the same shutdown.
#[derive(Clone, Default)]
pub(crate) struct Shutdown(watch::Sender<Phase>);

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Running,
    /// Load balancers are told to send no more requests, but requests are still answered.
    Draining,
    /// Since this instant, no connection is accepted any more, and what goes on without an end is ended.
    Stopping(Instant),
}

impl Shutdown {
    /// Completes when the server is to stop: after the first SIGTERM or Ctrl-C and then this time, or at the second signal.
    pub(crate) async fn signalled(&self, signals: &mut Signals, drain: Duration) {
        signals.next().await;
        self.0.send_replace(Phase::Draining);
        if !drain.is_zero() {
            log::info!("not ready any more; stopping in {drain:?} or at the next signal");
            let _ = timeout(drain, signals.next()).await;
        }
        self.0.send_replace(Phase::Stopping(Instant::now()));
        log::info!("stopping; finishing the requests in flight");
    }

    /// Whether clients should use another instance for their next request.
    pub(crate) fn is_draining(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Completes when no more connections are accepted.
    pub(crate) async fn stopping(&self) {
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(|phase| matches!(phase, Phase::Stopping(_))).await;
    }

    /// Since when no connection is accepted any more. `None` if no signal has stopped the service.
    pub(crate) fn stopping_since(&self) -> Option<Instant> {
        match *self.0.borrow() {
            Phase::Stopping(since) => Some(since),
            Phase::Running | Phase::Draining => None,
        }
    }

    /// That of the service that answers this request.
    pub(crate) fn of(request: &HttpRequest) -> &Self {
        // OK because every app has it, see `server::listen`.
        request.app_data::<web::Data<Self>>().expect("a shutdown is set")
    }
}

impl Argument for Shutdown {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(Self::of(request).clone())
    }

    fn describe(_: &mut Operation) {}
}
