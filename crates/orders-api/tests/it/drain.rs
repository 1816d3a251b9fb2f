//! How a service stops: it drains, then ends what goes on without an end.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orders_testkit::Signal;
use serde_json::{Value, json};

use crate::app::{App, STALL_TIMEOUT};
use crate::program::{self, Program};
use crate::samples::order;
use crate::wire::Wire;

/// The program on the database of this app, with these arguments as well.
fn start(app: &App, arguments: &[&str]) -> Program {
    Program::start(&[&["--database-url", &app.url()], arguments].concat())
}

/// An import that has placed an order and waits for the next line.
fn idle_import(program: &Program) -> Wire {
    let head = "POST /orders/import HTTP/1.1\nContent-Type: application/x-ndjson\n\
                Transfer-Encoding: chunked";
    let mut import = Wire::open_at(program.address(), head);
    import.sending.line(&order("imported", 300)).unwrap();
    import.reading.head();
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "imported" })));
    import
}

#[test]
fn a_draining_service_answers_but_is_not_ready_and_closes_connections() {
    let app = App::start();
    // Longer than the test may take, so the second signal ends it.
    let program = start(&app, &["--drain", "60m"]);
    let before = program.send("GET", "/orders", "");
    assert!(!before.headers.contains_key("Connection"), "{before:?}");
    let mut import = idle_import(&program);
    program.signal(Signal::TERM);
    let ready = program.wait_for(503);
    ready.is_problem(503, "unavailable");
    for answer in [
        program.send("GET", "/orders", ""),
        program.send("POST", "/orders", order("1", 0)),
        program.send("GET", "/nowhere", ""),
        program.send("GET", "/healthz", ""),
        ready,
    ] {
        assert_eq!(answer.header("Connection"), "close", "{answer:?}");
    }
    app.get("/orders/1").is(200);
    // What was begun goes on.
    import.sending.line(&order("2", 3)).unwrap();
    assert_eq!(import.reading.line().unwrap(), Some(json!({ "id": "2" })));
    program.signal(Signal::TERM);
    assert_eq!(program.end().code(), Some(0));
}

#[test]
fn a_signal_that_comes_as_soon_as_the_service_listens_stops_it() {
    let app = App::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders-api"));
    command.args(["--bind", "127.0.0.1:0", "--connections", "2", "--database-url", &app.url()]);
    let mut service = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(service.stderr.take().unwrap()).lines();
    assert!(log.any(|line| line.unwrap().contains("listening on")));
    program::signal("-TERM", &service.id().to_string());
    log.for_each(drop);
    assert_eq!(service.wait().unwrap().code(), Some(0));
}

#[test]
fn the_next_signal_ends_a_service_that_waits_for_its_last_requests() {
    let app = App::start();
    let program = start(&app, &[]);
    let head = "POST /orders HTTP/1.1\nContent-Type: application/json\nContent-Length: 100";
    let mut request = Wire::open_at(program.address(), head);
    request.sending.raw(b"{").unwrap();
    // The service has begun to read the request once it answers another one.
    program.send("GET", "/orders", "").is(200);
    program.signal(Signal::TERM);
    program.logs("finishing the requests in flight");
    program.signal(Signal::TERM);
    program.logs("stopping at once");
    assert_eq!(program.end().code(), Some(1));
}

#[test]
fn an_idle_import_ends_when_the_service_stops() {
    let app = App::start();
    // Longer than the test may take.
    let program = start(&app, &["--shutdown-timeout", "3600"]);
    let mut import = idle_import(&program);
    program.signal(Signal::TERM);
    let end = import.reading.line().unwrap().unwrap();
    assert_eq!(end["type"], "/problems/import-stopped");
    assert!(end["detail"].as_str().unwrap().starts_with("the service stops"), "{end}");
    assert_eq!(import.reading.line().unwrap(), None);
    assert_eq!(program.end().code(), Some(0));
}

/// How many requests are sent while the instances are replaced.
const REQUESTS: usize = 4_000;

/// How long each client rests after its order. Eight of them never leave an instance without requests.
const PAUSE: Duration = Duration::from_millis(10);

/// A load balancer with health checks, and a load on it.
struct Balancer {
    /// The address of each instance; none while it is not ready.
    instances: [Mutex<Option<SocketAddr>>; 2],
    /// How many requests were begun.
    requests: AtomicUsize,
    done: AtomicBool,
}

impl Balancer {
    /// Sends requests on kept connections until there were enough. Each must succeed at the first attempt.
    fn send_load(&self) {
        let mut connections: [Option<(SocketAddr, BufReader<TcpStream>)>; 2] = [None, None];
        while !self.done.load(Ordering::Relaxed) {
            let number = self.requests.fetch_add(2, Ordering::Relaxed);
            let order = order(number, number * 2).to_string();
            let post = format!(
                "POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{order}",
                order.len()
            );
            let get = format!("GET /orders/{number} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            for (request, status) in [(post, "201"), (get, "200")] {
                let (instance, address) = self.choose(number);
                let kept = connections[instance].take().filter(|(kept, _)| *kept == address);
                let mut stream = match kept {
                    Some((_, stream)) => stream,
                    None => BufReader::new(TcpStream::connect(address).unwrap()),
                };
                let head = exchange(&mut stream, &request).unwrap();
                assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
                if !head.contains("connection: close") {
                    connections[instance] = Some((address, stream));
                }
            }
            thread::sleep(PAUSE);
        }
    }

    /// A ready instance.
    fn choose(&self, number: usize) -> (usize, SocketAddr) {
        let ready = |instance: usize| {
            self.instances[instance].lock().unwrap().map(|address| (instance, address))
        };
        let first = number / 2 % 2;
        ready(first).or_else(|| ready(1 - first)).expect("an instance is ready")
    }

    /// Checks every 50 ms whether the instance at this address is ready, until it is as wanted.
    fn wait_until(&self, instance: usize, address: SocketAddr, wanted: bool) {
        let began = Instant::now();
        loop {
            let check = TcpStream::connect(address).and_then(|stream| {
                let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
                exchange(&mut BufReader::new(stream), request)
            });
            if check.is_ok_and(|head| head.starts_with("HTTP/1.1 200 ")) == wanted {
                break;
            }
            assert!(began.elapsed() < STALL_TIMEOUT, "it is never ready: {wanted}");
            thread::sleep(Duration::from_millis(50));
        }
        *self.instances[instance].lock().unwrap() = wanted.then_some(address);
    }
}

/// Sends a request, and returns the head of the response in lower case except for its first line.
fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> io::Result<String> {
    stream.get_mut().set_read_timeout(Some(STALL_TIMEOUT))?;
    stream.get_mut().write_all(request.as_bytes())?;
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    stream.read_exact(&mut vec![0; length])?;
    Ok(head)
}

#[test]
fn a_rolling_restart_loses_no_request() {
    let app = App::start();
    let arguments = ["--drain", "2s", "--queue-wait", "20s"];
    let mut programs = [(); 2].map(|()| start(&app, &arguments));
    let instances = programs.each_ref().map(|program| Mutex::new(Some(program.address())));
    let balancer =
        Balancer { instances, requests: AtomicUsize::new(0), done: AtomicBool::new(false) };
    thread::scope(|scope| {
        let clients = [(); 8].map(|()| scope.spawn(|| balancer.send_load()));
        let mut restarts = 0;
        while restarts < 4 || balancer.requests.load(Ordering::Relaxed) < REQUESTS {
            if clients.iter().any(thread::ScopedJoinHandle::is_finished) {
                break;
            }
            let instance = restarts % 2;
            let program = &mut programs[instance];
            program.signal(Signal::TERM);
            balancer.wait_until(instance, program.address(), false);
            let old = std::mem::replace(program, start(&app, &arguments));
            balancer.wait_until(instance, program.address(), true);
            assert_eq!(old.end().code(), Some(0));
            restarts += 1;
        }
        balancer.done.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
    });
    let orders = app.walk("/orders?limit=1000");
    let ids: Vec<_> = orders.iter().map(|order: &Value| &order["id"]).collect();
    assert_eq!(ids.len() * 2, balancer.requests.into_inner(), "{} orders", ids.len());
}
