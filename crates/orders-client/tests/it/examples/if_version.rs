use orders_client::{Client, Error, OrderDraft, OrderPatch, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-12T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;

    // Somebody else changes the order.
    let patch = OrderPatch { totalfee: Some("120".parse()?), ..OrderPatch::default() };
    client.patch(&order.id, &patch).await?;

    let stale = client.replace(&order.id, &draft).if_version(order.version).await;
    assert!(matches!(stale, Err(Error::VersionMismatch(_))));
    let stale = client.delete(&order.id).if_version(order.version).await;
    assert!(matches!(stale, Err(Error::VersionMismatch(_))));
    assert_eq!(client.patch(&order.id, &patch).if_version(2).await?.version, 3);
    Ok(())
}
