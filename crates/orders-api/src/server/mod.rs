//! The HTTP server: [`Listening`].

mod client_stream;
mod connections;
mod http1;
mod sockets;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use anyhow::{Context as _, Result};
use orders_db::PgStore;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

pub use self::connections::Timeouts;
pub(crate) use self::connections::{Activity, Answering};
pub(crate) use self::http1::{ConnectionLimits, PATIENCE, serve};
pub use self::sockets::Sockets;
pub(crate) use self::sockets::listen as listen_on;
use crate::access::Access;
use crate::cli::arguments::{DatabaseArgs, ServerArgs};
use crate::db_threads::DbThreads;
use crate::feed::Feed;
use crate::http::body::BodyLimits;
use crate::http::cross_origin::{Origin, allow_origins};
use crate::http::request_log::log_request;
use crate::metrics::{Metrics, WebhookMetrics, listener};
use crate::routes::routes;
use crate::shutdown::Shutdown;
use crate::signals::Signals;
use crate::transfers::Transfers;
use crate::webhooks::Webhooks;
use crate::worker::Worker;

/// How long load balancers have to notice that the service stops, if they can reach it.
const DRAIN: Duration = Duration::from_secs(5);

/// How long the database threads, and then the worker, may take in any case after the requests have ended.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// How many files may be open besides the connections to clients and to the database.
const OTHER_FILES: usize = 90;

/// The most connections of a worker, however many files may be open.
const MAX_CONNECTIONS: usize = 25_600;

/// A server that listens. Requests are answered once it runs.
pub struct Listening {
    server: Server,
    metrics: Option<(Server, SocketAddr)>,
    address: SocketAddr,
    threads: DbThreads<PgStore>,
    feed: Feed,
    worker: Option<Worker>,
    shutdown: Shutdown,
    shutdown_timeout: Duration,
}

/// Listens, and starts the database threads; to be called in a runtime. With a store for it, also starts the worker that
/// sends changes to webhooks.
///
/// # Errors
/// If an address is no longer available, or the system starts no thread.
pub fn listen(
    sockets: Sockets,
    store: PgStore,
    worker_store: Option<PgStore>,
    access: Access,
    database: &DatabaseArgs,
    arguments: &ServerArgs,
) -> Result<Listening> {
    let workers = available_parallelism().map_or(1, NonZeroUsize::get);
    let to_database = (database.connections() + arguments.limits.long_connections()) as usize;
    let streams = arguments.limits.max_streams.get();
    let most = allow_open_files(streams, OTHER_FILES + to_database) / workers;
    let connections = ConnectionLimits {
        most: most.clamp(1, MAX_CONNECTIONS),
        timeouts: arguments.timeouts,
        stall_timeout: arguments.stall_timeout,
    };
    let queue_limits = database.limits(arguments.queue_wait);
    let feed = Feed::start(store.clone(), arguments.limits.streams())?;
    let threads = DbThreads::start(store, database.connections() as usize, queue_limits)?;
    let on_loopback = sockets.on_loopback;
    let access = web::Data::new(access.listening(on_loopback));
    let webhook_metrics = Arc::<WebhookMetrics>::default();
    let metrics = Metrics::new(threads.clone(), access.clone(), &webhook_metrics);
    let metrics = web::Data::new(metrics);
    let webhooks = Webhooks::new(&arguments.webhooks, on_loopback)?;
    let worker = worker_store.map(|store| {
        Worker::start(store, feed.clone(), &webhooks, webhook_metrics)
            .context("cannot start the worker for webhooks")
    });
    let worker = worker.transpose()?;
    let webhooks = web::Data::new(webhooks);
    let listen_for_metrics = |sockets| listener::listen(sockets, metrics.clone(), connections);
    let separate = sockets.metrics.map(listen_for_metrics).transpose()?;
    let origins = web::Data::<[Origin]>::from(Arc::from(arguments.allow_origin.as_slice()));
    let public_url = web::Data::new(arguments.public_url.clone());
    let shared = web::Data::new(threads.clone());
    let followed = web::Data::new(feed.clone());
    let clients = arguments.limits;
    let transfers = Transfers::new(clients.imports(), clients.exports(), clients.export_timeout);
    let transfers = web::Data::new(transfers);
    let drain = arguments.drain.unwrap_or(if on_loopback { Duration::ZERO } else { DRAIN });
    let shutdown = Shutdown::default();
    let shared_shutdown = web::Data::new(shutdown.clone());
    let limits = BodyLimits {
        bytes: arguments.body_limit.get(),
        arrival: database.request_timeout,
        stall_timeout: arguments.stall_timeout,
    };
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .app_data(followed.clone())
            .app_data(transfers.clone())
            .app_data(webhooks.clone())
            .app_data(access.clone())
            .app_data(shared_shutdown.clone())
            .app_data(metrics.clone())
            .app_data(limits)
            .app_data(origins.clone())
            .app_data(public_url.clone())
            .wrap(from_fn(allow_origins))
            .wrap(from_fn(log_request))
            .configure(routes)
    };
    // From now on, a signal does not end the process, but waits until the server runs.
    let mut signals = Signals::listen().context("cannot wait for SIGTERM and Ctrl-C")?;
    let (signalled, stopped_feed) = (shutdown.clone(), feed.clone());
    let stop_worker = worker.as_ref().map(Worker::stop_sender);
    let stop_signal = async move {
        signalled.signalled(&mut signals, drain).await;
        // Other instances take over what has no end: followers of the changes, and webhooks.
        stopped_feed.stop();
        if let Some(stop) = stop_worker {
            stop.send_replace(true);
        }
        actix_web::rt::spawn(exit_at_next_signal(signals));
    };
    let server = Server::build()
        .workers(workers)
        .shutdown_signal(stop_signal)
        .shutdown_timeout(arguments.shutdown_timeout.into());
    let listeners = listen_on(sockets.clients)
        .with_context(|| sockets::unavailable(&arguments.bind, "--bind"))?;
    let address = listeners[0].local_addr()?;
    let server = serve(server, listeners, connections, app)?;
    let shutdown_timeout = Duration::from_secs(arguments.shutdown_timeout.into());
    let metrics = separate;
    Ok(Listening { server, metrics, address, threads, feed, worker, shutdown, shutdown_timeout })
}

impl Listening {
    /// The address, with the actual port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the metrics, with the actual port, if they have one of their own.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// A handle that stops the server.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Answers requests until a signal stops it, and then finishes those in flight.
    ///
    /// # Errors
    /// If the server fails.
    pub async fn run(self) -> io::Result<()> {
        let metrics = self.metrics.map(|(server, _)| {
            let handle = server.handle();
            actix_web::rt::spawn(server);
            handle
        });
        let served = self.server.await;
        self.feed.stop();
        served?;
        let since = self.shutdown.stopping_since().unwrap_or_else(Instant::now);
        let deadline = since + self.shutdown_timeout;
        let left = || deadline.saturating_duration_since(Instant::now()).max(LAST_WAIT);
        if !self.threads.close(left()) {
            log::warn!("stopping while the database still works on requests");
        }
        if let Some(worker) = self.worker
            && !worker.stop(left())
        {
            log::warn!("stopping while messages to webhooks are on their way; they are repeated");
        }
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
        Ok(())
    }
}

/// Lets the process open as many files as the system allows it, because each connection is one and the usual limit is
/// 1,024. Returns how many connections of clients can then be open besides the other files. Warns if that is too few for so
/// many event streams.
fn allow_open_files(streams: usize, others: usize) -> usize {
    let limits = getrlimit(Resource::Nofile);
    let mut most = limits.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits }) {
        log::warn!("cannot raise the limit of open files: {error}");
        most = limits.current;
    }
    let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    if most < streams.saturating_add(others) {
        log::warn!(
            "only {most} files can be open, too few for {streams} event streams: raise the limit"
        );
    }
    most.saturating_sub(others)
}

/// Ends the process at the next signal, whatever it is doing.
async fn exit_at_next_signal(mut signals: Signals) {
    signals.next().await;
    log::warn!("stopping at once; requests in flight are cut off");
    std::process::exit(1);
}
