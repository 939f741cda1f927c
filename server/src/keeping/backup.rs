//! `parley backup`: a copy of the database as it is at one moment, while others write.
//!
//! By `VACUUM INTO`: it reads one snapshot, which writers go on beside, and ends in bounded time. SQLite's other way, the
//! online backup, begins anew whenever another process writes, so that under load it may never end; and its calls cannot
//! be made without unsafe code. The copy is compact, so that it is written at about the speed of the disk. Rows keep
//! their keys: no table of ours is known by rowids that are not its own column.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use tokio::time::interval;

use super::{Failure, folder, open, progress::Progress, say};
use crate::store::verify;

const MEGABYTE: u64 = 1024 * 1024;

/// The arguments of `parley backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// Where the copy goes
    file: PathBuf,
    /// Replace FILE where it is there
    #[arg(long)]
    force: bool,
}

/// Makes the copy, checks it, and gives it its name.
///
/// # Errors
/// When the file is there, cannot be written, or what was written is not sound; then there is no file of that name that was not
/// there before.
pub async fn run(database: &Path, arguments: Backup) -> Result<(), Failure> {
    let Backup { file, force } = arguments;
    if !force && file.exists() {
        return Err(format!("{} is there already; name another file, or add --force", file.display()).into());
    }
    if is_same(&file, database) {
        return Err(format!("{} is the database itself", file.display()).into());
    }
    let store = open(database).await?;
    let part = folder::beside(&file);
    let copied = copy(&store, database, &part, &file, force).await;
    if copied.is_err() {
        let _ = fs::remove_file(&part);
    }
    let bytes = copied?;
    say(&format!(
        "Backed up {} to {}: {} MB, checked.",
        database.display(),
        file.display(),
        bytes.div_ceil(MEGABYTE)
    ))?;
    Ok(())
}

async fn copy(
    store: &crate::store::Store,
    database: &Path,
    part: &Path,
    file: &Path,
    force: bool,
) -> Result<u64, Failure> {
    // SQLite fills a file that is there and empty; so its rights are right from the start.
    folder::create(part).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    let expected = fs::metadata(database)?.len();
    let mut progress = Progress::new("Backing up");
    let copying = store.copy_into(part);
    tokio::pin!(copying);
    let mut ticks = interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            copied = &mut copying => break copied?,
            _ = ticks.tick() => {
                let written = fs::metadata(part).map_or(0, |file| file.len());
                progress.tell(written.min(expected) / MEGABYTE, expected / MEGABYTE + 1, "MB");
            }
        }
    }
    drop(progress);
    let checked = part.to_owned();
    let problems = tokio::task::spawn_blocking(move || verify(&checked)).await??;
    if !problems.is_empty() {
        return Err(format!("the copy is not sound, and was removed: {}", problems.join("; ")).into());
    }
    let written = File::open(part)?;
    written.sync_all()?;
    if !force && file.exists() {
        return Err(format!("{} has come to be meanwhile; nothing was replaced", file.display()).into());
    }
    folder::rename(part, file)?;
    Ok(written.metadata()?.len())
}

fn is_same(file: &Path, database: &Path) -> bool {
    match (file.canonicalize(), database.canonicalize()) {
        (Ok(file), Ok(database)) => file == database,
        _ => false,
    }
}
