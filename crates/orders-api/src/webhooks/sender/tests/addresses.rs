//! Nothing is sent to an address that is not allowed.

use super::super::NotAllowed;
use super::server::Then;
use super::*;

async fn receiver() -> Server {
    Server::start(reply("204 No Content", ""), Then::Keep).await
}

#[actix_web::test]
async fn no_form_of_an_address_is_reached_unless_it_is_allowed() {
    let server = receiver().await;
    let port = server.port();
    for (host, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("[::127.0.0.1]", "::127.0.0.1"),
        ("[::1]", "::1"),
        ("[::]", "::"),
    ] {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{port}/");
            let expected = NotAllowed::Address(address.parse().unwrap());
            let sender = sender("10.0.0.0/8");
            assert_eq!(sender.check(&target(&url)).await, Err(expected.clone()), "{url}");
            assert_eq!(failure(send(&sender, &url).await), SendError::NotAllowed(expected));
        }
    }
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn one_address_that_is_not_allowed_is_enough_to_refuse_a_name() {
    let server = receiver().await;
    let url = format!("https://crm.example:{}/", server.port());
    for answer in [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::1", "8.8.8.8"]] {
        let sender = sender_with_names("", &Names::new(&[&answer, &answer]));
        let expected = NotAllowed::Name("crm.example".to_owned());
        assert_eq!(sender.check(&target(&url)).await, Err(expected.clone()));
        assert_eq!(failure(send(&sender, &url).await), SendError::NotAllowed(expected));
    }
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn a_name_that_resolves_to_another_address_after_the_check_is_refused() {
    let server = receiver().await;
    let url = format!("https://crm.example:{}/", server.port());
    let names = Names::new(&[&["8.8.8.8"], &["127.0.0.1"]]);
    let sender = sender_with_names("", &names);
    assert_eq!(sender.check(&target(&url)).await, Ok(()));
    let expected = NotAllowed::Name("crm.example".to_owned());
    assert_eq!(failure(send(&sender, &url).await), SendError::NotAllowed(expected));
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn the_address_that_was_checked_is_the_one_that_is_used() {
    let server = receiver().await;
    // Whoever resolves the name again gets an address where nothing listens.
    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let sender = sender_with_names("127.0.0.0/8", &names);
    let attempt = send(&sender, &format!("http://crm.example:{}/", server.port())).await;
    assert_eq!(attempt.outcome, Outcome::Status(204));
    assert_eq!(names.left(), 1);
}

#[actix_web::test]
async fn plain_http_is_only_for_listed_networks() {
    let server = receiver().await;
    let url = format!("http://crm.example:{}/", server.port());
    for answer in [&["8.8.8.8"][..], &["127.0.0.1", "8.8.8.8"]] {
        let sender = sender_with_names("127.0.0.1", &Names::new(&[answer, answer]));
        assert_eq!(sender.check(&target(&url)).await, Err(NotAllowed::PlainHttp), "{answer:?}");
        let expected = SendError::NotAllowed(NotAllowed::PlainHttp);
        assert_eq!(failure(send(&sender, &url).await), expected, "{answer:?}");
    }
    assert_eq!(server.connections(), 0);

    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.1"]]);
    let sender = sender_with_names("127.0.0.1", &names);
    assert_eq!(sender.check(&target(&url)).await, Ok(()));
    assert_eq!(send(&sender, &url).await.outcome, Outcome::Status(204));
}

#[actix_web::test]
async fn a_name_without_addresses_is_refused() {
    let sender = sender_with_names("", &Names::new(&[&[]]));
    let error = sender.check(&target("https://crm.example/")).await.unwrap_err();
    assert_eq!(error, NotAllowed::Unresolved("crm.example".to_owned()));

    // A label has at most 63 characters, so this needs no network.
    let name = format!("{}.example", "a".repeat(64));
    let error = super::sender("").check(&target(&format!("https://{name}/"))).await.unwrap_err();
    assert_eq!(error, NotAllowed::Unresolved(name));
}

/// A resolver that never answers.
struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        std::future::pending().boxed()
    }
}

#[actix_web::test]
async fn a_name_that_cannot_be_looked_up_now_is_not_taken_for_one_without_addresses() {
    let timeouts = Timeouts { connect: Duration::from_millis(1), ..LONG };
    let silent = Sender::with(parse(""), Arc::new(Silent), RootCertStore::empty(), timeouts);
    for (sender, cause) in
        [(silent, "timed out"), (sender_with_names("", &Names::new(&[])), "no server")]
    {
        let error = sender.check(&target("https://crm.example/")).await.unwrap_err();
        let (name, cause) = ("crm.example".to_owned(), cause.to_owned());
        assert_eq!(error, NotAllowed::LookupFailed { name, cause });
    }
}

#[actix_web::test]
async fn the_resolver_of_the_system_is_asked() {
    let server = receiver().await;
    let url = format!("http://localhost:{}/", server.port());
    let attempt = send(&sender("127.0.0.0/8,::1"), &url).await;
    assert_eq!(attempt.outcome, Outcome::Status(204));
    let refused = NotAllowed::Name("localhost".to_owned());
    assert_eq!(Sender::new(parse("")).check(&target(&url)).await, Err(refused));
}

#[test]
fn the_texts_say_what_to_do() {
    let literal = NotAllowed::Address("10.0.0.1".parse().unwrap()).to_string();
    assert!(literal.starts_with("10.0.0.1 is not an allowed address"), "{literal}");
    assert!(literal.ends_with("--webhook-networks"), "{literal}");
    // Which address an internal name has is nobody's business.
    let name = NotAllowed::Name("crm.internal".to_owned()).to_string();
    assert!(name.starts_with("crm.internal has an address that is not allowed"), "{name}");
    assert_eq!(
        SendError::NoResponse(Duration::from_secs(15)).to_string(),
        "no response within 15 s"
    );
}
