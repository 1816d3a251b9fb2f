use orders_core::{CalendarId, InvalidId, MAX_ID_LENGTH, OrderId, ServiceId};

/// Whether all three kinds of id take a text, and give it back as it was.
#[track_caller]
fn check(text: &str, expected: Result<(), InvalidId>) {
    let order = OrderId::new(text).map(|id| id.to_string());
    let service = ServiceId::new(text).map(|id| id.to_string());
    let calendar = text.parse::<CalendarId>().map(|id| id.as_str().to_owned());
    let expected = expected.map(|()| text.to_owned());
    assert_eq!((&order, &service, &calendar), (&expected, &expected, &expected));
}

#[test]
fn the_unreserved_characters_of_a_url_are_allowed_and_no_other() {
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";
    assert_eq!(allowed.len(), 66);
    for c in ('\0'..='\u{2FFFF}').chain(['\u{10FFFF}', '\u{E0001}']) {
        let text = format!("a{c}");
        check(&text, if allowed.contains(c) { Ok(()) } else { Err(InvalidId::Character(c)) });
    }
    check(&allowed[..64], Ok(()));
}

#[test]
fn an_id_has_1_to_64_characters() {
    check("", Err(InvalidId::Empty));
    check("a", Ok(()));
    check(&"a".repeat(MAX_ID_LENGTH), Ok(()));
    check(&"a".repeat(65), Err(InvalidId::TooLong(65)));
    check(&"a".repeat(100_000), Err(InvalidId::TooLong(100_000)));
    check(&"ä".repeat(40), Err(InvalidId::Character('ä')));
}

#[test]
fn one_and_two_dots_are_no_ids_but_more_are() {
    check(".", Err(InvalidId::Dots(".".into())));
    check("..", Err(InvalidId::Dots("..".into())));
    check("...", Ok(()));
    check(".a", Ok(()));
    check("a..", Ok(()));
    check("-", Ok(()));
    check("~", Ok(()));
    check("_", Ok(()));
}

#[test]
fn the_first_character_that_is_not_allowed_is_named() {
    check("a/b c", Err(InvalidId::Character('/')));
    check(" a", Err(InvalidId::Character(' ')));
    check("%2e", Err(InvalidId::Character('%')));
    assert_eq!(
        OrderId::new("a\nb").unwrap_err().to_string(),
        r"'\n' is not allowed in an id, only A-Z a-z 0-9 . _ ~ -"
    );
}

#[test]
fn an_id_is_told_apart_by_case() {
    assert_ne!(OrderId::new("a").unwrap(), OrderId::new("A").unwrap());
    assert!(!CalendarId::new("Default").unwrap().is_default());
    assert!(CalendarId::new("default").unwrap().is_default());
    assert_eq!(CalendarId::default().as_str(), "default");
}
