//! The client: [`Client`].

/// The example of a call, which a test runs against the service.
macro_rules! example {
    ($name:literal) => {
        concat!(
            "\n# Example\n\n```no_run\n",
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/examples/", $name, ".rs")),
            "```"
        )
    };
}

mod builder;
mod call;
mod changes;
mod export;
mod import;
mod list;
mod pauses;
mod retry;
mod services_and_calendars;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod webhooks;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use http::HeaderValue;
use orders_core::{
    After, CalendarId, Change, ChangeFilter, Direction, IdempotencyKey, Interval, Order,
    OrderDraft, OrderFilter, OrderId, OrderPatch,
};
use uuid::Uuid;

pub use self::builder::{BuildError, ClientBuilder};
pub use self::call::Call;
pub use self::changes::Changes;
pub use self::export::Export;
pub use self::import::{Import, ImportResult};
pub use self::list::List;
use self::pauses::Pauses;
use crate::Error;
use crate::wire::{
    CreateOrder, DeleteOrder, GetAvailability, GetOrder, GetPage, ImportLine, PatchOrder,
    ReplaceOrder,
};

/// How many items a page of a list has.
const PAGE: usize = 500;

/// A client of one service. Clones share their connections.
///
/// A request whose result is lost is repeated if that is safe: a read, a creation, because all of its attempts have one
/// idempotency key, and a replacement, change or deletion without [`if_version`](Call::if_version). So is every request that
/// could not be sent or exceeded the rate of the client. Nothing that was rejected is sent again.
///
/// It needs a [Tokio](https://tokio.rs) runtime with its timer and I/O. It follows no redirects and uses no proxy.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// The URL of the service, without a slash at its end.
    base: String,
    authorization: Option<HeaderValue>,
    retries: u32,
    pauses: Pauses,
    timeout: Duration,
}

impl Client {
    /// A client of the service at this URL, as `http://127.0.0.1:3000`, without a key.
    ///
    /// # Errors
    /// If it is not a URL of a service.
    pub fn new(url: impl Into<String>) -> Result<Self, BuildError> {
        Self::builder(url).build()
    }

    /// A client of the service at `ORDERS_URL`, by default `http://127.0.0.1:3000`, with the key in `ORDERS_KEY`, if there is
    /// one.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub fn from_env() -> Result<Self, BuildError> {
        ClientBuilder::from_env().build()
    }

    /// Configures a client of the service at this URL.
    ///
    /// ```
    /// use std::time::Duration;
    /// use orders_client::Client;
    ///
    /// let client = Client::builder("http://orders.internal:3000")
    ///     .key("ordk_3vGa2MXbJqfCk9ZsQhUeN7")
    ///     .timeout(Duration::from_secs(10))
    ///     .build()?;
    /// assert_eq!(client.url(), "http://orders.internal:3000");
    /// # Ok::<(), orders_client::BuildError>(())
    /// ```
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    /// The URL of the service, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.base
    }

    /// Creates an order. All attempts have one idempotency key, so a lost response never leads to two orders.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::Invalid`], also if a service or the calendar does not exist, [`Error::IdTaken`],
    /// [`Error::KeyReused`].
    #[doc = example!("create")]
    pub fn create(&self, draft: &OrderDraft) -> Call<CreateOrder> {
        // OK because a UUID is visible ASCII.
        let key = IdempotencyKey::new(Uuid::now_v7().to_string()).expect("a key");
        Call::new(self, CreateOrder { key: Some(key), ..CreateOrder::new(draft) })
    }

    /// The order with this id, as it is or, with [`version`](Call::version) or [`at`](Call::at), as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionGone`].
    #[doc = example!("get")]
    pub fn get(&self, id: &OrderId) -> Call<GetOrder> {
        Call::new(self, GetOrder::new(id))
    }

    /// The orders that match, by time and id. An order that is moved while the list is read may appear twice or not at all;
    /// [`Client::export`] is one consistent snapshot.
    #[doc = example!("orders")]
    pub fn orders(&self, filter: &OrderFilter, direction: Direction) -> List<Order> {
        List::new(self, GetPage::orders(filter, direction, PAGE))
    }

    /// All orders that match, as they were at one instant, by time and id.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the filter names a calendar of others, [`Error::Unavailable`] also if there are too many exports
    /// at a time.
    #[doc = example!("export")]
    pub async fn export(
        &self,
        filter: &OrderFilter,
        direction: Direction,
    ) -> Result<Export, Error> {
        Export::open(self, filter, direction).await
    }

    /// Creates many orders. Each succeeds or fails on its own, and the results arrive while others are still being sent.
    ///
    /// An import is never repeated by itself. If the orders have ids, it is safe to import them again.
    #[doc = example!("import")]
    pub fn import<S>(&self, orders: S) -> Import
    where
        S: Stream<Item: Into<ImportLine>> + Send + 'static,
    {
        Import::new(self, orders)
    }

    /// Replaces an order by the draft. A draft without a calendar leaves the order in its calendar.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`], [`Error::Invalid`], [`Error::VersionMismatch`] and [`Error::Unknown`] after
    /// [`if_version`](Call::if_version). After a repetition, an error says that the order is not as requested now: the first
    /// attempt may have been undone by others.
    #[doc = example!("replace")]
    pub fn replace(&self, id: &OrderId, draft: &OrderDraft) -> Call<ReplaceOrder> {
        Call::new(self, ReplaceOrder::new(id, draft))
    }

    /// Changes some fields of an order.
    ///
    /// # Errors
    /// As [`Client::replace`].
    #[doc = example!("patch")]
    pub fn patch(&self, id: &OrderId, patch: &OrderPatch) -> Call<PatchOrder> {
        Call::new(self, PatchOrder::new(id, patch))
    }

    /// Deletes an order and frees its time. If the response to an attempt was lost and there is no such order in the next
    /// one, it is deleted: by the first attempt, or by somebody else.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`] and [`Error::Unknown`] after [`if_version`](Call::if_version).
    #[doc = example!("delete")]
    pub fn delete(&self, id: &OrderId) -> Call<DeleteOrder> {
        Call::new(self, DeleteOrder::new(id))
    }

    /// The changes of an order, oldest first, also after its deletion. The first item is [`Error::NotFound`] if there never
    /// was such an order.
    #[doc = example!("history")]
    pub fn history(&self, id: &OrderId) -> List<Change> {
        List::new(self, GetPage::history(id, PAGE))
    }

    /// The intervals of a window of at most 366 days in which an order could start.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such calendar.
    #[doc = example!("availability")]
    pub fn availability(&self, calendar: &CalendarId, window: Interval) -> Call<GetAvailability> {
        Call::new(self, GetAvailability { calendar: calendar.clone(), window })
    }

    /// The changes of orders after a position, as they happen, each exactly once and in sequence. A lost connection is opened
    /// again, and continues where it was, until the service says that it cannot.
    ///
    /// When this returns, the service has the position: no change that happens from now on is missed.
    ///
    /// # Errors
    /// [`Error::CursorGone`], [`Error::Forbidden`] if the filter names a calendar of others, [`Error::Unavailable`] also if
    /// there are too many followers at a time.
    #[doc = example!("changes")]
    pub async fn changes(&self, after: After, filter: &ChangeFilter) -> Result<Changes, Error> {
        Changes::open(self, after, filter).await
    }
}

/// Without the key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.0.base).finish_non_exhaustive()
    }
}
