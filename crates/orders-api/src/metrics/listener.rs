//! An address for the metrics alone: [`listen`].

use std::io;
use std::net::SocketAddr;

use actix_web::dev::Server;
use actix_web::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{App, HttpResponse, HttpServer, web};

use super::{MEDIA_TYPE, Metrics};
use crate::http::endpoint::Reply;

/// The most connections at once, so that they leave files for the clients.
const MAX_CONNECTIONS: usize = 50;

/// A server that answers `GET /metrics`, without a key, and nothing else; and the address with the actual port. It is not
/// counted or logged, and does not wait behind the requests of clients.
///
/// # Errors
/// If the address is not available.
pub(crate) fn listen(bind: &str, metrics: web::Data<Metrics>) -> io::Result<(Server, SocketAddr)> {
    let app = move || App::new().app_data(metrics.clone()).route("/metrics", web::get().to(get));
    let server = HttpServer::new(app).workers(1).max_connections(MAX_CONNECTIONS).disable_signals();
    let server = server.bind(bind)?;
    let address = server.addrs().first().copied().ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok((server.run(), address))
}

async fn get(metrics: web::Data<Metrics>) -> Reply<HttpResponse> {
    let text = metrics.text()?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text))
}
