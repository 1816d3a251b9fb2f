use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};

use super::Layout;
use crate::Error;

/// The ownership of a directory, until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    // The kernel releases the lock when the file is closed. Programs that we start do not inherit the file, because the
    // standard library sets its close-on-exec flag.
    _lock: File,
}

impl OwnerLock {
    /// Locks the directory. The error names its owner.
    pub(crate) fn acquire(layout: &Layout) -> Result<Self, Error> {
        let path = layout.lock();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse {
                    directory: layout.root().to_owned(),
                    process: describe_owner(&mut file),
                });
            }
            Err(TryLockError::Error(reason)) => return Err(Error::file("lock", &path)(reason)),
        }
        // The process id is only for the error message of another process; what counts is the lock.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _lock: file })
    }
}

fn describe_owner(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text).map(|_| text.trim().parse::<u32>()) {
        Ok(Ok(process)) => format!(" (process {process})"),
        _ => String::new(),
    }
}
