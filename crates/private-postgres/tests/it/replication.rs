use private_postgres::PrivatePostgres;

use crate::support::{ask, ask_at, eventually};

#[test]
fn a_standby_is_promoted_and_the_killed_primary_follows_it() {
    let mut first = PrivatePostgres::temporary().unwrap();
    let mut second = PrivatePostgres::temporary().unwrap();
    ask(&first, "CREATE TABLE numbers AS SELECT 1 AS number").unwrap();
    second.follow(&first).unwrap();
    assert_eq!(ask(&second, "SELECT pg_is_in_recovery()").unwrap(), "t");
    ask(&first, "INSERT INTO numbers VALUES (2)").unwrap();
    let sum = "SELECT sum(number) FROM numbers";
    eventually("the standby has the row", || ask(&second, sum).unwrap() == "3");

    let url = first.url_with(&second, "orders");
    let ask_both = |statement| ask_at(first.installation(), &url, statement);
    ask_both("INSERT INTO numbers VALUES (3)").unwrap();
    eventually("the standby has the row", || ask(&second, sum).unwrap() == "6");
    first.kill().unwrap();
    assert!(!first.is_running());
    ask(&second, "SELECT pg_promote()").unwrap();
    ask_at(second.installation(), &url, "INSERT INTO numbers VALUES (4)").unwrap();
    first.follow(&second).unwrap();
    assert_eq!(ask(&first, sum).unwrap(), "10");
    assert!(ask(&first, "INSERT INTO numbers VALUES (5)").is_err());
}
