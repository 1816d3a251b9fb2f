use orders_client::{Client, WebhookDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    // Nobody listens there.
    let draft = WebhookDraft::new("http://127.0.0.1:9/orders".parse()?);
    let id = client.create_webhook(&draft).await?.webhook.id;
    let test = client.test_webhook(&id).await?;
    assert!(test.status.is_none() && test.error.is_some());
    Ok(())
}
