//! One operation of the document: [`Described`].

use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{
    ContentBuilder, HttpMethod, Ref, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder,
};

use super::{header, parameter, problem};
use crate::problem::ProblemType;

/// What can go wrong wherever the database is asked.
pub(super) const ASKING: [ProblemType; 2] = [ProblemType::InternalError, ProblemType::Unavailable];

/// What can go wrong wherever a body is read.
pub(super) const READING: [ProblemType; 4] = [
    ProblemType::RequestTimeout,
    ProblemType::TooLarge,
    ProblemType::UnsupportedMediaType,
    ProblemType::InvalidRequest,
];

/// What operations are sorted by.
#[derive(Clone, Copy)]
pub(super) enum Tag {
    Orders,
    Services,
    Calendars,
    About,
    Methods,
}

impl Tag {
    pub(super) const ALL: [Self; 5] =
        [Self::Orders, Self::Services, Self::Calendars, Self::About, Self::Methods];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Services => "services",
            Self::Calendars => "calendars",
            Self::About => "about",
            Self::Methods => "methods",
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Orders => "Booked appointments.",
            Self::Services => "What can be ordered.",
            Self::Calendars => "Whatever can serve one order at a time, and when it is free.",
            Self::About => "The service itself: its health, its problems, its documentation.",
            Self::Methods => "HEAD and OPTIONS, which every path answers as HTTP says.",
        }
    }
}

/// An operation and where it is.
pub(super) struct Described {
    pub(super) path: &'static str,
    pub(super) method: HttpMethod,
    pub(super) operation: Operation,
}

/// An operation in the making.
pub(super) struct Description {
    path: &'static str,
    method: HttpMethod,
    operation: OperationBuilder,
    responses: ResponsesBuilder,
    problems: Vec<ProblemType>,
}

/// The operation of this name at a path, of which nothing is said yet.
pub(super) fn describe(
    method: HttpMethod,
    path: &'static str,
    tag: Tag,
    name: &str,
    summary: &str,
) -> Description {
    Description {
        path,
        method,
        operation: OperationBuilder::new()
            .operation_id(Some(name))
            .tag(tag.name())
            .summary(Some(summary)),
        responses: ResponsesBuilder::new(),
        problems: vec![ProblemType::MalformedRequest],
    }
}

impl Description {
    /// What the summary does not say.
    pub(super) fn says(mut self, text: &str) -> Self {
        self.operation = self.operation.description(Some(text));
        self
    }

    /// Parameters, by the names of their components.
    pub(super) fn takes(mut self, parameters: &[&str]) -> Self {
        for name in parameters {
            self.operation = self.operation.parameter_ref(component("parameters", name));
        }
        self
    }

    /// A body of this schema in any of these media types.
    pub(super) fn reads(mut self, types: &[&str], schema: &str, examples: &[&str]) -> Self {
        let body = types.iter().fold(RequestBodyBuilder::new(), |body, media_type| {
            body.content(*media_type, content(Ref::from_schema_name(schema), examples))
        });
        self.operation =
            self.operation.request_body(Some(body.required(Some(Required::True)).build()));
        self
    }

    /// A good answer.
    pub(super) fn answers(mut self, status: u16, answer: Answer) -> Self {
        self.responses = self.responses.response(status.to_string(), answer.0);
        self
    }

    /// Problems, beside `malformed-request`, which every operation has.
    pub(super) fn refuses(mut self, problems: &[ProblemType]) -> Self {
        self.problems.extend(problems);
        self
    }

    pub(super) fn done(self) -> Described {
        let mut responses = self.responses;
        let mut statuses: Vec<_> =
            self.problems.iter().map(|problem_type| problem_type.status()).collect();
        statuses.sort_unstable();
        statuses.dedup();
        for status in statuses {
            let kinds = self
                .problems
                .iter()
                .copied()
                .filter(|problem_type| problem_type.status() == status);
            responses =
                responses.response(status.as_str(), problem::response(&kinds.collect::<Vec<_>>()));
        }
        let operation = self.operation.parameter_ref(component("parameters", "RequestId"));
        let operation = operation.responses(responses.build()).build();
        Described { path: self.path, method: self.method, operation }
    }
}

impl Described {
    /// The same without bodies.
    pub(super) fn head(&self) -> Operation {
        let mut head = self.operation.clone();
        head.operation_id = head.operation_id.map(|name| name + "Head");
        head.summary = head.summary.map(|summary| summary + ", without the body");
        head.description = Some("The status and the headers of a GET.".to_owned());
        head.tags = Some(vec![Tag::Methods.name().to_owned()]);
        for (status, response) in &mut head.responses.responses {
            let known = problem::response_of(status, response);
            let mut bare = known.unwrap_or_else(|| match response {
                RefOr::T(response) => response.clone(),
                // OK because only problems are referred to.
                RefOr::Ref(reference) => panic!("no response at {}", reference.ref_location),
            });
            bare.content.clear();
            bare.links.clear();
            *response = RefOr::T(bare);
        }
        head
    }
}

/// `OPTIONS` at the path of these operations.
pub(super) fn options(here: &[&Described]) -> Operation {
    // OK because a path without operations is not described.
    let first = here.first().expect("an operation");
    let name = first.operation.operation_id.clone().unwrap_or_default() + "Options";
    let patched = here.iter().any(|described| described.method == HttpMethod::Patch);
    let headers: &[&str] = if patched { &["Allow", "Accept-Patch"] } else { &["Allow"] };
    let mut operation = describe(
        HttpMethod::Options,
        first.path,
        Tag::Methods,
        &name,
        "The methods that the path knows",
    )
    .says("They stand in `Allow`. Any other method is answered 405, with the same `Allow`.")
    .answers(204, answer("The methods, in `Allow`.").headers(headers))
    .refuses(&[ProblemType::MethodNotAllowed])
    .done()
    .operation;
    let own = operation.parameters.get_or_insert_default();
    own.splice(0..0, parameter::any_of(first.path).into_iter().map(RefOr::T));
    operation
}

/// A good answer in the making.
pub(super) struct Answer(ResponseBuilder);

/// An answer without a body.
pub(super) fn answer(description: &str) -> Answer {
    Answer(ResponseBuilder::new().description(description)).headers(&["X-Request-Id"])
}

impl Answer {
    /// Headers, by the names of their components.
    pub(super) fn headers(self, names: &[&str]) -> Self {
        Self(names.iter().fold(self.0, |response, name| {
            response.header_ref(header::field(name), component("headers", name))
        }))
    }

    /// A body of JSON.
    pub(super) fn json(self, schema: impl Into<RefOr<Schema>>, examples: &[&str]) -> Self {
        self.body("application/json", schema, examples)
    }

    /// A body.
    pub(super) fn body(
        self,
        media_type: &str,
        schema: impl Into<RefOr<Schema>>,
        examples: &[&str],
    ) -> Self {
        Self(self.0.content(media_type, content(schema, examples)))
    }

    /// What can be done next, with parameters out of this answer.
    pub(super) fn leads_to(self, operation: &str, parameters: &[(&str, &str)]) -> Self {
        let link = parameters
            .iter()
            .fold(LinkBuilder::new().operation_id(operation), |link, (name, expression)| {
                link.parameter(*name, *expression)
            });
        Self(self.0.link(operation, link.build()))
    }
}

/// A reference to a component.
pub(super) fn component(kind: &str, name: &str) -> Ref {
    Ref::new(format!("#/components/{kind}/{name}"))
}

fn content(
    schema: impl Into<RefOr<Schema>>,
    examples: &[&str],
) -> utoipa::openapi::content::Content {
    let examples = examples.iter().map(|name| (*name, RefOr::Ref(component("examples", name))));
    ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build()
}

/// A response whose content is this one schema with these examples.
pub(super) fn problem_response(
    description: &str,
    schema: impl Into<RefOr<Schema>>,
    examples: &[&str],
    headers: &[&str],
) -> Response {
    let answer = answer(description).headers(headers);
    answer.body(crate::problem::PROBLEM_JSON, schema, examples).0.build()
}
