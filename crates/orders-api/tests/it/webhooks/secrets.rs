//! Secrets: shown once, rotated, encrypted.

use super::*;
use crate::program::Program;
use crate::signatures::{try_verify, verify};

/// 32 bytes in base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_secret_is_shown_once() {
    let app = app();
    let first = app.add_webhook(draft("crm"));
    let second = secret(&app.send("POST", "/webhooks/crm/secret", &[]).is(200));
    assert_ne!(first, second);
    app.put("/webhooks/crm", draft("crm")).is(200);
    for answer in [
        app.get("/webhooks/crm"),
        app.get("/webhooks"),
        app.put("/webhooks/crm", draft("crm")),
        app.get("/webhooks/crm/deliveries"),
    ] {
        let text = answer.is(200).to_string();
        assert!(!text.contains("secret") && !text.contains("whsec_"), "{text}");
    }
}

#[test]
fn messages_are_signed_with_both_secrets_until_the_previous_one_expires() {
    let app = app();
    let receiver = Endpoint::answering(Reply::Status(204));
    let first = app.add_webhook(with(draft("crm"), "url", receiver.url("/")));
    let test = || {
        app.send("POST", "/webhooks/crm/test", &[]).is(200);
        receiver.next()
    };
    verify(&test(), &first);
    let rotated = app.send("POST", "/webhooks/crm/secret", &[]).is(200);
    let second = secret(&rotated);
    assert_eq!(rotated.as_object().unwrap().len(), 1);
    let signed = test();
    verify(&signed, &second);
    verify(&signed, &first);
    app.send("POST", "/webhooks/crm/secret", &[]).is_problem(409, "rotation-open");
    verify(&test(), &second);

    app.execute("UPDATE webhooks SET previous_secret_expires_at = now()");
    let signed = test();
    verify(&signed, &second);
    assert!(try_verify(&signed, &first).is_err());
    let third = secret(&app.send("POST", "/webhooks/crm/secret", &[]).is(200));
    let signed = test();
    verify(&signed, &third);
    verify(&signed, &second);
    assert!(try_verify(&signed, &first).is_err());
}

#[test]
fn secrets_are_encrypted_with_the_key_of_the_environment() {
    let app = app();
    let (url, receiver) = (app.url(), Endpoint::answering(Reply::Status(204)));
    let arguments = ["--database-url", &url, "--webhook-networks", "127.0.0.0/8"];
    let start =
        |key: &str| Program::start_with_environment(&[("ORDERS_SECRET_KEY", key)], &arguments);
    let program = start(KEY);
    let created = program.send("POST", "/webhooks", with(draft("crm"), "url", receiver.url("/")));
    let secret = secret(&created.is(201));
    let test = |program: &Program| program.send("POST", "/webhooks/crm/test", "");
    test(&program).is(200);
    verify(&receiver.next(), &secret);
    drop(program);

    let unset = app.send("POST", "/webhooks/crm/test", &[]).is_problem(403, "not-permitted");
    assert!(unset["detail"].as_str().unwrap().contains("ORDERS_SECRET_KEY is not set"), "{unset}");
    let other = test(&start(&KEY.replace("AAEC", "BAEC"))).is_problem(403, "not-permitted");
    assert!(other["detail"].as_str().unwrap().contains("another ORDERS_SECRET_KEY"), "{other}");
    test(&start(KEY)).is(200);
    verify(&receiver.next(), &secret);
}
