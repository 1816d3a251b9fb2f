//! The store and the model of its contract, side by side.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;

use orders_core::{
    CalendarDraft, Calendars, Change, ChangeQuery, ChangeType, Changes, Direction, Interval,
    Metadata, MetadataKey, MetadataPatch, MetadataValue, Mode, Order, OrderDraft, OrderFilter,
    OrderId, OrderPatch, OrderQuery, Orders, Position, Precondition, Reference, Services,
    StoreError, Timestamp,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::database::Database;
use crate::model::Model;
use crate::samples::*;

/// A call of the store.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Place(OrderDraft, Mode),
    PlaceOnce(OrderDraft, &'static str),
    PlaceEach(Vec<OrderDraft>),
    Order(OrderId),
    Replace(OrderId, Precondition, OrderDraft, Mode),
    Patch(OrderId, Precondition, OrderPatch, Mode),
    Remove(OrderId, Precondition),
    List(OrderQuery),
    Export(OrderFilter, Direction),
    Availability(&'static str, Interval),
    AddService(&'static str),
    ReplaceService(&'static str),
    RemoveService(&'static str),
    AddCalendar(&'static str, Option<&'static str>),
    ReplaceCalendar(&'static str, Option<&'static str>),
    RemoveCalendar(&'static str),
}

pub(crate) const CALENDARS: [&str; 4] = ["default", "default", "crew", "site"];
const SERVICES: [&str; 3] = ["123", "456", "789"];
const GAPS: [&str; 6] = ["PT3H", "PT1H", "PT0S", "PT2H", "PT5H", "PT0.000001S"];

/// Few times: the half hours of a few hours, with and without a microsecond.
fn times() -> impl Strategy<Value = Timestamp> {
    (0..20_i64, select(vec![0, 0, 0, 1, -1]))
        .prop_map(|(halves, micros)| micros_after_noon(halves * HOUR / 2 + micros))
}

pub(crate) fn order_ids() -> impl Strategy<Value = OrderId> {
    (0..8).prop_map(|n| order_id(&format!("order-{n}")))
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![3 => Just(Write), 1 => Just(DryRun)]
}

pub(crate) fn conditions() -> impl Strategy<Value = Precondition> {
    prop_oneof![
        4 => Just(Precondition::None),
        1 => prop::collection::vec(1_u64..4, 0..3).prop_map(Precondition::VersionIn),
    ]
}

fn service_lists() -> impl Strategy<Value = orders_core::OrderedServices> {
    prop::sample::subsequence(SERVICES.to_vec(), 1..=2)
        .prop_shuffle()
        .prop_map(|ids| services(&ids))
}

pub(crate) fn drafts() -> impl Strategy<Value = OrderDraft> {
    let calendars = prop::option::of(select(CALENDARS.to_vec()));
    let fees = select(vec!["0", "99.95", "100"]);
    (order_ids(), calendars, times(), fees, service_lists(), references(), entries()).prop_map(
        |(id, calendar, datetime, fee, services, reference, entries)| OrderDraft {
            id: Some(id),
            calendar: calendar.map(calendar_id),
            datetime,
            totalfee: fee.parse().unwrap(),
            services,
            reference,
            metadata: Metadata::new(entries).unwrap(),
        },
    )
}

fn references() -> impl Strategy<Value = Option<Reference>> {
    prop::option::of(select(vec!["PO-1", "PO-2"]).prop_map(reference))
}

/// Few entries: with the same keys, and never more than 20.
fn entries() -> impl Strategy<Value = BTreeMap<MetadataKey, MetadataValue>> {
    let entry = (0..24, select(vec!["", "x", "\u{e4}\n\""])).prop_map(|(n, value)| {
        (MetadataKey::new(format!("key-{n}")).unwrap(), MetadataValue::new(value).unwrap())
    });
    let counts = select(vec![0, 0, 1, 20]);
    counts
        .prop_flat_map(move |count| prop::collection::vec(entry.clone(), count))
        .prop_map(|entries| entries.into_iter().collect())
}

fn metadata_patches() -> impl Strategy<Value = MetadataPatch> {
    let removed = prop::collection::vec(any::<bool>(), 20);
    let merge = (entries(), removed).prop_map(|(entries, removed)| {
        let changes = entries.into_iter().zip(removed);
        let changes = changes.map(|((key, value), removed)| (key, (!removed).then_some(value)));
        MetadataPatch::Merge(changes.collect())
    });
    prop_oneof![1 => Just(MetadataPatch::Clear), 6 => merge]
}

fn patches() -> impl Strategy<Value = OrderPatch> {
    let calendars = prop::option::weighted(0.2, select(CALENDARS.to_vec()));
    let datetimes = prop::option::of(times());
    let services = prop::option::weighted(0.3, service_lists());
    let references = prop::option::weighted(0.3, references());
    (calendars, datetimes, services, references, metadata_patches()).prop_map(
        |(calendar, datetime, services, reference, metadata)| OrderPatch {
            calendar: calendar.map(calendar_id),
            datetime,
            totalfee: None,
            services,
            reference,
            metadata,
        },
    )
}

fn filters() -> impl Strategy<Value = OrderFilter> {
    let calendars = prop::option::of(select(CALENDARS.to_vec()));
    let services = prop::option::of(select(SERVICES.to_vec()));
    let references = prop::option::weighted(0.3, select(vec!["PO-1", "PO-2"]));
    (calendars, services, references, prop::option::of(times()), prop::option::of(times()))
        .prop_map(|(calendar, service, text, from, to)| OrderFilter {
            calendar: calendar.map(calendar_id),
            service: service.map(service_id),
            reference: text.map(reference),
            from,
            to,
        })
}

fn directions() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Ascending, Direction::Descending])
}

fn queries() -> impl Strategy<Value = OrderQuery> {
    let positions = (times(), order_ids()).prop_map(|(datetime, id)| Position { datetime, id });
    (filters(), directions(), prop::option::of(positions), 1..5_usize).prop_map(
        |(filter, direction, after, limit)| OrderQuery { filter, direction, after, limit },
    )
}

pub(crate) fn windows() -> impl Strategy<Value = Interval> {
    (times(), times()).prop_map(|(from, to)| span(from, to))
}

pub(crate) fn calls() -> impl Strategy<Value = Call> {
    let calendar = || select(CALENDARS.to_vec());
    let service = || select(SERVICES.to_vec());
    let gap = || prop::option::weighted(0.8, select(GAPS.to_vec()));
    prop_oneof![
        16 => (drafts(), modes()).prop_map(|(draft, mode)| Call::Place(draft, mode)),
        3 => (drafts(), select(vec!["k", "l", "m"])).prop_map(|(d, key)| Call::PlaceOnce(d, key)),
        2 => prop::collection::vec(drafts(), 0..5).prop_map(Call::PlaceEach),
        1 => order_ids().prop_map(Call::Order),
        12 => (order_ids(), conditions(), drafts(), modes())
            .prop_map(|(id, condition, draft, mode)| Call::Replace(id, condition, draft, mode)),
        5 => (order_ids(), conditions(), patches(), modes())
            .prop_map(|(id, condition, patch, mode)| Call::Patch(id, condition, patch, mode)),
        5 => (order_ids(), conditions()).prop_map(|(id, condition)| Call::Remove(id, condition)),
        3 => queries().prop_map(Call::List),
        1 => (filters(), directions()).prop_map(|(filter, way)| Call::Export(filter, way)),
        3 => (calendar(), windows()).prop_map(|(id, window)| Call::Availability(id, window)),
        2 => service().prop_map(Call::AddService),
        1 => service().prop_map(Call::ReplaceService),
        1 => service().prop_map(Call::RemoveService),
        2 => (calendar(), gap()).prop_map(|(id, gap)| Call::AddCalendar(id, gap)),
        4 => (calendar(), gap()).prop_map(|(id, gap)| Call::ReplaceCalendar(id, gap)),
        2 => calendar().prop_map(Call::RemoveCalendar),
    ]
}

/// An order without the times of its writing, which differ.
pub(crate) fn timeless(order: Order) -> Order {
    let (created_at, updated_at) = (Timestamp::MIN, Timestamp::MIN);
    Order { created_at, updated_at, ..order }
}

fn timeless_all(orders: Vec<Order>) -> Vec<Order> {
    orders.into_iter().map(timeless).collect()
}

/// An answer as text, which is as good as equal.
pub(crate) fn told<T: Debug>(answer: Result<T, StoreError>) -> String {
    format!("{answer:#?}")
}

/// What a store answers to a call.
pub(crate) fn answer(store: &impl Store, call: Call) -> String {
    let calendar_draft = |id, gap: Option<&str>| CalendarDraft {
        minimum_gap: gap.map(|gap| gap.parse().unwrap()),
        ..calendar_draft(id, "PT1H")
    };
    match call {
        Call::Place(draft, mode) => told(store.place(draft, mode).map(timeless)),
        Call::PlaceOnce(draft, text) => {
            let placed = store.place_idempotent(draft, &key(text));
            told(placed.map(|placed| (timeless(placed.order), placed.replayed)))
        }
        Call::PlaceEach(drafts) => {
            let answers = store.place_batch(drafts).unwrap().into_iter();
            // Why one was refused may be told as of any time until the answer.
            let told = |answer: Result<Order, StoreError>| match answer {
                Ok(order) => format!("{:?}", timeless(order)),
                Err(StoreError::Conflict(conflict)) => format!("{}", conflict.datetime),
                Err(error) => format!("{error:?}"),
            };
            answers.map(told).collect::<Vec<_>>().join("\n")
        }
        Call::Order(id) => told(store.order(&id).map(timeless)),
        Call::Replace(id, condition, draft, mode) => {
            told(store.replace_if(&id, &condition, draft, mode).map(timeless))
        }
        Call::Patch(id, condition, patch, mode) => {
            told(store.patch_if(&id, &condition, &patch, mode).map(timeless))
        }
        Call::Remove(id, condition) => told(store.remove_if(&id, &condition)),
        Call::List(query) => {
            told(store.list(&query).map(|page| (timeless_all(page.orders), page.next)))
        }
        Call::Export(filter, direction) => {
            let mut seen = Vec::new();
            let mut sink = |_, orders| {
                seen.extend(timeless_all(orders));
                ControlFlow::Continue(())
            };
            told(store.export(&filter, direction, &mut sink).map(|()| seen))
        }
        Call::Availability(calendar, window) => {
            told(store.availability(&calendar_id(calendar), window))
        }
        Call::AddService(id) => told(store.add_service(service_draft(id))),
        Call::ReplaceService(id) => {
            told(store.replace_service(&service_id(id), service_draft("another")))
        }
        Call::RemoveService(id) => told(store.remove_service(&service_id(id))),
        Call::AddCalendar(id, gap) => told(store.add_calendar(calendar_draft(id, gap))),
        Call::ReplaceCalendar(id, gap) => {
            told(store.replace_calendar(&calendar_id(id), calendar_draft(id, gap)))
        }
        Call::RemoveCalendar(id) => told(store.remove_calendar(&calendar_id(id))),
    }
}

fn timeless_changes(changes: Vec<Change>) -> Vec<(ChangeType, Order)> {
    changes.into_iter().map(|change| (change.change_type, timeless(change.data))).collect()
}

/// Makes a database as it was at first.
pub(crate) const EMPTY: &str = "DELETE FROM orders; SET session_replication_role = replica; TRUNCATE order_versions;
    RESET session_replication_role; UPDATE change_feed SET position = 0; DELETE FROM idempotency_keys; DELETE FROM services;
    DELETE FROM calendars WHERE id <> 'default';
    UPDATE calendars SET name = 'Default', minimum_gap = '03:00:00'";

#[test]
fn the_store_and_the_model_agree_on_every_answer() {
    let database = Database::new();
    let store = database.store();
    let histories = prop::collection::vec(calls(), 60);
    let law = |history: Vec<Call>| {
        database.psql().run(EMPTY);
        let model = Model::new();
        add_services(&store);
        add_services(&model);
        for call in history {
            let expected = answer(&model, call.clone());
            prop_assert_eq!(answer(&store, call.clone()), expected, "{:?}", call);
        }
        let orders = timeless_all(store.orders().unwrap());
        prop_assert_eq!(orders, timeless_all(model.orders().unwrap()));
        prop_assert_eq!(store.all_services().unwrap(), model.all_services().unwrap());
        prop_assert_eq!(store.all_calendars().unwrap(), model.all_calendars().unwrap());
        let query = ChangeQuery { limit: 1000, ..ChangeQuery::default() };
        let feed = timeless_changes(store.changes(&query).unwrap().changes);
        prop_assert_eq!(&feed, &timeless_changes(model.changes(&query).unwrap().changes));
        for id in feed.iter().map(|(_, order)| &order.id) {
            let of =
                |store: &dyn Changes| timeless_changes(store.history(id, 0, 1000).unwrap().changes);
            prop_assert_eq!(of(&store), of(&model));
        }
        database.check_promises();
        Ok(())
    };
    runner(40).run(&histories, law).unwrap();
}
