use orders_core::{
    MetadataKey, MetadataPatch, MetadataValue, Order, OrderDraft, OrderPatch, Precondition,
    StoreError, TooManyEntries,
};

use super::hold_for_every_store;
use crate::samples::*;

hold_for_every_store! {
    a_reference_and_metadata_are_kept_exactly,
    a_replacement_sets_and_removes_them,
    a_patch_changes_only_what_it_names,
    a_patch_may_not_lead_to_too_many_entries,
    several_orders_have_one_reference,
}

fn with(draft: OrderDraft, text: &str, entries: &[(&str, &str)]) -> OrderDraft {
    OrderDraft { reference: Some(reference(text)), metadata: metadata(entries), ..draft }
}

fn a_reference_and_metadata_are_kept_exactly(store: &impl Store) {
    add_services(store);
    let long = "🏗".repeat(500);
    let samples: [(&str, &[(&str, &str)]); 4] = [
        ("PO-4711", &[("gate", "B"), ("lang", "de")]),
        (" ", &[("A.b_c-9", "")]),
        ("検査 \"'\\ {}", &[("text", "two\nlines\u{1}\"'\\ null"), ("z", "1"), ("a", "true")]),
        (&"x".repeat(200), &[("long", &long)]),
    ];
    for (n, (text, entries)) in samples.into_iter().enumerate() {
        let requested = with(draft(&format!("order-{n}"), noon_plus(3 * n as i64)), text, entries);
        let order = placed(store, requested.clone());
        assert_eq!(store.order(&order.id).unwrap(), order);
        assert_eq!((order.reference, order.metadata), (requested.reference, requested.metadata));
    }
    let plain = placed(store, draft("plain", noon_plus(30)));
    assert_eq!(store.order(&plain.id).unwrap(), plain);
    assert_eq!((plain.reference, plain.metadata), (None, metadata(&[])));
}

fn a_replacement_sets_and_removes_them(store: &impl Store) {
    add_services(store);
    placed(store, draft("223", noon_plus(0)));
    // In place and with a move.
    for hours in [0, 1] {
        for requested in [
            with(draft("223", noon_plus(hours)), "PO-1", &[("gate", "B")]),
            with(draft("223", noon_plus(hours)), "PO-2", &[("lang", "de")]),
            draft("223", noon_plus(hours)),
        ] {
            for mode in [DryRun, Write] {
                let order = store.replace(&order_id("223"), requested.clone(), mode).unwrap();
                assert_eq!(
                    (&order.reference, &order.metadata),
                    (&requested.reference, &requested.metadata)
                );
            }
            let order = store.order(&order_id("223")).unwrap();
            assert_eq!(
                (order.reference, order.metadata),
                (requested.reference, requested.metadata)
            );
        }
    }
}

fn patch(store: &impl Store, patch: &OrderPatch) -> Result<Order, StoreError> {
    let tried = store.patch_if(&order_id("223"), &Precondition::None, patch, DryRun);
    let written = store.patch_if(&order_id("223"), &Precondition::None, patch, Write)?;
    assert_eq!(Order { updated_at: written.updated_at, ..tried? }, written);
    assert_eq!(store.order(&written.id)?, written);
    Ok(written)
}

fn merge(changes: &[(&str, Option<&str>)]) -> OrderPatch {
    let changes = changes.iter().map(|(key, value)| {
        let value = value.map(|value| MetadataValue::new(value).unwrap());
        (MetadataKey::new(key).unwrap(), value)
    });
    OrderPatch { metadata: MetadataPatch::Merge(changes.collect()), ..OrderPatch::default() }
}

fn a_patch_changes_only_what_it_names(store: &impl Store) {
    add_services(store);
    placed(store, with(draft("223", noon_plus(0)), "PO-1", &[("gate", "B"), ("lang", "de")]));
    let moved = OrderPatch { datetime: Some(noon_plus(1)), ..OrderPatch::default() };
    let renamed = OrderPatch { reference: Some(Some(reference("PO-2"))), ..OrderPatch::default() };
    let unnamed = OrderPatch { reference: Some(None), ..OrderPatch::default() };
    let cleared = OrderPatch { metadata: MetadataPatch::Clear, ..OrderPatch::default() };
    type Step<'a> = (OrderPatch, Option<&'a str>, &'a [(&'a str, &'a str)]);
    let steps: [Step<'_>; 7] = [
        (moved, Some("PO-1"), &[("gate", "B"), ("lang", "de")]),
        (
            merge(&[("gate", Some("C")), ("new", Some(""))]),
            Some("PO-1"),
            &[("gate", "C"), ("lang", "de"), ("new", "")],
        ),
        (renamed, Some("PO-2"), &[("gate", "C"), ("lang", "de"), ("new", "")]),
        (merge(&[("lang", None), ("missing", None)]), Some("PO-2"), &[("gate", "C"), ("new", "")]),
        (unnamed, None, &[("gate", "C"), ("new", "")]),
        (cleared, None, &[]),
        (merge(&[("gate", Some("D"))]), None, &[("gate", "D")]),
    ];
    for (step, text, entries) in steps {
        let order = patch(store, &step).unwrap();
        assert_eq!((order.reference, order.metadata), (text.map(reference), metadata(entries)));
    }
    let last = patch(store, &merge(&[("gate", None)])).unwrap();
    assert_eq!(last.metadata, metadata(&[]));
}

fn a_patch_may_not_lead_to_too_many_entries(store: &impl Store) {
    add_services(store);
    let keys: Vec<_> = (0..20).map(|n| format!("key-{n}")).collect();
    let full: Vec<_> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    placed(store, with(draft("223", noon_plus(0)), "PO-1", &full));
    let before = kept(store);
    let refused = patch(store, &merge(&[("new", Some("x"))]));
    check_refused(refused, &StoreError::TooManyEntries(TooManyEntries(21)));
    assert_eq!(kept(store), before);
    let order = patch(store, &merge(&[("new", Some("x")), ("key-0", None)])).unwrap();
    assert_eq!(order.metadata.entries().len(), 20);
}

fn several_orders_have_one_reference(store: &impl Store) {
    add_services(store);
    for n in 0..3 {
        placed(store, with(draft(&format!("order-{n}"), noon_plus(3 * n)), "PO-1", &[]));
    }
    assert_eq!(store.orders().unwrap().len(), 3);
}
