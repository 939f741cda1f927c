//! `parley export-all`: every conversation of every user as a file, in a folder for each user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use app::markdown::Colours;
use clap::Args;
use protocol::conversation::ExportFormat;

use super::{Failure, conversations, folder, open_current, progress::Progress, say};
use crate::export::{name_among_others, write};

/// How many conversations are looked up at once.
const PAGE: i64 = 500;

/// The arguments of `parley export-all`.
#[derive(Debug, Args)]
pub struct ExportAll {
    /// Where the files go: a folder that is new or empty
    dir: PathBuf,
    /// In which format: json (everything, can be imported), markdown or html
    #[arg(long, default_value = "json", value_parser = format)]
    format: ExportFormat,
}

/// What `--format` takes.
fn format(name: &str) -> Result<ExportFormat, String> {
    ExportFormat::ALL
        .into_iter()
        .find(|format| format.name() == name)
        .ok_or_else(|| "it takes json, markdown or html".into())
}

/// Writes the files.
///
/// # Errors
/// When the folder is not empty, cannot be written, or the database fails; what was written until then is whole.
pub async fn run(database: &Path, arguments: ExportAll) -> Result<(), Failure> {
    let ExportAll { dir, format } = arguments;
    if fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty; name a new folder", dir.display()).into());
    }
    let store = open_current(database).await?;
    folder::make(&dir).map_err(|error| format!("{} cannot be made: {error}", dir.display()))?;
    let of = store.count_conversations().await?;
    let mut progress = Progress::new("Exporting");
    let (mut done, mut users, mut last) = (0, 0_u64, None);
    loop {
        let places = store.places_after(last, PAGE).await?;
        if places.is_empty() {
            break;
        }
        for place in places {
            if last.is_none_or(|last: crate::store::Place| last.user_id != place.user_id) {
                users += 1;
            }
            last = Some(place);
            // It may have been deleted since.
            let Some(conversation) = store.conversation(place.user_id, place.session_id).await? else {
                continue;
            };
            let folder = dir.join(place.user_id.to_string());
            folder::make(&folder)?;
            let path = folder.join(name_among_others(&conversation, format));
            folder::write(&path, write(&conversation, format, &Colours::default()).as_bytes())
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
            done += 1;
            progress.tell(done, of.max(done), "conversations");
        }
    }
    drop(progress);
    let users = if users == 1 {
        "1 user".into()
    } else {
        format!("{users} users")
    };
    say(&format!(
        "Exported {} of {users} to {}.",
        conversations(done),
        dir.display()
    ))?;
    Ok(())
}
