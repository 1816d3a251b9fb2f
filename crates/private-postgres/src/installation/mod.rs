//! The PostgreSQL that is installed on this machine: [`Installation`].

mod search;

use std::fs;
use std::path::{Path, PathBuf};

use self::search::{candidates, output_of, with_all_programs};
use crate::Error;

/// The oldest major version that is supported.
const OLDEST_MAJOR: u32 = 13;

/// The server programs of one PostgreSQL version installed on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    bin: PathBuf,
    major: u32,
}

impl Installation {
    /// Finds the newest installed PostgreSQL server from version 13 up.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] if there is none.
    pub fn find() -> Result<Self, Error> {
        let all = installed();
        // Reversed, because `max_by_key` returns the last of several, and the first is in the caller's PATH.
        let newest = all.iter().rev().max_by_key(|found| found.major);
        match newest {
            Some(newest) if newest.major >= OLDEST_MAJOR => Ok(newest.clone()),
            Some(_) => Err(Error::NotInstalled {
                found: format!(" but version {}, which is too old", versions(&all)),
            }),
            None => Err(Error::NotInstalled { found: String::new() }),
        }
    }

    /// Finds the PostgreSQL server that can open an existing data directory of PostgreSQL.
    ///
    /// # Errors
    ///
    /// [`Error::VersionMissing`] if the version that wrote the data is not installed,
    /// [`Error::NotACluster`] if the directory has no readable version, and
    /// [`Error::NotInstalled`] if there is no PostgreSQL at all.
    pub fn find_for(data: &Path) -> Result<Self, Error> {
        let required = fs::read_to_string(data.join("PG_VERSION"))
            .ok()
            .and_then(|text| text.trim().parse::<u32>().ok())
            .ok_or_else(|| Error::NotACluster { directory: data.to_owned() })?;
        let all = installed();
        if all.is_empty() {
            return Err(Error::NotInstalled { found: String::new() });
        }
        all.iter().find(|found| found.major == required).cloned().ok_or_else(|| {
            Error::VersionMissing {
                directory: data.to_owned(),
                required,
                installed: versions(&all),
            }
        })
    }

    /// The directory of the programs `initdb`, `postgres` and `pg_ctl`.
    pub fn bin_directory(&self) -> &Path {
        &self.bin
    }

    /// The major version, for example 17.
    pub fn major_version(&self) -> u32 {
        self.major
    }

    /// The path of one of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Every installation on this machine, in the order of the search.
fn installed() -> Vec<Installation> {
    let mut seen = Vec::new();
    let mut all = Vec::new();
    for bin in candidates() {
        let Some(bin) = with_all_programs(bin) else { continue };
        if seen.contains(&bin) {
            continue;
        }
        if let Some(major) = major_version(&bin.join("postgres")) {
            all.push(Installation { bin: bin.clone(), major });
        }
        seen.push(bin);
    }
    all
}

/// Asks a `postgres` program for its major version.
fn major_version(postgres: &Path) -> Option<u32> {
    parse_major_version(&output_of(postgres, "--version")?)
}

/// Returns 17 for `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`.
fn parse_major_version(text: &str) -> Option<u32> {
    let word =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    word.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The major versions as a list, for an error message.
fn versions(all: &[Installation]) -> String {
    let mut majors: Vec<u32> = all.iter().map(|found| found.major).collect();
    majors.sort_unstable();
    majors.dedup();
    majors.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::parse_major_version;

    #[test]
    fn versions_of_releases_and_previews_are_understood() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(parse_major_version(debian), Some(15));
        assert_eq!(parse_major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major_version("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(parse_major_version("something else"), None);
    }
}
