use orders_client::{Client, WebhookDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = WebhookDraft::new("http://127.0.0.1:8080/orders".parse()?);
    let id = client.create_webhook(&draft).await?.webhook.id;
    let deliveries = client.webhook_deliveries(&id).await?;
    assert!(deliveries.iter().all(|delivery| delivery.error.is_none()));
    Ok(())
}
