//! A handler and the description of its operation: [`Endpoint`].

use std::mem;

use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, web};
use serde_json::Value;

use crate::openapi::{Components, Describe, Operation};
use crate::problem::ProblemType;

/// What a method of a path does, and what the OpenAPI document says about it.
pub(crate) struct Endpoint {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
    problems: &'static [ProblemType],
    impossible: &'static [ProblemType],
    describe_types: fn(&mut Operation),
    route: Box<dyn Fn(Method) -> Route>,
}

/// An endpoint: the handler, the operation's id and tag, one line on what it does, and the rest of what there is
/// to say. The types of the handler's arguments and response describe everything else.
pub(crate) fn endpoint<F, Args>(
    handler: F,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
) -> Endpoint
where
    F: Handler<Args, Output: Responder + Describe + 'static>,
    Args: FromRequest + Describe + 'static,
{
    Endpoint {
        id,
        tag,
        summary,
        description,
        problems: &[],
        impossible: &[],
        describe_types: |operation| {
            Args::describe(operation);
            F::Output::describe(operation);
        },
        route: Box::new(move |method| web::method(method).to(handler.clone())),
    }
}

impl Endpoint {
    /// The problems of the operation that no type of its handler implies.
    pub(crate) fn problems(self, problems: &'static [ProblemType]) -> Self {
        Self { problems, ..self }
    }

    /// Problems that a type of its handler implies, but that this operation never answers with.
    pub(crate) fn never(self, impossible: &'static [ProblemType]) -> Self {
        Self { impossible, ..self }
    }

    /// A route that lets the handler answer requests with this method.
    pub(super) fn route(&self, method: Method) -> Route {
        (self.route)(method)
    }

    /// The Operation Object; what it refers to is added to `components`.
    pub(crate) fn describe(&self, components: &mut Components) -> Value {
        let mut operation = Operation::new(mem::take(components));
        (self.describe_types)(&mut operation);
        operation.problems(&[ProblemType::MalformedRequest]);
        operation.problems(self.problems);
        operation.remove_problems(self.impossible);
        let json = operation.json(self.id, self.tag, self.summary, self.description);
        *components = operation.components;
        json
    }
}
