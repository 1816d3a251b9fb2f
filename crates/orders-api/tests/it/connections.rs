//! How long clients may hold connections, and what happens if they hold too many.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use orders_api::server::Timeouts;

use crate::app::{App, STALL_TIMEOUT};
use crate::program::Program;

/// A connection on which a request was answered, and the head of the next one has begun.
fn half_a_head(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(STALL_TIMEOUT)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = [0; 15];
    stream.read_exact(&mut response).unwrap();
    assert_eq!(&response, b"HTTP/1.1 200 OK");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nX: ").unwrap();
    stream
}

#[test]
fn a_later_head_has_to_arrive_in_time_too() {
    let (head, idle) = (Duration::from_millis(300), Duration::from_secs(3600));
    let app = App::start_with_timeouts(Timeouts { head, idle });
    let mut stream = half_a_head(app.address(), "/healthz");
    let mut sending = stream.try_clone().unwrap();
    thread::scope(|scope| {
        // Something always arrives in time.
        scope.spawn(move || {
            for _ in 0..1000 {
                if sending.write_all(b"x").is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        if let Err(error) = stream.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    });
}

#[test]
fn a_service_with_too_many_connections_answers_others() {
    let app = App::start();
    let program = Program::start_with_files(256, &["--database-url", &app.url()]);
    let _held: Vec<_> = (0..300).map(|_| half_a_head(program.address(), "/healthz")).collect();
    for _ in 0..10 {
        program.send("GET", "/healthz", "").is(200);
        program.send("GET", "/services", "").is(200);
    }
}

#[test]
fn clients_that_read_nothing_do_not_keep_others_out() {
    let app = App::start();
    let arguments = ["--database-url", &app.url(), "--stall-timeout", "10m"];
    let program = Program::start_with_files(256, &arguments);
    // More than the systems of both sides hold.
    let request = "GET /docs/openapi-explorer.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(8);
    let _held: Vec<_> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(program.address()).unwrap();
            stream.set_read_timeout(Some(STALL_TIMEOUT)).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_exact(&mut [0]).unwrap();
            stream
        })
        .collect();
    for _ in 0..10 {
        program.send("GET", "/healthz", "").is(200);
        program.send("GET", "/services", "").is(200);
    }
}

#[test]
fn the_address_of_the_metrics_has_the_same_limits() {
    let app = App::start();
    let arguments = ["--database-url", &app.url(), "--metrics-bind", "127.0.0.1:0"];
    let program = Program::start(&arguments);
    let address = program.metrics_address();
    // More than it has connections, and as many again that never send anything.
    let _held: Vec<_> = (0..60).map(|_| half_a_head(address, "/metrics")).collect();
    let _silent: Vec<_> = (0..60).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut stream = half_a_head(address, "/metrics");
    if let Err(error) = stream.read_to_end(&mut Vec::new()) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}
