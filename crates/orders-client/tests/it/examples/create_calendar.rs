use orders_client::{CalendarDraft, Client, Name};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = CalendarDraft {
        id: Some("crew-1".parse()?),
        name: Name::new("First crew")?,
        minimum_gap: Some("PT45M".parse()?),
    };
    let calendar = client.create_calendar(&draft).await?;
    assert_eq!(calendar.minimum_gap.to_string(), "PT45M");
    Ok(())
}
