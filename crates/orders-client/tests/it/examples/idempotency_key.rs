use orders_client::{Client, IdempotencyKey, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let draft = OrderDraft::new("2031-01-02T09:00:00Z".parse()?, "100".parse()?, services);
    // Store the key before the first attempt.
    let key = IdempotencyKey::new("invoice-4711")?;
    let order = client.create(&draft).idempotency_key(key.clone()).await?;
    let again = client.create(&draft).idempotency_key(key).await?;
    assert_eq!(again, order);
    Ok(())
}
