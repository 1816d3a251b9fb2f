//! Tokens that are not signed, or not tokens.

use ring::hmac;
use serde_json::json;

use super::issuer::{bytes, encode, public};
use super::{
    InvalidToken, Issuer, NOW, at, check, claims, header, sign, with, with_claims, with_header,
};

#[test]
fn a_token_of_each_algorithm_is_accepted() {
    for (kid, alg) in [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA")] {
        let header = json!({ "alg": alg, "kid": kid });
        check(&sign(kid, &header.to_string(), &claims().to_string()), Ok(()));
    }
}

#[test]
fn the_key_decides_about_the_algorithm() {
    let algorithms =
        ["none", "None", "", "HS256", "RS384", "PS256", "ES256", "ES384", "Ed448", "eddsa"];
    for alg in algorithms {
        check(&with_header(json!({ "alg": alg })), Err(InvalidToken::Algorithm));
    }
    let header = json!({ "alg": "ES256", "kid": "rsa" });
    let signed_by_another_key = sign("ec", &header.to_string(), &claims().to_string());
    check(&signed_by_another_key, Err(InvalidToken::Algorithm));
}

#[test]
fn an_unsigned_token_is_rejected() {
    for kid in ["rsa", "ec", "ed"] {
        let header = json!({ "alg": "none", "kid": kid }).to_string();
        let token = format!("{}.{}.", encode(header), encode(claims().to_string()));
        check(&token, Err(InvalidToken::Algorithm));
    }
    let header = header().to_string();
    let token = format!("{}.{}.", encode(header), encode(claims().to_string()));
    check(&token, Err(InvalidToken::Signature));
}

#[test]
fn a_public_key_is_not_a_secret_of_hs256() {
    let (rsa, ec, ed) = (public("rsa"), public("ec"), public("ed"));
    let secrets = [
        ("rsa", "RS256", bytes(&rsa, "n")),
        ("rsa", "RS256", rsa.to_string().into_bytes()),
        ("ec", "ES256", [vec![4], bytes(&ec, "x"), bytes(&ec, "y")].concat()),
        ("ed", "EdDSA", bytes(&ed, "x")),
    ];
    for (kid, alg, secret) in secrets {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let token = |alg| {
            let header = json!({ "alg": alg, "kid": kid }).to_string();
            let signed = format!("{}.{}", encode(header), encode(claims().to_string()));
            let tag = hmac::sign(&secret, signed.as_bytes());
            format!("{signed}.{}", encode(tag))
        };
        check(&token("HS256"), Err(InvalidToken::Algorithm));
        check(&token(alg), Err(InvalidToken::Signature));
    }
}

#[test]
fn no_changed_or_truncated_token_is_accepted() {
    let issuer = Issuer::new();
    let token = with_claims(json!({}));
    let now = at(NOW, 0);
    assert!(issuer.tokens.verify(&token, now).is_ok());
    for index in 0..token.len() {
        let other = if token.as_bytes()[index] == b'A' { "B" } else { "A" };
        let mut changed = token.clone();
        changed.replace_range(index..=index, other);
        assert!(issuer.tokens.verify(&changed, now).is_err(), "{changed}");
        assert!(issuer.tokens.verify(&token[..index], now).is_err(), "{index}");
    }
}

#[test]
fn the_signature_of_another_key_is_rejected() {
    let header = json!({ "alg": "EdDSA", "kid": "ed" }).to_string();
    let (ours, payload) = (with_claims(json!({})), claims().to_string());
    let (_, other_signature) = ours.rsplit_once('.').unwrap();
    let replayed = format!("{}.{}.{other_signature}", encode(&header), encode(&payload));
    check(&replayed, Err(InvalidToken::Signature));
    for kid in ["rsa", "ec"] {
        check(&sign(kid, &header, &payload), Err(InvalidToken::Signature));
    }
}

#[test]
fn a_text_that_is_no_jwt_is_rejected() {
    let token = with_claims(json!({}));
    let not_json = sign("ed", "not JSON", &claims().to_string());
    let twice = r#"{ "alg": "none", "alg": "EdDSA", "kid": "ed" }"#;
    let texts = [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "ordk_000000000000000000000000000000ABCDEF",
        &format!("{token}=="),
        &format!("{token}.AAAA"),
        &format!(" {token}"),
        &format!("{token}\n"),
        &token.replacen('.', "+.", 1),
        &token.replace('.', ""),
        &not_json,
        &sign("ed", twice, &claims().to_string()),
        &sign("ed", "{}", &claims().to_string()),
        &sign("ed", r#"["EdDSA", "ed", "JWT", false]"#, &claims().to_string()),
    ];
    for text in texts {
        check(text, Err(InvalidToken::Malformed));
    }
}

#[test]
fn a_token_has_at_most_8_kib() {
    let padded = |length: usize| with_claims(json!({ "padding": "x".repeat(length) }));
    let longest = (5800..).map(padded).take_while(|token| token.len() <= 8192).last().unwrap();
    assert!(longest.len() >= 8190, "{}", longest.len());
    check(&longest, Ok(()));
    let shortest_rejected = (5800..).map(padded).find(|token| token.len() > 8192).unwrap();
    assert!(shortest_rejected.len() <= 8194);
    check(&shortest_rejected, Err(InvalidToken::TooLong));
    check(&padded(9 * 1024), Err(InvalidToken::TooLong));
    check(&"x".repeat(8193), Err(InvalidToken::TooLong));
}

#[test]
fn only_access_tokens_and_plain_jwts_are_accepted() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt"] {
        check(&with_header(json!({ "typ": typ })), Ok(()));
    }
    check(&with_header(json!({ "typ": null })), Ok(()));
    for typ in ["", "logout+jwt", "dpop+jwt", "secevent+jwt", "application/json"] {
        check(&with_header(json!({ "typ": typ })), Err(InvalidToken::Type));
    }
}

#[test]
fn a_critical_extension_is_rejected() {
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp")] {
        let token = with_header(json!({ "crit": crit, "exp": 1, "b64": true }));
        check(&token, Err(InvalidToken::CriticalExtension));
    }
    let header = r#"{ "alg": "EdDSA", "kid": "ed", "crit": null }"#;
    check(&sign("ed", header, &claims().to_string()), Err(InvalidToken::CriticalExtension));
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let keys = json!({ "kid": "mine", "jwk": public("ed"), "jku": "https://evil.example/jwks" });
    let header = with(header(), keys).to_string();
    check(&sign("ed", &header, &claims().to_string()), Err(InvalidToken::UnknownKey));
}
