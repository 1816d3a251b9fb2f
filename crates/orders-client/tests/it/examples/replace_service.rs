use orders_client::{Client, Name, ServiceDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = ServiceDraft { id: Some("training".parse()?), name: Name::new("Training")? };
    let service = client.create_service(&draft).await?;
    let draft = ServiceDraft { name: Name::new("Training on site")?, ..draft };
    assert_eq!(client.replace_service(&service.id, &draft).await?.name, draft.name);
    Ok(())
}
