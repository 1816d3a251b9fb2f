//! How a client is configured.

use orders_client::{BuildError, Client};

#[test]
fn a_client_needs_the_url_of_a_service() {
    for url in [
        "",
        "127.0.0.1:3000",
        "ftp://a",
        "http://",
        "http://me@a",
        "http://me:secret@a",
        "http://a?b=c",
        "http://a#b",
        "mailto:a@b",
    ] {
        // Without a password.
        let shown = url.rsplit('@').next().unwrap().to_owned();
        assert_eq!(Client::new(url).unwrap_err(), BuildError::Url(shown));
    }
    for (url, base) in [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        (" http://[::1]:3000/ ", "http://[::1]:3000"),
        ("https://example.com/orders-api/", "https://example.com/orders-api"),
    ] {
        assert_eq!(Client::new(url).unwrap().url(), base);
    }
}

#[test]
fn the_key_is_never_shown() {
    let builder = Client::builder("http://a").key("ordk_secret");
    let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!shown.contains("secret"), "{shown}");
    for key in ["", " ", "two words", "line\nend", "ordk_sécret"] {
        let error = Client::builder("http://a").key(key).build().unwrap_err();
        assert_eq!((&error, error.to_string().contains("cret")), (&BuildError::Key, false));
    }
    // As it comes from a file.
    Client::builder("http://a").key("ordk_secret\n").build().unwrap();
}

#[test]
fn what_cannot_be_used_is_an_error() {
    let error = Client::builder("http://a").user_agent("a\nb").build().unwrap_err();
    assert_eq!(error, BuildError::UserAgent("a\nb".to_owned()));
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA",
    ] {
        let error = Client::builder("https://a").root_certificate(pem).build().unwrap_err();
        assert!(matches!(error, BuildError::RootCertificate(_)), "{error}");
    }
}
