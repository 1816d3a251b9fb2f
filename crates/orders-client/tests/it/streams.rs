//! Lists, exports, imports and changes.

use std::time::Duration;

use fastrand::Rng;
use futures_util::{StreamExt as _, stream};
use orders_client::{
    After, CalendarDraft, CalendarId, Cause, ChangeFilter, Client, Direction, Error, ImportLine,
    Name, Order, OrderDraft, OrderFilter, Timestamp,
};
use tokio::sync::mpsc;

use crate::proxy::{Fault, Proxy, cutting};
use crate::samples::{day, draft, id};
use crate::service::{Running, client, impatient, shared};

/// A new calendar without a gap, and drafts of so many orders in it.
async fn crew(client: &Client, start: Timestamp, orders: i64) -> (CalendarId, Vec<OrderDraft>) {
    let name = Name::new("Crew").unwrap();
    let calendar = CalendarDraft { id: None, name, minimum_gap: "PT1M".parse().ok() };
    let calendar = client.create_calendar(&calendar).await.unwrap().id;
    let drafts = (0..orders)
        .map(|n| OrderDraft { calendar: Some(calendar.clone()), ..draft(start, n) })
        .collect();
    (calendar, drafts)
}

fn filter(calendar: &CalendarId) -> OrderFilter {
    OrderFilter { calendar: Some(calendar.clone()), ..OrderFilter::default() }
}

async fn import(client: &Client, drafts: Vec<OrderDraft>) {
    let results = client.import(stream::iter(drafts)).collect::<Vec<_>>().await;
    assert!(results.into_iter().all(|result| result.unwrap().result.is_ok()));
}

#[tokio::test]
async fn a_list_has_all_pages_in_both_directions() {
    let client = client();
    let (calendar, drafts) = crew(&client, day(1700), 1100).await;
    import(&client, drafts).await;
    let filter = OrderFilter { reference: None, ..filter(&calendar) };
    let mut orders = client.orders(&filter, Direction::Ascending).all().await.unwrap();
    assert_eq!(orders.len(), 1100);
    assert!(orders.is_sorted_by_key(|order| order.datetime));
    orders.reverse();
    let mut descending = client.orders(&filter, Direction::Descending);
    let mut count = 0;
    while let Some(order) = descending.try_next().await.unwrap() {
        assert_eq!(order, orders[count]);
        count += 1;
    }
    assert_eq!(count, 1100);
}

#[tokio::test]
async fn each_page_of_a_list_is_repeated() {
    let proxy = Proxy::start(shared().address()).await;
    let (calendar, drafts) = crew(&client(), day(1710), 600).await;
    import(&client(), drafts).await;
    proxy.plan([Fault::BeforeRequest, Fault::None, Fault::DuringResponse(0.9)]);
    let lossy = impatient(&proxy.url()).build().unwrap();
    let orders = lossy.orders(&filter(&calendar), Direction::Ascending).all().await.unwrap();
    assert_eq!((orders.len(), proxy.left()), (600, 0));
}

#[tokio::test]
async fn a_filter_may_have_any_reference() {
    let client = client();
    for (n, reference) in ["a&b=c", "50 % + 1", "Ärger, ja", "x\"; rel=\"next"].iter().enumerate()
    {
        let reference = orders_client::Reference::new(reference).ok();
        let order = OrderDraft { reference: reference.clone(), ..draft(day(1715 + n as i64), 0) };
        let order = client.create(&order).await.unwrap();
        let filter = OrderFilter { reference, ..OrderFilter::default() };
        let found = client.orders(&filter, Direction::Ascending).all().await.unwrap();
        assert_eq!(found, [order]);
        let export = client.export(&filter, Direction::Ascending).await.unwrap();
        assert_eq!(export.monitor(), None);
    }
}

async fn collect(mut export: orders_client::Export) -> (Vec<Order>, Option<Error>) {
    let mut orders = Vec::new();
    loop {
        match export.try_next().await {
            Ok(Some(order)) => orders.push(order),
            Ok(None) => return (orders, None),
            Err(error) => return (orders, Some(error)),
        }
    }
}

#[tokio::test]
async fn an_export_that_is_cut_off_ends_with_an_error() {
    let client = client();
    let (calendar, drafts) = crew(&client, day(1720), 50).await;
    import(&client, drafts).await;
    let filter = filter(&calendar);
    let export = client.export(&filter, Direction::Ascending).await.unwrap();
    assert!(export.monitor().is_some());
    let (whole, error) = collect(export).await;
    assert!(error.is_none() && whole.len() == 50);

    let mut random = Rng::with_seed(7);
    let mut cut_off = 0;
    for _ in 0..50 {
        let bytes = random.usize(..12_000);
        let url = cutting(shared().address(), move || bytes).await;
        let lossy = impatient(&url).retries(0).build().unwrap();
        match lossy.export(&filter, Direction::Ascending).await {
            // The head was cut off already.
            Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error:?}"),
            Ok(export) => match collect(export).await {
                (orders, None) => assert_eq!(orders, whole),
                (orders, Some(error)) => {
                    assert!(matches!(error, Error::CutOff(Cause::Disconnected(_))), "{error:?}");
                    assert!(whole.starts_with(&orders));
                    cut_off += 1;
                }
            },
        }
    }
    assert!(cut_off > 5, "{cut_off}");
}

#[tokio::test]
async fn changes_continue_after_every_lost_connection() {
    let client = client();
    let (calendar, drafts) = crew(&client, day(1730), 60).await;
    let mut random = Rng::with_seed(7);
    let url = cutting(shared().address(), move || random.usize(..4000)).await;
    let lossy = impatient(&url).retries(20).build().unwrap();
    let filter = ChangeFilter { calendar: Some(calendar), service: None };
    let mut changes = lossy.changes(After::Now, &filter).await.unwrap();
    let created = async {
        let mut orders = Vec::new();
        for draft in &drafts {
            orders.push(client.create(draft).await.unwrap());
        }
        orders
    };
    let received = async {
        let mut orders = Vec::new();
        let mut cursor = changes.cursor();
        while orders.len() < drafts.len() {
            let change = changes.try_next().await.unwrap().unwrap();
            assert_eq!(changes.cursor(), Some(change.cursor));
            assert!(std::mem::replace(&mut cursor, changes.cursor()) != cursor);
            orders.push(change.data);
        }
        orders
    };
    let (created, received) = tokio::join!(created, received);
    assert_eq!(received, created);

    // From the beginning, and from the middle.
    let mut all = client.changes(After::Oldest, &filter).await.unwrap();
    for order in &created[..30] {
        assert_eq!(all.try_next().await.unwrap().unwrap().data, *order);
    }
    let middle = After::Cursor(all.cursor().unwrap());
    let mut rest = client.changes(middle, &filter).await.unwrap();
    for order in &created[30..] {
        assert_eq!(rest.try_next().await.unwrap().unwrap().data, *order);
    }
}

#[tokio::test]
async fn changes_after_an_unknown_cursor_are_an_error() {
    let cursor = After::Cursor("1_1".parse().unwrap());
    let error = client().changes(cursor, &ChangeFilter::default()).await.unwrap_err();
    assert!(matches!(error, Error::CursorGone(_)), "{error:?}");
}

#[tokio::test]
async fn results_of_an_import_arrive_while_orders_are_sent() {
    let client = client();
    let (_, drafts) = crew(&client, day(1740), 20).await;
    let (sender, receiver) = mpsc::channel(1);
    let orders =
        stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let mut import = client.import(orders);
    for (n, draft) in drafts.into_iter().enumerate() {
        sender.send(draft).await.unwrap();
        let answer = import.try_next().await.unwrap().unwrap();
        assert_eq!(answer.line, n as u64 + 1);
        answer.result.unwrap();
    }
    drop(sender);
    assert!(import.try_next().await.unwrap().is_none());
    assert!(import.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn each_line_of_an_import_has_its_error() {
    let client = client();
    let at = draft(day(1750), 0);
    let taken = OrderDraft { id: Some(id("imported")), ..at.clone() };
    let elsewhere = OrderDraft { id: Some(id("imported")), ..draft(day(1751), 0) };
    let lines = [
        ImportLine::from(&taken),
        ImportLine::from(&at),
        ImportLine::from(&elsewhere),
        ImportLine::json(r#"{"datetime": "tomorrow"}"#).unwrap(),
        ImportLine::json("no JSON").unwrap(),
    ];
    let results = client.import(stream::iter(lines)).collect::<Vec<_>>().await;
    let results: Vec<_> = results.into_iter().map(|result| result.unwrap().result).collect();
    assert_eq!(results[0].as_ref().unwrap(), &id("imported"));
    let Err(Error::Conflict(conflict)) = &results[1] else { panic!("{:?}", results[1]) };
    assert_eq!(conflict.datetime, at.datetime);
    assert!(matches!(&results[2], Err(Error::IdTaken(_))), "{:?}", results[2]);
    assert!(matches!(&results[3], Err(Error::Invalid(_))), "{:?}", results[3]);
    assert!(matches!(&results[4], Err(Error::Rejected(_))), "{:?}", results[4]);
    for line in ["", " \n", "{}\n{}"] {
        ImportLine::json(line).unwrap_err();
    }
}

#[tokio::test]
async fn an_import_without_orders_is_complete() {
    let mut import = client().import(stream::empty::<OrderDraft>());
    assert!(import.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn an_import_that_ends_early_says_how_many_lines_were_answered() {
    let mut service = Running::start(&[]);
    let client = service.client();
    let (calendar, drafts) = crew(&client, day(1760), 3).await;
    let pending = stream::iter(drafts).chain(stream::pending());
    let mut import = client.import(pending);
    for _ in 0..3 {
        import.try_next().await.unwrap().unwrap().result.unwrap();
    }
    service.kill();
    let error = import.try_next().await.unwrap_err();
    let Error::ImportStopped(stopped) = &error else { panic!("{error:?}") };
    assert_eq!(stopped.answered, 3);
    assert!(error.to_string().starts_with("the import ended after 3 answers: "), "{error}");

    // It does not begin at all.
    let error = client.import(stream::iter([draft(day(1761), 0)])).try_next().await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(Cause::Unreachable(_))), "{error:?}");
    service.restart();
    let client = service.builder().timeout(Duration::from_secs(5)).build().unwrap();
    let orders = client.orders(&filter(&calendar), Direction::Ascending).all().await.unwrap();
    assert_eq!(orders.len(), 3);
}
