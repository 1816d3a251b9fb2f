use orders_core::{IdempotencyKey, InvalidKey, MAX_KEY_LENGTH};

#[track_caller]
fn check(text: &str, expected: Result<(), InvalidKey>) {
    let key = IdempotencyKey::new(text).map(|key| (key.to_string(), key.as_str().to_owned()));
    assert_eq!(key, expected.map(|()| (text.to_owned(), text.to_owned())));
}

#[test]
fn a_key_is_made_of_visible_ascii_characters() {
    for c in ('\0'..='\u{2FFF}').chain(['\u{10FFFF}']) {
        let visible = ('!'..='~').contains(&c);
        check(&format!("a{c}"), if visible { Ok(()) } else { Err(InvalidKey::Character(c)) });
    }
}

#[test]
fn a_key_has_1_to_255_characters() {
    check("", Err(InvalidKey::Length(0)));
    check("k", Ok(()));
    check(&"k".repeat(MAX_KEY_LENGTH), Ok(()));
    check(&"k".repeat(256), Err(InvalidKey::Length(256)));
}
