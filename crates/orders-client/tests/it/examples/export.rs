use orders_client::{After, ChangeFilter, Client, Direction, OrderDraft, OrderFilter};
use orders_client::{OrderedServices, Replica};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let mut export = client.export(&OrderFilter::default(), Direction::Ascending).await?;
    let mut orders = Vec::new();
    while let Some(order) = export.try_next().await? {
        orders.push(order);
    }

    // A copy of the orders that the changes after the export keep in sync.
    let cursor = export.monitor().ok_or("the database is read-only")?;
    let mut copy = Replica::new(cursor, ChangeFilter::default(), orders);
    let mut changes = client.changes(After::Cursor(cursor), &ChangeFilter::default()).await?;

    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-08T09:00:00Z".parse()?, "100".parse()?, services);
    let order = client.create(&draft).await?;
    while copy.get(&order.id).is_none() {
        let change = changes.try_next().await?.ok_or("changes never end")?;
        copy.apply(change)?;
    }
    Ok(())
}
