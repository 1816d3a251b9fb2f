//! Reading an object field by field, with all errors at once: [`Fields`].

use std::mem;

use serde_json::{Map, Value as Json, json};

use super::json::Members;
use super::value::{Field, Value, error, point};
use crate::http::path::Id;
use crate::openapi::{Components, described, read_only};
use crate::problem::FieldError;

/// The fields of one object that were not read yet, and the errors so far.
pub(crate) struct Fields<'a> {
    rest: Members<'a>,
    pointer: String,
    path_id: Option<&'a str>,
    /// The names of the fields that were asked for, except for ignored ones.
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
    /// Where each field is added, if this is only to describe them.
    schema: Option<Schema>,
}

/// The schema of an object while its fields are read.
#[derive(Default)]
struct Schema {
    components: Components,
    properties: Map<String, Json>,
    required: Vec<&'static str>,
    nullable: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of the object at `pointer`; `path_id` is the id in the request's path.
    pub(super) fn new(members: Members<'a>, pointer: String, path_id: Option<&'a str>) -> Self {
        let (known, errors) = (Vec::new(), Vec::new());
        Self { rest: members, pointer, path_id, known, errors, schema: None }
    }

    /// The schema of an object that is read by `read`.
    pub(super) fn describe<T>(
        components: &mut Components,
        description: &str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Json {
        let mut fields = Fields::new(Members::default(), String::new(), None);
        fields.schema = Some(Schema { components: mem::take(components), ..Schema::default() });
        read(&mut fields);
        let schema = fields.schema.unwrap_or_default();
        *components = schema.components;
        json!({
            "type": "object", "description": description, "properties": schema.properties,
            "required": schema.required, "additionalProperties": false
        })
    }

    /// Reads a field that must be present.
    pub(super) fn required<T: Field>(
        &mut self,
        name: &'static str,
        description: &str,
    ) -> Option<T> {
        let value = self.optional(name, description)?;
        if value.is_none() {
            self.reject(name, "is missing");
        }
        if let Some(schema) = &mut self.schema {
            schema.required.push(name);
        }
        value
    }

    /// Reads a field that may be absent; none if it breaks a rule.
    pub(super) fn optional<T: Field>(
        &mut self,
        name: &'static str,
        description: &str,
    ) -> Option<Option<T>> {
        self.known.push(name);
        if let Some(schema) = &mut self.schema {
            let mut property = T::schema(&mut schema.components);
            if schema.nullable.contains(&name) {
                property = json!({ "anyOf": [property, { "type": "null" }] });
            }
            schema.properties.insert(name.to_owned(), described(property, description));
        }
        self.take(name, T::read)
    }

    fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value<'a>) -> Result<T, Vec<FieldError>>,
    ) -> Option<Option<T>> {
        let Some(index) = self.rest.0.iter().position(|(field, _)| field == name) else {
            return Some(None);
        };
        let (_, json) = self.rest.0.remove(index);
        let count = self.rest.0.len();
        self.rest.0.retain(|(field, _)| field != name);
        if self.rest.0.len() < count {
            self.reject(name, "is given more than once");
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
    pub(super) fn own_id<T>(&mut self, description: &str) -> Option<Option<T>>
    where
        T: Id + AsRef<str>,
    {
        let given: Option<T> = self.optional("id", description)?;
        match (given, self.path_id) {
            (Some(id), Some(path)) if id.as_ref() != path => {
                self.reject("id", &format!("must be {path}, the id in the path"));
                None
            }
            (None, Some(path)) => path.parse().ok().map(Some),
            (given, _) => Some(given),
        }
    }

    /// Treats a field that is null as absent.
    pub(super) fn ignore_null(&mut self, name: &'static str) {
        self.rest.0.retain(|(field, json)| field != name || json.get() != "null");
        if let Some(schema) = &mut self.schema {
            schema.nullable.push(name);
        }
    }

    /// Ignores fields that the service sets, so that a response can be sent back unchanged.
    pub(super) fn ignore_read_only(&mut self, names: &[&str]) {
        for name in names {
            let description = "Set by the service and ignored in requests.";
            self.ignore(name, read_only(json!({ "description": description })));
        }
    }

    /// Ignores a field, whatever its value.
    pub(super) fn ignore(&mut self, name: &str, property: Json) {
        let _ = self.take(name, |_| Ok(()));
        if let Some(schema) = &mut self.schema {
            schema.properties.insert(name.to_owned(), property);
        }
    }

    /// The value, unless there were errors or unknown fields.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        for (name, _) in mem::take(&mut self.rest.0) {
            let known = self.known.join(", ");
            self.reject(&name, &format!("is not a field here; the fields are {known}"));
        }
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            Some(_) | None => Err(self.errors),
        }
    }

    fn reject(&mut self, name: &str, detail: &str) {
        self.errors.push(error(point(&self.pointer, name), detail));
    }
}
