//! Throughput, by wrk over keep-alive connections.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::database::output;

const REPLAY: &str = include_str!("replay.lua");

/// The requests of one run, in a file for each thread of wrk.
pub struct Requests {
    directory: TempDir,
    threads: usize,
}

/// What wrk did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ran {
    /// How many requests were answered.
    pub requests: u64,
    /// How long it took.
    pub duration: Duration,
    /// How many answers had a status of 400 or more.
    pub refused: u64,
    /// How many connections or answers broke.
    pub broken: u64,
}

impl Ran {
    /// Requests a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.duration.as_secs_f64()
    }
}

/// Fails with the command that installs wrk when it is missing.
///
/// # Errors
/// When it is.
pub fn installed() -> Result<()> {
    Command::new("wrk")
        .arg("-v")
        .output()
        .map(drop)
        .context("there is no wrk, the load generator; install it with `apt-get install wrk`")
}

impl Requests {
    /// Writes so many requests, which the threads share.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(
        threads: usize,
        count: u64,
        mut request: impl FnMut(u64, &mut Vec<u8>),
    ) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let requests = Self { directory, threads };
        let mut files = (1..=threads)
            .map(|thread| {
                let path = requests.prefix().with_extension(thread.to_string());
                Ok(BufWriter::new(File::create(path)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut bytes = Vec::new();
        for (number, thread) in (0..count).zip((0..threads).cycle()) {
            bytes.clear();
            request(number, &mut bytes);
            writeln!(files[thread], "{}", bytes.len())?;
            files[thread].write_all(&bytes)?;
        }
        for mut file in files {
            file.flush()?;
        }
        Ok(requests)
    }

    /// Sends them, again from the start if told so, and tells how it went.
    ///
    /// # Errors
    /// When wrk fails.
    pub fn send(
        &self,
        address: SocketAddr,
        connections: usize,
        duration: Duration,
        again: bool,
    ) -> Result<Ran> {
        let script = self.directory.path().join("replay.lua");
        std::fs::write(&script, REPLAY)?;
        let mut wrk = Command::new("wrk");
        wrk.args(["-t", &self.threads.to_string(), "-c", &connections.to_string()]);
        wrk.args(["-d", &format!("{}s", duration.as_secs().max(1)), "--timeout", "15s", "-s"]);
        wrk.arg(script).arg(format!("http://{address}")).arg("--").arg(self.prefix());
        let text = output(wrk.arg(if again { "again" } else { "once" }))?;
        let ran = parse(&text).with_context(|| format!("wrk printed no figures: {text}"))?;
        ensure!(ran.requests > 0, "wrk got no answer: {text}");
        Ok(ran)
    }

    fn prefix(&self) -> PathBuf {
        self.directory.path().join("requests")
    }
}

fn parse(text: &str) -> Option<Ran> {
    let line = text.lines().find_map(|line| line.strip_prefix("measured "))?;
    let field = |name: &str| -> Option<u64> {
        let fields = line.split_whitespace().filter_map(|field| field.split_once('='));
        fields.clone().find(|(key, _)| *key == name)?.1.parse().ok()
    };
    Some(Ran {
        requests: field("requests")?,
        duration: Duration::from_micros(field("microseconds")?),
        refused: field("status")?,
        broken: field("broken")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_found() {
        let text = "Running 1s test\nRequests/sec:   5.00\n\
            measured requests=10 microseconds=2000000 status=3 broken=1\n";
        let ran = parse(text).unwrap();
        assert_eq!((ran.requests, ran.refused, ran.broken), (10, 3, 1));
        assert_eq!(ran.rate(), 5.0);
        assert_eq!(parse("Requests/sec: 5.00"), None);
    }

    #[test]
    fn the_threads_share_the_requests() {
        let requests = Requests::write(2, 5, |number, out| {
            out.extend_from_slice(format!("request {number}\n").as_bytes());
        });
        let requests = requests.unwrap();
        let read = |thread: &str| std::fs::read_to_string(requests.prefix().with_extension(thread));
        assert_eq!(read("1").unwrap(), "10\nrequest 0\n10\nrequest 2\n10\nrequest 4\n");
        assert_eq!(read("2").unwrap(), "10\nrequest 1\n10\nrequest 3\n");
    }
}
