use std::fs;
use std::process::Command;

use orders_testkit::{Service, StartError, program};
use private_postgres::PrivatePostgres;

#[test]
fn a_service_is_ready_when_it_was_started() {
    let postgres = PrivatePostgres::temporary().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("service.log");
    let mut command = Command::new(program::build().unwrap());
    command.env("DATABASE_URL", postgres.url("orders"));
    // The second start appends to the log, and reads its own address. The third one takes that address again.
    let mut address = None;
    for again in [false, false, true] {
        let mut service = match address.filter(|_| again) {
            None => Service::start(&mut command, "error", &log).unwrap(),
            Some(address) => Service::start_at(address, &mut command, "error", &log).unwrap(),
        };
        assert!(!again || Some(service.address()) == address);
        address = Some(service.address());
        service.wait_until_ready().unwrap();
        assert_eq!(service.kill().unwrap(), None);
        assert!(service.wait_until_ready().is_err());
    }
    assert_eq!(fs::read_to_string(log).unwrap().matches("listening on").count(), 3);
}

#[test]
fn a_service_that_does_not_start_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("service.log");
    let mut command = Command::new(program::build().unwrap());
    command.env("DATABASE_URL", "postgres://127.0.0.1:1/orders");
    let error = Service::start(&mut command, "error", &log).unwrap_err();
    assert!(matches!(error, StartError::NotReady { .. }), "{error}");
    assert!(error.to_string().contains("DATABASE_URL"), "{error}");

    let error = Service::start(&mut Command::new("/nonexistent"), "error", &log).unwrap_err();
    assert!(matches!(error, StartError::Run { .. }), "{error}");
}
