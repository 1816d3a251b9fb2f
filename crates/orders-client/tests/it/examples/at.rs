use orders_client::{Client, Error, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-06T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;
    assert_eq!(client.get(&order.id).at(order.created_at).await?, order);
    let before = client.get(&order.id).at("2020-01-01T00:00:00Z".parse()?).await;
    assert!(matches!(before, Err(Error::NotFound(_))));
    Ok(())
}
