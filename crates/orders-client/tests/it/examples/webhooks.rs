use orders_client::Client;

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    for webhook in client.webhooks().all().await? {
        assert!(webhook.failing_since.is_none(), "{:?}", webhook.last_error);
    }
    Ok(())
}
