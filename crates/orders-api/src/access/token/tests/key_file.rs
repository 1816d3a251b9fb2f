//! The file of keys while it changes.

use serde_json::json;

use super::issuer::public;
use super::{InvalidToken, Issuer, NOW, at, with_header};
use crate::access::token::{Tokens, UnusableKeys};

/// How a token with the Ed25519 key ends after the keys were reloaded.
#[track_caller]
fn check(issuer: &Issuer, expected: Result<(), InvalidToken>) {
    issuer.tokens.reload_keys();
    let result = issuer.tokens.verify(&with_header(json!({})), at(NOW, 0));
    assert_eq!(result.map(drop), expected);
}

#[test]
fn new_keys_replace_the_old_ones() {
    let issuer = Issuer::with_keys(&[public("ec")]);
    check(&issuer, Err(InvalidToken::UnknownKey));
    issuer.publish(&json!({ "keys": [public("ed"), public("ec")] }).to_string());
    check(&issuer, Ok(()));
    issuer.publish(r#"{ "keys": [] }"#);
    check(&issuer, Err(InvalidToken::UnknownKey));
}

#[test]
fn the_old_keys_stay_if_the_new_file_is_broken() {
    let issuer = Issuer::new();
    for broken in ["", "{", "[]", "{}", r#"{ "keys": {} }"#, "-----BEGIN PUBLIC KEY-----"] {
        issuer.publish(broken);
        check(&issuer, Ok(()));
    }
    issuer.remove_file();
    check(&issuer, Ok(()));
    issuer.publish(&json!({ "keys": [public("ec")] }).to_string());
    check(&issuer, Err(InvalidToken::UnknownKey));
}

#[test]
fn a_broken_file_is_reported_once() {
    let issuer = Issuer::new();
    let reload = || issuer.tokens.keys.reload();
    assert!(reload().is_ok());
    issuer.publish("broken");
    assert!(matches!(reload(), Err(UnusableKeys::NotAJwkSet { .. })));
    assert!(reload().is_ok());
    issuer.remove_file();
    assert!(matches!(reload(), Err(UnusableKeys::Unreadable { .. })));
    assert!(reload().is_ok());
}

#[test]
fn a_file_without_keys_is_reported_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let open = || Tokens::new("issuer".to_owned(), "orders".to_owned(), file.clone()).map(drop);
    assert!(matches!(open(), Err(UnusableKeys::Unreadable { .. })));
    std::fs::write(&file, "[]").unwrap();
    let error = open().unwrap_err();
    assert!(matches!(error, UnusableKeys::NotAJwkSet { .. }));
    assert!(error.to_string().contains("jwks.json is not a JWK Set: "), "{error}");
}
