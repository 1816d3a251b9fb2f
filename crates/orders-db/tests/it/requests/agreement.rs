//! Each request gets what it would get alone: the store and the model of its contract, side by side.

use std::cell::Cell;
use std::fmt::Debug;

use orders_core::{CalendarId, Mode, Order, Orders, StoreError};
use orders_db::PgStore;
use orders_db::requests::{
    CreateOrder, DeleteOrder, FindAvailability, GetOrder, Outcome, ReplaceOrder, Request,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::database::Database;
use crate::model::Model;
use crate::model_agrees::{
    CALENDARS, Call, EMPTY, answer, calls, conditions, drafts, order_ids, timeless, told, windows,
};
use crate::samples::*;

/// Requests of one kind, or a call.
#[derive(Debug, Clone)]
enum Step {
    Call(Call),
    Create(Vec<CreateOrder>),
    Get(Vec<GetOrder>),
    /// Whether each keeps the order where it is.
    Replace(Vec<(ReplaceOrder, bool)>),
    Delete(Vec<DeleteOrder>),
    Availability(Vec<FindAvailability>),
}

fn steps() -> impl Strategy<Value = Step> {
    fn several<R: Debug>(
        requests: impl Strategy<Value = R>,
        step: impl Fn(Vec<R>) -> Step + Clone + 'static,
    ) -> impl Strategy<Value = Step> {
        prop::collection::vec(requests, 2..9).prop_map(step)
    }
    let create = drafts().prop_map(|draft| CreateOrder { client: None, draft });
    let get = order_ids().prop_map(|id| GetOrder { client: None, id });
    let replace = (order_ids(), conditions(), drafts(), any::<bool>()).prop_map(
        |(id, condition, draft, stays)| {
            (ReplaceOrder { client: None, id, condition, draft }, stays)
        },
    );
    let delete = (order_ids(), conditions()).prop_map(|(id, condition)| DeleteOrder {
        client: None,
        id,
        condition,
    });
    let availability = (select(CALENDARS.to_vec()), windows()).prop_map(|(id, window)| {
        FindAvailability { client: None, calendar: CalendarId::new(id).unwrap(), window }
    });
    prop_oneof![
        6 => calls().prop_map(Step::Call),
        4 => several(create, Step::Create),
        2 => several(get, Step::Get),
        4 => several(replace, Step::Replace),
        2 => several(delete, Step::Delete),
        1 => several(availability, Step::Availability),
    ]
}

/// Executes requests together, and then on the model: first those that succeeded together, then those that were rejected
/// together, then those that are executed alone. Each has the same result on both. Returns how many succeeded together.
fn check<R: Request + Clone + Debug>(
    store: &PgStore,
    requests: &[R],
    on_model: impl Fn(R) -> Result<R::Response, StoreError>,
    text: impl Fn(Result<R::Response, StoreError>) -> String,
) -> Result<usize, TestCaseError> {
    let outcomes = R::execute_together(store, requests);
    prop_assert_eq!(outcomes.len(), requests.len());
    let mut pairs: Vec<_> = outcomes.into_iter().zip(requests).collect();
    let succeeded = |outcome: &Outcome<R::Response>| matches!(outcome, Some(Ok(_)));
    pairs.sort_by_key(|(outcome, _)| (!succeeded(outcome), outcome.is_none()));
    let count = pairs.iter().filter(|(outcome, _)| succeeded(outcome)).count();
    for (outcome, request) in pairs {
        let result = outcome.unwrap_or_else(|| request.clone().execute(store));
        prop_assert_eq!(text(result), text(on_model(request.clone())), "{:?}", request);
    }
    Ok(count)
}

#[test]
fn each_request_gets_what_it_would_get_alone() {
    let database = Database::new();
    let store = database.store();
    let succeeded = [const { Cell::new(0) }; 5];
    let order = |result: Result<Order, StoreError>| told(result.map(timeless));
    let law = |history: Vec<Step>| {
        database.psql().run(EMPTY);
        let model = Model::new();
        add_services(&store);
        add_services(&model);
        for step in history {
            let count = |kind: usize, count| succeeded[kind].set(succeeded[kind].get() + count);
            match step {
                Step::Call(call) => {
                    prop_assert_eq!(answer(&store, call.clone()), answer(&model, call));
                }
                Step::Create(requests) => {
                    let place = |it: CreateOrder| model.place(it.draft, Mode::Write);
                    count(0, check(&store, &requests, place, order)?);
                }
                Step::Get(requests) => {
                    count(1, check(&store, &requests, |it| model.order(&it.id), order)?);
                }
                Step::Replace(requests) => {
                    let requests: Vec<_> = requests
                        .into_iter()
                        .map(|(mut request, stays)| {
                            if let Some(order) = model.order(&request.id).ok().filter(|_| stays) {
                                request.draft.datetime = order.datetime;
                                request.draft.reference = order.reference;
                                request.draft.calendar = None;
                            }
                            request
                        })
                        .collect();
                    let replace = |it: ReplaceOrder| {
                        model.replace_if(&it.id, &it.condition, it.draft, Mode::Write)
                    };
                    count(2, check(&store, &requests, replace, order)?);
                }
                Step::Delete(requests) => {
                    let delete = |it: DeleteOrder| model.remove_if(&it.id, &it.condition);
                    count(3, check(&store, &requests, delete, told)?);
                }
                Step::Availability(requests) => {
                    let find = |it: FindAvailability| model.availability(&it.calendar, it.window);
                    count(4, check(&store, &requests, find, told)?);
                }
            }
        }
        database.check_promises();
        Ok(())
    };
    runner(40).run(&prop::collection::vec(steps(), 40), law).unwrap();
    for (kind, succeeded) in succeeded.iter().enumerate() {
        assert!(succeeded.get() > 10, "requests of kind {kind} are executed together");
    }
}
