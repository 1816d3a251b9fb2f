//! The real server on a real database, one of its own per test: [`App`].

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use clap::Parser as _;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use orders_api::cli::arguments::Cli;
use orders_api::cli::database::Database as ServiceDatabase;
use orders_api::server::{self, Sockets, Timeouts};
use orders_client::wire;
use serde_json::Value;
use ureq::http::{HeaderMap, Request};

use crate::database::Database;
use crate::document;

/// The media type of lines of JSON.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// How long a test waits for a response before it fails.
pub(crate) const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A server of one test.
pub(crate) struct App {
    address: SocketAddr,
    url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    agent: ureq::Agent,
    /// Kept as long as one of its servers, unless it is in a PostgreSQL of one test.
    database: Option<Arc<Database>>,
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl App {
    /// Starts the server with a database of its own.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts the server with these command line arguments as well.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        Self::start_in(Arc::new(Database::new()), arguments)
    }

    /// Starts the server with [`MANY`](crate::database::MANY) orders.
    pub(crate) fn start_full(arguments: &[&str]) -> Self {
        Self::start_in(Arc::new(Database::full()), arguments)
    }

    /// Starts the server on a database of another PostgreSQL.
    pub(crate) fn start_on(url: &str, arguments: &[&str]) -> Self {
        Self::run_server(cli(url, arguments), url.to_owned(), None)
    }

    /// Starts the server with these timeouts for connections.
    pub(crate) fn start_with_timeouts(timeouts: Timeouts) -> Self {
        let database = Arc::new(Database::new());
        let mut cli = cli(&database.url(), &[]);
        cli.server.timeouts = timeouts;
        Self::run_server(cli, database.url(), Some(database))
    }

    fn start_in(database: Arc<Database>, arguments: &[&str]) -> Self {
        let url = database.url();
        Self::run_server(cli(&url, arguments), url, Some(database))
    }

    fn run_server(cli: Cli, url: String, database: Option<Arc<Database>>) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let sockets = Sockets::bind(&cli.server).unwrap();
            let database = ServiceDatabase::open(&cli.database).unwrap();
            let store = database.store(&cli).unwrap();
            let worker = database.worker_store(&cli).unwrap();
            let access = database.access(&cli, &store).unwrap();
            System::new().block_on(async {
                let (database, server) = (&cli.database, &cli.server);
                let listening =
                    server::listen(sockets, store, worker, access, database, server).unwrap();
                tell.send((listening.address(), listening.handle())).unwrap();
                listening.run().await.unwrap();
            });
        });
        let (address, handle) = told.recv_timeout(STALL_TIMEOUT).expect("the server starts");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(STALL_TIMEOUT))
            .build()
            .into();
        Self { address, url, handle, thread: Some(thread), agent, database }
    }

    /// The name of its database on the PostgreSQL of all tests.
    pub(crate) fn database(&self) -> &str {
        self.database.as_ref().expect("not in a PostgreSQL of its own").name()
    }

    /// Another server on the same database.
    pub(crate) fn start_another(&self, arguments: &[&str]) -> Self {
        let database = self.database.clone();
        Self::run_server(cli(&self.url, arguments), self.url.clone(), database)
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// The command line that reaches its database.
    pub(crate) fn cli(&self) -> Cli {
        cli(&self.url, &[])
    }

    /// A connection to its database.
    pub(crate) fn sql(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Runs statements in its database.
    #[track_caller]
    pub(crate) fn execute(&self, statements: &str) {
        self.sql().batch_execute(statements).unwrap();
    }

    /// The address on which it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[])
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[])
    }

    /// A request with these headers and no body.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.run(self.request(method, path, headers).body(()).unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.send_json("POST", path, body)
    }

    pub(crate) fn put(&self, path: &str, body: impl ToString) -> Answer {
        self.send_json("PUT", path, body)
    }

    pub(crate) fn send_json(&self, method: &str, path: &str, body: impl ToString) -> Answer {
        let json = [("Content-Type", "application/json")];
        self.send_bytes(method, path, &json, body.to_string().as_bytes())
    }

    pub(crate) fn send_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.run(self.request(method, path, headers).body(body).unwrap())
    }

    pub(crate) fn patch(&self, path: &str, body: impl ToString) -> Answer {
        let patch = [("Content-Type", "application/merge-patch+json")];
        self.send_bytes("PATCH", path, &patch, body.to_string().as_bytes())
    }

    /// Imports these lines, and returns the lines of the response.
    #[track_caller]
    pub(crate) fn import(&self, lines: impl AsRef<[u8]>) -> Vec<Value> {
        let ndjson = [("Content-Type", NDJSON)];
        let answer = self.send_bytes("POST", "/orders/import", &ndjson, lines.as_ref());
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("Content-Type"), NDJSON);
        answer.lines()
    }

    /// Imports these orders, which must all succeed.
    #[track_caller]
    pub(crate) fn place_all(&self, orders: &[Value]) {
        let lines: String = orders.iter().map(|order| format!("{order}\n")).collect();
        for (order, answer) in orders.iter().zip(self.import(lines)) {
            assert_eq!(answer["id"], order["id"], "{answer}");
        }
    }

    /// Sends these bytes unchanged on a connection of their own, and reads until the server closes it.
    pub(crate) fn send_raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(STALL_TIMEOUT)).unwrap();
        stream.write_all(request).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer's head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse().unwrap(), value.parse().unwrap())
        });
        let answer = Answer { status, headers: headers.collect(), body: bytes.split_off(end + 4) };
        // Without one it is a response of the framework to something that is not HTTP.
        if answer.headers.contains_key("X-Request-Id") {
            let request = String::from_utf8_lossy(request);
            let mut parts = request.split(' ');
            document::check(parts.next().unwrap(), parts.next().unwrap(), &answer);
        }
        answer
    }

    /// Everything that the service stores, to find it unchanged later.
    pub(crate) fn everything(&self) -> [Value; 3] {
        ["/orders", "/services", "/calendars"].map(|path| self.get(path).json())
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> ureq::http::request::Builder {
        let request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    #[track_caller]
    /// A message of orders-client, and the response.
    pub(crate) fn exchange(&self, message: wire::Request) -> wire::Response {
        let (mut head, body) = message.into_parts();
        head.uri = format!("http://{}{}", self.address, head.uri).parse().unwrap();
        let answer = match body.is_empty() {
            true => self.run(Request::from_parts(head, ())),
            false => self.run(Request::from_parts(head, body.as_ref())),
        };
        let mut response = wire::Response::new(answer.body.into());
        *response.status_mut() = answer.status.try_into().unwrap();
        *response.headers_mut() = answer.headers;
        response
    }

    fn run<B: ureq::AsSendBody>(&self, request: Request<B>) -> Answer {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let answer = self.agent.run(request).unwrap();
        let (head, mut body) = answer.into_parts();
        let body = body.read_to_vec().unwrap();
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        document::check(method.as_str(), uri.path(), &answer);
        answer
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the server panicked");
        }
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"));
        value.to_str().unwrap()
    }

    /// The lines of the body, each of them JSON.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = str::from_utf8(&self.body).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem, after checking its form, its status and its type.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, problem_type: &str) -> Value {
        let problem = self.is(status);
        assert_eq!(problem["type"], format!("/problems/{problem_type}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        assert_eq!(self.header("Content-Type"), "application/problem+json");
        assert!(!self.header("X-Request-Id").is_empty());
        problem
    }

    /// The pointers of an `invalid-request`.
    #[track_caller]
    pub(crate) fn pointers(&self) -> Vec<String> {
        let problem = self.is_problem(422, "invalid-request");
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

/// The command line of a service on this database.
pub(crate) fn cli(url: &str, arguments: &[&str]) -> Cli {
    let mut usual = vec!["orders-api", "--database-url", url];
    for [flag, value] in [["--bind", "127.0.0.1:0"], ["--connections", "2"]] {
        if !arguments.contains(&flag) {
            usual.extend([flag, value]);
        }
    }
    Cli::try_parse_from(usual.iter().chain(arguments)).unwrap()
}
