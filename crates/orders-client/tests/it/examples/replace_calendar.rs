use orders_client::{CalendarDraft, Client, Error, Name, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let name = Name::new("Second crew")?;
    let draft = CalendarDraft { id: None, name, minimum_gap: Some("PT1H".parse()?) };
    let calendar = client.create_calendar(&draft).await?;
    let services = OrderedServices::new(["123".parse()?])?;
    for datetime in ["2031-01-17T09:00:00Z", "2031-01-17T10:00:00Z"] {
        let draft = OrderDraft::new(datetime.parse()?, "100".parse()?, services.clone());
        client.create(&OrderDraft { calendar: Some(calendar.id.clone()), ..draft }).await?;
    }

    let wider = CalendarDraft { minimum_gap: Some("PT2H".parse()?), ..draft };
    let Err(Error::GapTooWide(gap)) = client.replace_calendar(&calendar.id, &wider).await else {
        panic!("two orders are too close");
    };
    assert_eq!(gap.too_close.len(), 1);
    Ok(())
}
