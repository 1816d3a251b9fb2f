use futures_util::stream;
use orders_client::{Client, OrderDraft, OrderedServices};

async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let services = OrderedServices::new(["123".parse()?])?;
    let first = OrderDraft::new("2031-01-09T09:00:00Z".parse()?, "100".parse()?, services);
    let second = OrderDraft { datetime: "2031-01-09T10:00:00Z".parse()?, ..first.clone() };

    let mut import = client.import(stream::iter([first, second]));
    let (mut created, mut rejected) = (Vec::new(), Vec::new());
    while let Some(answer) = import.try_next().await? {
        match answer.result {
            Ok(id) => created.push(id),
            Err(error) => rejected.push(format!("line {}: {error}", answer.line)),
        }
    }
    assert_eq!(created.len(), 1);
    assert!(rejected[0].starts_with("line 2: 2031-01-09T10:00:00Z is less than 3 hours from"));
    Ok(())
}
