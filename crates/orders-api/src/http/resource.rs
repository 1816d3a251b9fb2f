//! One path and its methods: [`Resource`].

use actix_web::body::MessageBody;
use actix_web::dev::{AppService, HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_ENCODING, ALLOW, HeaderValue};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::{Error, FromRequest, Handler, HttpRequest, HttpResponse, Responder, web};

use crate::problem::Problem;

/// The media type of a JSON Merge Patch (RFC 7396).
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// A path and what its methods do.
///
/// `HEAD` does what `GET` does without a body, `OPTIONS` tells the methods, and every other method
/// is answered 405 with the same list in `Allow`.
pub(crate) struct Resource {
    #[cfg_attr(not(test), expect(dead_code, reason = "told to the test of the OpenAPI document"))]
    path: &'static str,
    resource: actix_web::Resource,
    methods: Vec<Method>,
    compressed: bool,
}

/// The resource at `path`, which knows no method yet.
pub(crate) fn at(path: &'static str) -> Resource {
    Resource { path, resource: web::resource(path), methods: Vec::new(), compressed: false }
}

impl Resource {
    /// `GET` and `HEAD`.
    pub(crate) fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, handler.clone()).on(Method::HEAD, handler)
    }

    /// `POST`.
    pub(crate) fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, handler)
    }

    /// `PUT`.
    pub(crate) fn put<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PUT, handler)
    }

    /// `PATCH`, which takes a JSON Merge Patch.
    pub(crate) fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PATCH, handler)
    }

    /// `DELETE`.
    pub(crate) fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, handler)
    }

    /// What is read is compressed for who can take that: for answers that are long, and carry no tag.
    pub(crate) fn compressed(self) -> Self {
        Self { compressed: true, ..self }
    }

    /// Where it is.
    #[cfg(test)]
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// The methods that it knows.
    #[cfg(test)]
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        known(&self.methods)
    }

    fn on<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::method(method.clone()).to(handler));
        self.methods.push(method);
        self
    }
}

impl HttpServiceFactory for Resource {
    fn register(self, config: &mut AppService) {
        let allow = allow(&self.methods);
        let refused = allow.clone();
        let patched = self.methods.contains(&Method::PATCH);
        let resource = self
            .resource
            .route(web::method(Method::OPTIONS).to(move || options(allow.clone(), patched)))
            .default_service(web::to(move |request| refuse(request, refused.clone())));
        if self.compressed {
            resource.wrap(Compress::default()).wrap(from_fn(as_it_is_but_read)).register(config);
        } else {
            resource.register(config);
        }
    }
}

/// Lets nothing be compressed but what is read: an answer to a write may carry a strong tag, which stands for
/// the very bytes.
async fn as_it_is_but_read<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.call(request).await
}

async fn options(allow: HeaderValue, patched: bool) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.insert_header((ALLOW, allow));
    if patched {
        response.insert_header(("Accept-Patch", MERGE_PATCH));
    }
    response.finish()
}

async fn refuse(request: HttpRequest, allow: HeaderValue) -> Result<HttpResponse, Problem> {
    Err(Problem::method_not_allowed(request.method().as_str(), allow))
}

/// These methods, and `OPTIONS`.
fn known(methods: &[Method]) -> impl Iterator<Item = &Method> {
    methods.iter().chain([&Method::OPTIONS])
}

fn allow(methods: &[Method]) -> HeaderValue {
    let methods: Vec<_> = known(methods).map(Method::as_str).collect();
    // OK because the names of methods are visible ASCII.
    HeaderValue::from_str(&methods.join(", ")).expect("method names")
}
