//! `/metrics`

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::http::endpoint::{Endpoint, Reply, Response, endpoint};
use crate::http::query::Query;
use crate::metrics::{MEDIA_TYPE, Metrics};
use crate::openapi::Operation;

pub(crate) fn get() -> Endpoint {
    let description = "In the text format of Prometheus, for this instance of the service.";
    endpoint(get_metrics, "getMetrics", "about", "Get the metrics", description)
}

async fn get_metrics(metrics: Data<Metrics>, _: Query<()>) -> Reply<Text> {
    metrics.text().map(Text)
}

struct Text(String);

impl Response for Text {
    fn respond(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().content_type(MEDIA_TYPE).body(self.0)
    }

    fn describe(operation: &mut Operation) {
        operation.response(StatusCode::OK, "The metrics.", &[]);
        operation.content_of(StatusCode::OK, "text/plain", json!({ "type": "string" }));
    }
}
