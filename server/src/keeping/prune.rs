//! `parley prune`: moves conversations that were archived long ago out of the database, into files that can be imported.

use std::path::{Path, PathBuf};

use app::markdown::Colours;
use clap::Args;
use protocol::{conversation::ExportFormat, timestamp::Timestamp};

use super::{Failure, conversations, folder, open_current, progress::Progress, say};
use crate::{
    export::{name_among_others, write},
    store::{Place, Store, now},
};

const MICROSECONDS_PER_DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The arguments of `parley prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// Conversations that were archived more than this many days ago (PARLEY_PRUNE_ARCHIVED_DAYS)
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
    /// Say what would be done, and do nothing: what happens without --yes
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do it
    #[arg(long)]
    yes: bool,
    /// Move them to files in this folder, a folder for each user, before they are removed
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Remove them without keeping them anywhere
    #[arg(long, conflicts_with = "to")]
    discard: bool,
}

/// Moves them out, or says what would be moved.
///
/// # Errors
/// When no age is set, a file cannot be written, or the database fails. What cannot be written is not removed.
pub async fn run(database: &Path, days: Option<u32>, arguments: Prune) -> Result<(), Failure> {
    let Some(days) = arguments.older_than.or(days) else {
        return Err("no age is set: add --older-than DAYS, or set PARLEY_PRUNE_ARCHIVED_DAYS".into());
    };
    if arguments.yes && arguments.to.is_none() && !arguments.discard {
        return Err("nothing is removed without a copy: add --to DIR, or --discard to keep none".into());
    }
    let store = open_current(database).await?;
    let until = Timestamp(
        now()
            .0
            .saturating_sub(i64::from(days).saturating_mul(MICROSECONDS_PER_DAY)),
    );
    let due = store.archived_until(until).await?;
    let count = due.len();
    let which = format!("{} archived more than {days} days ago", conversations(count as u64));
    if !arguments.yes {
        let (tokens, dollars) = store.spent_until(until).await?;
        let spent = spent(tokens, dollars);
        say(&format!(
            "Would remove {which}; {spent} would leave the usage figures. Nothing was done; add --yes to do it."
        ))?;
        return Ok(());
    }
    let outcome = move_out(&store, due, arguments.to.as_deref()).await;
    // Also after a failure: what was taken out is found by nobody any more.
    let purged = store.purge(Timestamp(i64::MIN)).await;
    let moved = outcome?;
    purged?;
    let kept = match &arguments.to {
        Some(folder) => format!("moved to {}", folder.display()),
        None => "removed without a copy".into(),
    };
    let left = spent(moved.tokens, moved.dollars);
    let changed = match count as u64 - moved.conversations {
        0 => String::new(),
        changed => format!(" {changed} had changed meanwhile and stay."),
    };
    let conversations = moved.conversations;
    say(&format!(
        "Pruned {conversations} of {which}: {kept}. {left} left the usage figures.{changed}"
    ))?;
    Ok(())
}

/// So much, in words.
fn spent(tokens: u64, dollars: f64) -> String {
    format!("{tokens} tokens and ${dollars:.4}")
}

/// What was moved.
#[derive(Debug, Default)]
struct Moved {
    conversations: u64,
    tokens: u64,
    dollars: f64,
}

async fn move_out(store: &Store, due: Vec<Place>, to: Option<&Path>) -> Result<Moved, Failure> {
    let mut progress = Progress::new("Pruning");
    let of = due.len() as u64;
    let mut moved = Moved::default();
    for (done, place) in due.into_iter().enumerate() {
        if let Some(conversation) = store.conversation(place.user_id, place.session_id).await? {
            let path = to.map(|to| {
                let folder = to.join(place.user_id.to_string());
                let path = folder.join(name_among_others(&conversation, ExportFormat::Json));
                (folder, path)
            });
            if let Some((folder, path)) = &path {
                let text = write(&conversation, ExportFormat::Json, &Colours::default());
                folder::make(folder)
                    .and_then(|()| folder::write(path, text.as_bytes()))
                    .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
            }
            let (tokens, dollars) = (conversation.session.total_tokens, conversation.session.cost_usd);
            if store.retire(place.user_id, conversation).await? {
                moved.conversations += 1;
                moved.tokens += tokens;
                moved.dollars += dollars;
            } else if let Some((_, path)) = &path {
                // It stays in the database, so that the file would be a second one.
                std::fs::remove_file(path)?;
            }
        }
        progress.tell(done as u64 + 1, of, "conversations");
    }
    Ok(moved)
}
