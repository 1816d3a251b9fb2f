//! `/access`

use orders_core::{Client, Scope};
use serde_json::{Value, json};

use crate::Store;
use crate::http::endpoint::{Endpoint, Reply, endpoint};
use crate::http::query::Query;
use crate::http::response::Json;
use crate::openapi::{Components, Model, described, id, object, with_optional};

pub(crate) fn get() -> Endpoint {
    let description = "For programs that offer people only what they may do. Every operation checks it all the same.";
    endpoint(get_access, "getAccess", "about", "Find out what the client may do", description)
}

async fn get_access(store: Store, _: Query<()>) -> Reply<Json<Access>> {
    Ok(Json::new(&Access::of(store.client()))?)
}

/// What the client of a request may do.
#[derive(serde::Serialize)]
struct Access {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendars: Option<Vec<String>>,
}

impl Access {
    /// The access of a client; a request that needed no credentials may do everything.
    fn of(client: Option<&Client>) -> Self {
        let calendars = client.and_then(|client| client.calendars.as_ref());
        Self {
            client: client.map(|client| client.id.to_string()),
            scope: client.map_or(Scope::Admin, |client| client.scope).as_str(),
            calendars: calendars.map(|ids| ids.iter().map(ToString::to_string).collect()),
        }
    }
}

impl Model for Access {
    fn schema(components: &mut Components) -> Value {
        let client = "The name of the client; absent if the request needed no credentials.";
        let scope = "What it may do: `write` includes `read`, and `admin` both.";
        let calendars = "The only calendars that it may use; absent if it may use all.";
        let access = object(
            "What a client may do.",
            [
                ("client", described(json!({ "type": "string" }), client)),
                ("scope", json!({ "enum": Scope::ALL.map(Scope::as_str), "description": scope })),
                (
                    "calendars",
                    json!({ "type": "array", "items": id(components), "description": calendars }),
                ),
            ],
        );
        components.schema("Access", with_optional(&["client", "calendars"], access))
    }
}
