//! Query parameters: [`Query`].

use std::fmt;

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};
use orders_core::{InvalidId, Reference, Timestamp};
use serde_json::{Value, json};

use super::endpoint::{Argument, Reply};
use super::path::Id;
use crate::openapi::{self, Components, Model, Operation};
use crate::problem::Problem;

/// A request's query parameters, parsed.
pub(crate) struct Query<T>(pub(crate) T);

/// A type that query parameters can be read as.
pub(crate) trait FromQuery: Sized {
    /// Takes the known parameters. To describe them, the document lets this read an empty query; so take all of
    /// them before anything can fail.
    fn read(query: &mut Parameters<'_>) -> Result<Self, Problem>;
}

/// The parameters that were not taken yet.
pub(crate) struct Parameters<'a> {
    rest: Vec<(String, String)>,
    /// The operation that each parameter is added to, if this is only to describe them.
    operation: Option<&'a mut Operation>,
}

/// A type that the value of a parameter can be read as.
pub(crate) trait Parameter: Sized {
    /// Reads the value, or says what is wrong with it.
    fn parse(text: &str) -> Result<Self, String>;

    /// The schema of the value.
    fn schema(components: &mut Components) -> Value;
}

impl Parameters<'_> {
    /// Takes a parameter that may be absent.
    pub(crate) fn optional<T: Parameter>(
        &mut self,
        name: &str,
        description: &str,
    ) -> Result<Option<T>, Problem> {
        self.take(name, description, false)
    }

    /// Takes a parameter that must be present.
    pub(crate) fn required<T: Parameter>(
        &mut self,
        name: &str,
        description: &str,
    ) -> Result<T, Problem> {
        self.take(name, description, true)?.ok_or_else(|| invalid(name, "is missing"))
    }

    /// The same, with an example that the document shows.
    pub(crate) fn required_as<T: Parameter>(
        &mut self,
        name: &str,
        description: &str,
        example: &str,
    ) -> Result<T, Problem> {
        let value = self.required(name, description);
        if let Some(operation) = &mut self.operation {
            operation.example(example);
        }
        value
    }

    fn take<T: Parameter>(
        &mut self,
        name: &str,
        description: &str,
        required: bool,
    ) -> Result<Option<T>, Problem> {
        if let Some(operation) = &mut self.operation {
            let schema = T::schema(&mut operation.components);
            operation.parameter("query", name, description, required, schema);
        }
        let Some(index) = self.rest.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.rest.remove(index);
        if self.rest.iter().any(|(key, _)| key == name) {
            return Err(invalid(name, "is given more than once"));
        }
        T::parse(&value).map(Some).map_err(|why| invalid(name, &why))
    }
}

/// A reference as the value of a query parameter.
pub(crate) fn query_text(reference: &Reference) -> String {
    url::form_urlencoded::byte_serialize(reference.as_str().as_bytes()).collect()
}

/// The problem of a parameter that is missing or wrong.
pub(crate) fn invalid(name: &str, why: &str) -> Problem {
    Problem::malformed(format!("query parameter {name}: {why}"))
}

impl FromQuery for () {
    fn read(_: &mut Parameters<'_>) -> Result<Self, Problem> {
        Ok(())
    }
}

impl<T: FromQuery> Argument for Query<T> {
    async fn extract(request: &HttpRequest, _: &mut Payload) -> Reply<Self> {
        parse(request.query_string()).map(Self)
    }

    fn describe(operation: &mut Operation) {
        let _ = T::read(&mut Parameters { rest: Vec::new(), operation: Some(operation) });
    }
}

fn parse<T: FromQuery>(text: &str) -> Result<T, Problem> {
    let rest = match text {
        "" => Vec::new(),
        text => web::Query::<Vec<(String, String)>>::from_query(text)
            .map_err(|error| Problem::malformed(error.to_string()))?
            .into_inner(),
    };
    let mut query = Parameters { rest, operation: None };
    let value = T::read(&mut query)?;
    match query.rest.first() {
        None => Ok(value),
        Some((name, _)) => {
            let shown: String = name.chars().take(50).collect();
            Err(invalid(&format!("{shown:?}"), "is not known here"))
        }
    }
}

/// How many things are on a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(usize);

impl Limit {
    const DEFAULT: usize = 100;
    const MAX: usize = 1000;

    /// The limit of the client, or else the usual one.
    pub(crate) fn or_default(limit: Option<Self>) -> usize {
        limit.map_or(Self::DEFAULT, |Self(limit)| limit)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Parameter for Limit {
    fn parse(text: &str) -> Result<Self, String> {
        Number::<1, { Self::MAX as u64 }>::parse(text).map(|Number(limit)| Self(limit as usize))
    }

    fn schema(components: &mut Components) -> Value {
        let mut schema = Number::<1, { Self::MAX as u64 }>::schema(components);
        schema["default"] = Self::DEFAULT.into();
        schema
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> fmt::Display for Number<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: u64, const MAX: u64> Parameter for Number<MIN, MAX> {
    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
        number.map(Self).ok_or_else(|| format!("must be a number from {MIN} to {MAX}"))
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl Parameter for bool {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be true or false".to_owned())
    }

    fn schema(_: &mut Components) -> Value {
        json!({ "type": "boolean", "default": false })
    }
}

impl Parameter for Timestamp {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error| match text.contains(' ') {
            true => "holds a blank; a + is written %2B in a query".to_owned(),
            false if text.len() > 100 => "is not an RFC 3339 date and time".to_owned(),
            false => format!("{error}"),
        })
    }

    fn schema(components: &mut Components) -> Value {
        openapi::datetime(components)
    }
}

impl Parameter for Reference {
    fn parse(text: &str) -> Result<Self, String> {
        Self::new(text).map_err(|error| error.to_string())
    }

    fn schema(components: &mut Components) -> Value {
        <Self as Model>::schema(components)
    }
}

impl<T: Id> Parameter for T {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidId| error.to_string())
    }

    fn schema(components: &mut Components) -> Value {
        openapi::id(components)
    }
}
