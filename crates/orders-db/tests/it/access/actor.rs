use orders_core::{Calendars, OrderPatch, Orders, Precondition};

use super::*;

#[test]
fn an_order_records_who_wrote_it_last() {
    let database = Database::new();
    let anonymous = database.store_of(1);
    add_services(&anonymous);
    anonymous.add_calendar(calendar_draft("crew", "PT3H")).unwrap();
    let shop = anonymous.acting_as(acting("shop", None));
    let crm = anonymous.acting_as(acting("crm", Some(&["default", "crew"])));
    let mut psql = database.psql();
    let mut check = |expected: &str| {
        let line = psql.line("SELECT COALESCE(updated_by, 'nobody') FROM orders WHERE id = '223'");
        assert_eq!(line, expected);
    };
    let id = order_id("223");
    placed(&shop, draft("223", noon_plus(0)));
    check("shop");
    crm.replace(&id, draft("223", noon_plus(0)), Write).unwrap();
    check("crm");
    anonymous.replace(&id, draft("223", noon_plus(0)), Write).unwrap();
    check("nobody");
    shop.replace(&id, draft("223", noon_plus(3)), Write).unwrap();
    check("shop");
    crm.replace(&id, draft_in("crew", "223", noon_plus(3)), Write).unwrap();
    check("crm");
    let patch = OrderPatch { datetime: Some(noon_plus(6)), ..OrderPatch::default() };
    shop.patch_if(&id, &Precondition::None, &patch, Write).unwrap();
    check("shop");
    for change in ["totalfee = 7", "reference = 'PO-1'", r#"metadata = '{"gate": "B"}'"#] {
        database.psql().run(&format!("UPDATE orders SET {change} WHERE id = '223'"));
        check("db:orders");
        anonymous.patch_if(&id, &Precondition::None, &patch, Write).unwrap();
        check("nobody");
    }
    shop.place_batch(vec![draft("224", noon_plus(100))]).unwrap()[0].as_ref().unwrap();
    shop.place_idempotent(draft("225", noon_plus(103)), &key("k")).unwrap();
    let written = "SELECT count(*) FROM orders WHERE updated_by = 'shop'";
    assert_eq!(database.psql().line(written), "2");
    database.psql().run(&sql_order("226", "default", noon_plus(106)));
    assert_eq!(database.psql().line("SELECT updated_by FROM orders WHERE id = '226'"), "db:orders");
}

#[test]
fn a_new_gap_leaves_the_writers_of_orders_as_they_were() {
    let database = Database::new();
    let store = database.store();
    add_services(&store);
    placed(&store.acting_as(acting("shop", None)), draft("223", noon_plus(0)));
    set_gap(&store.acting_as(acting("crm", None)), "PT1H");
    database.psql().run("UPDATE calendars SET minimum_gap = '2 hours' WHERE id = 'default'");
    assert_eq!(database.psql().line("SELECT updated_by FROM orders"), "shop");
}
