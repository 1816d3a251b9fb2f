//! Pages for people, with the files that they load: [`Site`].

use std::io::Write as _;
use std::marker::PhantomData;
use std::sync::OnceLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    AcceptEncoding, CONTENT_SECURITY_POLICY, ContentEncoding, Encoding, HeaderValue,
    REFERRER_POLICY, VARY as VARY_NAME,
};
use actix_web::mime::Mime;
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::conditional::{ETAG, IfNoneMatch};
use super::endpoint::{Endpoint, Reply, Response, endpoint};
use super::path::{Path, PathParameter};
use super::query::{Parameter, Query};
use super::response::{CACHE_CONTROL, VARY};
use crate::openapi::{Components, Header, Operation};

/// A page and its files, which are a part of the program.
pub(crate) trait Site: 'static {
    /// What the page may load and do: its `Content-Security-Policy`, which begins with `default-src 'none';`.
    const POLICY: &'static str;

    /// The page.
    fn page() -> &'static Asset;

    /// The files that it loads.
    fn files() -> &'static [Asset];
}

/// A file of a site.
pub(crate) struct Asset {
    /// The last segment of its path.
    name: &'static str,
    media_type: Mime,
    text: &'static str,
    tag: OnceLock<String>,
    gzip: OnceLock<Bytes>,
}

impl Asset {
    /// A file with this name, type and content.
    pub(crate) const fn new(name: &'static str, media_type: Mime, text: &'static str) -> Self {
        Self { name, media_type, text, tag: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// Its entity tag, without the quotes: a hash of the content.
    fn tag(&self) -> &str {
        self.tag.get_or_init(|| {
            let hash = digest(&SHA256, self.text.as_bytes());
            hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        })
    }

    /// The content compressed, which is done once.
    fn gzip(&self) -> Bytes {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // OK because writing to memory does not fail.
            encoder.write_all(self.text.as_bytes()).expect("memory is written");
            encoder.finish().expect("memory is written").into()
        };
        self.gzip.get_or_init(compress).clone()
    }

    fn respond(&self, request: &HttpRequest, known: &IfNoneMatch) -> HttpResponse {
        let is_known = known.includes(self.tag());
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        // The tag is weak, because the content may be compressed.
        response.insert_header(ETAG.with(format!("W/\"{}\"", self.tag())));
        // Files of two versions of the program must not meet in one page.
        response.insert_header(CACHE_CONTROL.with("no-cache"));
        response.insert_header((VARY_NAME, "Accept-Encoding"));
        if is_known {
            return response.finish();
        }
        response.content_type(self.media_type.clone());
        match accepts_gzip(request) {
            true => response.insert_header(ContentEncoding::Gzip).body(self.gzip()),
            false => response.body(self.text),
        }
    }

    fn describe_content(&self, operation: &mut Operation) {
        let media_type = self.media_type.essence_str();
        operation.content_of(StatusCode::OK, media_type, json!({ "type": "string" }));
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let offers = [Encoding::gzip(), Encoding::identity()];
    let accepted = request.get_header::<AcceptEncoding>();
    accepted.and_then(|accepted| accepted.negotiate(offers.iter())) == Some(Encoding::gzip())
}

/// `GET` of the page.
pub(crate) fn page<S: Site>(
    id: &'static str,
    summary: &'static str,
    description: &'static str,
) -> Endpoint {
    endpoint(get_page::<S>, id, "about", summary, description)
}

async fn get_page<S: Site>(known: IfNoneMatch, _: Query<()>) -> Reply<Page<S>> {
    Ok(Page(known, PhantomData))
}

struct Page<S>(IfNoneMatch, PhantomData<S>);

impl<S: Site> Response for Page<S> {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        let mut response = S::page().respond(request, &self.0);
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(S::POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }

    fn describe(operation: &mut Operation) {
        const POLICY: Header = Header::new(
            "Content-Security-Policy",
            "The page may load what the service has, and nothing else.",
            "^default-src 'none';",
        );
        let headers = [POLICY, ETAG, CACHE_CONTROL, VARY];
        operation.response(StatusCode::OK, "The page.", &headers);
        S::page().describe_content(operation);
        operation.response(StatusCode::NOT_MODIFIED, "The client has the page.", &headers);
    }
}

/// `GET` of a file of the page.
pub(crate) fn file<S: Site>(
    id: &'static str,
    summary: &'static str,
    description: &'static str,
) -> Endpoint {
    endpoint(get_file::<S>, id, "about", summary, description)
}

async fn get_file<S: Site>(
    name: Path<FileName<S>>,
    known: IfNoneMatch,
    _: Query<()>,
) -> Reply<File<S>> {
    Ok(File { asset: name.0.0, known, site: PhantomData })
}

struct File<S> {
    asset: &'static Asset,
    known: IfNoneMatch,
    site: PhantomData<S>,
}

impl<S: Site> Response for File<S> {
    fn respond(self, request: &HttpRequest) -> HttpResponse {
        self.asset.respond(request, &self.known)
    }

    fn describe(operation: &mut Operation) {
        let headers = [ETAG, CACHE_CONTROL, VARY];
        operation.response(StatusCode::OK, "The file.", &headers);
        S::files().iter().for_each(|file| file.describe_content(operation));
        operation.response(StatusCode::NOT_MODIFIED, "The client has the file.", &headers);
    }
}

/// The name of a file of a site.
struct FileName<S>(&'static Asset, PhantomData<S>);

impl<S: Site> PathParameter for FileName<S> {
    const NAMED: (&'static str, &'static str) = ("file", "A file of the page.");
}

impl<S: Site> Parameter for FileName<S> {
    fn parse(text: &str) -> Result<Self, String> {
        let file = S::files().iter().find(|file| file.name == text);
        file.map(|file| Self(file, PhantomData))
            .ok_or_else(|| "the page has no such file".to_owned())
    }

    fn schema(_: &mut Components) -> Value {
        let names: Vec<_> = S::files().iter().map(|file| file.name).collect();
        json!({ "type": "string", "enum": names })
    }
}
