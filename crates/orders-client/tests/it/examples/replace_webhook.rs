use orders_client::{Client, WebhookDraft, WebhookState};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = WebhookDraft::new("http://127.0.0.1:8080/orders".parse()?);
    let id = client.create_webhook(&draft).await?.webhook.id;
    let paused = WebhookDraft { paused: Some(true), ..draft };
    let webhook = client.replace_webhook(&id, &paused).await?;
    assert_eq!(webhook.state, WebhookState::Paused);
    Ok(())
}
