//! https.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::server::Then;
use super::*;

/// A receiver whose certificate is for this name, and the roots that trust it.
async fn receiver(name: &str) -> (Server, RootCertStore) {
    receiver_with(CertificateParams::new([name.to_owned()]).unwrap()).await
}

async fn receiver_with(certificate: CertificateParams) -> (Server, RootCertStore) {
    let key = KeyPair::generate().unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let server = Server::start_tls(reply("204 No Content", ""), tls).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    (server, roots)
}

/// Sends a message to `https://crm.example`.
async fn send_to(server: &Server, roots: RootCertStore, timeouts: Timeouts) -> Attempt {
    let sender = Sender::with(parse("127.0.0.1"), Names::new(&[&["127.0.0.1"]]), roots, timeouts);
    send(&sender, &format!("https://crm.example:{}/", server.port())).await
}

#[actix_web::test]
async fn a_certificate_of_a_known_issuer_is_accepted() {
    let (server, roots) = receiver("crm.example").await;
    assert_eq!(send_to(&server, roots, LONG).await.outcome, Outcome::Status(204));
    assert_eq!(server.requests().len(), 1);
}

#[actix_web::test]
async fn a_certificate_for_an_address_is_accepted() {
    let (server, roots) = receiver("127.0.0.1").await;
    let sender = Sender::with(parse("127.0.0.1"), Names::new(&[]), roots, LONG);
    let attempt = send(&sender, &format!("https://127.0.0.1:{}/", server.port())).await;
    assert_eq!(attempt.outcome, Outcome::Status(204));
}

#[actix_web::test]
async fn other_certificates_are_refused() {
    let (server, _) = receiver("crm.example").await;
    let error = failure(send_to(&server, RootCertStore::empty(), LONG).await).to_string();
    let expected = "the certificate is not valid: its issuer is not one of the system's root certificates (or SSL_CERT_FILE)";
    assert_eq!(error, expected);
    assert!(server.requests().is_empty());

    let (server, roots) = receiver("erp.example").await;
    let error = failure(send_to(&server, roots, LONG).await).to_string();
    assert_eq!(error, "the certificate is not valid: it is for another name");
    assert!(server.requests().is_empty());

    // What `openssl req -x509` makes.
    let mut authority = CertificateParams::new(["crm.example".to_owned()]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (server, roots) = receiver_with(authority).await;
    let error = failure(send_to(&server, roots, LONG).await).to_string();
    let expected =
        "the certificate is not valid: it is that of an authority (CA:TRUE), not of a server";
    assert_eq!(error, expected);
}

#[actix_web::test]
async fn a_receiver_that_does_not_speak_tls_is_refused() {
    let (_, roots) = receiver("crm.example").await;
    let server = Server::start(reply("400 Bad Request", ""), Then::Close).await;
    let short = Timeouts { connect: Duration::from_millis(200), ..LONG };
    // It waits for the end of a head.
    let error = failure(send_to(&server, roots, short).await);
    assert_eq!(error, SendError::NoConnection(short.connect));
}
