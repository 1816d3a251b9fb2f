//! Query parameters, parsed at the door: [`Query`].

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev, web};

use orders_core::Timestamp;

use crate::problem::Problem;

/// A request's query parameters as a value that makes sense.
pub(crate) struct Query<T>(pub(crate) T);

/// What query parameters can be read as.
pub(crate) trait Parameters: Sized {
    /// Takes the known parameters out of `given`.
    fn read(given: &mut Given) -> Result<Self, Problem>;
}

/// The parameters that are not read yet.
pub(crate) struct Given(Vec<(String, String)>);

impl Given {
    /// Takes out a parameter that may be given once.
    pub(crate) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(place) = self.0.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.remove(place);
        if self.0.iter().any(|(key, _)| key == name) {
            return Err(refuse(name, "is given more than once"));
        }
        Ok(Some(value))
    }

    /// Takes out a parameter that must be given.
    pub(crate) fn require(&mut self, name: &str) -> Result<String, Problem> {
        self.take(name)?.ok_or_else(|| refuse(name, "is missing"))
    }
}

/// A parameter that makes no sense.
pub(crate) fn refuse(name: &str, why: &str) -> Problem {
    Problem::malformed(format!("query parameter {name}: {why}"))
}

/// A parameter as an instant.
pub(crate) fn instant(name: &str, text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|error| {
        let why = match text.contains(' ') {
            true => "holds a blank; a + is written %2B in a query".to_owned(),
            false if text.len() > 100 => "is not an RFC 3339 date and time".to_owned(),
            false => format!("{error}"),
        };
        refuse(name, &why)
    })
}

/// No parameters at all.
impl Parameters for () {
    fn read(_: &mut Given) -> Result<Self, Problem> {
        Ok(())
    }
}

impl<T: Parameters> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: Parameters>(text: &str) -> Result<T, Problem> {
    let pairs = match text {
        "" => Vec::new(),
        text => web::Query::<Vec<(String, String)>>::from_query(text)
            .map_err(|error| Problem::malformed(error.to_string()))?
            .into_inner(),
    };
    let mut given = Given(pairs);
    let value = T::read(&mut given)?;
    match given.0.first() {
        None => Ok(value),
        Some((name, _)) => {
            let shown: String = name.chars().take(50).collect();
            Err(refuse(&format!("{shown:?}"), "is not known here"))
        }
    }
}
