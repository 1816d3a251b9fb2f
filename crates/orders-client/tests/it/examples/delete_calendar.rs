use orders_client::{CalendarDraft, CalendarId, Client, Error, Name};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = CalendarDraft { id: None, name: Name::new("Old crew")?, minimum_gap: None };
    let calendar = client.create_calendar(&draft).await?;
    client.delete_calendar(&calendar.id).await?;
    let always_exists = client.delete_calendar(&CalendarId::default()).await;
    assert!(matches!(always_exists, Err(Error::InUse(_))));
    Ok(())
}
