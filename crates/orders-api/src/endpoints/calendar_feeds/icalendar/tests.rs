use ::icalendar::parser::{Component, read_calendar, unfold};
use orders_core::OrderId;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn event() -> CalendarEvent {
    CalendarEvent {
        order: OrderId::new("223").unwrap(),
        created_at: at("2022-10-30T08:00:00.123456Z"),
        version: 2,
        updated_at: at("2022-10-30T09:00:00.123456Z"),
        datetime: at("2022-11-01T11:11:11.111Z"),
        gap: MinimumGap::default(),
        calendar: name("Roof crew"),
        services: vec![name("Inspection"), name("Testing; lab, field")],
    }
}

fn written(calendar_name: &str, events: &[CalendarEvent]) -> String {
    let mut calendar = ICalendar::new(&name(calendar_name));
    calendar.add(events);
    calendar.end();
    String::from_utf8(calendar.take()).unwrap()
}

#[test]
fn a_calendar_is_written_like_this() {
    let expected = "BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Orders//Calendar feed//EN\r
CALSCALE:GREGORIAN\r
NAME:Crews\\, all of them\r
X-WR-CALNAME:Crews\\, all of them\r
REFRESH-INTERVAL;VALUE=DURATION:PT1H\r
X-PUBLISHED-TTL:PT1H\r
BEGIN:VEVENT\r
UID:17be14c55c6653734261a8517124b091@orders\r
DTSTAMP:20221030T090000Z\r
LAST-MODIFIED:20221030T090000Z\r
SEQUENCE:2\r
DTSTART:20221101T111111Z\r
DURATION:PT3H\r
SUMMARY:Inspection\\, Testing\\; lab\\, field\r
DESCRIPTION:Roof crew\r
CATEGORIES:Inspection,Testing\\; lab\\, field\r
END:VEVENT\r
END:VCALENDAR\r
";
    assert_eq!(written("Crews, all of them", &[event()]), expected);
}

#[test]
fn a_calendar_without_events_contains_something() {
    let text = written("Crews", &[]);
    let unfolded = unfold(&text);
    let calendar = read_calendar(&unfolded).unwrap();
    assert_eq!(calendar.components[0].name, "VTIMEZONE");
}

#[test]
fn an_id_that_is_used_again_is_another_event() {
    let moved = CalendarEvent { version: 3, datetime: at("2022-11-02T11:11:11Z"), ..event() };
    assert_eq!(uid(&moved), uid(&event()));
    let again = CalendarEvent { created_at: at("2022-10-30T08:00:00.123457Z"), ..event() };
    assert_ne!(uid(&again), uid(&event()));
    assert!(!uid(&event()).contains("223"));
}

#[test]
fn durations_follow_the_grammar_of_the_standard() {
    for (gap, expected) in [
        ("PT3H", Some("PT3H")),
        ("PT90M", Some("PT1H30M")),
        ("PT1H1S", Some("PT1H0M1S")),
        ("PT1M30.5S", Some("PT1M30S")),
        ("PT59S", Some("PT59S")),
        ("P1D", Some("P1D")),
        ("PT24H15M", Some("P1DT15M")),
        ("P31D", Some("P31D")),
        ("PT0.9S", None),
        ("PT0S", None),
    ] {
        assert_eq!(duration(gap.parse().unwrap()).as_deref(), expected, "{gap}");
    }
}

/// The value of the only property of this name, as a reader of the standard has it.
fn value(component: &Component<'_>, name: &str) -> String {
    let found: Vec<_> = component.properties.iter().filter(|it| it.name == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].val.as_str().to_owned()
}

/// The texts of a list with commas between them.
fn texts(value: &str) -> Vec<String> {
    let (mut texts, mut is_escaped) = (vec![String::new()], false);
    for character in value.chars() {
        match character {
            '\\' if !is_escaped => is_escaped = true,
            ',' if !is_escaped => texts.push(String::new()),
            character => {
                texts.last_mut().unwrap().push(character);
                is_escaped = false;
            }
        }
    }
    texts
}

fn any_name() -> impl Strategy<Value = Name> {
    let text = proptest::collection::vec(
        prop_oneof![
            // Of whole texts with any characters, nearly all are rejected.
            any::<char>().prop_filter("of a name", |char| !char.is_control()),
            proptest::sample::select(vec![',', ';', '\\', ' ', 'é', '\u{1f600}', '\u{2028}'])
        ],
        1..200,
    );
    text.prop_filter_map("a name", |text| Name::new(text.into_iter().collect::<String>()).ok())
}

prop_compose! {
    fn any_event()(
        order in "[A-Za-z0-9._~-]{3,64}",
        created_at in 0_i64..4_000_000_000_000_000,
        version in 1_u64..,
        updated_at in 0_i64..4_000_000_000_000_000,
        datetime in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
        gap in 0_i64..=MinimumGap::MAX.as_micros(),
        calendar in any_name(),
        services in proptest::collection::vec(any_name(), 1..6),
    ) -> CalendarEvent {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        CalendarEvent {
            order: OrderId::new(order).unwrap(),
            created_at: at(created_at),
            version,
            updated_at: at(updated_at),
            datetime: at(datetime),
            gap: MinimumGap::from_micros(gap).unwrap(),
            calendar,
            services,
        }
    }
}

/// What is read of a name.
fn shown(name: &Name) -> String {
    name.as_str().replace(['\u{2028}', '\u{2029}'], " ")
}

fn check(calendar_name: &Name, events: &[CalendarEvent]) {
    let text = written(calendar_name.as_str(), events);
    assert!(text.ends_with("\r\n"));
    for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
    }
    let unfolded = unfold(&text);
    let calendar = read_calendar(&unfolded).unwrap();
    let value_of = |name| {
        let found = calendar.properties.iter().find(|it| it.name == name);
        found.unwrap().val.as_str().to_owned()
    };
    // The other program unescapes the texts that it knows, but no lists.
    assert_eq!(value_of("X-WR-CALNAME"), shown(calendar_name));
    assert_eq!(texts(&value_of("NAME")), [shown(calendar_name)]);
    let read: Vec<_> = calendar.components.iter().filter(|it| it.name == "VEVENT").collect();
    assert_eq!(read.len(), events.len());
    for (read, event) in read.into_iter().zip(events) {
        let services: Vec<_> = event.services.iter().map(shown).collect();
        assert_eq!(texts(&value(read, "CATEGORIES")), services);
        assert_eq!(value(read, "SUMMARY"), services.join(", "));
        assert_eq!(value(read, "DESCRIPTION"), shown(&event.calendar));
        assert_eq!(value(read, "UID"), uid(event));
        assert_eq!(value(read, "DTSTART"), instant(event.datetime));
        let sequence: i32 = value(read, "SEQUENCE").parse().unwrap();
        assert_eq!(sequence as u64, event.version.min(i32::MAX as u64));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_program_reads_what_was_written(
        name in any_name(),
        events in proptest::collection::vec(any_event(), 0..4),
    ) {
        check(&name, &events);
    }
}
