use orders_client::{Client, Error};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let service = client.service(&"123".parse()?).await?;
    assert_eq!(service.id.as_str(), "123");
    assert!(matches!(client.service(&"unknown".parse()?).await, Err(Error::NotFound(_))));
    Ok(())
}
