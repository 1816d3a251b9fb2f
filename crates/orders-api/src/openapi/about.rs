//! The service itself, in the document.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{HttpMethod, Ref};

use super::operation::{ASKING, Described, Tag, answer, describe};
use super::value::text;
use crate::problem::ProblemType;

pub(super) fn operations() -> [Described; 8] {
    [index(), alive(), ready(), problems(), problem(), document(), page(), page_file()]
}

fn index() -> Described {
    let paths = ObjectBuilder::new()
        .description(Some("Paths by what is there."))
        .additional_properties(Some(text()));
    describe(HttpMethod::Get, "/", Tag::About, "readIndex", "Where everything is")
        .says("Paths, and for what takes parameters a URI template (RFC 6570).")
        .answers(200, answer("The paths.").json(paths, &[]))
        .done()
}

fn alive() -> Described {
    describe(HttpMethod::Get, "/healthz", Tag::About, "isAlive", "Whether the service is alive")
        .says("Asks nothing of the database: for whoever restarts what hangs.")
        .answers(200, answer("It is.").json(status("alive"), &[]))
        .done()
}

fn ready() -> Described {
    describe(HttpMethod::Get, "/readyz", Tag::About, "isReady", "Whether the database answers too")
        .says("For whoever sends requests only where they can be worked on.")
        .answers(200, answer("It does.").json(status("ready"), &[]))
        .refuses(&ASKING)
        .done()
}

fn status(word: &str) -> ObjectBuilder {
    ObjectBuilder::new().property("status", text().enum_values(Some([word]))).required("status")
}

fn problems() -> Described {
    describe(HttpMethod::Get, "/problems", Tag::About, "listProblems", "All kinds of problems")
        .says("What `type` of a problem may be, with the status and the meaning of each.")
        .answers(
            200,
            answer("What each kind means.")
                .json(ArrayBuilder::new().items(Ref::from_schema_name("Explanation")), &[]),
        )
        .done()
}

fn problem() -> Described {
    describe(HttpMethod::Get, "/problems/{slug}", Tag::About, "readProblem", "One kind of problem")
        .says("What the `type` of a problem leads to.")
        .takes(&["ProblemKind"])
        .answers(200, answer("What it means.").json(Ref::from_schema_name("Explanation"), &[]))
        .refuses(&[ProblemType::NotFound])
        .done()
}

fn document() -> Described {
    let document = ObjectBuilder::new()
        .property("openapi", text().pattern(Some(r"^3\.1\.\d+$")))
        .property("info", ObjectBuilder::new())
        .property("paths", ObjectBuilder::new())
        .property("components", ObjectBuilder::new())
        .required("openapi")
        .required("info")
        .required("paths");
    describe(HttpMethod::Get, "/openapi.json", Tag::About, "readDocument", "This document")
        .says("Made from the code that answers.")
        .answers(200, answer("OpenAPI 3.1.").json(document, &[]))
        .done()
}

fn page() -> Described {
    describe(HttpMethod::Get, "/docs", Tag::About, "readDocs", "A page to try it on")
        .says("Swagger UI, with this document. It loads nothing from elsewhere.")
        .answers(
            200,
            answer("The page.").headers(&["Content-Security-Policy"]).body(
                "text/html",
                text(),
                &[],
            ),
        )
        .done()
}

fn page_file() -> Described {
    let file = answer("The file.");
    describe(
        HttpMethod::Get,
        "/docs/{file}",
        Tag::About,
        "readDocsFile",
        "What the page is made of",
    )
    .says("Scripts and a style sheet.")
    .takes(&["DocsFile"])
    .answers(200, file.body("text/javascript", text(), &[]).body("text/css", text(), &[]))
    .refuses(&[ProblemType::NotFound])
    .done()
}
