//! Keeping the database over the years, from the command line and beside a running server: [`backup`], [`prune`] and
//! [`export_all`]. docs/OPERATIONS.md tells when to use which.
//!
//! What goes on is told on standard error, what came of it in one line on standard output.

pub mod backup;
pub mod export_all;
mod folder;
mod progress;
pub mod prune;

use std::{
    error::Error,
    io::{self, Write},
    path::Path,
};

use crate::store::Store;

/// Why a command failed, in words for who typed it.
pub type Failure = Box<dyn Error>;

/// Opens the database for reading what is in it.
async fn open_current(database: &Path) -> Result<Store, Failure> {
    let store = open(database).await?;
    if store.is_current().await? {
        return Ok(store);
    }
    Err(format!(
        "{} is of an older Parley: start this one on it once, then try again",
        database.display()
    )
    .into())
}

/// Opens the database as it is: a command makes none, and leaves its schema to the server.
async fn open(database: &Path) -> Result<Store, Failure> {
    if !database.is_file() {
        return Err(format!("there is no database at {} (DATABASE_URL)", database.display()).into());
    }
    Store::open_existing(database)
        .await
        .map_err(|error| format!("{}: {error}", database.display()).into())
}

/// So many of them, in words.
fn conversations(count: u64) -> String {
    match count {
        1 => "1 conversation".into(),
        count => format!("{count} conversations"),
    }
}

/// The end line.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
