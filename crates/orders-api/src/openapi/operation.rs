//! One operation of the document: [`Operation`].

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use orders_core::Scope;
use serde_json::{Map, Value, json};

use super::components::{Components, Model};
use super::problem;
use crate::http::response::JSON;
use crate::problem::ProblemType;

/// The name of the only security scheme.
pub(super) const SECURITY_SCHEME: &str = "key";

/// What the document says of an operation.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    /// What this and other operations refer to.
    pub(crate) components: Components,
    parameters: Vec<Value>,
    request_body: Option<Value>,
    responses: BTreeMap<u16, Value>,
    problems: BTreeSet<ProblemType>,
    scope: Option<Scope>,
}

/// A header of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    name: &'static str,
    description: &'static str,
    pattern: &'static str,
    required: bool,
}

impl Header {
    /// A header that the response always has, with values that match `pattern`.
    pub(crate) const fn new(
        name: &'static str,
        description: &'static str,
        pattern: &'static str,
    ) -> Self {
        Self { name, description, pattern, required: true }
    }

    /// The header with this value.
    pub(crate) fn with<V>(&self, value: V) -> (&'static str, V) {
        (self.name, value)
    }

    /// The same header of a response that may lack it.
    pub(crate) const fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

/// Every response has it, see `request_log`.
const X_REQUEST_ID: Header =
    Header::new("X-Request-Id", "The id of the request, its own or a new one.", "^[!-~]+$");

impl Operation {
    /// An operation of which nothing is known yet, after others with these components.
    pub(crate) fn new(components: Components) -> Self {
        Self { components, ..Self::default() }
    }

    /// Adds a parameter; `location` is `path`, `query` or `header`.
    pub(crate) fn parameter(
        &mut self,
        location: &str,
        name: &str,
        description: &str,
        required: bool,
        schema: Value,
    ) {
        self.parameters.push(json!({
            "name": name, "in": location, "description": description, "required": required, "schema": schema
        }));
    }

    /// Adds an example to the parameter that was added last.
    pub(crate) fn example(&mut self, value: &str) {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter["example"] = value.into();
        }
    }

    /// Adds a header of the request, which may be absent.
    pub(crate) fn header(&mut self, name: &str, description: &str, schema: Value) {
        self.parameter("header", name, description, false, schema);
    }

    /// Adds the request body, in any of these media types.
    pub(crate) fn request_body<T: Model>(&mut self, media_types: &[&str]) {
        let content = self.components.content::<T>();
        let content: Map<_, _> =
            media_types.iter().map(|name| ((*name).to_owned(), content.clone())).collect();
        self.request_body = Some(json!({ "required": true, "content": content }));
    }

    /// Adds problems that the operation can answer with.
    pub(crate) fn problems(&mut self, problems: &[ProblemType]) {
        self.problems.extend(problems);
    }

    /// Removes problems that were added.
    pub(crate) fn remove_problems(&mut self, problems: &[ProblemType]) {
        self.problems.retain(|problem| !problems.contains(problem));
    }

    /// Requires credentials of a client with this scope.
    pub(crate) fn require(&mut self, scope: Scope) {
        self.scope = Some(scope);
        self.problems(&[
            ProblemType::AuthenticationRequired,
            ProblemType::TooManyRequests,
            ProblemType::Unavailable,
        ]);
        // Every client may read.
        if scope > Scope::Read {
            self.problems(&[ProblemType::NotPermitted]);
        }
    }

    /// Adds a response without a body.
    pub(crate) fn response(&mut self, status: StatusCode, description: &str, headers: &[Header]) {
        let response = response(&mut self.components, description, headers);
        self.responses.insert(status.as_u16(), response);
    }

    /// Adds a media type to a response.
    pub(crate) fn content<T: Model>(&mut self, status: StatusCode, media_type: &str) {
        let content = self.components.content::<T>();
        self.responses.entry(status.as_u16()).or_default()["content"][media_type] = content;
    }

    /// Adds a media type with this schema to a response.
    pub(crate) fn content_of(&mut self, status: StatusCode, media_type: &str, schema: Value) {
        let content = json!({ "schema": schema });
        self.responses.entry(status.as_u16()).or_default()["content"][media_type] = content;
    }

    /// Adds a response with a resource, and what a client can do with its id.
    pub(crate) fn resource<T: Model>(
        &mut self,
        status: StatusCode,
        description: &str,
        headers: &[Header],
    ) {
        self.response(status, description, headers);
        self.content::<T>(status, JSON);
        for (operation, parameter) in T::LINKS {
            self.responses.entry(status.as_u16()).or_default()["links"][*operation] = json!({
                "operationId": operation, "parameters": { *parameter: "$response.body#/id" }
            });
        }
    }

    /// The Operation Object.
    pub(crate) fn json(&mut self, id: &str, tag: &str, summary: &str, description: &str) -> Value {
        let request_id = json!({
            "name": "X-Request-Id", "in": "header",
            "description": "Names the request in the log and in the response: 1 to 128 visible ASCII characters. \
                            Anything else is ignored and a new id made.",
            "schema": { "type": "string" }
        });
        self.parameters.push(self.components.add("parameters", "RequestId", request_id));
        let mut by_status: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
        for problem in &self.problems {
            by_status.entry(problem.status().as_u16()).or_default().push(*problem);
        }
        for (status, problems) in by_status {
            self.responses.insert(status, problem::response(&mut self.components, &problems));
        }
        let mut operation = json!({
            "operationId": id, "tags": [tag], "summary": summary, "description": description,
            "parameters": self.parameters
        });
        if let Some(body) = &self.request_body {
            operation["requestBody"] = body.clone();
        }
        if let Some(scope) = self.scope {
            operation["description"] =
                format!("{description} The client needs the scope `{scope}`.").into();
            operation["security"] = json!([{ SECURITY_SCHEME: [] }]);
        }
        operation["responses"] = json!(self.responses);
        operation
    }
}

/// A Response Object without content.
pub(super) fn response(
    components: &mut Components,
    description: &str,
    headers: &[Header],
) -> Value {
    let headers = [X_REQUEST_ID].iter().chain(headers).map(|header| {
        let Header { name, description, pattern, required } = *header;
        let schema = json!({ "type": "string", "pattern": pattern });
        let value = json!({ "description": description, "required": required, "schema": schema });
        let component = if required { name.to_owned() } else { format!("{name}.optional") };
        (name.to_owned(), components.add("headers", &component, value))
    });
    let headers: Map<_, _> = headers.collect();
    json!({ "description": description, "headers": headers })
}
