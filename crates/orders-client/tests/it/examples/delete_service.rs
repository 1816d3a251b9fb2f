use orders_client::{Client, Error, Name, ServiceDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let service = client.create_service(&ServiceDraft { id: None, name: Name::new("Old")? }).await?;
    client.delete_service(&service.id).await?;
    assert!(matches!(client.delete_service(&service.id).await, Err(Error::NotFound(_))));
    Ok(())
}
