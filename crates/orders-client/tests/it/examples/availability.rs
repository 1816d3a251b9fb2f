use orders_client::{CalendarId, Client, Interval, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-15T12:00:00Z".parse()?, "100".parse()?, services);
    client.create(&draft).await?;

    let day = Interval { from: "2031-01-15T00:00:00Z".parse()?, to: "2031-01-16T00:00:00Z".parse()? };
    let free = client.availability(&CalendarId::default(), day).await?;
    assert_eq!(free.len(), 2);
    assert_eq!(free[1], Interval { from: "2031-01-15T15:00:00Z".parse()?, to: day.to });
    Ok(())
}
