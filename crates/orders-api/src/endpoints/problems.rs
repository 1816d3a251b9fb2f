//! `/problems`

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::http::query::Query;
use crate::problem::Problem;
use crate::problem::ProblemType;

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
    HttpResponse::Ok().json(ProblemType::ALL.map(explanation))
}

/// `GET /problems/{slug}`
pub(crate) async fn read(name: web::Path<String>, _: Query<()>) -> Result<HttpResponse, Problem> {
    match ProblemType::named(&name) {
        Some(problem_type) => Ok(HttpResponse::Ok().json(explanation(problem_type))),
        None => Err(Problem::not_found("there is no such kind of problem; see /problems")),
    }
}

fn explanation(problem_type: ProblemType) -> Explanation {
    Explanation {
        r#type: format!("/problems/{}", problem_type.name()),
        title: problem_type.title(),
        status: problem_type.status().as_u16(),
        meaning: problem_type.meaning(),
    }
}
