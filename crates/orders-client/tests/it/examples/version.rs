use orders_client::{Client, OrderDraft, OrderPatch, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-05T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;
    let patch = OrderPatch { totalfee: Some("120".parse()?), ..OrderPatch::default() };
    client.patch(&order.id, &patch).await?;
    assert_eq!(client.get(&order.id).version(1).await?, order);
    Ok(())
}
