use orders_client::{Client, Error, WebhookDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = WebhookDraft::new("http://127.0.0.1:8080/orders".parse()?);
    let id = client.create_webhook(&draft).await?.webhook.id;
    client.delete_webhook(&id).await?;
    assert!(matches!(client.webhook(&id).await, Err(Error::NotFound(_))));
    Ok(())
}
