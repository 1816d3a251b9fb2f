//! What is counted of requests: [`ActiveRequest`].

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage as _, HttpRequest, web};
use orders_core::{Client, ClientId};
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Label, Metrics, durations, metrics, observe};
use crate::access::Caller;
use crate::problem::ProblemType;

/// The method of requests with a method that HTTP does not define, and the route of those that no route matches.
const OTHER: &str = "_OTHER";

/// The client of requests without credentials that were accepted. No client can have this id.
const NO_CLIENT: &str = "(none)";

/// A route, which each resource has in its app data. Each thread has its own.
pub(crate) struct Route {
    pattern: &'static str,
    /// The histograms that were looked up, by method and status: a few.
    known: RefCell<Vec<(&'static str, StatusCode, Histogram)>>,
}

impl Route {
    /// The route with this pattern.
    pub(crate) fn new(pattern: &'static str) -> Self {
        Self { pattern, known: RefCell::default() }
    }

    /// The route of requests that no other route matches.
    pub(crate) fn other() -> Self {
        Self::new(OTHER)
    }

    fn observe(&self, all: &Durations, method: &'static str, status: StatusCode, value: Duration) {
        let mut known = self.known.borrow_mut();
        let found = known.iter().find(|(m, s, _)| (*m, *s) == (method, status));
        if let Some((.., histogram)) = found {
            return observe(histogram, value);
        }
        let histogram = all.get_or_create_owned(&Answered {
            http_request_method: method,
            http_route: self.pattern,
            http_response_status_code: status.as_u16(),
        });
        observe(&histogram, value);
        known.push((method, status, histogram));
    }
}

type Durations = Family<Answered, Histogram, fn() -> Histogram>;

pub(super) struct RequestMetrics {
    duration: Durations,
    active: Gauge,
    problems: Family<Label, Counter>,
    clients: Family<Sender, Counter>,
    /// Those that were counted.
    counted: Mutex<Vec<Sender>>,
}

/// What a request asked for, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    http_request_method: &'static str,
    http_route: &'static str,
    http_response_status_code: u16,
}

/// The client of a request.
#[derive(Debug, Clone)]
struct Sender(Option<Arc<Client>>);

impl Sender {
    fn id(&self) -> &str {
        self.0.as_ref().map_or(NO_CLIENT, |client| client.id.as_str())
    }
}

impl PartialEq for Sender {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Sender {}

impl Hash for Sender {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl EncodeLabelSet for Sender {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        [("client", self.id())].encode(encoder)
    }
}

impl RequestMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            duration: Family::new_with_constructor(durations),
            active: Gauge::default(),
            problems: Family::default(),
            clients: Family::default(),
            counted: Mutex::default(),
        };
        // One of them ends imports and is no response.
        let responses = ProblemType::ALL.into_iter().filter(|it| *it != ProblemType::ImportStopped);
        for problem in responses {
            drop(all.problems.get_or_create(&label(problem)));
        }
        registry.register(
            "http_server_request_duration_seconds",
            "The time from the head of a request to the end of its response",
            all.duration.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "How many requests are being answered, with open event streams",
            all.active.clone(),
        );
        registry.register(
            "orders_problems",
            "How many responses were problems, by the type of the problem",
            all.problems.clone(),
        );
        registry.register(
            "orders_client_requests",
            "How many requests of each client were answered",
            all.clients.clone(),
        );
        all
    }

    /// Counts a request of this client.
    fn count(&self, sender: Sender) {
        if let Some(counter) = self.clients.get(&sender) {
            counter.inc();
            return;
        }
        self.clients.get_or_create(&sender).inc();
        self.lock_counted().push(sender);
    }

    /// Forgets the clients that do not exist any more; otherwise there would be ever more series.
    pub(super) fn forget_clients(&self, exists: impl Fn(&ClientId) -> bool) {
        self.lock_counted().retain(|sender| {
            let exists = sender.0.as_ref().is_none_or(|client| exists(&client.id));
            exists || !self.clients.remove(sender)
        });
    }

    fn lock_counted(&self) -> MutexGuard<'_, Vec<Sender>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered. It counts as active until this is dropped.
pub(crate) struct ActiveRequest(web::Data<Metrics>);

impl ActiveRequest {
    pub(crate) fn new(request: &ServiceRequest) -> Self {
        let metrics = metrics(request.request()).clone();
        metrics.requests.active.inc();
        Self(metrics)
    }

    /// Counts a problem that is its answer.
    pub(crate) fn has(&self, problem: ProblemType) {
        self.0.requests.problems.get_or_create(&label(problem)).inc();
    }

    /// Counts its response, which has ended.
    pub(crate) fn end(&self, request: &HttpRequest, status: StatusCode, duration: Duration) {
        let requests = &self.0.requests;
        // OK because the app has one besides those of its resources, see `routes`.
        let route = request.app_data::<Route>().expect("the route is set");
        route.observe(&requests.duration, method(request.method()), status, duration);
        if let Some(Caller(client)) = request.extensions().get() {
            requests.count(Sender(client.clone()));
        }
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.requests.active.dec();
    }
}

fn label(problem: ProblemType) -> Label {
    [("problem", problem.name())]
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => OTHER,
    }
}
