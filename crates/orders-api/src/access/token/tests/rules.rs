//! Tokens that are signed, but not for us or not for now.

use serde_json::json;

use super::{AUDIENCE, ISSUER, InvalidToken, Issuer, NOW, at, check, header, sign, with_claims};

#[track_caller]
fn check_at(token: &str, seconds: i64, micros: i64, expected: Result<(), InvalidToken>) {
    let result = Issuer::new().tokens.verify(token, at(seconds, micros));
    assert_eq!(result.map(drop), expected);
}

#[test]
fn the_issuer_is_compared_exactly() {
    let slash = format!("{ISSUER}/");
    for iss in [slash.as_str(), "https://id.example", &ISSUER.to_uppercase(), ""] {
        check(&with_claims(json!({ "iss": iss })), Err(InvalidToken::Issuer));
    }
    check(&with_claims(json!({ "iss": null })), Err(InvalidToken::Issuer));
    check(&with_claims(json!({ "iss": [ISSUER] })), Err(InvalidToken::Claims));
}

#[test]
fn the_audience_is_ours_or_includes_us() {
    for aud in [json!(AUDIENCE), json!([AUDIENCE]), json!(["account", AUDIENCE])] {
        check(&with_claims(json!({ "aud": aud })), Ok(()));
    }
    for aud in
        [json!("Orders"), json!("account orders"), json!(["account"]), json!([]), json!(null)]
    {
        check(&with_claims(json!({ "aud": aud })), Err(InvalidToken::Audience));
    }
    check(&with_claims(json!({ "aud": 1 })), Err(InvalidToken::Claims));
}

#[test]
fn an_expired_token_is_accepted_for_another_minute() {
    let token = with_claims(json!({ "exp": NOW }));
    check_at(&token, NOW - 1, 0, Ok(()));
    check_at(&token, NOW + 59, 999_999, Ok(()));
    check_at(&token, NOW + 60, 0, Err(InvalidToken::Expired));
    let token = with_claims(json!({ "exp": NOW as f64 + 0.5 }));
    check_at(&token, NOW + 60, 499_999, Ok(()));
    check_at(&token, NOW + 60, 500_000, Err(InvalidToken::Expired));
}

#[test]
fn a_token_is_accepted_a_minute_before_it_is_valid() {
    let token = with_claims(json!({ "nbf": NOW }));
    check_at(&token, NOW - 60, 0, Ok(()));
    check_at(&token, NOW - 61, 999_999, Err(InvalidToken::NotYetValid));
}

#[test]
fn a_token_must_say_when_it_expires() {
    check(&with_claims(json!({ "exp": null })), Err(InvalidToken::NoExpiry));
    for exp in [json!("1700000300"), json!(true), json!([1_700_000_300])] {
        check(&with_claims(json!({ "exp": exp })), Err(InvalidToken::Claims));
    }
    check(&with_claims(json!({ "exp": -1 })), Err(InvalidToken::Expired));
    check(&with_claims(json!({ "exp": 1e300 })), Ok(()));
}

#[test]
fn claims_that_are_no_object_with_unique_members_are_rejected() {
    let twice = format!(r#"{{ "iss": "{ISSUER}", "aud": "orders", "exp": 1, "exp": 9999999999 }}"#);
    let array = format!(r#"["{ISSUER}", "orders", 9999999999, 0, null, null, null, null]"#);
    for payload in ["", "null", "text", "{", "{} {}", &twice, &array] {
        check(&sign("ed", &header().to_string(), payload), Err(InvalidToken::Claims));
    }
}
