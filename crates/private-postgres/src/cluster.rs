use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::account::Account;
use crate::directory::{Layout, create_private, set_mode, sync_directory};
use crate::server::Launch;
use crate::server::socket::PORT;
use crate::watchdog::Guard;
use crate::{Error, Installation};

/// The superuser, as whom all clients connect.
pub(crate) const SUPERUSER: &str = "orders";

/// The prefix of the directories of clusters that are being created.
const UNFINISHED_PREFIX: &str = "initdb-";

/// A cluster that is to be created.
pub(crate) struct NewCluster<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) account: &'a Account,
    pub(crate) durable: bool,
    pub(crate) database: Option<&'a str>,
    pub(crate) guard: &'a Guard,
}

impl NewCluster<'_> {
    /// Creates the cluster completely or not at all.
    pub(crate) fn create(&self, layout: &Layout) -> Result<(), Error> {
        if let Some(name) = self.database {
            check_name(name)?;
        }
        let root = layout.root();
        remove_unfinished(root);
        // The cluster gets its name last. If we are killed before, only an unfinished directory remains.
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED_PREFIX)
            .tempdir_in(root)
            .map_err(Error::file("create a directory in", root))?;
        set_mode(unfinished.path(), 0o700)?;
        self.account.set_owner(unfinished.path())?;
        self.run_initdb(unfinished.path())?;
        if let Some(name) = self.database {
            self.create_database(unfinished.path(), name)?;
        }
        let data = layout.data();
        fs::rename(unfinished.path(), &data).map_err(Error::file("create", &data))?;
        // It was renamed, so there is nothing to remove.
        let _ = unfinished.keep();
        if self.durable { sync_directory(root) } else { Ok(()) }
    }

    fn run_initdb(&self, data: &Path) -> Result<(), Error> {
        // If this machine has no C.UTF-8, only upper and lower case of non-ASCII letters are affected.
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
        // No passwords, because only the server's user and root can enter the directory of the socket.
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

    fn run(&self, program: &Path, command: Command, input: &str) -> Result<Output, Error> {
        run(self.account, self.guard, program, command, input)
    }
}

/// Replaces a data directory by a copy of the one of a running server, whose standby a server on the copy will be.
pub(crate) fn copy_primary(to: &Launch, guard: &Guard, primary_socket: &Path) -> Result<(), Error> {
    let Launch { layout, installation, account, options, .. } = to;
    let data = layout.data();
    fs::remove_dir_all(&data).map_err(Error::file("remove", &data))?;
    create_private(&data, account)?;
    let program = installation.program("pg_basebackup");
    let mut command = account.command(&program);
    command.arg("-D").arg(&data).arg("-h").arg(primary_socket);
    command.args(["-p", &PORT.to_string(), "-U", SUPERUSER]);
    command.args(["--write-recovery-conf", "--checkpoint=fast", "--no-password"]);
    if !options.durable {
        command.arg("--no-sync");
    }
    let output = run(account, guard, &program, command, "")?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::BaseBackup { output: text(&output) })
}

fn run(
    account: &Account,
    guard: &Guard,
    program: &Path,
    mut command: Command,
    input: &str,
) -> Result<Output, Error> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(account.run_error(program))?;
    guard.watch(child.id());
    if let Some(mut stdin) = child.stdin.take() {
        // If the program ends without reading, its output says why.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(account.run_error(program));
    guard.watch_nothing();
    output
}

/// Removes the unfinished clusters of processes that were killed.
fn remove_unfinished(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED_PREFIX) {
            // A directory that cannot be removed only takes up space.
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
