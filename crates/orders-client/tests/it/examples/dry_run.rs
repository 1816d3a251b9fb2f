use orders_client::{Client, Error, OrderDraft, OrderPatch, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let mut draft = OrderDraft::new("2031-01-03T09:00:00Z".parse()?, "100".parse()?, services);
    let possible = client.create(&draft).dry_run().await?;
    assert!(matches!(client.get(&possible.id).await, Err(Error::NotFound(_))));

    let order = client.create(&draft).await?;
    draft.datetime = "2031-01-03T15:00:00Z".parse()?;
    assert_eq!(client.replace(&order.id, &draft).dry_run().await?.version, 2);
    let patch = OrderPatch { totalfee: Some("120".parse()?), ..OrderPatch::default() };
    assert_eq!(client.patch(&order.id, &patch).dry_run().await?.version, 2);
    assert_eq!(client.get(&order.id).await?, order);
    Ok(())
}
