//! What the endpoints share: extractors, responses, streams and the request log.

pub(crate) mod body;
pub(crate) mod channel;
pub(crate) mod conditional;
pub(crate) mod cross_origin;
pub(crate) mod endpoint;
pub(crate) mod event_stream;
pub(crate) mod idempotency;
pub(crate) mod link;
pub(crate) mod log_text;
pub(crate) mod ndjson;
pub(crate) mod negotiation;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod producer;
pub(crate) mod public_url;
pub(crate) mod query;
pub(crate) mod request_log;
pub(crate) mod resource;
pub(crate) mod response;
pub(crate) mod site;
mod trace_context;
pub(crate) mod unread_body;
