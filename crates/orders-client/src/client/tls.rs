//! TLS with rustls and its provider ring: [`config`].

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::BuildError;

/// The configuration, which names its provider, so that it does not depend on which one the process has installed.
///
/// The root certificates of the system are only read if they are needed.
pub(super) fn config(is_needed: bool, pems: &[Vec<u8>]) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    let invalid = |error: &dyn std::error::Error| BuildError::RootCertificate(error.to_string());
    for pem in pems {
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| invalid(&error))?;
            roots.add(certificate).map_err(|error| invalid(&error))?;
            count += 1;
        }
        if count == 0 {
            return Err(BuildError::RootCertificate("there is none in it".to_owned()));
        }
    }
    if is_needed {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            log::warn!("cannot read the system's root certificates: {error}");
        }
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(BuildError::NoRootCertificates);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::Http(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
