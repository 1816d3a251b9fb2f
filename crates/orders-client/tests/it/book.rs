//! The first example of the crate, run as a program.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use orders_client::{Direction, OrderFilter};

use crate::service::Running;

const SOURCE: &str = include_str!("../../examples/book.rs");

/// The example, which cargo builds with the tests unless only some of them are selected.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let program = test.parent().unwrap().with_file_name("examples").join("book");
    if !program.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "orders-client", "--example", "book"]);
        assert!(cargo.status().unwrap().success());
    }
    program
}

/// A process that is killed when this is dropped.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_program_of_20_lines_books_and_follows_the_changes_through_a_restart() {
    assert!(SOURCE.lines().count() <= 20);
    let mut service = Running::start(&[]);
    let mut command = Command::new(program());
    command.env("ORDERS_URL", service.url()).stdout(Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();

    let (first, second) = (line(), line());
    assert!(first.starts_with("order.created "), "{first}");
    assert!(first.ends_with(" at 2026-11-24T08:00:00Z"), "{first}");
    assert!(second.ends_with(" at 2026-11-24T11:00:00Z"), "{second}");

    service.restart();
    let client = service.client();
    let orders = client.orders(&OrderFilter::default(), Direction::Descending).all().await.unwrap();
    client.delete(&orders[0].id).await.unwrap();
    assert_eq!(line(), format!("order.deleted {} at 2026-11-24T11:00:00Z", orders[0].id));
}

#[test]
fn the_readme_shows_the_example() {
    let (_, program) = SOURCE.split_once("\nuse ").unwrap();
    assert!(include_str!("../../README.md").contains(program));
}
