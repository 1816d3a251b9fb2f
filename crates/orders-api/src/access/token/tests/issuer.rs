//! An issuer of tokens, with the example keys of the standards: RSA from RFC 7515 (A.2), P-256 from RFC 7515 (A.3),
//! Ed25519 from RFC 8037 (A.1).

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use orders_core::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::access::token::Tokens;

pub(super) const ISSUER: &str = "https://id.example/realms/shop";
pub(super) const AUDIENCE: &str = "orders";

/// The time of most tests, in seconds since 1970.
pub(super) const NOW: i64 = 1_700_000_000;

/// So many seconds and microseconds after 1970.
pub(super) fn at(seconds: i64, micros: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000 + micros).unwrap()
}

/// An issuer, as the service knows it.
pub(super) struct Issuer {
    pub(super) tokens: Tokens,
    directory: TempDir,
}

impl Issuer {
    /// Its keys are `rsa`, `ec` and `ed`.
    pub(super) fn new() -> Self {
        Self::with_keys(&["rsa", "ec", "ed"].map(public))
    }

    pub(super) fn with_keys(keys: &[Value]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("jwks.json");
        fs::write(&file, json!({ "keys": keys }).to_string()).unwrap();
        let tokens = Tokens::new(ISSUER.to_owned(), AUDIENCE.to_owned(), file).unwrap();
        Self { tokens, directory }
    }

    /// Replaces the file of keys in one step.
    pub(super) fn publish(&self, content: &str) {
        let new = self.directory.path().join("new");
        fs::write(&new, content).unwrap();
        fs::rename(new, self.directory.path().join("jwks.json")).unwrap();
    }

    pub(super) fn remove_file(&self) {
        fs::remove_file(self.directory.path().join("jwks.json")).unwrap();
    }
}

/// The public key with this id, as a JWK.
pub(super) fn public(kid: &str) -> Value {
    let mut key = private(kid);
    key.as_object_mut()
        .unwrap()
        .retain(|name, _| matches!(name.as_str(), "kty" | "kid" | "crv" | "x" | "y" | "n" | "e"));
    key
}

/// A token with this header and these claims, signed with the key `kid`.
pub(super) fn sign(kid: &str, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = signature(kid, signed.as_bytes());
    format!("{signed}.{}", encode(signature))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The member of the JWK as bytes.
pub(super) fn bytes(key: &Value, member: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(key[member].as_str().unwrap()).unwrap()
}

fn private(kid: &str) -> Value {
    let set: Value = serde_json::from_str(include_str!("keys.json")).unwrap();
    set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().clone()
}

fn signature(kid: &str, message: &[u8]) -> Vec<u8> {
    let key = private(kid);
    let part = |member| bytes(&key, member);
    let random = SystemRandom::new();
    match kid {
        "rsa" => {
            let pair = RsaKeyPair::from_components(&ring::rsa::KeyPairComponents {
                public_key: ring::rsa::PublicKeyComponents { n: part("n"), e: part("e") },
                d: part("d"),
                p: part("p"),
                q: part("q"),
                dP: part("dp"),
                dQ: part("dq"),
                qInv: part("qi"),
            })
            .unwrap();
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
            signature
        }
        "ec" => {
            let point = [vec![4], part("x"), part("y")].concat();
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, &part("d"), &point, &random)
                .and_then(|pair| pair.sign(&random, message).map_err(|_| unreachable!()))
                .unwrap()
                .as_ref()
                .to_vec()
        }
        _ => {
            let pair = Ed25519KeyPair::from_seed_and_public_key(&part("d"), &part("x")).unwrap();
            pair.sign(message).as_ref().to_vec()
        }
    }
}
