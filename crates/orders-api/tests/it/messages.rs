//! The messages of orders-client: the service takes each request, and each response is read, as the document describes
//! them.

use std::time::Duration;

use orders_client::wire::{
    CreateCalendar, CreateOrder, CreateService, DeleteCalendar, DeleteOrder, DeleteService,
    ExportOrders, Failure, FollowChanges, GetAvailability, GetCalendar, GetOrder, GetPage,
    GetService, ImportAnswer, ImportLine, ImportOrders, Lines, Operation, PatchOrder,
    ReplaceCalendar, ReplaceOrder, ReplaceService, Response,
};
use orders_client::{
    After, CalendarDraft, CalendarId, ChangeFilter, Direction, IdempotencyKey, Interval, Name,
    OrderDraft, OrderFilter, OrderPatch, OrderedServices, ServiceDraft, Timestamp,
};
use orders_core::AsOf;

use crate::app::App;

impl App {
    fn call<O: Operation>(&self, operation: &O) -> Result<O::Output, Failure> {
        operation.read(&self.exchange(operation.request()))
    }

    /// The type of the problem in the response.
    #[track_caller]
    fn problem<O: Operation<Output: std::fmt::Debug>>(&self, operation: &O) -> String {
        match self.call(operation).unwrap_err() {
            Failure::Problem(problem) => problem.slug().to_owned(),
            Failure::Unexpected(unexpected) => panic!("{unexpected}"),
        }
    }
}

fn at(hour: u8) -> Timestamp {
    format!("2030-01-01T{hour:02}:00:00Z").parse().unwrap()
}

fn draft(hour: u8) -> OrderDraft {
    let services = OrderedServices::new(["123".parse().unwrap()]).unwrap();
    OrderDraft::new(at(hour), "9.95".parse().unwrap(), services)
}

fn lines(response: &Response) -> Vec<String> {
    let (mut lines, mut found) = (Lines::default(), Vec::new());
    lines.push(response.body());
    while let Some(line) = lines.next_line().unwrap() {
        found.push(String::from_utf8(line.to_vec()).unwrap());
    }
    assert!(!lines.has_part());
    found
}

#[test]
fn orders() {
    let app = App::start();
    let mut create = CreateOrder::new(&draft(1));
    create.dry_run = true;
    assert_eq!(app.call(&create).unwrap().version, 1);
    create.dry_run = false;
    create.key = IdempotencyKey::new("k").ok();
    let order = app.call(&create).unwrap();
    assert_eq!(app.call(&create).unwrap(), order);
    assert_eq!(app.problem(&CreateOrder::new(&draft(2))), "order-conflict");

    let get = GetOrder::new(&order.id);
    assert_eq!(app.call(&get).unwrap(), order);
    let replace = ReplaceOrder { version: Some(1), ..ReplaceOrder::new(&order.id, &draft(5)) };
    assert_eq!(app.call(&replace).unwrap().datetime, at(5));
    assert_eq!(app.problem(&replace), "version-mismatch");
    let patch = OrderPatch { totalfee: "1".parse().ok(), ..OrderPatch::default() };
    assert_eq!(app.call(&PatchOrder::new(&order.id, &patch)).unwrap().version, 3);
    let as_of = |as_of| GetOrder { as_of: Some(as_of), ..get.clone() };
    assert_eq!(app.call(&as_of(AsOf::Version(1))).unwrap(), order);
    assert_eq!(app.call(&as_of(AsOf::Instant(order.created_at))).unwrap(), order);

    app.call(&DeleteOrder { version: Some(3), ..DeleteOrder::new(&order.id) }).unwrap();
    assert_eq!(app.problem(&DeleteOrder::new(&order.id)), "not-found");
    let history = app.call(&GetPage::history(&order.id, 2)).unwrap();
    let rest = app.call(&history.next.unwrap()).unwrap();
    assert_eq!((history.items.len(), rest.items.len(), rest.next.is_none()), (2, 2, true));
}

#[test]
fn many_orders() {
    let app = App::start();
    let mut import = ImportOrders.request();
    let orders = [draft(1), draft(2), draft(4)].map(ImportLine::from);
    *import.body_mut() =
        orders.iter().map(ImportLine::as_bytes).collect::<Vec<_>>().concat().into();
    let response = app.exchange(import);
    ImportOrders::check(&response).unwrap();
    let answers: Vec<_> = lines(&response)
        .iter()
        .map(|line| {
            matches!(ImportAnswer::read(line.as_bytes()).unwrap(), ImportAnswer::Created(_))
        })
        .collect();
    assert_eq!(answers, [true, false, true]);

    let filter = OrderFilter { service: "123".parse().ok(), ..OrderFilter::default() };
    let page = app.call(&GetPage::orders(&filter, Direction::Descending, 1)).unwrap();
    let rest = app.call(&page.next.unwrap()).unwrap();
    assert_eq!((page.items[0].datetime, rest.items[0].datetime), (at(4), at(1)));
    assert!(rest.next.is_none());

    let export = ExportOrders { filter, direction: Direction::Ascending };
    let response = app.exchange(export.request());
    let cursor = ExportOrders::monitor(&response).unwrap().unwrap();
    assert_eq!((cursor.position, lines(&response).len()), (2, 2));
    let filter = ChangeFilter { service: "123".parse().ok(), ..ChangeFilter::default() };
    let changes = GetPage::changes(After::Oldest, &filter, 1, Duration::ZERO);
    let changes = app.call(&changes).unwrap();
    let rest = app.call(&changes.next.unwrap()).unwrap();
    assert_eq!((changes.items.len(), rest.items.len()), (1, 1));
    assert_eq!(rest.next.unwrap().target().cursor(), Some(cursor));
    let gone = FollowChanges { after: After::Cursor("9_9".parse().unwrap()), filter };
    let response = app.exchange(gone.request());
    FollowChanges::check(&response).unwrap_err();
    assert!(matches!(Failure::of(&response), Failure::Problem(it) if it.slug() == "cursor-gone"));

    let window = Interval { from: at(0), to: at(8) };
    let availability = GetAvailability { calendar: CalendarId::default(), window };
    assert_eq!(app.call(&availability).unwrap(), [Interval { from: at(7), to: at(8) }]);
}

#[test]
fn services_and_calendars() {
    let app = App::start();
    let name = |text| Name::new(text).unwrap();
    let draft = ServiceDraft { id: "survey".parse().ok(), name: name("Survey") };
    let service = app.call(&CreateService { draft: draft.clone() }).unwrap();
    assert_eq!(app.problem(&CreateService { draft }), "id-taken");
    let id = service.id.clone();
    assert_eq!(app.call(&GetService { id: id.clone() }).unwrap(), service);
    let draft = ServiceDraft { id: None, name: name("Training") };
    let replaced = app.call(&ReplaceService { id: id.clone(), draft }).unwrap();
    assert_eq!(replaced.name, name("Training"));
    let services = app.call(&GetPage::services(1)).unwrap();
    assert!(services.items.len() == 1 && services.next.is_some());
    app.call(&DeleteService { id: id.clone() }).unwrap();
    assert_eq!(app.problem(&GetService { id }), "not-found");

    let draft = CalendarDraft { id: None, name: name("Crew"), minimum_gap: None };
    let calendar = app.call(&CreateCalendar { draft: draft.clone() }).unwrap();
    let id = calendar.id.clone();
    assert_eq!(app.call(&GetCalendar { id: id.clone() }).unwrap(), calendar);
    assert_eq!(app.call(&ReplaceCalendar { id: id.clone(), draft }).unwrap(), calendar);
    assert_eq!(app.call(&GetPage::calendars(9)).unwrap().items.len(), 2);
    app.call(&DeleteCalendar { id }).unwrap();
    assert_eq!(app.problem(&DeleteCalendar { id: CalendarId::default() }), "calendar-in-use");
}
