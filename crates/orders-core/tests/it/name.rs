use orders_core::{InvalidName, MAX_NAME_LENGTH, Name};

#[track_caller]
fn check(text: &str, expected: Result<(), InvalidName>) {
    let name = Name::new(text).map(|name| name.to_string());
    assert_eq!(name, expected.map(|()| text.to_owned()));
}

#[test]
fn a_name_is_kept_as_it_was_written() {
    check("Inspection", Ok(()));
    check(" in  between ", Ok(()));
    check("Prüfung, 検査 & \"Analyse\" 🏗", Ok(()));
    check("<b>", Ok(()));
}

#[test]
fn a_name_is_not_blank() {
    check("", Err(InvalidName::Blank));
    check(" ", Err(InvalidName::Blank));
    check("\u{a0}\u{3000}\u{2003}", Err(InvalidName::Blank));
    check(&" ".repeat(300), Err(InvalidName::Blank));
}

#[test]
fn a_name_has_no_control_characters() {
    for c in ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}') {
        check(&format!("a{c}"), Err(InvalidName::Control(c)));
        check(&c.to_string(), Err(InvalidName::Control(c)));
    }
    check("a\u{200b}", Ok(()));
}

#[test]
fn a_name_has_at_most_200_characters_whatever_their_bytes() {
    for c in ["a", "ä", "検", "🏗"] {
        check(&c.repeat(MAX_NAME_LENGTH), Ok(()));
        check(&c.repeat(201), Err(InvalidName::TooLong(201)));
    }
}
