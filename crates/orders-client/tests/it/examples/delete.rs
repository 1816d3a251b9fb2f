use orders_client::{Client, Error, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-13T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;

    client.delete(&order.id).await?;
    assert!(matches!(client.delete(&order.id).await, Err(Error::NotFound(_))));
    Ok(())
}
