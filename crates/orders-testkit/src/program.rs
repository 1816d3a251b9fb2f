//! Where the `orders-api` program is.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The given program, or the one beside the running program.
///
/// # Errors
/// If it does not exist.
pub fn find(given: Option<&Path>) -> io::Result<PathBuf> {
    let program = match given {
        Some(program) => program.to_owned(),
        None => env::current_exe()?.with_file_name("orders-api"),
    };
    program.canonicalize().map_err(|error| {
        let program = program.display();
        let message = format!(
            "cannot find {program}: {error}; build it with `cargo build -p orders-api` in the same profile, or give \
             --orders-api"
        );
        io::Error::new(error.kind(), message)
    })
}

/// Builds the program in the profile of the running test; cargo does nothing if it is up to date.
///
/// # Errors
/// If it does not build.
pub fn build() -> io::Result<PathBuf> {
    let test = env::current_exe()?;
    let mut folders = test.ancestors().skip(2);
    let (Some(profile), Some(target)) = (folders.next(), folders.next()) else {
        return Err(io::Error::other(format!("{} is not in target/debug/deps", test.display())));
    };
    let name = profile.file_name().and_then(OsStr::to_str).unwrap_or("debug");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "orders-api", "--bin", "orders-api"])
        .args(["--profile", if name == "debug" { "dev" } else { name }])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    match status.success() {
        true => Ok(profile.join("orders-api")),
        false => Err(io::Error::other(format!("cargo build ended with {status}"))),
    }
}
