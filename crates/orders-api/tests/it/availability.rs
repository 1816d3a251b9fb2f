//! `/availability`.

use serde_json::json;

use crate::app::App;

#[test]
fn free_times_surround_the_orders() {
    let app = App::start();
    let order = json!({
        "datetime": "2022-11-01T12:00:00Z", "totalfee": 1, "services": [{ "id": "123" }]
    });
    app.post("/orders", order).is(201);
    let path = "/availability?from=2022-11-01T00:00:00Z&to=2022-11-02T00:00:00Z";
    assert_eq!(
        app.get(path).is(200),
        json!([
            { "from": "2022-11-01T00:00:00Z", "to": "2022-11-01T09:00:00.000001Z" },
            { "from": "2022-11-01T15:00:00Z", "to": "2022-11-02T00:00:00Z" },
        ])
    );
    app.get(&format!("{path}&calendar=roof")).is_problem(404, "not-found");
}

#[test]
fn invalid_parameters_are_named() {
    let app = App::start();
    let from_2022 = "from=2022-11-01T00:00:00Z";
    for (query, named) in [
        ("", "from"),
        (from_2022, "to"),
        (&format!("{from_2022}&to=tomorrow"), "to"),
        (&format!("{from_2022}&to=2022-11-01T00:00:00Z"), "to"),
        (&format!("{from_2022}&to=2023-11-02T00:00:00.000001Z"), "to"),
        (&format!("{from_2022}&to=2022-11-02T00:00:00+01:00"), "%2B"),
        (&format!("{from_2022}&{from_2022}&to=2022-11-02T00:00:00Z"), "from"),
        (&format!("{from_2022}&to=2022-11-02T00:00:00Z&calendar=a%2Fb"), "calendar"),
        (&format!("{from_2022}&to=2022-11-02T00:00:00Z&colour=red"), "colour"),
    ] {
        let problem =
            app.get(&format!("/availability?{query}")).is_problem(400, "malformed-request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(named), "{query}: {detail}");
    }
    app.get(&format!("/availability?{from_2022}&to=2023-11-02T00:00:00Z")).is(200);
}
