use std::collections::BTreeMap;

use orders_core::{
    InvalidMetadataKey, InvalidMetadataValue, MAX_METADATA_ENTRIES, Metadata, MetadataKey,
    MetadataPatch, MetadataValue, TooManyEntries,
};
use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

use crate::{cases, text};

fn key(text: &str) -> MetadataKey {
    MetadataKey::new(text).unwrap()
}

fn value(text: &str) -> MetadataValue {
    MetadataValue::new(text).unwrap()
}

/// So many entries.
fn entries(count: usize) -> BTreeMap<MetadataKey, MetadataValue> {
    (0..count).map(|n| (key(&format!("key-{n}")), value("x"))).collect()
}

#[test]
fn a_key_is_1_to_40_letters_digits_and_three_signs() {
    #[track_caller]
    fn check(text: &str, expected: Result<(), InvalidMetadataKey>) {
        let key = MetadataKey::new(text).map(|key| key.to_string());
        assert_eq!(key, expected.map(|()| text.to_owned()));
    }
    for text in ["a", "gate", "A-Z.a_z-09", ".", "..", "-", &"x".repeat(40)] {
        check(text, Ok(()));
    }
    check("", Err(InvalidMetadataKey::Empty));
    check(&"x".repeat(41), Err(InvalidMetadataKey::TooLong(41)));
    for c in [' ', '~', '/', ':', '$', 'ä', '\n', '\0', '٣'] {
        check(&format!("a{c}"), Err(InvalidMetadataKey::Character(c)));
    }
}

#[test]
fn a_value_is_at_most_500_characters_but_not_nul() {
    #[track_caller]
    fn check(text: &str, expected: Result<(), InvalidMetadataValue>) {
        let value = MetadataValue::new(text).map(|value| value.to_string());
        assert_eq!(value, expected.map(|()| text.to_owned()));
    }
    for text in ["", " ", "two\nlines", "\u{1}\u{7f}\u{85}", "\"\\", "検査 🏗"] {
        check(text, Ok(()));
    }
    for c in ["a", "ä", "🏗"] {
        check(&c.repeat(500), Ok(()));
        check(&c.repeat(501), Err(InvalidMetadataValue::TooLong(501)));
    }
    check("a\0", Err(InvalidMetadataValue::Nul));
}

#[test]
fn metadata_has_at_most_20_entries() {
    assert!(Metadata::new(BTreeMap::new()).unwrap().is_empty());
    assert_eq!(Metadata::default(), Metadata::new(BTreeMap::new()).unwrap());
    assert_eq!(Metadata::new(entries(20)).unwrap().entries(), &entries(20));
    assert_eq!(Metadata::new(entries(21)), Err(TooManyEntries(21)));
}

#[test]
fn a_patch_is_checked_by_its_result() {
    let full = Metadata::new(entries(MAX_METADATA_ENTRIES)).unwrap();
    let merge = |changes: &[(&str, Option<&str>)]| {
        let changes = changes.iter().map(|(name, text)| (key(name), text.map(value)));
        MetadataPatch::Merge(changes.collect()).applied_to(&full)
    };
    assert_eq!(merge(&[("new", Some("x"))]), Err(TooManyEntries(21)));
    assert_eq!(merge(&[("new", Some("x")), ("key-0", None)]).unwrap().entries().len(), 20);
    assert_eq!(merge(&[("key-0", Some("y"))]).unwrap().entries()[&key("key-0")], value("y"));
    assert_eq!(merge(&[("missing", None)]), Ok(full.clone()));
    assert_eq!(MetadataPatch::default().applied_to(&full), Ok(full.clone()));
    assert_eq!(MetadataPatch::Clear.applied_to(&full), Ok(Metadata::default()));
}

/// The function `MergePatch` of RFC 7396.
fn merge_patch(target: &Value, patch: &Value) -> Value {
    let Some(patch) = patch.as_object() else { return patch.clone() };
    let mut target = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(name)),
            value => drop(target.insert(name.clone(), value.clone())),
        }
    }
    target.into()
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_patch_means_what_the_rfc_says(
        before in prop::collection::btree_map(text("[a-f]"), text(r"[^\x00]{0,3}"), 0..5),
        patch in prop::collection::btree_map(text("[a-f]"), prop::option::of(text(r"[^\x00]{0,3}")), 0..5),
    ) {
        let metadata: Metadata = from_value(json!(before)).unwrap();
        let changes = patch.iter().map(|(name, text)| (key(name), text.as_deref().map(value)));
        let after = MetadataPatch::Merge(changes.collect()).applied_to(&metadata).unwrap();
        prop_assert_eq!(to_value(&after).unwrap(), merge_patch(&json!(before), &json!(patch)));
    }
}
