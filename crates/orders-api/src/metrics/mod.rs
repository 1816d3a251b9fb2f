//! What the service measures of itself, for Prometheus: [`Metrics`].
//!
//! What happens often is counted where it happens, by handles that are made at the start. What can be looked up at any
//! time, such as the length of the queue, is looked up when somebody asks.

mod authentication;
mod jobs;
pub(crate) mod listener;
mod process;
mod requests;
mod webhooks;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};
use orders_db::PgStore;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use self::authentication::{AuthenticationFailures, Reason};
pub(crate) use self::jobs::JobMetrics;
use self::process::Process;
use self::requests::RequestMetrics;
pub(crate) use self::requests::{ActiveRequest, Route};
pub(crate) use self::webhooks::WebhookMetrics;
use crate::access::Access;
use crate::db_threads::DbThreads;
use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::problem::Problem;

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The upper bounds of durations, in seconds: those of OpenTelemetry, and three below.
const SECONDS: [f64; 17] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];

/// A single label with a value that is known at compile time.
type Label = [(&'static str, &'static str); 1];

/// A gauge that has fractions.
type Fraction = Gauge<f64, AtomicU64>;

/// All metrics of a service.
pub(crate) struct Metrics {
    registry: Registry,
    requests: RequestMetrics,
    process: Process,
    threads: DbThreads<PgStore>,
    access: web::Data<Access>,
    looked_up: LookedUp,
}

/// What is looked up when somebody asks.
#[derive(Default)]
struct LookedUp {
    queue_length: Gauge,
    connections: Family<Label, Gauge>,
    heartbeat_age: Fraction,
    feed_lag: Fraction,
    authentication_required: Gauge,
}

impl Metrics {
    /// The metrics of a service with these threads and clients.
    pub(crate) fn new(
        threads: DbThreads<PgStore>,
        access: web::Data<Access>,
        webhooks: &WebhookMetrics,
    ) -> Self {
        let mut registry = Registry::default();
        let requests = RequestMetrics::register(&mut registry);
        threads.metrics().register(&mut registry);
        access.failures().register(&mut registry);
        webhooks.register(&mut registry);
        let looked_up = LookedUp::register(&mut registry);
        let queue_limit = Gauge::<i64>::default();
        queue_limit.set(count(threads.limits().backlog));
        registry.register(
            "orders_queue_limit",
            "How many requests may wait for a database thread under lasting load",
            queue_limit,
        );
        registry.register(
            "orders_build",
            "The running release",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let process = Process::register(&mut registry);
        Self { registry, requests, process, threads, access, looked_up }
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// None in practice: only of the formatting.
    pub(crate) fn text(&self) -> Reply<String> {
        self.looked_up.update(&self.threads, &self.access);
        self.process.update();
        self.requests.forget_clients(|id| self.access.has_client(id));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry).map_err(Problem::internal)?;
        Ok(text)
    }
}

impl LookedUp {
    fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        registry.register(
            "orders_queue_length",
            "How many requests wait for a database thread",
            all.queue_length.clone(),
        );
        registry.register(
            "db_client_connection_count",
            "The connections to the database, without that of the heartbeat",
            all.connections.clone(),
        );
        registry.register(
            "orders_heartbeat_age_seconds",
            "The time since the database last confirmed that it accepts writes",
            all.heartbeat_age.clone(),
        );
        registry.register(
            "orders_feed_lag_seconds",
            "The longest time that a committed change may have been missing from the feed of changes",
            all.feed_lag.clone(),
        );
        registry.register(
            "orders_authentication_required",
            "Whether requests without credentials are rejected (1) or may do everything (0)",
            all.authentication_required.clone(),
        );
        all
    }

    fn update(&self, threads: &DbThreads<PgStore>, access: &Access) {
        self.queue_length.set(count(threads.waiting()));
        let connections = threads.store().connections();
        for (state, number) in [("idle", connections.idle), ("used", connections.used)] {
            self.connections.get_or_create(&[("state", state)]).set(number.into());
        }
        self.heartbeat_age.set(access.vitals().heartbeat.age().as_secs_f64());
        self.feed_lag.set(access.vitals().feed.age().as_secs_f64());
        self.authentication_required.set(access.requires_credentials().into());
    }
}

impl Argument for web::Data<Metrics> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(metrics(request).clone())
    }

    fn describe(_: &mut Operation) {}
}

fn metrics(request: &HttpRequest) -> &web::Data<Metrics> {
    // OK because every app has them, see `server::listen`.
    request.app_data().expect("the metrics are set")
}

/// A histogram of durations.
fn durations() -> Histogram {
    Histogram::new(SECONDS)
}

fn observe(histogram: &Histogram, duration: Duration) {
    histogram.observe(duration.as_secs_f64());
}

fn count(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
