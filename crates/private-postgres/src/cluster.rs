use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::account::Account;
use crate::files::{set_mode, sync_directory};
use crate::layout::Layout;
use crate::watchdog::Guard;
use crate::{Error, Installation};

/// The name of the superuser, which is the user everybody connects as.
pub(crate) const SUPERUSER: &str = "orders";

/// The start of the names of directories in which a cluster is being made.
const UNFINISHED: &str = "initdb-";

/// What a new cluster should be like.
pub(crate) struct Plan<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) account: &'a Account,
    pub(crate) durable: bool,
    pub(crate) database: Option<&'a str>,
    pub(crate) guard: &'a Guard,
}

impl Plan<'_> {
    /// Creates the cluster, all of it or nothing.
    pub(crate) fn create(&self, layout: &Layout) -> Result<(), Error> {
        if let Some(name) = self.database {
            check_name(name)?;
        }
        let root = layout.root();
        remove_unfinished(root);
        // Whoever is killed half way leaves only a directory under another name.
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(root)
            .map_err(Error::file("create a directory in", root))?;
        set_mode(unfinished.path(), 0o700)?;
        self.account.give(unfinished.path())?;
        self.run_initdb(unfinished.path())?;
        if let Some(name) = self.database {
            self.create_database(unfinished.path(), name)?;
        }
        let data = layout.data();
        fs::rename(unfinished.path(), &data).map_err(Error::file("create", &data))?;
        // Nothing is left to clean up under the old name.
        let _ = unfinished.keep();
        if self.durable { sync_directory(root) } else { Ok(()) }
    }

    fn run_initdb(&self, data: &Path) -> Result<(), Error> {
        // Without a C.UTF-8 on this machine only the case of non-ASCII letters suffers.
        let portable = ["--locale=C"].as_slice();
        let preferred = if self.installation.major_version() >= 17 {
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"].as_slice()
        } else {
            ["--locale=C", "--lc-ctype=C.UTF-8"].as_slice()
        };
        let mut output = self.initdb_output(data, preferred)?;
        if !output.status.success() && text(&output).contains("locale") {
            output = self.initdb_output(data, portable)?;
        }
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Initdb { output: text(&output) })
    }

    fn initdb_output(&self, data: &Path, locale: &[&str]) -> Result<Output, Error> {
        let program = self.installation.program("initdb");
        let mut command = self.account.command(&program);
        command.arg("-D").arg(data).args(["-U", SUPERUSER, "--encoding=UTF8"]).args(locale);
        // Only who can enter the directory of the socket can connect at all.
        command.args(["--auth-local=trust", "--auth-host=reject"]);
        if !self.durable {
            command.arg("--no-sync");
        }
        self.run(&program, command, "")
    }

    fn create_database(&self, data: &Path, name: &str) -> Result<(), Error> {
        let program = self.installation.program("postgres");
        let mut command = self.account.command(&program);
        command.args(["--single", "-c", "exit_on_error=true", "-c", "log_checkpoints=off"]);
        if !self.durable {
            command.arg("-F");
        }
        command.arg("-D").arg(data).arg("template1");
        let statement = format!("CREATE DATABASE \"{}\"\n", name.replace('"', "\"\""));
        let output = self.run(&program, command, &statement)?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::CreateDatabase { name: name.to_owned(), output: text(&output) })
    }

    fn run(&self, program: &Path, mut command: Command, input: &str) -> Result<Output, Error> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(self.account.run_error(program))?;
        self.guard.watch(child.id());
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends without reading says why in its output.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().map_err(self.account.run_error(program));
        self.guard.watch_nothing();
        output
    }
}

/// Removes what was left by processes that were killed while they made a cluster.
fn remove_unfinished(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // What cannot be removed takes up space but does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let valid = (1..=63).contains(&name.len()) && !name.chars().any(char::is_control);
    if valid { Ok(()) } else { Err(Error::DatabaseName { name: name.to_owned() }) }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}
