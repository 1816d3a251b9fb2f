//! `/problems`

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::problem::Problem;
use crate::query::Query;
use crate::slug::Slug;

/// What one kind of problem means.
#[derive(Serialize)]
struct Explanation {
    r#type: String,
    title: &'static str,
    status: u16,
    meaning: &'static str,
}

/// `GET /problems`
pub(crate) async fn list(_: Query<()>) -> HttpResponse {
    HttpResponse::Ok().json(Slug::ALL.map(explanation))
}

/// `GET /problems/{slug}`
pub(crate) async fn read(name: web::Path<String>, _: Query<()>) -> Result<HttpResponse, Problem> {
    match Slug::named(&name) {
        Some(slug) => Ok(HttpResponse::Ok().json(explanation(slug))),
        None => Err(Problem::not_found("there is no such kind of problem; see /problems")),
    }
}

fn explanation(slug: Slug) -> Explanation {
    Explanation {
        r#type: format!("/problems/{}", slug.name()),
        title: slug.title(),
        status: slug.status().as_u16(),
        meaning: slug.meaning(),
    }
}
