use orders_client::{CalendarId, Client, MinimumGap};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let calendar = client.calendar(&CalendarId::default()).await?;
    assert_eq!(calendar.minimum_gap, MinimumGap::default());
    Ok(())
}
