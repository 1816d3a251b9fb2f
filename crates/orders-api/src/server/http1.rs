//! HTTP/1 on connections with deadlines: [`serve`].

use std::fmt;
use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Request, Response};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::rt::net::TcpStream;

use super::client_stream::ClientStream;
use super::connections::{Connections, Timeouts};

/// How long a client may take to close a connection that we have closed.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// After how many stall timeouts a client is given up that takes nothing, at the latest.
pub(crate) const PATIENCE: u32 = 4;

/// What the connections of a server may take.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// The most connections of a worker. When seven eighths are open, each further one closes one that waits.
    pub(crate) most: usize,
    pub(crate) timeouts: Timeouts,
    pub(crate) stall_timeout: Duration,
}

/// Serves an app on these listeners: what `actix_web::HttpServer` does, but for connections with deadlines. The app has to say
/// when it answers a request, see [`super::Answering`].
///
/// # Errors
/// If a listener cannot be used.
pub(crate) fn serve<A, I, S, B>(
    mut server: ServerBuilder,
    listeners: Vec<TcpListener>,
    limits: ConnectionLimits,
    app: A,
) -> io::Result<Server>
where
    A: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Response<BoxBody>>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let ConnectionLimits { most, timeouts, stall_timeout } = limits;
    server = server.max_concurrent_connections(most);
    let stop = server.graceful_shutdown_signal();
    let service = move || {
        // A few more may be open, so that there is one that can make room.
        let connections = Rc::new(Connections::new(most - most / 8));
        let stop = stop.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .keep_alive(timeouts.idle)
            .client_request_timeout(timeouts.head)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .on_connect_ext(|stream: &ClientStream, data| {
                data.insert(stream.activity());
            })
            .h1(map_config(app().into_factory(), |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            prepare(&stream, stall_timeout);
            let stream = ClientStream::new(stream, &connections, timeouts, stall_timeout);
            let peer = stream.peer();
            ready(Ok::<_, DispatchError>((stream, peer)))
        })
        .and_then(http)
    };
    for listener in listeners {
        server = server.listen("http", listener, service.clone())?;
    }
    Ok(server.run())
}

/// Sends without delay, and lets the system close the connection if the client does not receive what was sent. Only
/// Linux has such a limit.
fn prepare(stream: &TcpStream, stall_timeout: Duration) {
    let prepared = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let prepared = prepared.and_then(|()| {
        let millis = (stall_timeout * PATIENCE).as_millis().try_into().unwrap_or(u32::MAX);
        Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, millis)?)
    });
    if let Err(error) = prepared {
        log::warn!("cannot limit how long a client may stall: {error}");
    }
}
