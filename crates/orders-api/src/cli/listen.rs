//! `orders-api webhooks listen`

use std::io::{self, Write as _};

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use orders_client::{
    CalendarId, ChangeFilter, ChangeType, Client, ServiceId, Subscription, WebhookDraft,
};
use url::{Host, Url};

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
    /// The running service, as http://127.0.0.1:PORT
    #[arg(
        long,
        env = "ORDERS_URL",
        default_value = "http://127.0.0.1:3000",
        value_name = "URL",
        value_parser = url_on_this_machine,
        hide_env_values = true
    )]
    pub url: String,
}

/// Executes the command.
///
/// # Errors
/// If the service cannot be used, or does not allow it.
pub fn webhooks(command: &WebhooksCommand) -> Result<()> {
    let WebhooksCommand::Listen(arguments) = command;
    System::new().block_on(listen(arguments))
}

async fn listen(arguments: &ListenArgs) -> Result<()> {
    let ListenArgs { calendar, service, types, path, url } = arguments;
    let client = Client::builder(url).key_from_env().build().context("cannot use ORDERS_KEY")?;
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
    let url = format!("http://{address}/{}", path.trim_start_matches('/'));
    let filter = ChangeFilter { calendar: calendar.clone(), service: service.clone() };
    let types = (!types.is_empty()).then(|| types.iter().copied().collect());
    let subscription = Subscription { filter, types };
    let draft = WebhookDraft { subscription, ..WebhookDraft::new(url.parse()?) };
    let created = client.create_webhook(&draft).await?;
    let (id, secret) = (created.webhook.id, created.secret.expose());
    tell.send_replace(Some(secret.parse()?));
    print_message(&format!("webhook {id} sends changes to {url}; its secret is {secret}"));
    print_message("Ctrl-C ends this and removes the webhook");
    signals.next().await;
    let removed = client.delete_webhook(&id).await;
    handle.stop(false).await;
    removed.with_context(|| format!("webhook {id} cannot be removed; remove it yourself"))?;
    print_message(&format!("webhook {id} is removed"));
    Ok(())
}

/// Checks the URL of a service that can send messages to this machine without leaving it.
fn url_on_this_machine(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "http");
    let is_loopback = url.as_ref().and_then(Url::host).is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    match is_loopback {
        true => Ok(text.to_owned()),
        false => Err(
            "write http://127.0.0.1:PORT: only a service on this machine can send messages here",
        ),
    }
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

/// Prints a line on standard error, and unlike `eprintln!` does not panic if that is closed.
fn print_message(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
