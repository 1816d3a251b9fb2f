use orders_client::{ChangeType, Client, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-14T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;
    client.delete(&order.id).await?;

    let changes = client.history(&order.id).all().await?;
    let types: Vec<_> = changes.iter().map(|change| change.change_type).collect();
    assert_eq!(types, [ChangeType::Created, ChangeType::Deleted]);
    assert_eq!(changes[0].data, order);
    Ok(())
}
