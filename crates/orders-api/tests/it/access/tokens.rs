//! Tokens of an identity provider.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{bearer, eventually};
use crate::app::{Answer, App};
use crate::program::Program;

/// Private keys, the examples of the standards.
const KEYS: &str = include_str!("../../../src/access/token/tests/keys.json");

const ISSUER: &str = "https://id.example/realms/shop";

/// The arguments of a service that accepts tokens of an identity provider, which has the Ed25519 key of the examples.
pub(super) fn arguments(directory: &TempDir) -> [String; 6] {
    publish(directory, "ed");
    let jwks = directory.path().join("jwks.json").display().to_string();
    ["--issuer", ISSUER, "--audience", "orders", "--jwks", &jwks].map(str::to_owned)
}

/// Such a service on the app's database.
fn start(app: &App, directory: &TempDir) -> Program {
    let arguments = arguments(directory);
    let arguments = arguments.each_ref().map(String::as_str);
    Program::start_logging("trace", &[&["--database-url", &app.url()], &arguments[..]].concat())
}

/// Replaces the file of public keys: it has one, with this id.
fn publish(directory: &TempDir, kid: &str) {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": key()["x"] });
    let new = directory.path().join("new");
    fs::write(&new, json!({ "keys": [key] }).to_string()).unwrap();
    fs::rename(new, directory.path().join("jwks.json")).unwrap();
}

fn key() -> Value {
    let set: Value = serde_json::from_str(KEYS).unwrap();
    set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == "ed").unwrap().clone()
}

fn decode(text: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The members of the first object, replaced by those of the second.
fn with(mut object: Value, changes: Value) -> Value {
    let changes: serde_json::Map<String, Value> = serde_json::from_value(changes).unwrap();
    object.as_object_mut().unwrap().extend(changes);
    object
}

/// The parts of a token that are signed: a good one but for these changes of its header and its claims.
fn unsigned(header: Value, claims: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let header = with(json!({ "alg": "EdDSA", "kid": "ed", "typ": "at+jwt" }), header);
    let good = json!({ "iss": ISSUER, "aud": "orders", "exp": now + 300, "sub": "s-1" });
    format!("{}.{}", encode(header.to_string()), encode(with(good, claims).to_string()))
}

/// Such a token with its signature.
pub(super) fn token(header: Value, claims: Value) -> String {
    let message = unsigned(header, claims);
    let key = key();
    let pair = Ed25519KeyPair::from_seed_and_public_key(&decode(&key["d"]), &decode(&key["x"]));
    let signature = pair.unwrap().sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

fn send(program: &Program, method: &str, token: &str) -> Answer {
    program.send_with(method, "/orders", &[("Authorization", &bearer(token))], "{}")
}

#[test]
fn a_token_has_the_scope_of_its_client_unless_it_limits_it() {
    let (app, directory) = (App::start(), tempfile::tempdir().unwrap());
    let program = start(&app, &directory);
    assert_eq!(program.send("GET", "/orders", "").status, 401, "it is not open, not even at first");
    send(&program, "GET", &token(json!({}), json!({}))).is_problem(401, "authentication-required");
    app.command("clients add shop --scope write --subject s-1");
    for (claims, status) in [
        (json!({}), 422),
        (json!({ "sub": "s-2", "azp": "s-1" }), 422),
        (json!({ "sub": "s-2", "client_id": "s-1" }), 422),
        (json!({ "sub": "s-2" }), 401),
        (json!({ "aud": ["other", "orders"] }), 422),
        (json!({ "scope": "openid read" }), 403),
        (json!({ "scope": "admin" }), 422),
    ] {
        let answer = send(&program, "POST", &token(json!({}), claims.clone()));
        assert_eq!(answer.status, status, "{claims}: {answer:?}");
    }
    let admin = bearer(&token(json!({}), json!({ "scope": "admin" })));
    let services = program.send_with("POST", "/services", &[("Authorization", &admin)], "{}");
    services.is_problem(403, "not-permitted");
    let key = app.command("keys create shop");
    assert_eq!(send(&program, "GET", &key).status, 200, "keys are accepted too");
    app.command("clients set shop --no-subject");
    eventually(401, || send(&program, "GET", &token(json!({}), json!({}))));
}

#[test]
fn other_tokens_are_rejected_and_never_logged() {
    let (app, directory) = (App::start(), tempfile::tempdir().unwrap());
    app.command("clients add shop --scope admin --subject s-1");
    let program = start(&app, &directory);
    let good = token(json!({}), json!({}));
    assert_eq!(send(&program, "GET", &good).status, 200);
    let with_public_key = unsigned(json!({ "alg": "HS256" }), json!({}));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &decode(&key()["x"]));
    let forged = hmac::sign(&secret, with_public_key.as_bytes());
    let rejected = [
        format!("{}.", unsigned(json!({ "alg": "none" }), json!({}))),
        format!("{with_public_key}.{}", encode(forged)),
        token(json!({}), json!({ "iss": "https://id.example/realms/other" })),
        token(json!({}), json!({ "aud": "other" })),
        token(json!({}), json!({ "exp": 1 })),
        token(json!({}), json!({ "exp": null })),
        token(json!({}), json!({ "nbf": 4_000_000_000_u32 })),
        token(json!({ "kid": "other" }), json!({})),
        token(json!({ "crit": ["b64"] }), json!({})),
        token(json!({}), json!({ "padding": "x".repeat(9 << 10) })),
        good.replace('.', ""),
        good[..good.len() - 4].to_owned(),
    ];
    for token in &rejected {
        let answer = send(&program, "GET", token);
        answer.is_problem(401, "authentication-required");
        let challenge = "Bearer realm=\"orders\", error=\"invalid_token\"";
        assert_eq!(answer.header("WWW-Authenticate"), challenge);
    }
    let log = program.whole_log();
    for token in rejected.iter().chain([&good]) {
        for part in token.split('.').filter(|part| !part.is_empty()) {
            assert!(!log.contains(&part[..part.len().min(16)]), "{log}");
        }
    }
}

#[test]
fn the_keys_of_the_identity_provider_can_be_replaced_while_the_service_runs() {
    let (app, directory) = (App::start(), tempfile::tempdir().unwrap());
    app.command("clients add shop --scope read --subject s-1");
    let program = start(&app, &directory);
    let (old, new) = (token(json!({}), json!({})), token(json!({ "kid": "new" }), json!({})));
    assert_eq!([&old, &new].map(|token| send(&program, "GET", token).status), [200, 401]);
    publish(&directory, "new");
    eventually(200, || send(&program, "GET", &new));
    assert_eq!(send(&program, "GET", &old).status, 401);
}
