//! Keys and their hashes are never logged.

use std::fmt::Write as _;
use std::fs;

use super::{bearer, eventually, program};
use crate::faults::Directory;
use crate::program::Program;
use crate::samples::order;

/// How many characters of a secret are already a part of it that must not be seen.
const PART: usize = 8;

/// A key of nobody, with a valid checksum.
const UNKNOWN: &str = "ordk_0123456789ABCDEFGHIJabcdefghij1IQtHL";

#[test]
fn no_log_contains_a_part_of_a_key_or_its_hash() {
    let directory = Directory::new("secrets");
    let mut printed = String::new();
    let mut run = |arguments: &str, input: &str| {
        let settings = ["--log", "trace", "--data-dir", directory.path()];
        let arguments: Vec<_> = arguments.split(' ').chain(settings).collect();
        let output = program(&arguments, input).unwrap_or_else(|failed| failed);
        printed.push_str(&output.stderr);
        output.stdout
    };
    let service =
        Program::start_logging("trace", &["--data-dir", directory.path(), "--auth", "required"]);
    run("clients add shop --scope read", "");
    run("clients add other --scope write", "");
    let [used, revoked, expired] = [
        run("keys create shop", ""),
        run("keys create other", ""),
        run("keys create other --expires 0s", ""),
    ];
    run("keys revoke --key -", &revoked);
    run("keys revoke --key -", UNKNOWN);
    run("keys revoke --key -", &used[..40]);
    run("keys list", "");
    let malformed = used.replace("ordk_", "ordk_x");
    let send = |method: &str, key: &str, body: String| {
        let authorization = bearer(key);
        service.send_with(method, "/orders", &[("Authorization", &authorization)], body)
    };
    assert_eq!(send("GET", &used, String::new()).status, 200);
    assert_eq!(send("POST", &used, order("1", 0).to_string()).status, 403);
    for key in [&revoked, &expired, &malformed, UNKNOWN] {
        eventually(401, || send("GET", key, String::new()));
    }
    // The use of a key is stored.
    eventually_used(&mut run);
    let server_log = fs::read_to_string(format!("{}/log/postgres.log", directory.path())).unwrap();
    let logs = [printed, service.whole_log(), server_log];
    for key in [&used, &revoked, &expired, &malformed, UNKNOWN] {
        let hash = sha256(key);
        let numbers: Vec<_> = hash.iter().map(ToString::to_string).collect();
        let hex = hash.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        for log in &logs {
            absent(log, &key["ordk_".len()..]);
            absent(log, &hex);
            assert!(!log.contains(&numbers[..4].join(", ")), "{log}");
        }
    }
}

/// Waits until a key is listed with its last use.
fn eventually_used(run: &mut impl FnMut(&str, &str) -> String) {
    for _ in 0..100 {
        if run("keys list shop", "").contains(":00Z") {
            return;
        }
    }
    panic!("{}", run("keys list shop", ""));
}

#[track_caller]
fn absent(log: &str, secret: &str) {
    for start in 0..=secret.len() - PART {
        let part = &secret[start..start + PART];
        assert!(!log.to_lowercase().contains(&part.to_lowercase()), "{part} is in\n{log}");
    }
}

fn sha256(text: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}
