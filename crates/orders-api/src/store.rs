//! The store of a request: [`Store`].

use actix_web::dev::Payload;
use actix_web::{HttpMessage as _, HttpRequest, web};
use orders_core::{ChangeFilter, Mode, StoreError};
use orders_db::PgStore;

use crate::access::Caller;
use crate::db_threads::DbThreads;
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
}

impl Store {
    /// Does `job` on a database thread, see [`DbThreads::run`].
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&PgStore) -> Result<T, StoreError> + Send + 'static,
    {
        let Caller(client) = self.caller.clone();
        self.threads.run(move |store| job(&store.acting_as(client))).await
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
        // OK because every app has them, see `server::listen`.
        let threads =
            request.app_data::<web::Data<DbThreads<PgStore>>>().expect("the store is set");
        // A route that is open to everyone must not use the store.
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Problem::internal("the route has no scope"))?;
        let feed = request.app_data::<web::Data<Feed>>().expect("the feed is set");
        Ok(Self { threads: DbThreads::clone(threads), feed: Feed::clone(feed), caller })
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::InternalError, ProblemType::Unavailable]);
    }
}
