//! Whether a request may be answered: [`authorize`].

use std::io;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::http::Version;
use actix_web::http::header::HOST;
use actix_web::rt::time::sleep;
use actix_web::{HttpMessage as _, HttpRequest, web};
use orders_core::{Client, ClientId, Scope, StoreError};
use orders_db::{Heartbeat, PgStore};

use super::credentials::Credentials;
use super::policy::{AnonymousRequest, AuthMode, is_forwarding};
use super::rate::{Rates, import_share};
use super::snapshot::{Current, Snapshot};
use super::token::Tokens;
use crate::heartbeat::{Pulse, Vitals};
use crate::http::endpoint::{Argument, Reply};
use crate::metrics::{AuthenticationFailures, Reason};
use crate::openapi::Operation;
use crate::problem::{Problem, ProblemType};

/// The commands that create a key.
const CREATE_KEY: &str = "create one with `orders-api clients add NAME --scope admin` and \
                         `orders-api keys create NAME`";

/// What decides which requests are answered.
pub struct Access {
    mode: AuthMode,
    on_loopback: bool,
    current: Arc<Current>,
    pulse: Pulse,
    tokens: Option<Arc<Tokens>>,
    rates: Rates,
    failures: AuthenticationFailures,
    first_rejection: Once,
}

/// Why the clients are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The database did not answer.
    #[error("cannot read the clients: {0}")]
    Store(#[from] StoreError),
    /// The system started no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// The client that sent a request; none if the request needed no credentials.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Option<Arc<Client>>);

impl Access {
    /// Loads the clients and their keys, and follows their changes from now on. Tokens of clients are accepted too, if
    /// there is an identity provider. The same heartbeat lets changes of orders expire that were kept so long.
    ///
    /// # Errors
    /// If the database does not answer, or the system starts no thread.
    pub(crate) fn start(
        mode: AuthMode,
        tokens: Option<Tokens>,
        mut heartbeat: Heartbeat,
        store: PgStore,
        keep_changes: Duration,
    ) -> Result<Self, StartError> {
        let current = Arc::new(Current::new(Snapshot::new(heartbeat.access()?)));
        let tokens = tokens.map(Arc::new);
        let pulse =
            Pulse::start(heartbeat, store, Arc::clone(&current), tokens.clone(), keep_changes)?;
        let (rates, failures) = (Rates::default(), AuthenticationFailures::default());
        let first_rejection = Once::new();
        // An identity provider is configured so that nobody else has access.
        let mode = match mode {
            AuthMode::Auto if tokens.is_some() => AuthMode::Required,
            mode => mode,
        };
        Ok(Self {
            mode,
            on_loopback: false,
            current,
            pulse,
            tokens,
            rates,
            failures,
            first_rejection,
        })
    }

    /// The same for a service that listens on loopback addresses only, or on others.
    pub(crate) fn listening(self, on_loopback: bool) -> Self {
        match (self.mode, on_loopback) {
            (AuthMode::Off, _) => {
                log::warn!("nobody needs a key, because --auth is off");
            }
            (AuthMode::Auto, true) if !self.any_key_ever() => {
                log::info!(
                    "requests from this machine need no key until there is one; {CREATE_KEY}"
                );
            }
            _ if !self.any_key() && self.tokens.is_none() => {
                log::warn!("every request needs a key, and there is none; {CREATE_KEY}");
            }
            _ => {}
        }
        Self { on_loopback, ..self }
    }

    /// Checks that the database answers now and accepts writes.
    ///
    /// # Errors
    /// `unavailable` if it does not.
    pub(crate) async fn check_database(&self) -> Reply<()> {
        self.pulse.beat().await.map_err(|cause| {
            Problem::unavailable("the database cannot answer now").with_source(cause)
        })
    }

    /// The client that sent the request.
    async fn caller(&self, request: &HttpRequest) -> Reply<Option<Arc<Client>>> {
        if self.mode == AuthMode::Off {
            return Ok(None);
        }
        let credentials = Credentials::of(request.headers(), self.tokens.as_deref());
        let credentials = credentials.inspect_err(|_| self.failures.count(Reason::Invalid))?;
        let Some(credentials) = credentials else {
            return self.check_open(request).map(|()| None);
        };
        if let Some(client) = credentials.client(&self.current, &*self.snapshot()?) {
            return Ok(Some(client));
        }
        // The client or the key may have been created a moment ago.
        self.check_database().await?;
        let client = credentials.client(&self.current, &*self.snapshot()?);
        if client.is_none() {
            self.failures.count(Reason::Unknown);
        }
        client.ok_or_else(|| credentials.unknown()).map(Some)
    }

    /// Fails unless a request without credentials may do everything.
    fn check_open(&self, request: &HttpRequest) -> Reply<()> {
        let any_key_ever = self.snapshot()?.any_key_ever();
        let mut hosts = request.headers().get_all(HOST);
        let (host, another) = (hosts.next(), hosts.next());
        let request = AnonymousRequest {
            mode: self.mode,
            on_loopback: self.on_loopback,
            any_key_ever,
            host: host.filter(|_| another.is_none()).and_then(|host| host.to_str().ok()),
            // Some proxies add nothing, but use HTTP/1.0.
            is_forwarded: request.version() < Version::HTTP_11
                || request.headers().keys().any(|name| is_forwarding(name.as_str())),
        };
        if request.is_open() {
            return Ok(());
        }
        self.failures.count(Reason::Missing);
        let detail = "send an API key as Authorization: Bearer ordk_..";
        if self.any_key() || self.tokens.is_some() {
            return Err(Problem::authentication_required(detail));
        }
        self.first_rejection.call_once(|| {
            log::warn!(
                "a request was rejected, because it has no key, and there is none; {CREATE_KEY}"
            );
        });
        Err(Problem::authentication_required(format!("{detail}; there is none: {CREATE_KEY}")))
    }

    /// Whether requests without credentials are rejected wherever they come from.
    pub(crate) fn requires_credentials(&self) -> bool {
        match self.mode {
            AuthMode::Off => false,
            AuthMode::Required => true,
            AuthMode::Auto => !self.on_loopback || self.current.snapshot().any_key_ever(),
        }
    }

    /// Whether there is a client with this id.
    pub(crate) fn has_client(&self, id: &ClientId) -> bool {
        self.current.snapshot().has_client(id)
    }

    /// How often authentication failed.
    pub(crate) fn failures(&self) -> &AuthenticationFailures {
        &self.failures
    }

    /// When the database last was as it should be.
    pub(crate) fn vitals(&self) -> &Vitals {
        self.pulse.vitals()
    }

    fn snapshot(&self) -> Reply<Arc<Snapshot>> {
        self.current.get().ok_or_else(|| {
            Problem::unavailable("the service cannot check keys now; nothing was done")
        })
    }

    fn any_key(&self) -> bool {
        self.current.get().is_some_and(|snapshot| snapshot.any_key())
    }

    fn any_key_ever(&self) -> bool {
        self.current.get().is_some_and(|snapshot| snapshot.any_key_ever())
    }
}

/// Fails unless the request has the credentials of a client with this scope, or needs none. The [`Caller`] and the scope
/// are then in the request's extensions.
pub(crate) async fn authorize(request: &HttpRequest, scope: Scope) -> Reply<()> {
    let access = access(request);
    let client = access.caller(request).await?;
    // The log names the client of a rejected request too.
    request.extensions_mut().insert(Caller(client.clone()));
    request.extensions_mut().insert(scope);
    if let Some(client) = &client {
        if let Some(rate) = client.rate {
            let counted = access.rates.count(&client.id, rate, Instant::now());
            counted.map_err(|wait| Problem::too_many_requests(rate, wait))?;
        }
        check_scope(client, scope)?;
    }
    Ok(())
}

fn check_scope(client: &Client, scope: Scope) -> Reply<()> {
    if client.scope < scope { Err(Problem::insufficient_scope(client, scope)) } else { Ok(()) }
}

/// The authorization of a request that takes long, which is checked again while it runs.
pub(crate) struct Authorization {
    request: HttpRequest,
    scope: Scope,
}

impl Authorization {
    /// The client that sent the request, as it is now.
    ///
    /// # Errors
    /// If the request would be rejected now.
    pub(crate) async fn check(&self) -> Reply<Caller> {
        let client = access(&self.request).caller(&self.request).await?;
        client.as_ref().map_or(Ok(()), |client| check_scope(client, self.scope))?;
        Ok(Caller(client))
    }
}

impl Authorization {
    /// How many orders the client may import at once.
    pub(crate) fn import_share(&self) -> usize {
        let extensions = self.request.extensions();
        let rate = extensions.get::<Caller>().and_then(|caller| caller.0.as_ref()?.rate);
        rate.map_or(usize::MAX, |rate| import_share(rate) as usize)
    }

    /// Waits until the client may import so many orders, each of which counts as a request for its rate. Returns it as it
    /// is then.
    ///
    /// # Errors
    /// If the request would be rejected now, but for the rate.
    pub(crate) async fn check_import(&self, orders: usize) -> Reply<Caller> {
        let start = Instant::now();
        loop {
            let caller = self.check().await?;
            let Some((client, rate)) = caller.0.as_ref().and_then(|it| Some((it, it.rate?))) else {
                return Ok(caller);
            };
            let (rates, now) = (&access(&self.request).rates, Instant::now());
            match rates.count_import(&client.id, rate, orders, now - start, now) {
                Ok(()) => return Ok(caller),
                Err(wait) => sleep(wait).await,
            }
        }
    }
}

impl Argument for Authorization {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        let scope = request.extensions().get::<Scope>().copied();
        let scope = scope.ok_or_else(|| Problem::internal("the route has no scope"))?;
        Ok(Self { request: request.clone(), scope })
    }

    fn describe(_: &mut Operation) {}
}

impl Argument for web::Data<Access> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(access(request).clone())
    }

    fn describe(operation: &mut Operation) {
        operation.problems(&[ProblemType::Unavailable]);
    }
}

fn access(request: &HttpRequest) -> &web::Data<Access> {
    // OK because every app has it, see `server::listen`.
    request.app_data().expect("access is set")
}
