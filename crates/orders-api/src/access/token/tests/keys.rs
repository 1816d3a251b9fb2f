//! Which keys of a JWK Set are used.

use std::slice::from_ref;

use serde_json::{Value, json};

use super::issuer::{bytes, encode, public};
use super::{InvalidToken, Issuer, NOW, at, check, claims, header, sign, with, with_header};
use crate::access::token::jwks::Jwks;

/// How a token with the Ed25519 key ends if these are the keys.
#[track_caller]
fn check_keys(keys: &[Value], kid: Option<&str>, expected: Result<(), InvalidToken>) {
    let token = with_header(json!({ "kid": kid }));
    let result = Issuer::with_keys(keys).tokens.verify(&token, at(NOW, 0));
    assert_eq!(result.map(drop), expected);
}

/// Whether the key of the set is usable.
#[track_caller]
fn check_key(key: &Value, usable: bool) {
    let keys = Jwks::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap();
    assert_eq!(keys.len(), usize::from(usable), "{key}");
}

#[test]
fn the_key_is_found_by_its_id() {
    let (ed, ec) = (public("ed"), public("ec"));
    check_keys(&[ec.clone(), ed.clone()], Some("ed"), Ok(()));
    check_keys(&[ec.clone(), ed.clone()], Some("ED"), Err(InvalidToken::UnknownKey));
    check_keys(&[ec.clone(), ed.clone()], Some(""), Err(InvalidToken::UnknownKey));
    let nameless = with(ed.clone(), json!({ "kid": null }));
    check_keys(&[ec.clone(), nameless], Some("ed"), Err(InvalidToken::UnknownKey));
    // RFC 7517, 4.5: keys of different types can share an id.
    let namesake = with(ec, json!({ "kid": "ed" }));
    check_keys(&[namesake, ed], Some("ed"), Ok(()));
}

#[test]
fn a_token_without_a_key_id_is_accepted_if_there_is_one_key() {
    let (ed, ec) = (public("ed"), public("ec"));
    check_keys(from_ref(&ed), None, Ok(()));
    check_keys(&[with(ed.clone(), json!({ "kid": null }))], None, Ok(()));
    check_keys(from_ref(&ec), None, Err(InvalidToken::Algorithm));
    check_keys(&[ed, ec], None, Err(InvalidToken::NoKeyId));
    check_keys(&[], None, Err(InvalidToken::NoKeyId));
}

#[test]
fn keys_for_other_purposes_are_ignored() {
    let (rsa, ec, ed) = (public("rsa"), public("ec"), public("ed"));
    for (key, alg) in [(&rsa, "RS256"), (&ec, "ES256"), (&ed, "EdDSA")] {
        check_key(key, true);
        let described = json!({ "alg": alg, "use": "sig", "key_ops": ["verify"], "x5t": "AAAA" });
        check_key(&with(key.clone(), described), true);
        for change in [
            json!({ "alg": "HS256" }),
            json!({ "use": "enc" }),
            json!({ "key_ops": ["encrypt"] }),
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "kty": null }),
            json!({ "kid": 7 }),
        ] {
            check_key(&with(key.clone(), change), false);
        }
    }
    check_key(&with(rsa.clone(), json!({ "alg": "PS256" })), false);
    check_key(&with(rsa, json!({ "e": null })), false);
    check_key(&with(ec.clone(), json!({ "crv": "P-384" })), false);
    check_key(&with(ec, json!({ "x": "AAAA" })), false);
    check_key(&with(ed.clone(), json!({ "crv": "X25519" })), false);
    check_key(&with(ed, json!({ "x": "not base64" })), false);
    check_key(&json!("a text"), false);
    check_keys(&[json!(1), public("ed")], Some("ed"), Ok(()));
}

#[test]
fn an_rsa_key_has_at_least_2048_bits() {
    let modulus = bytes(&public("rsa"), "n");
    let key = |n: &[u8]| with(public("rsa"), json!({ "n": encode(n) }));
    check_key(&key(&modulus[1..]), false);
    let padded = [&[0, 0], &modulus[..]].concat();
    check_key(&key(&padded), true);
    let header = json!({ "alg": "RS256", "kid": "rsa" }).to_string();
    let token = sign("rsa", &header, &claims().to_string());
    assert!(Issuer::with_keys(&[key(&padded)]).tokens.verify(&token, at(NOW, 0)).is_ok());
}

#[test]
fn the_examples_of_the_standards_are_signed_correctly() {
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let examples = [
        // RFC 7515, A.2 and A.3: from another issuer, which is noticed after the signature.
        (
            "rsa",
            "eyJhbGciOiJSUzI1NiJ9",
            payload,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            InvalidToken::Issuer,
        ),
        (
            "ec",
            "eyJhbGciOiJFUzI1NiJ9",
            payload,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            InvalidToken::Issuer,
        ),
        // RFC 8037, A.4: its payload is plain text.
        (
            "ed",
            "eyJhbGciOiJFZERTQSJ9",
            "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            InvalidToken::Claims,
        ),
    ];
    for (kid, header, payload, signature, expected) in examples {
        let tokens = Issuer::with_keys(&[public(kid)]).tokens;
        let verify = |token: &str| tokens.verify(token, at(NOW, 0)).unwrap_err();
        assert_eq!(verify(&format!("{header}.{payload}.{signature}")), expected);
        let changed = format!("{header}.{}.{signature}", encode(claims().to_string()));
        assert_eq!(verify(&changed), InvalidToken::Signature);
    }
}

#[test]
fn a_token_of_an_unknown_key_is_rejected() {
    check(&with_header(json!({ "kid": "other" })), Err(InvalidToken::UnknownKey));
    check(&with_header(json!({ "kid": null })), Err(InvalidToken::NoKeyId));
    let other = with(header(), json!({ "kid": "rsa" })).to_string();
    check(&sign("ed", &other, &claims().to_string()), Err(InvalidToken::Algorithm));
}
