//! What the log says of webhooks.

use super::*;
use crate::access::bearer;
use crate::program::Program;

#[test]
fn every_change_of_a_webhook_is_logged_without_secrets() {
    let app = app();
    let url = app.url();
    let program = Program::start(&["--database-url", &url, "--webhook-networks", "127.0.0.0/8"]);
    program.send("POST", "/webhooks", with(draft("open"), "state", "paused")).is(201);
    program.logs("client without credentials created webhook open for http://127.0.0.1:9");
    let authorization = bearer(&app.new_key("shop", "admin"));
    let headers = [("Authorization", authorization.as_str())];
    let send =
        |method: &str, path: &str, body: &str| program.send_with(method, path, &headers, body);
    let draft = with(draft("crm"), "url", "http://127.0.0.1:9/path-of-secrets?token=in-the-query");
    let first = secret(&send("POST", "/webhooks", &draft.to_string()).is(201));
    send("PUT", "/webhooks/crm", &draft.to_string()).is(200);
    let second = secret(&send("POST", "/webhooks/crm/secret", "").is(200));
    send("POST", "/webhooks/crm/test", "").is(200);
    send("PUT", "/webhooks/none", &draft.to_string());
    send("DELETE", "/webhooks/crm", "").is(204);
    program.logs("client shop deleted webhook crm");
    let log = program.whole_log();
    for said in [
        "INFO  orders_api::endpoints::webhooks::caller] client shop created webhook crm for http://127.0.0.1:9\n",
        "client shop replaced webhook crm for http://127.0.0.1:9\n",
        "client shop rotated the secret of webhook crm\n",
    ] {
        assert!(log.contains(said), "no {said} in {log}");
    }
    for hidden in ["whsec_", &first[6..], &second[6..], "path-of-secrets", "in-the-query"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
