use orders_core::{InvalidReference, MAX_REFERENCE_LENGTH, Reference};

#[track_caller]
fn check(text: &str, expected: Result<(), InvalidReference>) {
    let reference = Reference::new(text).map(|reference| reference.to_string());
    assert_eq!(reference, expected.map(|()| text.to_owned()));
}

#[test]
fn a_reference_is_kept_as_it_was_written() {
    for text in ["PO-4711", " ", " a b ", "50%&=#?/\"'", "Prüfung 検査 🏗", "a\u{200b}"] {
        check(text, Ok(()));
    }
}

#[test]
fn a_reference_has_1_to_200_characters_whatever_their_bytes() {
    check("", Err(InvalidReference::Empty));
    for c in ["a", "ä", "検", "🏗"] {
        check(&c.repeat(MAX_REFERENCE_LENGTH), Ok(()));
        check(&c.repeat(201), Err(InvalidReference::TooLong(201)));
    }
}

#[test]
fn a_reference_has_no_control_characters() {
    for c in ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}') {
        check(&format!("a{c}"), Err(InvalidReference::Control(c)));
    }
}
