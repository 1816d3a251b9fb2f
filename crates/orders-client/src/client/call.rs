//! Calls with one response: [`Call`].

use std::future::IntoFuture;
use std::pin::Pin;

use orders_core::{AsOf, IdempotencyKey, Timestamp};

use super::Client;
use crate::Error;
use crate::wire::{CreateOrder, DeleteOrder, GetOrder, Operation, PatchOrder, ReplaceOrder};

/// A call that is sent when it is awaited. Its methods set what most calls do not need.
///
/// A call that is dropped while it is awaited may have happened or not. A clone of a creation has the same idempotency key,
/// so both together create one order.
#[derive(Debug, Clone)]
#[must_use = "a call is sent only when it is awaited"]
pub struct Call<O> {
    client: Client,
    operation: O,
}

impl<O> Call<O> {
    pub(super) fn new(client: &Client, operation: O) -> Self {
        Self { client: client.clone(), operation }
    }

    fn with(mut self, change: impl FnOnce(&mut O)) -> Self {
        change(&mut self.operation);
        self
    }
}

impl<O> IntoFuture for Call<O>
where
    O: Operation<Output: Send> + Send + Sync + 'static,
{
    type Output = Result<O::Output, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.0.run(&self.operation).await })
    }
}

impl Call<CreateOrder> {
    /// Creates the order under this key instead of a new one. So another process can repeat the creation, for example after
    /// a crash: within 24 hours, it gets the same order, and nothing is created twice.
    #[doc = example!("idempotency_key")]
    pub fn idempotency_key(self, key: IdempotencyKey) -> Self {
        self.with(|create| create.key = Some(key))
    }

    /// Checks everything and writes nothing. The result is the order that would be created.
    #[doc = example!("dry_run")]
    pub fn dry_run(self) -> Self {
        self.with(|create| create.dry_run = true)
    }
}

impl Call<GetOrder> {
    /// The order as it was with this version.
    #[doc = example!("version")]
    pub fn version(self, version: u64) -> Self {
        self.with(|get| get.as_of = Some(AsOf::Version(version)))
    }

    /// The order as it was at this instant.
    #[doc = example!("at")]
    pub fn at(self, instant: Timestamp) -> Self {
        self.with(|get| get.as_of = Some(AsOf::Instant(instant)))
    }
}

impl Call<ReplaceOrder> {
    /// Replaces the order only if it has this version; otherwise it is [`Error::VersionMismatch`]. A response that is lost
    /// is [`Error::Unknown`].
    #[doc = example!("if_version")]
    pub fn if_version(self, version: u64) -> Self {
        self.with(|replace| replace.version = Some(version))
    }

    /// Checks everything and writes nothing. The result is the order as it would be.
    #[doc = example!("dry_run")]
    pub fn dry_run(self) -> Self {
        self.with(|replace| replace.dry_run = true)
    }
}

impl Call<PatchOrder> {
    /// Changes the order only if it has this version; otherwise it is [`Error::VersionMismatch`]. A response that is lost
    /// is [`Error::Unknown`].
    #[doc = example!("if_version")]
    pub fn if_version(self, version: u64) -> Self {
        self.with(|patch| patch.version = Some(version))
    }

    /// Checks everything and writes nothing. The result is the order as it would be.
    #[doc = example!("dry_run")]
    pub fn dry_run(self) -> Self {
        self.with(|patch| patch.dry_run = true)
    }
}

impl Call<DeleteOrder> {
    /// Deletes the order only if it has this version; otherwise it is [`Error::VersionMismatch`]. A response that is lost
    /// is [`Error::Unknown`].
    #[doc = example!("if_version")]
    pub fn if_version(self, version: u64) -> Self {
        self.with(|delete| delete.version = Some(version))
    }
}
