//! Neither the log nor the metrics name the token of a feed.

use super::*;
use crate::program::Program;

#[test]
fn the_log_and_the_metrics_do_not_contain_tokens() {
    let app = App::start();
    let program = Program::start(&["--database-url", &app.url()]);
    let draft = json!({ "name": "Crews", "calendars": ["default"] });
    let feed = program.send("POST", "/feeds", draft.to_string()).is(201);
    let id = feed["id"].as_str().unwrap();
    program.logs(&format!("client without credentials created feed {id}"));
    let path = path(&feed);
    let (token, _) = path[7..].split_once('.').unwrap();
    for variant in [
        path.clone(),
        path.replace(".ics", ""),
        path.replace("/feeds", "/Feeds"),
        format!("/{path}"),
        path.replace("ordf_", "%6frdf_"),
        path.replace("ordf_", "%6frdf_").replace(".ics", "/"),
        format!("{path}/"),
    ] {
        program.send("GET", &variant, "");
    }
    program.send_with("GET", "/healthz", &[("X-Request-Id", token)], "".to_owned());
    assert!(program.logs("GET /feeds/ordf_...ics 200 ").contains(&format!(" feed {id} ")));
    program.send("DELETE", &format!("/feeds/{id}"), "").is(204);
    program.send("GET", &path, "").is_problem(404, "not-found");
    program.logs("GET /feeds/ordf_...ics 404 ");
    let metrics = String::from_utf8(program.send("GET", "/metrics", "").body).unwrap();
    assert!(metrics.contains("http_route=\"/feeds/{token}.ics\""), "{metrics}");
    let digits = &token[5..];
    for (what, text) in [("log", program.whole_log()), ("metrics", metrics)] {
        assert!(!text.contains(digits), "a token in the {what}: {text}");
    }
}
