//! A reference and metadata in a body.

use std::collections::BTreeMap;

use orders_core::{Metadata, MetadataKey, MetadataPatch, MetadataValue, Reference};
use serde_json::json;

use super::value::{Field, Reading, Value};
use crate::openapi::{self, Components, Model};

/// What the field `reference` is.
pub(super) const REFERENCE: &str = "The name of the order in the caller's own system.";

/// What the field `metadata` is.
pub(super) const METADATA: &str = "What the caller stores with the order; nothing interprets it.";

impl Field for Reference {
    fn read(value: Value<'_>) -> Reading<Self> {
        Self::new(value.text()?).map_err(|detail| value.reject(detail))
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        <Self as Model>::schema(components)
    }
}

/// In a patch, null removes the reference.
impl Field for Option<Reference> {
    fn read(value: Value<'_>) -> Reading<Self> {
        if value.is_null() { Ok(None) } else { Reference::read(value).map(Some) }
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        or_null(<Reference as Model>::schema(components))
    }
}

impl Field for Metadata {
    fn read(value: Value<'_>) -> Reading<Self> {
        Self::new(entries(&value, text)?).map_err(|detail| value.reject(detail))
    }

    fn schema(components: &mut Components) -> serde_json::Value {
        <Self as Model>::schema(components)
    }
}

/// Null removes all entries, and the value null removes one.
impl Field for MetadataPatch {
    fn read(value: Value<'_>) -> Reading<Self> {
        if value.is_null() {
            return Ok(Self::Clear);
        }
        let change = |value: Value<'_>| match value.is_null() {
            true => Ok(None),
            false => text(value).map(Some),
        };
        entries(&value, change).map(Self::Merge)
    }

    fn schema(_: &mut Components) -> serde_json::Value {
        or_null(openapi::metadata(or_null(openapi::metadata_value())))
    }
}

/// The members of an object by their keys, each read with `read`.
fn entries<T>(
    object: &Value<'_>,
    read: impl Fn(Value<'_>) -> Reading<T>,
) -> Reading<BTreeMap<MetadataKey, T>> {
    let (mut entries, mut errors) = (BTreeMap::new(), Vec::new());
    for (name, value) in object.members()? {
        let key = MetadataKey::new(&name).map_err(|detail| value.reject(detail));
        let again = value.reject("is given more than once");
        match (key, read(value)) {
            (Ok(key), Ok(value)) => {
                if entries.insert(key, value).is_some() {
                    errors.extend(again);
                }
            }
            (key, value) => errors.extend(key.err().or(value.err()).into_iter().flatten()),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

fn text(value: Value<'_>) -> Reading<MetadataValue> {
    MetadataValue::new(value.text()?).map_err(|detail| value.reject(detail))
}

fn or_null(schema: serde_json::Value) -> serde_json::Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}
