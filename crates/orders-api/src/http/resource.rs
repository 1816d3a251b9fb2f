//! A path and its methods: [`Resource`].

use actix_web::body::MessageBody;
use actix_web::dev::{AppService, HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, HeaderValue, VARY};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::{Error, HttpRequest, HttpResponse, web};
use orders_core::Scope;

use super::body::MERGE_PATCH;
use super::endpoint::Endpoint;
use crate::metrics::Route;
use crate::problem::Problem;

/// The coding of a response that is not to be compressed.
pub(crate) const IDENTITY: &str = "identity";

/// A path and the endpoints of its methods.
///
/// `HEAD` does what `GET` does without a body, `OPTIONS` answers with the methods, and every other method
/// is answered 405 with the same list in `Allow`.
pub(crate) struct Resource {
    path: &'static str,
    pattern: &'static str,
    methods: Vec<MethodEndpoint>,
    /// Those of another resource whose path includes this one.
    inherited: Vec<MethodEndpoint>,
    compressed: bool,
}

/// A method, the scope that a client needs for it, and what it does.
pub(crate) struct MethodEndpoint {
    pub(crate) method: Method,
    /// `None` if everyone may use it.
    pub(crate) scope: Option<Scope>,
    pub(crate) endpoint: Endpoint,
}

/// The resource at `path`, without a method so far.
pub(crate) fn at(path: &'static str) -> Resource {
    Resource { path, pattern: path, methods: Vec::new(), inherited: Vec::new(), compressed: false }
}

impl Resource {
    /// Adds `GET`, and `HEAD` with it.
    pub(crate) fn get(self, scope: Option<Scope>, endpoint: Endpoint) -> Self {
        self.on(Method::GET, scope, endpoint)
    }

    /// Adds `POST`.
    pub(crate) fn post(self, scope: Option<Scope>, endpoint: Endpoint) -> Self {
        self.on(Method::POST, scope, endpoint)
    }

    /// Adds `PUT`.
    pub(crate) fn put(self, scope: Option<Scope>, endpoint: Endpoint) -> Self {
        self.on(Method::PUT, scope, endpoint)
    }

    /// Adds `PATCH`, which takes a JSON Merge Patch.
    pub(crate) fn patch(self, scope: Option<Scope>, endpoint: Endpoint) -> Self {
        self.on(Method::PATCH, scope, endpoint)
    }

    /// Adds `DELETE`.
    pub(crate) fn delete(self, scope: Option<Scope>, endpoint: Endpoint) -> Self {
        self.on(Method::DELETE, scope, endpoint)
    }

    /// Adds the methods of a resource whose path includes this one if it is written as `pattern`. They are
    /// described there.
    pub(crate) fn inherit(self, pattern: &'static str, general: Self) -> Self {
        Self { pattern, inherited: general.methods, ..self }
    }

    /// Compresses responses to `GET` if the client accepts that: for responses that are long and have no `ETag`.
    pub(crate) fn compressed(self) -> Self {
        Self { compressed: true, ..self }
    }

    /// The path, as the document has it.
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// What the document describes at this path.
    pub(crate) fn methods(&self) -> &[MethodEndpoint] {
        &self.methods
    }

    fn on(mut self, method: Method, scope: Option<Scope>, endpoint: Endpoint) -> Self {
        self.methods.push(MethodEndpoint { method, scope, endpoint });
        self
    }
}

impl HttpServiceFactory for Resource {
    fn register(self, config: &mut AppService) {
        let mut resource = web::resource(self.pattern).app_data(Route::new(self.path));
        let mut methods = Vec::new();
        for MethodEndpoint { method, scope, endpoint } in
            self.inherited.into_iter().chain(self.methods)
        {
            resource = resource.route(endpoint.route(method.clone(), scope));
            methods.push(method.clone());
            if method == Method::GET {
                resource = resource.route(endpoint.route(Method::HEAD, scope));
                methods.push(Method::HEAD);
            }
        }
        methods.push(Method::OPTIONS);
        let is_patchable = methods.contains(&Method::PATCH);
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        // OK because the names of methods are visible ASCII.
        let allow = HeaderValue::from_str(&names.join(", ")).expect("method names");
        let allowed = allow.clone();
        let resource = resource
            .route(web::method(Method::OPTIONS).to(move || options(allow.clone(), is_patchable)))
            .default_service(web::to(move |request| method_not_allowed(request, allowed.clone())));
        if self.compressed {
            resource.wrap(Compress::default()).wrap(from_fn(compress_reads)).register(config);
        } else {
            resource.register(config);
        }
    }
}

/// Keeps responses to writes uncompressed: they may have a strong `ETag`, which stands for exactly these bytes. A response
/// with the coding `identity` is not compressed either; the name is for this only, and is not sent.
async fn compress_reads<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    let mut response = next.call(request).await?;
    if response.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding == IDENTITY) {
        response.headers_mut().remove(CONTENT_ENCODING);
    }
    // The middleware adds `accept-encoding` to one that the response has already.
    if let Some(vary) = response.headers().get(VARY).cloned() {
        response.headers_mut().insert(VARY, vary);
    }
    Ok(response)
}

async fn options(allow: HeaderValue, is_patchable: bool) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.insert_header((ALLOW, allow));
    if is_patchable {
        response.insert_header(("Accept-Patch", MERGE_PATCH));
    }
    response.finish()
}

async fn method_not_allowed(
    request: HttpRequest,
    allow: HeaderValue,
) -> Result<HttpResponse, Problem> {
    Err(Problem::method_not_allowed(request.method().as_str(), allow))
}
