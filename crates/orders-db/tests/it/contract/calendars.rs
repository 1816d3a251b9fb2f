use orders_core::{
    Calendar, CalendarDraft, CalendarId, ListQuery, MinimumGap, Resource, StoreError,
};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    default_stands_from_the_start_with_3_hours,
    an_added_calendar_is_what_is_read_afterwards,
    a_calendar_without_a_gap_gets_3_hours,
    a_calendar_without_an_id_gets_a_time_ordered_unique_one,
    a_calendar_id_that_is_taken_is_refused,
    calendars_come_by_id,
    calendars_come_in_pages,
    a_calendar_that_is_missing_is_not_found,
    a_replaced_calendar_keeps_its_id_and_without_a_new_gap_its_gap,
    gaps_are_kept_to_the_microsecond,
    default_is_never_removed,
    a_removed_calendar_is_gone_and_its_id_is_free,
    a_calendar_with_orders_is_not_removed,
    a_calendar_is_free_when_its_orders_have_gone,
}

fn in_use(id: &str) -> StoreError {
    StoreError::InUse(Resource::Calendar(calendar_id(id)))
}

fn default_stands_from_the_start_with_3_hours(store: &impl Store) {
    let default = store.calendar(&CalendarId::default()).unwrap();
    assert_eq!(default.id, CalendarId::default());
    assert_eq!(default.minimum_gap, gap("PT3H"));
    assert_eq!(store.all_calendars().unwrap(), [default]);
}

fn an_added_calendar_is_what_is_read_afterwards(store: &impl Store) {
    let calendar = store.add_calendar(calendar_draft("crew", "PT90M")).unwrap();
    let expected = Calendar {
        id: calendar_id("crew"),
        name: name("Calendar crew"),
        minimum_gap: gap("PT90M"),
    };
    assert_eq!(calendar, expected);
    assert_eq!(store.calendar(&calendar.id).unwrap(), expected);
}

fn a_calendar_without_a_gap_gets_3_hours(store: &impl Store) {
    let draft = CalendarDraft { minimum_gap: None, ..calendar_draft("crew", "PT1H") };
    let calendar = store.add_calendar(draft).unwrap();
    assert_eq!(calendar.minimum_gap, MinimumGap::default());
    assert_eq!(store.calendar(&calendar.id).unwrap(), calendar);
}

fn a_calendar_without_an_id_gets_a_time_ordered_unique_one(store: &impl Store) {
    let ids: Vec<_> = (0..20)
        .map(|_| {
            let draft = CalendarDraft { id: None, ..calendar_draft("-", "PT1H") };
            store.add_calendar(draft).unwrap().id
        })
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let uuid: uuid::Uuid = ids[0].as_str().parse().unwrap();
    assert_eq!(uuid.get_version_num(), 7);
}

fn a_calendar_id_that_is_taken_is_refused(store: &impl Store) {
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    for id in ["crew", "default"] {
        let before = kept(store);
        let taken = StoreError::IdTaken(Resource::Calendar(calendar_id(id)));
        check_refused(store.add_calendar(calendar_draft(id, "PT7H")), &taken);
        assert_eq!(kept(store), before);
    }
}

fn calendars_come_by_id(store: &impl Store) {
    let ids = ["-", ".a", "10", "9", "B", "_", "default", "~"];
    for id in ids.iter().rev().filter(|id| **id != "default") {
        store.add_calendar(calendar_draft(id, "PT1H")).unwrap();
    }
    let listed = store.all_calendars().unwrap();
    assert_eq!(listed.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ids);
}

fn calendars_come_in_pages(store: &impl Store) {
    let ids = ["-", "10", "9", "B", "default"];
    for id in ids.iter().filter(|id| **id != "default") {
        store.add_calendar(calendar_draft(id, "PT1H")).unwrap();
    }
    let page = |after: Option<&str>, limit| {
        let page = store.calendars(&ListQuery { after: after.map(calendar_id), limit }).unwrap();
        let ids: Vec<_> = page.items.iter().map(|it| it.id.as_str().to_owned()).collect();
        (ids, page.next.map(|id| id.as_str().to_owned()))
    };
    for limit in 1..=6 {
        let (mut listed, mut next) = page(None, limit);
        while let Some(after) = next {
            assert_eq!((listed.len() % limit, listed.last()), (0, Some(&after)));
            let following;
            (following, next) = page(Some(&after), limit);
            assert!(!following.is_empty());
            listed.extend(following);
        }
        assert_eq!(listed, ids, "{limit}");
    }
    // There is no need for a calendar with the id.
    assert_eq!(page(Some("5"), 1), (vec!["9".to_owned()], Some("9".to_owned())));
    assert_eq!(page(Some("~"), 1), (vec![], None));
}

fn a_calendar_that_is_missing_is_not_found(store: &impl Store) {
    let id = calendar_id("no");
    check_refused(store.calendar(&id), &no_calendar("no"));
    for draft in [
        calendar_draft("no", "PT1H"),
        CalendarDraft { minimum_gap: None, ..calendar_draft("default", "PT1H") },
    ] {
        check_refused(store.replace_calendar(&id, draft), &no_calendar("no"));
    }
    check_refused(store.remove_calendar(&id), &no_calendar("no"));
    let window = span(noon_plus(0), noon_plus(1));
    check_refused(store.availability(&id, window), &no_calendar("no"));
    assert_eq!(store.all_calendars().unwrap().len(), 1);
}

fn a_replaced_calendar_keeps_its_id_and_without_a_new_gap_its_gap(store: &impl Store) {
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    let crew = calendar_id("crew");
    for (minimum_gap, expected) in [(None, "PT1H"), (Some("PT2H"), "PT2H"), (None, "PT2H")] {
        let draft = CalendarDraft {
            id: Some(CalendarId::default()),
            name: name("Another"),
            minimum_gap: minimum_gap.map(gap),
        };
        let expected =
            Calendar { id: crew.clone(), name: name("Another"), minimum_gap: gap(expected) };
        assert_eq!(store.replace_calendar(&crew, draft).unwrap(), expected);
        assert_eq!(store.calendar(&crew).unwrap(), expected);
    }
    let default = store.calendar(&CalendarId::default()).unwrap();
    assert_eq!(default.minimum_gap, gap("PT3H"));
}

fn gaps_are_kept_to_the_microsecond(store: &impl Store) {
    let gaps = ["PT0S", "PT0.000001S", "PT23H59M59.999999S", "P1D", "P31D"];
    for (n, minimum_gap) in gaps.iter().enumerate() {
        let id = format!("calendar-{n}");
        store.add_calendar(calendar_draft(&id, minimum_gap)).unwrap();
        let read = store.calendar(&calendar_id(&id)).unwrap();
        assert_eq!(read.minimum_gap.to_string(), *minimum_gap);
        set_gap(store, minimum_gap);
        let read = store.calendar(&CalendarId::default()).unwrap();
        assert_eq!(read.minimum_gap.to_string(), *minimum_gap);
    }
}

fn default_is_never_removed(store: &impl Store) {
    let id = CalendarId::default();
    check_refused(store.remove_calendar(&id), &in_use("default"));
    add_services(store);
    place_all(store, &[("223", 0)]);
    check_refused(store.remove_calendar(&id), &in_use("default"));
    assert_eq!(store.all_calendars().unwrap().len(), 1);
}

fn a_removed_calendar_is_gone_and_its_id_is_free(store: &impl Store) {
    add_services(store);
    let crew = calendar_id("crew");
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    store.remove_calendar(&crew).unwrap();
    check_refused(store.calendar(&crew), &no_calendar("crew"));
    check_refused(store.remove_calendar(&crew), &no_calendar("crew"));
    let answer = store.place(draft_in("crew", "223", noon_plus(0)), Write);
    check_refused(answer, &unknown(Some("crew"), &[]));
    store.add_calendar(calendar_draft("crew", "PT2H")).unwrap();
    placed(store, draft_in("crew", "223", noon_plus(0)));
}

fn a_calendar_with_orders_is_not_removed(store: &impl Store) {
    add_services(store);
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    placed(store, draft_in("crew", "223", noon_plus(0)));
    let before = kept(store);
    check_refused(store.remove_calendar(&calendar_id("crew")), &in_use("crew"));
    assert_eq!(kept(store), before);
}

fn a_calendar_is_free_when_its_orders_have_gone(store: &impl Store) {
    add_services(store);
    let crew = calendar_id("crew");
    store.add_calendar(calendar_draft("crew", "PT1H")).unwrap();
    placed(store, draft_in("crew", "223", noon_plus(0)));
    placed(store, draft_in("crew", "224", noon_plus(1)));
    store.remove(&order_id("223")).unwrap();
    check_refused(store.remove_calendar(&crew), &in_use("crew"));
    let elsewhere = draft_in("default", "224", noon_plus(1));
    store.replace(&order_id("224"), elsewhere, Write).unwrap();
    store.remove_calendar(&crew).unwrap();
}
