//! Operations on one order: [`CreateOrder`], [`GetOrder`], [`ReplaceOrder`], [`PatchOrder`], [`DeleteOrder`].

use http::{HeaderValue, Method, StatusCode};
use orders_core::{AsOf, IdempotencyKey, Order, OrderDraft, OrderId, OrderPatch};

use super::request::{JSON, MERGE_PATCH, Query, if_version, request, with_body};
use super::response::{json, no_content};
use super::{Effect, Failure, Operation, Request, Requested, Response};

const ORDERS: &str = "/orders";

fn path(id: &OrderId) -> String {
    format!("{ORDERS}/{id}")
}

/// `POST /orders`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOrder {
    /// The new order.
    pub draft: OrderDraft,
    /// Makes it safe to repeat the creation: the service then returns the first response again.
    pub key: Option<IdempotencyKey>,
    /// Whether everything is checked and nothing is written.
    pub dry_run: bool,
}

impl CreateOrder {
    /// Creates an order.
    #[must_use]
    pub fn new(draft: &OrderDraft) -> Self {
        Self { draft: draft.clone(), key: None, dry_run: false }
    }
}

impl Operation for CreateOrder {
    type Output = Order;

    fn request(&self) -> Request {
        let target = Query::new(ORDERS).dry_run(self.dry_run);
        let mut request = with_body(request(Method::POST, target), JSON, &self.draft);
        if let Some(key) = &self.key {
            // OK because a key is visible ASCII.
            let key = HeaderValue::from_str(key.as_str()).expect("visible ASCII");
            request.headers_mut().insert("idempotency-key", key);
        }
        request
    }

    fn read(&self, response: &Response) -> Result<Order, Failure> {
        json(response, &[if self.dry_run { StatusCode::OK } else { StatusCode::CREATED }])
    }

    fn effect(&self) -> Effect {
        match (self.dry_run, &self.key) {
            (true, _) => Effect::None,
            (false, Some(_)) => Effect::Repeatable,
            (false, None) => Effect::Once,
        }
    }

    fn requested(&self) -> Requested {
        Requested::At(self.draft.datetime)
    }

    fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }
}

/// `GET /orders/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetOrder {
    /// The order.
    pub id: OrderId,
    /// Which of its states, if not the current one.
    pub as_of: Option<AsOf>,
}

impl GetOrder {
    /// Gets an order as it is now.
    #[must_use]
    pub fn new(id: &OrderId) -> Self {
        Self { id: id.clone(), as_of: None }
    }
}

impl Operation for GetOrder {
    type Output = Order;

    fn request(&self) -> Request {
        let target = Query::new(path(&self.id));
        let target = match self.as_of {
            None => target,
            Some(AsOf::Version(version)) => target.with("version", Some(version)),
            Some(AsOf::Instant(at)) => target.with("at", Some(at)),
        };
        request(Method::GET, target)
    }

    fn read(&self, response: &Response) -> Result<Order, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// `PUT /orders/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceOrder {
    /// The order.
    pub id: OrderId,
    /// What it is replaced by. Its own id must be absent or that of the order.
    pub draft: OrderDraft,
    /// The version that the order must have.
    pub version: Option<u64>,
    /// Whether everything is checked and nothing is written.
    pub dry_run: bool,
}

impl ReplaceOrder {
    /// Replaces an order whatever its version is.
    #[must_use]
    pub fn new(id: &OrderId, draft: &OrderDraft) -> Self {
        Self { id: id.clone(), draft: draft.clone(), version: None, dry_run: false }
    }
}

impl Operation for ReplaceOrder {
    type Output = Order;

    fn request(&self) -> Request {
        let target = Query::new(path(&self.id)).dry_run(self.dry_run);
        let mut request = with_body(request(Method::PUT, target), JSON, &self.draft);
        if_version(&mut request, self.version);
        request
    }

    fn read(&self, response: &Response) -> Result<Order, Failure> {
        json(response, &[StatusCode::OK])
    }

    fn effect(&self) -> Effect {
        effect(self.version, self.dry_run)
    }

    fn requested(&self) -> Requested {
        Requested::At(self.draft.datetime)
    }
}

/// `PATCH /orders/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchOrder {
    /// The order.
    pub id: OrderId,
    /// What is changed.
    pub patch: OrderPatch,
    /// The version that the order must have.
    pub version: Option<u64>,
    /// Whether everything is checked and nothing is written.
    pub dry_run: bool,
}

impl PatchOrder {
    /// Changes an order whatever its version is.
    #[must_use]
    pub fn new(id: &OrderId, patch: &OrderPatch) -> Self {
        Self { id: id.clone(), patch: patch.clone(), version: None, dry_run: false }
    }
}

impl Operation for PatchOrder {
    type Output = Order;

    fn request(&self) -> Request {
        let target = Query::new(path(&self.id)).dry_run(self.dry_run);
        let mut request = with_body(request(Method::PATCH, target), MERGE_PATCH, &self.patch);
        if_version(&mut request, self.version);
        request
    }

    fn read(&self, response: &Response) -> Result<Order, Failure> {
        json(response, &[StatusCode::OK])
    }

    /// A merge patch sets fields, so the fields are the same after its repetition.
    fn effect(&self) -> Effect {
        effect(self.version, self.dry_run)
    }

    fn requested(&self) -> Requested {
        match self.patch.datetime {
            Some(datetime) => Requested::At(datetime),
            None => Requested::TimeOf(self.id.clone()),
        }
    }
}

/// `DELETE /orders/{id}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteOrder {
    /// The order.
    pub id: OrderId,
    /// The version that the order must have.
    pub version: Option<u64>,
}

impl DeleteOrder {
    /// Deletes an order whatever its version is.
    #[must_use]
    pub fn new(id: &OrderId) -> Self {
        Self { id: id.clone(), version: None }
    }
}

impl Operation for DeleteOrder {
    type Output = ();

    fn request(&self) -> Request {
        let mut request = request(Method::DELETE, path(&self.id));
        if_version(&mut request, self.version);
        request
    }

    fn read(&self, response: &Response) -> Result<(), Failure> {
        no_content(response)
    }

    fn effect(&self) -> Effect {
        effect(self.version, false)
    }

    fn read_repeated(&self, response: &Response) -> Result<(), Failure> {
        gone(self.read(response))
    }
}

/// A repetition of a write with a condition would be rejected because of the first attempt.
fn effect(version: Option<u64>, dry_run: bool) -> Effect {
    match (dry_run, version) {
        (true, _) => Effect::None,
        (false, None) => Effect::Repeatable,
        (false, Some(_)) => Effect::Once,
    }
}

/// The result of a repeated deletion: what an earlier attempt deleted is not found any more.
pub(super) fn gone(result: Result<(), Failure>) -> Result<(), Failure> {
    match result {
        Err(Failure::Problem(problem)) if problem.slug() == "not-found" => Ok(()),
        other => other,
    }
}
