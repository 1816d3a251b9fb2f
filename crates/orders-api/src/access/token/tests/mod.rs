mod forms;
mod issuer;
mod key_file;
mod keys;
mod rules;

use orders_core::Scope;
use serde_json::{Value, json};

use self::issuer::{AUDIENCE, ISSUER, Issuer, NOW, at, sign};
use super::InvalidToken;

/// The claims of a token that is accepted at [`NOW`].
fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 300, "client_id": "web-shop" })
}

/// The header of a token with the Ed25519 key.
fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "ed", "typ": "at+jwt" })
}

/// The object with some members replaced. `null` removes a member.
fn with(mut object: Value, changes: Value) -> Value {
    let (Value::Object(members), Value::Object(changes)) = (&mut object, changes) else {
        panic!("both are objects");
    };
    for (name, value) in changes {
        match value {
            Value::Null => members.remove(&name),
            value => members.insert(name, value),
        };
    }
    object
}

/// A good token, but for these changes to its header.
fn with_header(changes: Value) -> String {
    sign("ed", &with(header(), changes).to_string(), &claims().to_string())
}

/// A good token, but for these changes to its claims.
fn with_claims(changes: Value) -> String {
    sign("ed", &header().to_string(), &with(claims(), changes).to_string())
}

#[track_caller]
fn check(token: &str, expected: Result<(), InvalidToken>) {
    let result = Issuer::new().tokens.verify(token, at(NOW, 0));
    assert_eq!(result.map(drop), expected, "{token}");
}

#[test]
fn a_token_names_the_client_by_three_claims() {
    let subjects = |changes| {
        let token = with_claims(changes);
        Issuer::new().tokens.verify(&token, at(NOW, 0)).unwrap().subjects
    };
    assert_eq!(subjects(json!({})), ["web-shop"]);
    assert_eq!(subjects(json!({ "sub": "s", "azp": "a", "client_id": "c" })), ["c", "a", "s"]);
    assert!(subjects(json!({ "client_id": null })).is_empty());
}

#[test]
fn the_largest_of_our_scopes_counts() {
    let cases = [
        ("read", Ok(Scope::Read)),
        ("openid write read", Ok(Scope::Write)),
        ("read admin write", Ok(Scope::Admin)),
        ("openid profile", Err(InvalidToken::Scope)),
        ("Admin orders:admin", Err(InvalidToken::Scope)),
        ("", Err(InvalidToken::Scope)),
    ];
    for (scope, expected) in cases {
        let token = with_claims(json!({ "scope": scope }));
        let claims = Issuer::new().tokens.verify(&token, at(NOW, 0));
        assert_eq!(claims.map(|claims| claims.scope), expected.map(Some), "{scope}");
    }
    check(&with_claims(json!({ "scope": ["admin"] })), Err(InvalidToken::Claims));
}
