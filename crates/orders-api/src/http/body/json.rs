//! The members of a JSON object, their values not parsed yet.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{FieldError, Problem};

/// The deepest nesting of arrays and objects; a valid body has at most 3 levels.
const MAX_DEPTH: usize = 32;

/// The members of an object in its order, including repeated names.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

/// The members of a body, which must be an object.
pub(super) fn document(bytes: &[u8]) -> Result<Members<'_>, Problem> {
    let text = str::from_utf8(bytes).map_err(|error| {
        Problem::malformed(format!("the body is not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    let first = text.trim_start_matches([' ', '\t', '\r', '\n']).chars().next();
    if first.is_none() {
        return Err(Problem::malformed("the body is empty; send a JSON object"));
    }
    if too_deep(text) {
        return Err(Problem::malformed(format!(
            "the body has more than {MAX_DEPTH} arrays and objects inside one another"
        )));
    }
    let malformed = |error| Problem::malformed(format!("the body is not JSON: {error}"));
    if first == Some('{') {
        return serde_json::from_str(text).map_err(malformed);
    }
    let value: &RawValue = serde_json::from_str(text).map_err(malformed)?;
    let detail = format!("must be an object, not {}", kind(value));
    Err(Problem::invalid(vec![FieldError { pointer: String::new(), detail }]))
}

/// The members of a value inside a body, if it is an object.
pub(super) fn object(value: &RawValue) -> Option<Members<'_>> {
    // Only half of a surrogate pair in a name can still fail here.
    value.get().starts_with('{').then(|| serde_json::from_str(value.get()).ok())?
}

/// The elements of a value inside a body, if it is an array.
pub(super) fn array(value: &RawValue) -> Option<Vec<&RawValue>> {
    value.get().starts_with('[').then(|| serde_json::from_str(value.get()).ok())?
}

/// The type of a value, in words.
pub(super) fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes() {
        [b'"', ..] => "a string",
        [b'{', ..] => "an object",
        [b'[', ..] => "an array",
        [b't' | b'f', ..] => "a boolean",
        [b'n', ..] => "null",
        [..] => "a number",
    }
}

fn too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        from.deserialize_map(Collect)
    }
}
