use orders_client::Client;

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    for service in client.services().all().await? {
        assert!(!service.name.as_str().is_empty());
    }
    Ok(())
}
