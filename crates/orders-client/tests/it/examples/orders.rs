use orders_client::{Client, Direction, OrderDraft, OrderFilter, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-07T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;

    let filter = OrderFilter {
        from: Some("2031-01-07T00:00:00Z".parse()?),
        to: Some("2031-01-08T00:00:00Z".parse()?),
        ..OrderFilter::default()
    };
    let mut orders = client.orders(&filter, Direction::Ascending);
    while let Some(found) = orders.try_next().await? {
        assert_eq!(found, order);
    }
    Ok(())
}
