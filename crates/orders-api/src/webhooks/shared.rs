//! What requests and the worker share: [`Webhooks`].

use std::num::NonZeroU32;
use std::sync::Arc;

use tokio::sync::Notify;

use super::{InvalidSecretKey, Networks, SecretKey, Sender};
use crate::cli::webhooks::WebhookArgs;

/// The settings of webhooks, and a client for messages that requests send.
pub(crate) struct Webhooks {
    networks: Networks,
    rate: NonZeroU32,
    sender: Sender,
    key: Option<SecretKey>,
    on_loopback: bool,
    changed: Arc<Notify>,
}

impl Webhooks {
    /// With the key of the environment. `on_loopback` says that only this machine reaches the service.
    ///
    /// # Errors
    /// If the key is malformed.
    pub(crate) fn new(
        arguments: &WebhookArgs,
        on_loopback: bool,
    ) -> Result<Self, InvalidSecretKey> {
        let networks = arguments.webhook_networks.clone();
        let sender = Sender::new(networks.clone());
        let key = SecretKey::from_environment()?;
        Ok(Self {
            networks,
            rate: arguments.webhook_rate,
            sender,
            key,
            on_loopback,
            changed: Arc::default(),
        })
    }

    /// The client for messages that requests send.
    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Another client, with connections of its own, which belong to the thread that uses it.
    pub(crate) fn new_sender(&self) -> Sender {
        Sender::new(self.networks.clone())
    }

    /// How many changes the worker sends in a second at most.
    pub(crate) fn rate(&self) -> NonZeroU32 {
        self.rate
    }

    /// The key with which secrets are encrypted.
    pub(crate) fn key(&self) -> Option<SecretKey> {
        self.key.clone()
    }

    /// Whether secrets can be stored: there is a key for them, or only this machine reaches the service.
    pub(crate) fn can_store_secrets(&self) -> bool {
        self.key.is_some() || self.on_loopback
    }

    /// Signals the worker that a webhook was changed.
    pub(crate) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }
}
