//! A service behind a proxy that speaks TLS, as nginx does.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use orders_client::{After, Cause, ChangeFilter, Error};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::samples::{day, draft};
use crate::service::{impatient, shared};

/// A proxy of the shared service with a certificate for `localhost`: its URL and the certificate of its authority in PEM.
async fn proxy() -> (String, String) {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // The client may refuse the certificate.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut service = TcpStream::connect(shared().address()).await.unwrap();
                // A side that has gone ends the connection.
                let _ = copy_bidirectional(&mut client, &mut service).await;
            });
        }
    });
    let base64 = STANDARD.encode(authority.der());
    (url, format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n"))
}

#[tokio::test]
async fn a_service_behind_tls_is_used_as_any_other() {
    let (url, authority) = proxy().await;
    let client = impatient(&url).root_certificate(authority).build().unwrap();
    let mut changes = client.changes(After::Now, &ChangeFilter::default()).await.unwrap();
    let order = client.create(&draft(day(1600), 0)).await.unwrap();
    while changes.try_next().await.unwrap().unwrap().data != order {}
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (url, _) = proxy().await;
    let (_, other) = proxy().await;
    let client = impatient(&url).root_certificate(other).build().unwrap();
    let error = client.services().all().await.unwrap_err();
    let Error::Unavailable(Cause::Unreachable(text)) = error else { panic!("{error:?}") };
    assert!(text.contains("invalid peer certificate"), "{text}");
}
