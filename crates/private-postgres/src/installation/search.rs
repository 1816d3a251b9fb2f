use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The directories in which PostgreSQL servers are usually installed, in the order of the search.
pub(crate) fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    found.retain(|directory| directory.is_absolute());
    if let Some(text) = output_of("pg_config".as_ref(), "--bindir") {
        found.push(PathBuf::from(text.trim()));
    }
    found.extend(matching("/usr/lib/postgresql", "", "bin"));
    found.extend(matching("/usr", "pgsql-", "bin"));
    found.push(PathBuf::from("/usr/bin"));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
        found.extend(matching(homebrew, "postgresql", "bin"));
    }
    found.extend(matching("/Applications/Postgres.app/Contents/Versions", "", "bin"));
    found
}

/// The directory that this one's `postgres` is linked to, or this one: the first that contains all programs.
pub(crate) fn with_all_programs(bin: PathBuf) -> Option<PathBuf> {
    let is_complete =
        |bin: &Path| ["initdb", "postgres", "pg_ctl"].iter().all(|name| bin.join(name).is_file());
    // On some machines a directory of the PATH contains links to only a few of the programs.
    let target = fs::canonicalize(bin.join("postgres")).ok()?;
    [target.parent()?.to_owned(), bin].into_iter().find(|bin| is_complete(bin))
}

/// What a program prints when called with one argument.
pub(crate) fn output_of(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The paths `parent/prefix*/child`.
fn matching(parent: &str, prefix: &str, child: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(child))
        .collect();
    found.sort();
    found
}
