mod addresses;
mod connections;
mod failures;
mod messages;
mod receivers;
mod server;
mod tls;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rustls::RootCertStore;

use self::server::{Server, reply};
use super::resolver::Resolve;
use super::{Attempt, Message, Outcome, SendError, Sender, Timeouts};
use crate::webhooks::{Networks, Secret, Target};

/// Longer than any test takes.
const LONG: Timeouts =
    Timeouts { connect: Duration::from_secs(60), total: Duration::from_secs(60) };

/// A sender to these networks, with the real resolver and timeouts that are not reached.
fn sender(networks: &str) -> Sender {
    let resolver = Arc::new(super::SystemResolver::new());
    Sender::with(parse(networks), resolver, RootCertStore::empty(), LONG)
}

/// A sender that gets these answers from its resolver, one after the other.
fn sender_with_names(networks: &str, names: &Arc<Names>) -> Sender {
    Sender::with(parse(networks), names.clone(), RootCertStore::empty(), LONG)
}

fn parse(networks: &str) -> Networks {
    networks.parse().unwrap()
}

fn target(url: &str) -> Target {
    url.parse().unwrap()
}

/// Sends a message that nobody verifies.
async fn send(sender: &Sender, url: &str) -> Attempt {
    let secrets = [Secret::generate().unwrap()];
    let (target, body) = (target(url), Bytes::from_static(b"{}"));
    sender
        .send(&Message { target: &target, id: "1_1667124180123456", body, secrets: &secrets })
        .await
}

/// Why a message was not sent.
#[track_caller]
fn failure(attempt: Attempt) -> SendError {
    match attempt.outcome {
        Outcome::Failed(error) => error,
        Outcome::Status(status) => panic!("status {status}"),
    }
}

/// A resolver with prepared answers for any name.
#[derive(Default)]
struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
}

impl Names {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let addresses =
            |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(addresses).collect()) })
    }

    /// How many answers nobody has asked for.
    fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

impl Resolve for Names {
    fn resolve(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let answer = self.answers.lock().unwrap().pop_front();
        async { answer.ok_or_else(|| io::Error::other("no server")) }.boxed()
    }
}
