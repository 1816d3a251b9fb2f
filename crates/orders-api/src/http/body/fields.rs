//! Reading an object field by field, with every error in one go: [`Fields`], [`Value`].

use std::fmt::Display;
use std::str::FromStr;

use orders_core::{InvalidId, Name};
use serde_json::value::RawValue;

use super::json::{self, Members};
use crate::problem::{FieldError, Problem};

/// The longest detail of one field, in characters: a message may repeat a value, but not all of a long one.
const MAX_DETAIL: usize = 200;

/// The fields of one object that are not read yet, and the errors so far.
pub(crate) struct Fields<'a> {
    left: Members<'a>,
    pointer: String,
    path_id: Option<&'a str>,
    errors: Vec<FieldError>,
}

/// A JSON value and where it stands.
pub(crate) struct Value<'a> {
    pointer: String,
    json: &'a RawValue,
}

/// A value, or all the errors in it.
pub(crate) type Reading<T> = Result<T, Vec<FieldError>>;

impl<'a> Fields<'a> {
    /// The fields of a whole body; `path_id` is the id in the request's path.
    pub(super) fn new(members: Members<'a>, path_id: Option<&'a str>) -> Self {
        Self { left: members, pointer: String::new(), path_id, errors: Vec::new() }
    }

    /// Reads a field that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value<'a>) -> Reading<T>,
    ) -> Option<T> {
        let value = self.optional(name, read)?;
        if value.is_none() {
            self.refuse(name, "is missing");
        }
        value
    }

    /// Reads a field that may be left out; none when it breaks a rule.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value<'a>) -> Reading<T>,
    ) -> Option<Option<T>> {
        let Some(place) = self.left.0.iter().position(|(field, _)| field == name) else {
            return Some(None);
        };
        let (_, json) = self.left.0.remove(place);
        let given = self.left.0.len();
        self.left.0.retain(|(field, _)| field != name);
        if self.left.0.len() < given {
            self.refuse(name, "is given more than once");
            return None;
        }
        match read(Value { pointer: point(&self.pointer, name), json }) {
            Ok(value) => Some(Some(value)),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    /// Reads the object's own id: that of the path, or else the one in the body, if there is one.
    pub(super) fn own_id<T>(&mut self) -> Option<Option<T>>
    where
        T: FromStr<Err = InvalidId> + AsRef<str>,
    {
        let given: Option<T> = self.optional("id", Value::id)?;
        match (given, self.path_id) {
            (Some(id), Some(path)) if id.as_ref() != path => {
                self.refuse("id", &format!("must be {path}, the id in the path"));
                None
            }
            (None, Some(path)) => path.parse().ok().map(Some),
            (given, _) => Some(given),
        }
    }

    /// Reads past a field that is null.
    pub(super) fn drop_null(&mut self, name: &str) {
        self.left.0.retain(|(field, json)| field != name || json.get() != "null");
    }

    /// Reads past a field, whatever it holds.
    pub(super) fn ignore(&mut self, name: &str) {
        let _ = self.optional(name, |_| Ok(()));
    }

    /// The value, unless there were errors or fields that nobody knows.
    pub(super) fn finish<T>(mut self, value: Option<T>, known: &str) -> Result<T, Problem> {
        self.refuse_the_rest(known);
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            Some(_) | None => Err(Problem::invalid(self.errors)),
        }
    }

    fn refuse_the_rest(&mut self, known: &str) {
        for (name, _) in std::mem::take(&mut self.left.0) {
            self.refuse(&name, &format!("is not a field here; the fields are {known}"));
        }
    }

    fn refuse(&mut self, name: &str, detail: &str) {
        self.errors.push(error(point(&self.pointer, name), detail));
    }
}

impl<'a> Value<'a> {
    /// A string or an integer, read as an id.
    pub(super) fn id<T: FromStr<Err = InvalidId>>(self) -> Reading<T> {
        let token = self.json.get();
        let digits = token.strip_prefix('-').unwrap_or(token);
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            return self.parse(token);
        }
        if !token.starts_with('"') {
            return Err(self.refuse_kind("a string or an integer"));
        }
        let text = self.text()?;
        self.parse(&text)
    }

    /// A string, read as whatever is written in text.
    pub(super) fn written<T: FromStr<Err: Display>>(self) -> Reading<T> {
        let text = self.text()?;
        self.parse(&text)
    }

    /// A string, read as a name.
    pub(super) fn name(self) -> Reading<Name> {
        Name::new(self.text()?).map_err(|detail| self.refuse(detail))
    }

    /// A number, read digit by digit.
    pub(super) fn number<T: FromStr<Err: Display>>(self) -> Reading<T> {
        match self.json.get().as_bytes() {
            [b'0'..=b'9' | b'-', ..] => self.parse(self.json.get()),
            [..] => Err(self.refuse_kind("a number")),
        }
    }

    /// An array, each element read by `read`.
    pub(super) fn elements<T>(&self, read: impl Fn(Value<'a>) -> Reading<T>) -> Reading<Vec<T>> {
        let elements = json::array(self.json).ok_or_else(|| self.refuse_kind("an array"))?;
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

    /// An object, its fields read by `read`.
    pub(super) fn object<T>(
        self,
        known: &str,
        read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
    ) -> Reading<T> {
        let members = json::object(self.json).ok_or_else(|| self.refuse_kind("an object"))?;
        let mut fields =
            Fields { left: members, pointer: self.pointer, path_id: None, errors: Vec::new() };
        let value = read(&mut fields);
        fields.refuse_the_rest(known);
        match value {
            Some(value) if fields.errors.is_empty() => Ok(value),
            Some(_) | None => Err(fields.errors),
        }
    }

    /// The error that stands at this value.
    pub(super) fn refuse(&self, detail: impl Display) -> Vec<FieldError> {
        vec![error(self.pointer.clone(), &detail.to_string())]
    }

    /// The error that stands at a value inside this one.
    pub(super) fn refuse_at(&self, path: &str, detail: impl Display) -> FieldError {
        error(format!("{}{path}", self.pointer), &detail.to_string())
    }

    fn refuse_kind(&self, wanted: &str) -> Vec<FieldError> {
        self.refuse(format!("must be {wanted}, not {}", json::kind(self.json)))
    }

    fn text(&self) -> Reading<String> {
        if !self.json.get().starts_with('"') {
            return Err(self.refuse_kind("a string"));
        }
        serde_json::from_str(self.json.get())
            .map_err(|_| self.refuse("holds half of a surrogate pair, which is no character"))
    }

    fn parse<T: FromStr<Err: Display>>(&self, text: &str) -> Reading<T> {
        text.parse().map_err(|detail| self.refuse(detail))
    }
}

fn error(pointer: String, detail: &str) -> FieldError {
    let shown = detail.char_indices().nth(MAX_DETAIL).map(|(end, _)| &detail[..end]);
    let detail = shown.map_or_else(|| detail.to_owned(), |shown| format!("{shown}…"));
    FieldError { pointer, detail }
}

/// The pointer to a member or an element (RFC 6901, section 3).
fn point(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}
