//! Web pages of other origins may use the service ([CORS]): [`allow_origins`].
//!
//! [CORS]: https://fetch.spec.whatwg.org/#http-cors-protocol

use std::str::FromStr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use url::Url;

/// The headers of a request that a page may set. The wildcard does not include the credentials.
const REQUEST_HEADERS: &str = "Authorization, *";

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// How long a browser may remember that a request is allowed, in seconds.
const MAX_AGE: &str = "3600";

/// The origin of web pages, as a browser sends it: `https://shop.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

/// A text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write it as the browser sends it, as https://shop.example or http://localhost:5173")]
pub(crate) struct InvalidOrigin;

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(text).map_err(|_| InvalidOrigin)?;
        match matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
        {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidOrigin),
        }
    }
}

/// Lets the pages of the allowed origins, which are in the app data, send requests and read the responses. Browsers keep
/// all others from it, because the response does not name their origin.
pub(crate) async fn allow_origins(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // OK because every app has them, see `server::listen`.
    let allowed = request.app_data::<web::Data<[Origin]>>().expect("the origins are set").clone();
    if allowed.is_empty() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let is_allowed =
        |origin: &&HeaderValue| allowed.iter().any(|Origin(allowed)| *origin == allowed);
    let origin = request.headers().get(ORIGIN).filter(is_allowed).cloned();
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match asks && origin.is_some() {
        true => request.into_response(permission()),
        false => next.call(request).await?.map_into_boxed_body(),
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    }
    Ok(response)
}

/// The answer to a browser that asks whether a page may send its request. It asks without credentials.
fn permission() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in ["https://shop.example", "http://localhost:5173", "http://[::1]:8080"] {
            assert_eq!(good.parse(), Ok(Origin(good.to_owned())));
        }
        for bad in [
            "",
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "https://Shop.example",
            "https://a:443",
            "ftp://a",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(InvalidOrigin), "{bad:?}");
        }
    }
}
