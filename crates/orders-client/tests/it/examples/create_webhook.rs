use orders_client::{ChangeType, Client, Subscription, WebhookDraft, WebhookState};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = WebhookDraft {
        id: Some("crm".parse()?),
        subscription: Subscription {
            types: Some([ChangeType::Created].into()),
            ..Subscription::default()
        },
        ..WebhookDraft::new("http://127.0.0.1:8080/orders".parse()?)
    };
    let created = client.create_webhook(&draft).await?;
    assert_eq!(created.webhook.state, WebhookState::Active);
    assert!(created.secret.expose().starts_with("whsec_"));
    Ok(())
}
