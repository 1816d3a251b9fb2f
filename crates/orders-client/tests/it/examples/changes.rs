use orders_client::{After, ChangeFilter, ChangeType, Client, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let mut changes = client.changes(After::Now, &ChangeFilter::default()).await?;

    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-16T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;

    while let Some(change) = changes.try_next().await? {
        if change.data == order {
            assert_eq!(change.change_type, ChangeType::Created);
            break;
        }
    }
    // Another process can continue here.
    assert!(changes.cursor().is_some());
    Ok(())
}
