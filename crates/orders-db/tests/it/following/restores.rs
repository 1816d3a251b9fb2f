//! Cursors after a failover and after a restore.

use std::path::{Path, PathBuf};
use std::process::Command;

use orders_core::Orders as _;
use orders_db::{Settings, migrations};
use private_postgres::{Options, PrivatePostgres};

use super::exports::export;
use super::*;
use crate::database::Psql;

/// A directory that is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn store(server: &PrivatePostgres) -> PgStore {
    PgStore::connect(&Settings::new(server.url("orders"), 2)).unwrap()
}

/// Uses up numbers of transactions.
fn burn_transactions(psql: &mut Psql, count: usize) {
    psql.run(&format!(
        "DO $$ BEGIN FOR n IN 1..{count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    ));
}

/// A server whose write-ahead log is archived in this directory.
fn archiving(directory: &Path, archive: &Path) -> Options {
    let archive = archive.display();
    Options::at(directory)
        .durable(false)
        .database("orders")
        .setting("wal_level", "replica")
        .setting("max_wal_senders", "2")
        .setting("archive_mode", "on")
        // The file gets its name when it is complete: a crash ends `cp`.
        .setting(
            "archive_command",
            format!("cp %p {archive}/part && mv {archive}/part {archive}/%f"),
        )
        .setting("restore_command", format!("cp {archive}/%f %p"))
        .setting("hot_standby", "on")
}

#[test]
fn a_cursor_of_changes_that_a_failover_discarded_is_gone() {
    let root = Directory::new("failover");
    let (first, second, archive) = (root.0.join("1"), root.0.join("2"), root.0.join("1/archive"));
    let mut primary = PrivatePostgres::start(archiving(&first, &archive)).unwrap();
    migrations::run(&primary.url("orders")).unwrap();
    let before = store(&primary);
    add_services(&before);
    place_all(&before, &[("a", 0)]);
    let shared = head(&before);
    drop(before);

    // The standby begins with a copy of the primary.
    primary.stop().unwrap();
    run(Command::new("mkdir").arg(&archive));
    run(Command::new("chmod").arg("777").arg(&archive));
    run(Command::new("mkdir").arg(&second));
    run(Command::new("cp").arg("-a").arg(first.join("postgres")).arg(&second));
    run(Command::new("touch").arg(second.join("postgres/standby.signal")));
    primary.start_again().unwrap();
    let before = store(&primary);
    place_all(&before, &[("b", 3)]);
    let archived = head(&before);
    let mut psql = Psql::to(&primary.url("orders"));
    let segment = psql.line("SELECT pg_walfile_name(pg_switch_wal())");
    while !archive.join(&segment).exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // The standby never gets these.
    place_all(&before, &[("c", 6), ("d", 9)]);
    let lost = all(&before, After::Cursor(archived));
    assert_eq!(lost.len(), 2);
    drop((before, psql));
    primary.stop_immediately().unwrap();

    let standby = PrivatePostgres::start(archiving(&second, &archive)).unwrap();
    let mut psql = Psql::to(&standby.url("orders"));
    while psql.line("SELECT count(*) FROM orders") != "2" {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(psql.line("SELECT pg_is_in_recovery()"), "true");
    assert_eq!(psql.line("SELECT pg_promote()"), "true");
    let after = store(&standby);
    place_all(&after, &[("x", 12), ("y", 15)]);
    // Other changes have the same positions now.
    let new = all(&after, After::Cursor(archived));
    assert_eq!(said(&new), ["created x 1 nobody", "created y 1 nobody"]);
    for (lost, new) in lost.iter().zip(&new) {
        assert_eq!(lost.cursor.position, new.cursor.position);
        let gone = page(&after, After::Cursor(lost.cursor), 10);
        check_refused(gone, &StoreError::CursorGone(lost.cursor));
    }
    assert_eq!(said(&all(&after, After::Cursor(shared)))[0], "created b 1 nobody");
    assert_eq!(all(&after, After::Cursor(shared)).len(), 3);
}

#[test]
fn a_dump_that_is_restored_on_another_server_continues() {
    let old = PrivatePostgres::start(Options::temporary()).unwrap();
    migrations::run(&old.url("orders")).unwrap();
    let mut psql = Psql::to(&old.url("orders"));
    // The numbers of its transactions are larger than those of the new server.
    burn_transactions(&mut psql, 5000);
    let before = store(&old);
    add_services(&before);
    place_all(&before, &[("a", 0)]);
    let cursor = head(&before);
    // These have no positions yet.
    place_all(&before, &[("b", 3), ("c", 6)]);

    let bin = old.installation().bin_directory().to_owned();
    let dump = run(Command::new(bin.join("pg_dump")).arg(old.url("orders")));
    let file = Directory::new("dump");
    std::fs::write(file.0.join("dump.sql"), dump).unwrap();
    let restored = || {
        let new = PrivatePostgres::start(Options::temporary()).unwrap();
        run(Command::new(bin.join("psql"))
            .args(["--quiet", "--set=ON_ERROR_STOP=1", "--file"])
            .arg(file.0.join("dump.sql"))
            .arg(new.url("orders")));
        new
    };

    let new = restored();
    let after = store(&new);
    let (exported, exported_at) = export(&after);
    assert_eq!((exported.len(), exported_at.position), (3, 3));
    let changes = ["created b 1 nobody", "created c 1 nobody"];
    assert_eq!(said(&all(&after, After::Cursor(cursor))), changes);
    place_all(&after, &[("d", 9)]);
    assert_eq!(said(&all(&after, After::Cursor(cursor)))[2], "created d 1 nobody");
    assert_eq!(after.orders().unwrap().len(), 4);

    // Nobody reads before the new server has used up as many numbers as the old one.
    let new = restored();
    let after = store(&new);
    place_all(&after, &[("d", 9)]);
    burn_transactions(&mut Psql::to(&new.url("orders")), 7000);
    assert_eq!(said(&all(&after, After::Cursor(cursor))).len(), 3);
}
