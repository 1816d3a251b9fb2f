//! The store of a request: [`Store`], and [`OpenStore`].

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{HttpMessage as _, HttpRequest, web};
use orders_core::{ChangeFilter, Client, Mode, StoreError};
use orders_db::PgStore;
use orders_db::requests;

use crate::access::Caller;
use crate::db_threads::{Batchable, ClientKey, DbThreads, Kind};
use crate::feed::{Feed, Follower, NoPlace, View};
use crate::http::endpoint::{Argument, Reply};
use crate::openapi::Operation;
use crate::problem::{Problem, ProblemType};

/// The store, as the handlers use it: on behalf of the client that sent the request.
#[derive(Clone)]
pub(crate) struct Store {
    threads: DbThreads<PgStore>,
    feed: Feed,
    caller: Caller,
    address: Option<IpAddr>,
}

impl Store {
    /// Does `job` on a database thread, see [`DbThreads::run`].
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        self.run_as(Kind::Single, job).await
    }

    async fn run_as<T, F>(&self, kind: Kind, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        let Caller(client) = self.caller.clone();
        self.threads.run(self.key(), kind, move |store| job(&store.acting_as(client))).await
    }

    /// Executes a request that reads, perhaps together with others of its kind. `request` makes it for the client.
    pub(crate) async fn read_with<R: Batchable<PgStore>>(
        &self,
        request: impl FnOnce(Option<Arc<Client>>) -> R,
    ) -> Result<R::Response, Problem> {
        self.threads.execute(self.key(), request(self.caller.0.clone())).await
    }

    /// Executes a request that writes orders, like [`Store::read_with`]. Followers of the changes see them at once.
    pub(crate) async fn write_with<R: Batchable<PgStore>>(
        &self,
        request: impl FnOnce(Option<Arc<Client>>) -> R,
    ) -> Result<R::Response, Problem> {
        let written = self.read_with(request).await?;
        self.feed.written();
        Ok(written)
    }

    /// Does a part of an import. Followers of the changes see it at once.
    pub(crate) async fn import<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        let imported = self.run_as(Kind::Import, job).await?;
        self.feed.written();
        Ok(imported)
    }

    /// Does a job that writes orders in this mode, like [`Store::run`]. Followers of the changes see them at once.
    pub(crate) async fn write<T, F>(&self, mode: Mode, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        let written = self.run(job).await;
        if mode == Mode::Write && written.is_ok() {
            self.feed.written();
        }
        written
    }

    /// Does a job that may take minutes, see [`DbThreads::run_long`].
    pub(crate) async fn run_long<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        let Caller(client) = self.caller.clone();
        self.threads.run_long(move |store| job(&store.acting_as(client))).await
    }

    /// For whom the requests are.
    pub(crate) fn key(&self) -> ClientKey {
        match &self.caller.0 {
            Some(client) => ClientKey::Client(client.id.clone()),
            None => ClientKey::Address(self.address),
        }
    }

    /// The client that sent the request; `None` if it needed no credentials.
    pub(crate) fn client(&self) -> Option<&Client> {
        self.caller.0.as_deref()
    }

    /// The same store on behalf of another client.
    pub(crate) fn acting_as(&self, caller: Caller) -> Self {
        Self { caller, ..self.clone() }
    }

    /// A new follower of the changes.
    ///
    /// # Errors
    /// If there is no place for it.
    pub(crate) fn follow(&self) -> Result<Follower, NoPlace> {
        self.feed.follow(self.caller.0.as_ref().map(|client| &client.id))
    }

    /// What a follower with this filter sees.
    pub(crate) fn view(&self, filter: ChangeFilter) -> View {
        View::new(self.caller.0.clone(), filter)
    }

    /// The store itself, for a job that produces its result piece by piece.
    pub(crate) fn store(&self) -> PgStore {
        self.threads.store().acting_as(self.caller.0.clone())
    }
}

impl Argument for Store {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        // A route that is open to everyone must use [`OpenStore`].
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Problem::internal("the route has no scope"))?;
        // OK because every app has it, see `server::listen`.
        let feed = request.app_data::<web::Data<Feed>>().expect("the feed is set");
        let (threads, feed) = (threads(request), Feed::clone(feed));
        Ok(Self { threads, feed, caller, address: address(request) })
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::InternalError, ProblemType::Unavailable]);
    }
}

/// The store for a request that everyone may send. What it may read does not depend on who has sent it.
pub(crate) struct OpenStore {
    threads: DbThreads<PgStore>,
    address: Option<IpAddr>,
}

impl OpenStore {
    /// Does a job of this kind that counts for these clients, see [`DbThreads::run`].
    pub(crate) async fn run<T, F>(
        &self,
        clients: ClientKey,
        kind: Kind,
        job: F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        self.threads.run(clients, kind, job).await
    }

    /// Everyone without credentials at the address of the client.
    pub(crate) fn address(&self) -> ClientKey {
        ClientKey::Address(self.address)
    }

    /// The store itself, see [`Store::store`].
    pub(crate) fn store(&self) -> PgStore {
        PgStore::clone(&self.threads.store())
    }
}

impl Argument for OpenStore {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(Self { threads: threads(request), address: address(request) })
    }

    fn describe(operation: &mut Operation) {
        Store::describe(operation);
    }
}

fn threads(request: &HttpRequest) -> DbThreads<PgStore> {
    // OK because every app has them, see `server::listen`.
    let threads = request.app_data::<web::Data<DbThreads<PgStore>>>().expect("the store is set");
    DbThreads::clone(threads)
}

fn address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|address| address.ip().to_canonical())
}

/// Implements [`Batchable`] for the requests of the store.
macro_rules! batchable {
    ($($request:ident => $kind:ident),* $(,)?) => {$(
        impl Batchable<PgStore> for requests::$request {
            type Response = <Self as requests::Request>::Response;
            const KIND: Kind = Kind::$kind;

            fn execute(self, store: &PgStore) -> Result<Self::Response, StoreError> {
                requests::Request::execute(self, store)
            }

            fn execute_together(
                store: &PgStore,
                batch: &[Self],
            ) -> Vec<requests::Outcome<Self::Response>> {
                requests::Request::execute_together(store, batch)
            }
        }
    )*};
}

batchable! {
    GetOrder => Get,
    CreateOrder => Create,
    ReplaceOrder => Replace,
    DeleteOrder => Delete,
    FindAvailability => Availability,
}
