use orders_client::{Client, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-10T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;

    let mut draft = OrderDraft::from(order.clone());
    draft.datetime = "2031-01-10T10:00:00Z".parse()?;
    let moved = client.replace(&order.id, &draft).await?;
    assert_eq!((moved.datetime, moved.version), (draft.datetime, 2));
    Ok(())
}
