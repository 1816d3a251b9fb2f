use orders_core::{ListQuery, OrderDraft, Resource, Service, ServiceDraft, StoreError};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    an_added_service_is_what_is_read_afterwards,
    a_service_without_an_id_gets_a_time_ordered_unique_one,
    a_service_id_that_is_taken_is_refused,
    services_come_by_id,
    services_come_in_pages,
    a_service_that_is_missing_is_not_found,
    a_replaced_service_keeps_its_id,
    a_service_in_use_can_be_replaced,
    a_removed_service_is_gone_and_its_id_is_free,
    a_service_that_an_order_names_is_not_removed,
    a_service_is_free_when_no_order_names_it_any_more,
}

fn in_use(id: &str) -> StoreError {
    StoreError::InUse(Resource::Service(service_id(id)))
}

fn an_added_service_is_what_is_read_afterwards(store: &impl Store) {
    let service = store.add_service(service_draft("123")).unwrap();
    assert_eq!(service.id, service_id("123"));
    assert_eq!(service.name, name("Service 123"));
    assert_eq!(store.service(&service.id).unwrap(), service);
    assert_eq!(store.all_services().unwrap(), [service]);
}

fn a_service_without_an_id_gets_a_time_ordered_unique_one(store: &impl Store) {
    let ids: Vec<_> = (0..20)
        .map(|_| {
            let draft = ServiceDraft { id: None, name: name("Inspektion – Prüfung \u{1F50D}") };
            store.add_service(draft).unwrap().id
        })
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let uuid: uuid::Uuid = ids[0].as_str().parse().unwrap();
    assert_eq!(uuid.get_version_num(), 7);
    let read = store.service(&ids[0]).unwrap();
    assert_eq!(read.name.as_str(), "Inspektion – Prüfung \u{1F50D}");
}

fn a_service_id_that_is_taken_is_refused(store: &impl Store) {
    let service = store.add_service(service_draft("123")).unwrap();
    let again = ServiceDraft { name: name("Another"), ..service_draft("123") };
    let taken = StoreError::IdTaken(Resource::Service(service_id("123")));
    check_refused(store.add_service(again), &taken);
    assert_eq!(store.all_services().unwrap(), [service]);
}

fn services_come_by_id(store: &impl Store) {
    let ids = ["-", ".a", "10", "9", "B", "_", "a", "~"];
    for id in ids.iter().rev() {
        store.add_service(service_draft(id)).unwrap();
    }
    let listed = store.all_services().unwrap();
    assert_eq!(listed.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ids);
}

fn services_come_in_pages(store: &impl Store) {
    let ids = ["-", "10", "9", "B", "a"];
    for id in ids {
        store.add_service(service_draft(id)).unwrap();
    }
    let page = |after: Option<&str>, limit| {
        let page = store.services(&ListQuery { after: after.map(service_id), limit }).unwrap();
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
    // There is no need for a service with the id.
    assert_eq!(page(Some("5"), 1), (vec!["9".to_owned()], Some("9".to_owned())));
    assert_eq!(page(Some("~"), 1), (vec![], None));
}

fn a_service_that_is_missing_is_not_found(store: &impl Store) {
    let id = service_id("no");
    check_refused(store.service(&id), &no_service("no"));
    check_refused(store.replace_service(&id, service_draft("no")), &no_service("no"));
    check_refused(store.remove_service(&id), &no_service("no"));
    assert_eq!(store.all_services().unwrap(), []);
}

fn a_replaced_service_keeps_its_id(store: &impl Store) {
    add_services(store);
    for id in [None, Some(service_id("456")), Some(service_id("new"))] {
        let draft = ServiceDraft { id, name: name("Another") };
        let expected = Service { id: service_id("123"), name: name("Another") };
        let replaced = store.replace_service(&service_id("123"), draft).unwrap();
        assert_eq!(replaced, expected);
        assert_eq!(store.service(&service_id("123")).unwrap(), expected);
    }
    assert_eq!(store.all_services().unwrap().len(), 3);
}

fn a_service_in_use_can_be_replaced(store: &impl Store) {
    add_services(store);
    let order = placed(store, draft("223", noon_plus(0)));
    let draft = service_draft("123");
    store.replace_service(&service_id("123"), draft).unwrap();
    assert_eq!(store.order(&order.id).unwrap(), order);
}

fn a_removed_service_is_gone_and_its_id_is_free(store: &impl Store) {
    add_services(store);
    store.remove_service(&service_id("123")).unwrap();
    check_refused(store.service(&service_id("123")), &no_service("123"));
    let answer = store.place(draft("223", noon_plus(0)), Write);
    check_refused(answer, &unknown(None, &[(0, "123")]));
    store.add_service(service_draft("123")).unwrap();
    placed(store, draft("223", noon_plus(0)));
}

fn a_service_that_an_order_names_is_not_removed(store: &impl Store) {
    add_services(store);
    let draft = OrderDraft { services: services(&["789", "123"]), ..draft("223", noon_plus(0)) };
    placed(store, draft);
    for id in ["123", "789"] {
        check_refused(store.remove_service(&service_id(id)), &in_use(id));
        store.service(&service_id(id)).unwrap();
    }
    store.remove_service(&service_id("456")).unwrap();
}

fn a_service_is_free_when_no_order_names_it_any_more(store: &impl Store) {
    add_services(store);
    place_all(store, &[("223", 0), ("224", 3)]);
    store.remove(&order_id("224")).unwrap();
    check_refused(store.remove_service(&service_id("123")), &in_use("123"));
    let another = OrderDraft { services: services(&["456"]), ..draft("223", noon_plus(0)) };
    store.replace(&order_id("223"), another, Write).unwrap();
    store.remove_service(&service_id("123")).unwrap();
    check_refused(store.remove_service(&service_id("456")), &in_use("456"));
    store.remove(&order_id("223")).unwrap();
    store.remove_service(&service_id("456")).unwrap();
}
