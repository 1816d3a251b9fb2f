use orders_client::{Client, WebhookDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = WebhookDraft::new("http://127.0.0.1:8080/orders".parse()?);
    let created = client.create_webhook(&draft).await?;
    let webhook = client.webhook(&created.webhook.id).await?;
    assert!(webhook.last_error.is_none() && webhook.parked == 0);
    Ok(())
}
