//! A dry run leaves no trace in any table.

use orders_core::{OrderDraft, OrderPatch, Orders, Precondition};

use crate::database::Database;
use crate::samples::*;

#[test]
fn no_dry_run_writes_a_row_whatever_it_answers() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    place_all(&store, &[("223", 0), ("224", 3)]);
    let mut psql = database.psql();
    // Searches are long here.
    psql.run(&sql_orders("solid", noon_plus(1000), "3 hours", 400));
    let before = psql.dump();

    let requests = [
        draft("new", noon_plus(9)),
        OrderDraft { id: None, ..draft("-", noon_plus(9)) },
        draft("new", noon_plus(1)),
        draft("new", noon_plus(1001)),
        draft("223", noon_plus(9)),
        draft_in("nowhere", "new", noon_plus(9)),
        OrderDraft { services: services(&["no"]), ..draft("new", noon_plus(9)) },
    ];
    for requested in requests {
        let _ = store.place(requested.clone(), DryRun);
        assert_eq!(psql.dump(), before, "{requested:?}");
        let patch = OrderPatch {
            calendar: requested.calendar.clone(),
            datetime: Some(requested.datetime),
            services: Some(requested.services.clone()),
            ..OrderPatch::default()
        };
        for id in ["223", "solid-7", "missing"] {
            let _ = store.replace(&order_id(id), requested.clone(), DryRun);
            let _ = store.patch_if(&order_id(id), &Precondition::None, &patch, DryRun);
            assert_eq!(psql.dump(), before, "{id}: {requested:?}");
        }
    }
}
