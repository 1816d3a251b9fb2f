use orders_client::{Client, Error, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-04T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;
    assert_eq!(client.get(&order.id).await?, order);
    assert!(matches!(client.get(&"unknown".parse()?).await, Err(Error::NotFound(_))));
    Ok(())
}
