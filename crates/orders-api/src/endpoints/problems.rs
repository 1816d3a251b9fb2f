//! `/problems`, `/problems/{slug}`

use serde::Serialize;
use serde_json::{Value, json};

use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::path::{Path, PathParameter};
use crate::http::query::{Parameter, Query};
use crate::http::response::Json;
use crate::openapi::{Components, Model, object};
use crate::problem::ProblemType;

pub(crate) fn list() -> Endpoint {
    let description =
        "The values that `type` of a problem can have, with the status and the meaning of each.";
    endpoint(list_problems, "listProblems", "about", "List all types of problems", description)
}

async fn list_problems(_: Query<()>) -> Reply<Json<Vec<Explanation>>> {
    Ok(Json::new(&ProblemType::ALL.map(Explanation::of).into())?)
}

pub(crate) fn get() -> Endpoint {
    let description = "The `type` of a problem is this path.";
    endpoint(get_problem, "getProblem", "about", "Get a type of problems", description)
}

async fn get_problem(problem: Path<ProblemType>, _: Query<()>) -> Reply<Json<Explanation>> {
    Ok(Json::new(&Explanation::of(problem.0))?)
}

impl PathParameter for ProblemType {
    const NAMED: (&'static str, &'static str) = ("slug", "The last segment of a problem's `type`.");
}

impl Parameter for ProblemType {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || "there is no such kind of problem; see /problems".to_owned();
        ProblemType::named(text).ok_or_else(unknown)
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "string", "enum": ProblemType::ALL.map(ProblemType::name) })
    }
}

#[derive(Serialize)]
struct Explanation {
    r#type: String,
    title: &'static str,
    status: u16,
    meaning: &'static str,
}

impl Explanation {
    fn of(problem: ProblemType) -> Self {
        Self {
            r#type: problem.path(),
            title: problem.title(),
            status: problem.status().as_u16(),
            meaning: problem.meaning(),
        }
    }
}

impl Model for Explanation {
    fn schema(components: &mut Components) -> Value {
        let types = ProblemType::ALL.map(ProblemType::path);
        let properties = [
            ("type", json!({ "type": "string", "enum": types })),
            ("title", json!({ "type": "string" })),
            ("status", json!({ "type": "integer", "minimum": 400, "maximum": 599 })),
            (
                "meaning",
                json!({ "type": "string", "description": "What it means and what to do." }),
            ),
        ];
        components.schema("Explanation", object("What one type of problem means.", properties))
    }
}
