//! The JSON form of values that are not plain structs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{
    Cursor, Fee, Metadata, MetadataKey, MetadataValue, MinimumGap, Name, OrderedServices,
    Reference, SendAfter, ServiceId, Timestamp, WebhookState, WebhookUrl,
};

/// Reads an id from a string, or from an integer as its decimal digits.
pub(crate) struct IdText;

impl Visitor<'_> for IdText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an integer")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

macro_rules! as_text {
    ($($name:ident: $parse:expr;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(from)?;
                $parse(&text).map_err(D::Error::custom)
            }
        }
    )*};
}

as_text! {
    Cursor: str::parse;
    Timestamp: str::parse;
    MinimumGap: str::parse;
    Name: Name::new;
    Reference: Reference::new;
    MetadataKey: MetadataKey::new;
    MetadataValue: MetadataValue::new;
    WebhookUrl: WebhookUrl::new;
}

/// A JSON number with the digits as they were written, never a binary fraction.
impl Serialize for Fee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        digits.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fee {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits = Box::<RawValue>::deserialize(from)?;
        digits.get().parse().map_err(D::Error::custom)
    }
}

/// `{ "id": "123" }`, the form in which an order names a service.
#[derive(Serialize)]
struct Named<'a> {
    id: &'a ServiceId,
}

/// The same when read, and only in that form: a derived struct would also be read from `["123"]`.
struct NamedOwned(ServiceId);

impl<'de> Deserialize<'de> for NamedOwned {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(NamedVisitor)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = NamedOwned;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the id of a service")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NamedOwned, A::Error> {
        #[derive(Deserialize)]
        struct Fields {
            id: ServiceId,
        }
        Fields::deserialize(MapAccessDeserializer::new(map)).map(|fields| NamedOwned(fields.id))
    }
}

impl Serialize for OrderedServices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|id| Named { id }))
    }
}

impl<'de> Deserialize<'de> for OrderedServices {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let named = Vec::<NamedOwned>::deserialize(from)?;
        OrderedServices::new(named.into_iter().map(|NamedOwned(id)| id)).map_err(D::Error::custom)
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.entries())
    }
}

/// An object of texts; `null` is metadata that is not set.
impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let entries = Option::<BTreeMap<_, _>>::deserialize(from)?;
        Metadata::new(entries.unwrap_or_default()).map_err(D::Error::custom)
    }
}

/// The state of a webhook that a client asks for.
pub(crate) fn paused<S: Serializer>(paused: &Option<bool>, to: S) -> Result<S::Ok, S::Error> {
    let state = |paused| if paused { WebhookState::Paused } else { WebhookState::Active };
    paused.map(state).serialize(to)
}

/// The cursor, or `now`.
impl Serialize for SendAfter {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Now => to.serialize_str("now"),
            Self::Cursor(cursor) => cursor.serialize(to),
        }
    }
}
