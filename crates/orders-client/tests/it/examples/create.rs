use orders_client::{Client, Error, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-01T09:00:00+01:00".parse()?, "99.95".parse()?, services);
    let order = client.create(&draft).await?;
    assert_eq!(order.datetime.to_string(), "2031-01-01T08:00:00Z");

    let Err(Error::Conflict(conflict)) = client.create(&draft).await else { panic!("it is taken") };
    let after = conflict.nearest_free.after.ok_or("no time is free")?;
    assert_eq!(after.to_string(), "2031-01-01T11:00:00Z");
    client.create(&OrderDraft { datetime: after, ..draft }).await?;
    Ok(())
}
