//! The parts of the document that operations share: [`Components`], [`Model`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Schemas, examples, headers and responses by kind and name.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Components(BTreeMap<&'static str, BTreeMap<String, Value>>);

/// A type with a JSON schema.
pub(crate) trait Model {
    /// The operations that take the `id` of such a value, and the parameter that takes it.
    const LINKS: &'static [(&'static str, &'static str)] = &[];

    /// The schema, or a reference to it.
    fn schema(components: &mut Components) -> Value;

    /// Values that the service sends or accepts.
    fn examples() -> Vec<Example> {
        Vec::new()
    }
}

/// A value in the document that shows what a schema means.
pub(crate) struct Example {
    /// The name of the component.
    pub(crate) name: String,
    pub(crate) summary: &'static str,
    pub(crate) value: Value,
}

/// An example of this name.
pub(crate) fn example(name: &str, summary: &'static str, value: Value) -> Example {
    Example { name: name.to_owned(), summary, value }
}

impl Components {
    /// Adds a component, and refers to it.
    pub(crate) fn add(&mut self, kind: &'static str, name: &str, value: Value) -> Value {
        let components = self.0.entry(kind).or_default();
        let known = components.entry(name.to_owned()).or_insert_with(|| value.clone());
        debug_assert_eq!(*known, value, "two components have the name {name}");
        json!({ "$ref": format!("#/components/{kind}/{name}") })
    }

    /// Adds a schema, and refers to it.
    pub(crate) fn schema(&mut self, name: &str, schema: Value) -> Value {
        self.add("schemas", name, schema)
    }

    /// A Media Type Object: the schema and the examples of `T`.
    pub(crate) fn content<T: Model>(&mut self) -> Value {
        let mut content = json!({ "schema": T::schema(self) });
        let examples = T::examples().into_iter().map(|Example { name, summary, value }| {
            let example =
                self.add("examples", &name, json!({ "summary": summary, "value": value }));
            (name, example)
        });
        let examples: Map<_, _> = examples.collect();
        if !examples.is_empty() {
            content["examples"] = examples.into();
        }
        content
    }
}

impl<T: Model> Model for Vec<T> {
    fn schema(components: &mut Components) -> Value {
        json!({ "type": "array", "items": T::schema(components) })
    }

    fn examples() -> Vec<Example> {
        let first = T::examples().into_iter().next();
        let list =
            |one: Example| example(&format!("{}s", one.name), "A list of one", json!([one.value]));
        first.map(list).into_iter().collect()
    }
}

/// The schema of an object that has all of these properties.
pub(crate) fn object<const N: usize>(description: &str, properties: [(&str, Value); N]) -> Value {
    let required: Vec<_> = properties.iter().map(|(name, _)| json!(name)).collect();
    let properties: Map<_, _> =
        properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({
        "type": "object", "description": description, "properties": properties, "required": required
    })
}

/// The same schema of an object, which may lack these properties.
pub(crate) fn with_optional(names: &[&str], mut object: Value) -> Value {
    if let Some(required) = object["required"].as_array_mut() {
        required.retain(|name| !names.iter().any(|optional| name == optional));
    }
    object
}

/// The same schema with a description of its own.
pub(crate) fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}
