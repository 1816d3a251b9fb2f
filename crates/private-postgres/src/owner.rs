use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};

use crate::Error;
use crate::layout::Layout;

/// The proof that this process owns a directory, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Owner {
    // The kernel releases the lock with the last descriptor of this open file. The standard library
    // opens files so that programs we start do not inherit them.
    _lock: File,
}

impl Owner {
    /// Takes the directory, or says who has it.
    pub(crate) fn of(layout: &Layout) -> Result<Self, Error> {
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
                    process: owner_in_words(&mut file),
                });
            }
            Err(TryLockError::Error(reason)) => return Err(Error::file("lock", &path)(reason)),
        }
        // The process id only makes the message to the next one better; the lock is what counts.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _lock: file })
    }
}

fn owner_in_words(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text).map(|_| text.trim().parse::<u32>()) {
        Ok(Ok(process)) => format!(" (process {process})"),
        _ => String::new(),
    }
}
