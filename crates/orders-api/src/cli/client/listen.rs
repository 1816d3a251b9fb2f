//! `orders-api webhooks listen`

use std::io::{self, Write as _};
use std::net::IpAddr;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::header::CONTENT_TYPE;
use orders_core::{CalendarId, ChangeType, ServiceId};
use serde::Deserialize;
use serde_json::json;

use super::connection::Connection;
use super::{ServiceArgs, ServiceUrl, print_message};
use crate::signals::Signals;
use crate::webhooks::Secret;

/// Commands for people who build the receiver of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum WebhooksCommand {
    /// Print the changes that a webhook on this machine is sent, one per line, until Ctrl-C
    ///
    /// Adds a temporary webhook to a running service on this machine, verifies the signature of each message, and removes
    /// the webhook at the end. The service must allow this machine: --webhook-networks 127.0.0.0/8.
    #[command(after_help = "Example:\n  orders-api webhooks listen --type order.created")]
    Listen(ListenArgs),
}

/// Which changes are printed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ListenArgs {
    /// Only changes of orders that are or were in this calendar
    #[arg(long, value_name = "ID")]
    pub calendar: Option<CalendarId>,
    /// Only changes of orders that contain or contained this service
    #[arg(long, value_name = "ID")]
    pub service: Option<ServiceId>,
    /// Only changes of this type, as order.created; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<ChangeType>,
    /// The path of the URL to which they are sent
    #[arg(long, default_value = "/", value_name = "PATH")]
    pub path: String,
    /// Which service is used.
    #[command(flatten)]
    pub service_args: ServiceArgs,
}

/// What the service answers to a new webhook.
#[derive(Deserialize)]
struct Created {
    id: String,
    secret: String,
}

/// Prints changes until the command is interrupted.
pub(super) fn run(arguments: &ListenArgs) -> Result<()> {
    System::new().block_on(listen(arguments))
}

async fn listen(arguments: &ListenArgs) -> Result<()> {
    let service = &arguments.service_args.url;
    if !is_on_this_machine(service) {
        bail!("{service} is not on this machine, so it cannot send messages here");
    }
    let mut signals = Signals::listen()?;
    let (tell, told) = tokio::sync::watch::channel(None::<Secret>);
    let receiver = HttpServer::new(move || {
        let secret = web::Data::new(told.clone());
        App::new().app_data(secret).default_service(web::to(receive))
    });
    let receiver = receiver.workers(1).disable_signals().bind(("127.0.0.1", 0))?;
    let address = *receiver.addrs().first().context("the system has no free port")?;
    let receiver = receiver.run();
    let handle: ServerHandle = receiver.handle();
    actix_web::rt::spawn(receiver);
    let url = format!("http://{address}/{}", arguments.path.trim_start_matches('/'));
    let types: Option<Vec<_>> = match arguments.types.is_empty() {
        true => None,
        false => Some(arguments.types.iter().map(|it| it.as_str()).collect()),
    };
    let webhook = json!({
        "url": url, "calendar": arguments.calendar, "service": arguments.service, "types": types
    });
    let created = send(service, "POST", "/webhooks", &webhook.to_string()).await?;
    let Created { id, secret } = serde_json::from_slice(&created)
        .with_context(|| format!("{service} does not answer as the orders service does"))?;
    tell.send_replace(Some(secret.parse()?));
    print_message(&format!("webhook {id} sends changes to {url}; its secret is {secret}"));
    print_message("Ctrl-C ends this and removes the webhook");
    signals.next().await;
    let removed = send(service, "DELETE", &format!("/webhooks/{id}"), "").await;
    handle.stop(false).await;
    removed.with_context(|| format!("webhook {id} cannot be removed; remove it yourself"))?;
    print_message(&format!("webhook {id} is removed"));
    Ok(())
}

fn is_on_this_machine(service: &ServiceUrl) -> bool {
    let host = service.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn send(service: &ServiceUrl, method: &str, path: &str, body: &str) -> Result<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))?;
    let response = Connection::open(service).await?.send(request).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

/// Prints a change if its signature is that of the webhook. The first message may come before the secret is known.
async fn receive(
    request: HttpRequest,
    secret: web::Data<tokio::sync::watch::Receiver<Option<Secret>>>,
    body: Bytes,
) -> HttpResponse {
    let mut secret = tokio::sync::watch::Receiver::clone(&secret);
    let header = |name| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let signature = header("webhook-signature");
    let is_signed = match secret.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(secret)) => secret.has_signed(id, timestamp, &body, signature),
        Ok(None) | Err(_) => false,
    };
    if !is_signed {
        print_message("a message with another signature was rejected");
        return HttpResponse::Unauthorized().finish();
    }
    let mut line = body.to_vec();
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    match stdout.write_all(&line).and_then(|()| stdout.flush()) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => {
            print_message(&format!("cannot print a change: {error}"));
            HttpResponse::InternalServerError().finish()
        }
    }
}
