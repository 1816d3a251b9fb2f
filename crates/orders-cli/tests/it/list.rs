//! `orders list`, `orders free`, `orders services`, `orders calendars`

use serde_json::Value;

use crate::service::{Calendar, shared, values};

fn times(orders: &[Value]) -> Vec<&str> {
    orders.iter().map(|it| it["datetime"].as_str().unwrap()).collect()
}

#[test]
fn a_day_is_that_of_the_time_zone() {
    let calendar = Calendar::new();
    calendar.book("20:00");
    calendar.book("23:30");
    let day = |day, zone| calendar.json(&["list", day, "--tz", zone]);
    assert_eq!(day("2030-01-01", "UTC").len(), 2);
    assert_eq!(times(&day("2030-01-01", "Europe/Berlin")), ["2030-01-01T20:00:00Z"]);
    assert_eq!(times(&day("2030-01-02", "Europe/Berlin")), ["2030-01-01T23:30:00Z"]);
    assert_eq!(day("2030-01-02", "UTC").len(), 0);
}

#[test]
fn a_list_begins_today_and_says_if_there_are_more() {
    let calendar = Calendar::new();
    calendar.json(&["book", "2000-01-01 9:00", "123"]);
    for time in ["3:00", "6:00", "9:00"] {
        calendar.book(time);
    }
    assert_eq!(calendar.json(&["list"]).len(), 3);
    let two = calendar.run(&["list", "-n", "2"]);
    assert_eq!(times(&values(&two.stdout)), ["2030-01-01T03:00:00Z", "2030-01-01T06:00:00Z"]);
    assert!(two.stderr.contains("more than 2 orders"), "{}", two.stderr);
    let last = calendar.json(&["list", "--reverse", "-n", "4"]);
    assert_eq!(times(&last).last(), Some(&"2000-01-01T09:00:00Z"));
    let some = calendar.json(&["list", "--from", "2030-01-01 6:00", "--to", "2030-01-01 9:00"]);
    assert_eq!(times(&some), ["2030-01-01T06:00:00Z"]);
    assert_eq!(calendar.json(&["list", "--service", "456"]).len(), 0);
}

#[test]
fn free_times_are_those_of_the_service() {
    let calendar = Calendar::new();
    calendar.book("9:00");
    let free = calendar.json(&["free", "2030-01-01"]);
    let ends = |it: &Value| format!("{} {}", it["from"], it["to"]).replace('"', "");
    assert_eq!(
        free.iter().map(ends).collect::<Vec<_>>(),
        [
            "2030-01-01T00:00:00Z 2030-01-01T06:00:00.000001Z",
            "2030-01-01T12:00:00Z 2030-01-02T00:00:00Z",
        ]
    );
    assert_eq!(calendar.json(&["free"]).len(), 1);
    let backwards = ["free", "--from", "2030-01-02", "--to", "2030-01-01"];
    calendar.run(&backwards).fails(2, "there is no time");
    for command in ["free", "list", "watch", "export"] {
        let unknown = shared().run(&[command, "--calendar", "nosuch"]);
        unknown.fails(1, "there is no calendar nosuch");
    }
    let backwards = ["list", "--from", "2030-01-02", "--to", "2030-01-01"];
    calendar.run(&backwards).fails(2, "there is no time");
}

#[test]
fn services_and_calendars_are_listed() {
    let calendar = Calendar::new();
    let ids = |what| -> Vec<_> {
        shared().json(&[what]).iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("services"), ["123", "456", "789"]);
    assert!(ids("calendars").contains(&calendar.0));
}
