//! A JSON value in a body, and what it can be read as: [`Value`], [`Field`].

use std::fmt::Display;
use std::str::FromStr;

use orders_core::{Fee, MinimumGap, Name, Timestamp};
use serde_json::value::RawValue;

use super::fields::Fields;
use super::json;
use crate::http::path::Id;
use crate::openapi::{self, Components, Model};
use crate::problem::FieldError;

/// The longest detail of one field, in characters: a message may repeat a value, but not all of a long one.
const MAX_DETAIL: usize = 200;

/// A JSON value and its place in the body.
pub(crate) struct Value<'a> {
    pub(super) pointer: String,
    pub(super) json: &'a RawValue,
}

/// A value, or all the errors in it.
pub(crate) type Reading<T> = Result<T, Vec<FieldError>>;

/// A type that a field can be read as.
pub(crate) trait Field: Sized {
    /// Reads the value.
    fn read(value: Value<'_>) -> Reading<Self>;

    /// The schema of the values that can be read.
    fn schema(components: &mut Components) -> serde_json::Value;
}

impl<'a> Value<'a> {
    /// Reads an array, each element with `read`.
    pub(super) fn elements<T>(&self, read: impl Fn(Value<'a>) -> Reading<T>) -> Reading<Vec<T>> {
        let elements = json::array(self.json).ok_or_else(|| self.reject_kind("an array"))?;
        let mut values = Vec::with_capacity(elements.len());
        let mut errors = Vec::new();
        for (index, json) in elements.into_iter().enumerate() {
            match read(Value { pointer: point(&self.pointer, &index.to_string()), json }) {
                Ok(value) => values.push(value),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    /// The members of an object, whatever their names.
    pub(super) fn members(&self) -> Reading<impl Iterator<Item = (String, Value<'a>)>> {
        let members = json::object(self.json).ok_or_else(|| self.reject_kind("an object"))?;
        Ok(members.0.into_iter().map(|(name, json)| {
            let pointer = point(&self.pointer, &name);
            (name, Value { pointer, json })
        }))
    }

    /// Whether this is `null`.
    pub(super) fn is_null(&self) -> bool {
        self.json.get() == "null"
    }

    /// Reads an object, its fields with `read`.
    pub(super) fn object<T>(self, read: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Reading<T> {
        let members = json::object(self.json).ok_or_else(|| self.reject_kind("an object"))?;
        let mut fields = Fields::new(members, self.pointer, None);
        let value = read(&mut fields);
        fields.finish(value)
    }

    /// The error of this value.
    pub(super) fn reject(&self, detail: impl Display) -> Vec<FieldError> {
        vec![self.reject_at("", detail)]
    }

    /// The error of a value inside this one.
    pub(super) fn reject_at(&self, path: &str, detail: impl Display) -> FieldError {
        error(format!("{}{path}", self.pointer), &detail.to_string())
    }

    fn reject_kind(&self, expected: &str) -> Vec<FieldError> {
        self.reject(format!("must be {expected}, not {}", json::kind(self.json)))
    }

    /// Reads a string.
    pub(super) fn text(&self) -> Reading<String> {
        if !self.json.get().starts_with('"') {
            return Err(self.reject_kind("a string"));
        }
        serde_json::from_str(self.json.get())
            .map_err(|_| self.reject("holds half of a surrogate pair, which is no character"))
    }

    /// Reads a text from this value as a `T`.
    pub(super) fn parse<T: FromStr<Err: Display>>(&self, text: &str) -> Reading<T> {
        text.parse().map_err(|detail| self.reject(detail))
    }
}

/// An error at this pointer.
pub(super) fn error(pointer: String, detail: &str) -> FieldError {
    let shown = detail.char_indices().nth(MAX_DETAIL).map(|(end, _)| &detail[..end]);
    let detail = shown.map_or_else(|| detail.to_owned(), |shown| format!("{shown}…"));
    FieldError { pointer, detail }
}

/// The pointer to a member or an element (RFC 6901, section 3).
pub(super) fn point(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// An id is a string or an integer.
impl<T: Id> Field for T {
    fn read(value: Value<'_>) -> Reading<Self> {
        let token = value.json.get();
        let digits = token.strip_prefix('-').unwrap_or(token);
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            return value.parse(token);
        }
        if !token.starts_with('"') {
            return Err(value.reject_kind("a string or an integer"));
        }
        value.parse(&value.text()?)
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        openapi::id_or_integer(components)
    }
}

impl Field for Timestamp {
    fn read(value: Value<'_>) -> Reading<Self> {
        value.parse(&value.text()?)
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        openapi::datetime(components)
    }
}

impl Field for MinimumGap {
    fn read(value: Value<'_>) -> Reading<Self> {
        value.parse(&value.text()?)
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        openapi::gap_draft(components)
    }
}

impl Field for Name {
    fn read(value: Value<'_>) -> Reading<Self> {
        Name::new(value.text()?).map_err(|detail| value.reject(detail))
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        <Name as Model>::schema(components)
    }
}

impl Field for Fee {
    /// The fee is read from its digits, never as a binary fraction.
    fn read(value: Value<'_>) -> Reading<Self> {
        match value.json.get().as_bytes() {
            [b'0'..=b'9' | b'-', ..] => value.parse(value.json.get()),
            [..] => Err(value.reject_kind("a number")),
        }
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        <Fee as Model>::schema(components)
    }
}
