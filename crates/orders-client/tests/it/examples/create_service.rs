use orders_client::{Client, Error, Name, ServiceDraft};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let draft = ServiceDraft { id: Some("survey".parse()?), name: Name::new("Survey")? };
    let service = client.create_service(&draft).await?;
    assert_eq!(service.name, draft.name);
    assert!(matches!(client.create_service(&draft).await, Err(Error::IdTaken(_))));
    Ok(())
}
