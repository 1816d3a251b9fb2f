use orders_client::Client;

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let calendars = client.calendars().all().await?;
    assert!(calendars.iter().any(|calendar| calendar.id.is_default()));
    Ok(())
}
