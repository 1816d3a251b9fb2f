//! A handler and the description of its operation: [`Endpoint`].

use std::mem;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use orders_core::Scope;
use serde_json::Value;

use crate::access::authorize;
use crate::openapi::{Components, Operation};
use crate::problem::{Problem, ProblemType};

/// The result of a handler, or of reading one of its arguments.
pub(crate) type Reply<T> = Result<T, Problem>;

/// An argument of a handler, read from the request.
pub(crate) trait Argument: Sized {
    /// Reads the argument.
    async fn extract(request: &HttpRequest, payload: &mut Payload) -> Reply<Self>;

    /// Adds the parameters or the body that are read, and the problems that this can have.
    fn describe(operation: &mut Operation);
}

/// A successful response of a handler.
pub(crate) trait Response {
    /// Makes the response.
    fn respond(self, request: &HttpRequest) -> HttpResponse;

    /// Adds the status, the headers and the body of the response.
    fn describe(operation: &mut Operation);
}

/// A function of arguments to a response.
pub(crate) trait Handler<Arguments>: Clone + 'static {
    /// Answers a request.
    async fn handle(&self, request: &HttpRequest, payload: Payload) -> Reply<HttpResponse>;

    /// Adds what the types of the arguments and of the response imply.
    fn describe(operation: &mut Operation);
}

macro_rules! impl_handler {
    ($($argument:ident)*) => {
        impl<Function, Answer, R, $($argument),*> Handler<($($argument,)*)> for Function
        where
            Function: Fn($($argument),*) -> Answer + Clone + 'static,
            Answer: Future<Output = Reply<R>>,
            R: Response,
            $($argument: Argument),*
        {
            async fn handle(&self, request: &HttpRequest, mut payload: Payload) -> Reply<HttpResponse> {
                let payload = &mut payload;
                let response = self($($argument::extract(request, payload).await?),*).await?;
                Ok(response.respond(request))
            }

            fn describe(operation: &mut Operation) {
                $($argument::describe(operation);)*
                R::describe(operation);
            }
        }
    };
}

impl_handler!(A);
impl_handler!(A B);
impl_handler!(A B C);
impl_handler!(A B C D);
impl_handler!(A B C D E);
impl_handler!(A B C D E F);

/// The argument of a handler that needs nothing of the request.
impl Argument for () {
    async fn extract(_: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(())
    }

    fn describe(_: &mut Operation) {}
}

/// The method: what answers `GET` answers `HEAD` as well.
impl Argument for Method {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        Ok(request.method().clone())
    }

    fn describe(_: &mut Operation) {}
}

/// What a method of a path does, and what the OpenAPI document says about it.
pub(crate) struct Endpoint {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
    problems: &'static [ProblemType],
    impossible: &'static [ProblemType],
    describe_types: fn(&mut Operation),
    route: Box<dyn Fn(Method, Option<Scope>) -> Route>,
}

/// An endpoint: the handler, the operation's id and tag, one line on what it does, and the rest of what there is
/// to say. The types of the handler's arguments and response describe everything else.
pub(crate) fn endpoint<H: Handler<Arguments>, Arguments>(
    handler: H,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
) -> Endpoint {
    let route = move |method, scope: Option<Scope>| {
        let handler = handler.clone();
        web::method(method).to(move |request: HttpRequest, payload: web::Payload| {
            let handler = handler.clone();
            async move {
                if let Some(scope) = scope {
                    authorize(&request, scope).await?;
                }
                handler.handle(&request, payload.into_inner()).await
            }
        })
    };
    Endpoint {
        id,
        tag,
        summary,
        description,
        problems: &[],
        impossible: &[],
        describe_types: H::describe,
        route: Box::new(route),
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

    /// A route that lets the handler answer requests with this method, if the client has the scope.
    pub(super) fn route(&self, method: Method, scope: Option<Scope>) -> Route {
        (self.route)(method, scope)
    }

    /// The Operation Object if it needs this scope; what it refers to is added to `components`.
    pub(crate) fn describe(&self, scope: Option<Scope>, components: &mut Components) -> Value {
        let mut operation = Operation::new(mem::take(components));
        (self.describe_types)(&mut operation);
        operation.problems(&[ProblemType::MalformedRequest]);
        operation.problems(self.problems);
        operation.remove_problems(self.impossible);
        if let Some(scope) = scope {
            operation.require(scope);
        }
        let json = operation.json(self.id, self.tag, self.summary, self.description);
        *components = operation.components;
        json
    }
}
