//! A database on the network, reached over TLS.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use orders_core::{Orders, StoreError};
use orders_db::{PgStore, Settings, migrations};
use private_postgres::PrivatePostgres;

use crate::samples::*;

/// A server that listens on 127.0.0.1 and speaks nothing but TLS there. Its cluster is that of a private
/// server, which itself never listens on a network.
struct TlsServer {
    server: Child,
    port: u16,
    files: PathBuf,
    _cluster: PrivatePostgres,
}

impl TlsServer {
    fn start() -> Self {
        let mut cluster = PrivatePostgres::temporary().unwrap();
        migrations::run(&cluster.url("orders")).unwrap();
        cluster.stop().unwrap();

        let files = cluster.directory().to_owned();
        let data = files.join("postgres");
        let owner = fs::metadata(&data).unwrap();
        make_certificate(&files, "server", "localhost");
        make_certificate(&files, "other", "localhost");
        for name in ["server.crt", "server.key"] {
            fs::copy(files.join(name), data.join(name)).unwrap();
            fs::set_permissions(data.join(name), Permissions::from_mode(0o600)).unwrap();
            chown(data.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();

        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(cluster.installation().bin_directory().join("postgres"));
        command.arg("-D").arg(&data).current_dir(&data).stdin(Stdio::null());
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("port={port}"),
            "unix_socket_directories=",
            "fsync=off",
            "ssl=on",
            "ssl_cert_file=server.crt",
            "ssl_key_file=server.key",
        ] {
            command.arg("-c").arg(setting);
        }
        let log = fs::File::create(files.join("tls.log")).unwrap();
        if log.metadata().unwrap().uid() != owner.uid() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let server = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { server, port, files, _cluster: cluster }
    }

    /// Where the server is, for a client that trusts one certificate only.
    fn url(&self, root: &str, host: &str) -> String {
        format!(
            "postgres://orders@{host}:{}/orders?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={}",
            self.port,
            self.files.join(root).display()
        )
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Makes a key, and a certificate of a host that is signed with it.
fn make_certificate(directory: &Path, name: &str, host: &str) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"])
        .args(["-subj", &format!("/CN={host}")])
        .args(["-addext", &format!("subjectAltName=DNS:{host}")])
        .arg("-keyout")
        .arg(directory.join(name).with_extension("key"))
        .arg("-out")
        .arg(directory.join(name).with_extension("crt"))
        .output()
        .expect("openssl can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_store_reaches_a_database_over_verified_tls_and_no_other() {
    let server = TlsServer::start();
    let connect = |url: &str| {
        let settings =
            Settings { connect_wait: Duration::from_millis(500), ..Settings::new(url, 1) };
        PgStore::connect(&settings)
    };
    let url = server.url("server.crt", "localhost");
    let store = loop {
        match connect(&url) {
            Ok(store) => break store,
            // It takes a while until the server listens.
            Err(StoreError::Unavailable(cause)) => {
                let log = fs::read_to_string(server.files.join("tls.log")).unwrap();
                assert!(!log.contains("FATAL:  could not"), "{cause}: {log}");
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{error:?}"),
        }
    };
    add_services(&store);
    place_all(&store, &[("223", 0)]);
    conflict(store.place(draft("224", noon_plus(1)), Write));
    let mut psql = crate::database::Psql::to(&url);
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                      WHERE datname = current_database()";
    assert_eq!(psql.line(encrypted), "true");
    assert!(migrations::run(&url).unwrap().is_empty());

    for url in [
        server.url("other.crt", "localhost"),
        server.url("missing.crt", "localhost"),
        server.url("server.crt", "example.org"),
        url.replace("verify-full", "disable"),
    ] {
        let answer = connect(&url).map(drop);
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{url}: {answer:?}");
    }
    assert_eq!(store.orders().unwrap().len(), 1);
}
