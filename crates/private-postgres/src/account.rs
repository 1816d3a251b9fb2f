use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Error;

/// The user that the server runs as: the user of this process, unless that is root, because PostgreSQL refuses to run
/// as root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// The user of this process.
    Own,
    /// Another user, which only root can switch to.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// The user for this data directory of PostgreSQL, which may not exist yet.
    pub(crate) fn of_data(data: &Path) -> Result<Self, Error> {
        let account = Self::of_new_data()?;
        // PostgreSQL requires that its user owns the data.
        match (&account, fs::metadata(data)) {
            (Self::Other { uid, .. }, Ok(metadata)) if ![0, *uid].contains(&metadata.uid()) => {
                let (uid, gid) = (metadata.uid(), metadata.gid());
                Ok(Self::Other { name: format!("the user with id {uid}"), uid, gid })
            }
            _ => Ok(account),
        }
    }

    /// The user for a data directory that is still to be created.
    pub(crate) fn of_new_data() -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let path = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(path).map_err(Error::file("read", path))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::in_passwd(&passwd, name))
            .ok_or(Error::NoAccount)
    }

    /// Whether the server runs as another user than this process.
    pub(crate) fn is_other(&self) -> bool {
        *self != Self::Own
    }

    /// The user, for messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Own => "the current user",
            Self::Other { name, .. } => name,
        }
    }

    /// The user id of files that belong to the server.
    pub(crate) fn uid(&self) -> u32 {
        match self {
            Self::Own => rustix::process::geteuid().as_raw(),
            Self::Other { uid, .. } => *uid,
        }
    }

    /// Makes the server's user the owner of a file or directory.
    pub(crate) fn set_owner(&self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid))
                .map_err(Error::file("change the owner of", path)),
        }
    }

    /// A command that runs as this user and is independent of our terminal and environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // The server's user may not be allowed to enter our current directory.
        command.current_dir("/").stdin(Stdio::null());
        // Ctrl-C must reach only this process, which then stops the server.
        command.process_group(0);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || text.starts_with("LC_") || text.starts_with("LANG") {
                command.env_remove(&name);
            }
        }
        // With a given time zone, initdb need not search through all of them.
        command.env("LC_ALL", "C").env("TZ", "UTC");
        if let Self::Other { uid, gid, .. } = self {
            // The standard library also drops the supplementary groups of root here.
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// The error of a program that could not be run, for use with `map_err`.
    pub(crate) fn run_error(&self, program: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let (program, account) = (program.to_owned(), self.name().to_owned());
        move |reason| Error::Run { program, account, reason }
    }

    fn in_passwd(passwd: &str, name: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next()? != name {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            // PostgreSQL also refuses an account that is root under another name.
            (uid != 0).then(|| Self::Other { name: format!("the user `{name}`"), uid, gid })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn users_are_found_in_the_password_file() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:PostgreSQL:/var:/bin/sh\n";
        let found = Account::in_passwd(passwd, "postgres");
        let name = "the user `postgres`".to_owned();
        assert_eq!(found, Some(Account::Other { name, uid: 101, gid: 104 }));
        assert_eq!(Account::in_passwd(passwd, "nobody"), None);
        assert_eq!(Account::in_passwd(passwd, "root"), None);
    }
}
