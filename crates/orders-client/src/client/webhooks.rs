//! To where changes are pushed: the calls for webhooks, for which a client needs the scope `admin`.

use orders_core::{Webhook, WebhookDraft, WebhookId};

use super::{Call, Client, List, PAGE};
use crate::wire::{
    CreateWebhook, DeleteWebhook, GetPage, GetWebhook, GetWebhookDeliveries, ReplaceWebhook,
    RotateWebhookSecret, TestWebhook,
};

impl Client {
    /// The webhooks, by id.
    #[doc = example!("webhooks")]
    pub fn webhooks(&self) -> List<Webhook> {
        List::new(self, GetPage::webhooks(PAGE))
    }

    /// The webhook with this id: how far it has been sent the changes, and whether its endpoint works.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("webhook")]
    pub fn webhook(&self, id: &WebhookId) -> Call<GetWebhook> {
        Call::new(self, GetWebhook { id: id.clone() })
    }

    /// Creates a webhook. Only this result contains its secret. There is no idempotency key, so a lost response is
    /// [`Error::Unknown`](crate::Error::Unknown).
    ///
    /// # Errors
    /// [`Error::IdTaken`](crate::Error::IdTaken), [`Error::Invalid`](crate::Error::Invalid), also if the service must not send
    /// anything to the address, [`Error::CursorGone`](crate::Error::CursorGone).
    #[doc = example!("create_webhook")]
    pub fn create_webhook(&self, draft: &WebhookDraft) -> Call<CreateWebhook> {
        Call::new(self, CreateWebhook { draft: draft.clone() })
    }

    /// Replaces a webhook by the draft, which also pauses it, starts it again, or sends changes again that it was sent
    /// already.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and as [`Client::create_webhook`].
    #[doc = example!("replace_webhook")]
    pub fn replace_webhook(&self, id: &WebhookId, draft: &WebhookDraft) -> Call<ReplaceWebhook> {
        Call::new(self, ReplaceWebhook { id: id.clone(), draft: draft.clone() })
    }

    /// Deletes a webhook. As with [`Client::delete`], it is deleted if a repetition does not find it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("delete_webhook")]
    pub fn delete_webhook(&self, id: &WebhookId) -> Call<DeleteWebhook> {
        Call::new(self, DeleteWebhook { id: id.clone() })
    }

    /// A new secret for a webhook. For 24 hours, its messages are signed with the previous one too. A lost response is
    /// [`Error::Unknown`](crate::Error::Unknown).
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound); [`Error::Rejected`](crate::Error::Rejected) during these 24 hours.
    #[doc = example!("rotate_webhook_secret")]
    pub fn rotate_webhook_secret(&self, id: &WebhookId) -> Call<RotateWebhookSecret> {
        Call::new(self, RotateWebhookSecret { id: id.clone() })
    }

    /// Sends a test message to the endpoint of a webhook, and returns what came of it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("test_webhook")]
    pub fn test_webhook(&self, id: &WebhookId) -> Call<TestWebhook> {
        Call::new(self, TestWebhook { id: id.clone() })
    }

    /// The last 100 attempts to deliver changes, the newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("webhook_deliveries")]
    pub fn webhook_deliveries(&self, id: &WebhookId) -> Call<GetWebhookDeliveries> {
        Call::new(self, GetWebhookDeliveries { id: id.clone() })
    }
}
