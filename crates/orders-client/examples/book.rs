//! Books two orders for the same time, takes the nearest free time instead, and follows all changes.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]
use orders_client::{After, ChangeFilter, Client, Error, OrderDraft, OrderedServices};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?; // ORDERS_URL and ORDERS_KEY
    let mut changes = client.changes(After::Now, &ChangeFilter::default()).await?;
    let (nine, services) = ("2026-11-24T09:00:00+01:00", OrderedServices::new(["123".parse()?])?);
    let mut draft = OrderDraft::new(nine.parse()?, "99.95".parse()?, services);
    client.create(&draft).await?;
    if let Err(Error::Conflict(conflict)) = client.create(&draft).await {
        draft.datetime = conflict.nearest_free.after.ok_or("no time is free")?;
        client.create(&draft).await?;
    }
    while let Some(change) = changes.try_next().await? {
        println!("{} {} at {}", change.change_type, change.data.id, change.data.datetime);
    }
    Ok(())
}
