//! An address for the metrics alone: [`listen`].

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpResponse, web};
use socket2::Socket;

use super::{MEDIA_TYPE, Metrics};
use crate::http::endpoint::Reply;
use crate::server::{Activity, Answering, ConnectionLimits, listen_on, serve};

/// The most connections at once, so that they leave files for the clients.
const MAX_CONNECTIONS: usize = 50;

/// A server that answers `GET /metrics`, without a key, and nothing else; and the address with the actual port. It is not
/// counted or logged, and does not wait behind the requests of clients. Its connections have the same timeouts.
///
/// # Errors
/// If it cannot listen on the sockets.
pub(crate) fn listen(
    sockets: Vec<Socket>,
    metrics: web::Data<Metrics>,
    limits: ConnectionLimits,
) -> io::Result<(Server, SocketAddr)> {
    let app = move || {
        App::new()
            .app_data(metrics.clone())
            .route("/metrics", web::get().to(get))
            .wrap(from_fn(answer))
    };
    let listeners = listen_on(sockets)?;
    let address = listeners[0].local_addr()?;
    let server = Server::build().workers(1).disable_signals();
    let limits = ConnectionLimits { most: MAX_CONNECTIONS, ..limits };
    Ok((serve(server, listeners, limits, app)?, address))
}

/// Lets the connection know that it does not wait for its client.
async fn answer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let _answering = request.conn_data::<Rc<Activity>>().map(Answering::on);
    next.call(request).await
}

async fn get(metrics: web::Data<Metrics>) -> Reply<HttpResponse> {
    let text = metrics.text()?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text))
}
