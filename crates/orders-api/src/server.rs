//! The HTTP server: [`Listening`].

use std::any::Any;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
#[cfg(target_os = "linux")]
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use anyhow::{Context as _, Result};
use orders_db::PgStore;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::access::Access;
use crate::cli::arguments::{DatabaseArgs, ServerArgs};
use crate::db_threads::DbThreads;
use crate::feed::Feed;
use crate::http::body::BodyLimits;
use crate::http::request_log::log_request;
use crate::metrics::{Metrics, listener};
use crate::routes::routes;
use crate::shutdown::Shutdown;
use crate::transfers::Transfers;

/// How long a connection may stay open without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long the head of a request may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may take to close a connection that we have closed.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long load balancers have to notice that the service stops, if they can reach it.
const DRAIN: Duration = Duration::from_secs(5);

/// How many files may be open besides the event streams.
const OTHER_FILES: usize = 100;

/// A server that listens. Requests are answered once it runs.
pub struct Listening {
    server: Server,
    metrics: Option<(Server, SocketAddr)>,
    address: SocketAddr,
    threads: DbThreads<PgStore>,
    feed: Feed,
    shutdown: Duration,
}

/// Listens, and starts the database threads.
///
/// # Errors
/// If the address is not available, or the system starts no thread.
pub fn listen(
    store: PgStore,
    access: Access,
    database: &DatabaseArgs,
    arguments: &ServerArgs,
) -> Result<Listening> {
    allow_open_files(arguments.limits.max_streams.get());
    let queue_limits = database.limits(arguments.queue_wait);
    let feed = Feed::start(store.clone(), arguments.limits.streams())?;
    let threads = DbThreads::start(store, database.connections() as usize, queue_limits)?;
    let unavailable =
        || format!("cannot listen on {}; choose another address with --bind", arguments.bind);
    let addresses: Vec<_> = arguments.bind.to_socket_addrs().with_context(unavailable)?.collect();
    let on_loopback = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
    let access = web::Data::new(access.listening(on_loopback));
    let metrics = web::Data::new(Metrics::new(threads.clone(), access.clone()));
    let separate = arguments.metrics_bind.as_deref();
    let separate = separate.map(|bind| {
        listener::listen(bind, metrics.clone()).with_context(|| {
            format!("cannot listen on {bind}; choose another address with --metrics-bind")
        })
    });
    let separate = separate.transpose()?;
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
            .app_data(access.clone())
            .app_data(shared_shutdown.clone())
            .app_data(metrics.clone())
            .app_data(limits)
            .wrap(from_fn(log_request))
            .configure(routes)
    };
    let stall_timeout = arguments.stall_timeout;
    let server = HttpServer::new(app)
        .on_connect(move |connection, _| limit_stalls(connection, stall_timeout))
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .shutdown_signal(stop_signal(shutdown, drain, feed.clone()))
        .shutdown_timeout(arguments.shutdown_timeout.into())
        .bind(addresses.as_slice())
        .with_context(unavailable)?;
    let address = server.addrs().first().copied().context("the server has no address")?;
    let shutdown = Duration::from_secs(arguments.shutdown_timeout.into());
    Ok(Listening { server: server.run(), metrics: separate, address, threads, feed, shutdown })
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
        if !self.threads.close(self.shutdown) {
            log::warn!("stopping while the database still works on requests");
        }
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
        Ok(())
    }
}

/// Lets the process open as many files as the system allows it, because each connection is one and the usual limit is
/// 1,024. Warns if that is too few for so many event streams and other connections.
fn allow_open_files(streams: usize) {
    let limits = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits }) {
        log::warn!("cannot raise the limit of open files: {error}");
    }
    let needed = streams.saturating_add(OTHER_FILES) as u64;
    if let Some(most) = limits.maximum.filter(|most| *most < needed) {
        log::warn!(
            "only {most} files can be open, too few for {streams} event streams: raise the limit"
        );
    }
}

/// Lets the system close a connection if the client does not receive what was sent: the framework waits for ever.
/// Only Linux has such a limit.
fn limit_stalls(connection: &dyn Any, stall_timeout: Duration) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        let millis = stall_timeout.as_millis().try_into().unwrap_or(u32::MAX);
        if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, millis) {
            log::warn!("cannot limit how long a client may stall: {error}");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (connection, stall_timeout);
}

/// Completes when the server is to stop. Followers of the changes end then, so that they continue at another instance.
async fn stop_signal(shutdown: Shutdown, drain: Duration, feed: Feed) {
    shutdown.signalled(drain).await;
    feed.stop();
}
