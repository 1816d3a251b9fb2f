//! The examples in the documentation of the calls, as they are shown there.

use std::fs;

use crate::service::client;

macro_rules! examples {
    ($($name:ident)*) => {
        /// The names of the examples that are run.
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(mod $name {
            include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/examples/", stringify!($name), ".rs"));

            #[tokio::test]
            async fn works() {
                example(&super::client()).await.unwrap();
            }
        })*
    };
}

examples! {
    at availability calendar calendars changes create create_calendar create_service create_webhook delete delete_calendar
    delete_service delete_webhook dry_run export get history idempotency_key if_version import orders patch replace
    replace_calendar replace_service replace_webhook rotate_webhook_secret service services test_webhook version webhook
    webhook_deliveries webhooks
}

/// The sources of the calls.
const CALLS: [&str; 4] = [
    include_str!("../../src/client/mod.rs"),
    include_str!("../../src/client/call.rs"),
    include_str!("../../src/client/services_and_calendars.rs"),
    include_str!("../../src/client/webhooks.rs"),
];

#[test]
fn every_call_has_an_example_that_is_run() {
    let mut calls = 0;
    for source in CALLS {
        let mut last_example = None;
        for line in source.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("#[doc = example!(\"") {
                last_example = rest.split_once('"').map(|(name, _)| name);
            } else if line.starts_with("pub fn") || line.starts_with("pub async fn") {
                // What only makes a client has an example of its own, or needs none.
                let is_call = !["new(", "from_env(", "builder(", "url("]
                    .iter()
                    .any(|name| line.contains(&format!("fn {name}")));
                assert!(!is_call || last_example.is_some(), "no example: {line}");
                calls += usize::from(is_call);
                assert!(last_example.take().is_none_or(|name| NAMES.contains(&name)), "{line}");
            }
        }
    }
    assert!(calls > NAMES.len(), "{calls}");
}

#[test]
fn every_example_is_run() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/examples");
    let mut found: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}
