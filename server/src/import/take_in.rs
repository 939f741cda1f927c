//! Takes in a checked file, one conversation after the other, and tells how far it has come.

use std::{fs::File, sync::Arc, time::Duration};

use futures::Stream;
use protocol::{
    error::ErrorBody,
    import::{ImportLine, ImportProgress, ImportReport, LeftOutKind},
};
use tokio::{sync::mpsc, task::spawn_blocking, time::Instant};
use uuid::Uuid;

use super::{Checked, Incoming, Tally, each_of, settle::settle};
use crate::{
    chat::ChatService,
    error::Error,
    gateway::registry::Listing,
    store::{Fate, Imported},
};

/// How many conversations are read ahead of the database.
const READ_AHEAD: usize = 2;
/// How often progress is told.
const PERIOD: Duration = Duration::from_millis(100);

/// Takes the conversations in, or, in a dry run, finds out what would come of it. It goes on as long as it is read; whoever
/// stops reading stops it after the conversation at hand.
pub fn take_in(
    chat: ChatService,
    listing: Arc<Listing>,
    user_id: Uuid,
    file: File,
    checked: Checked,
    dry_run: bool,
) -> impl Stream<Item = ImportLine> + Send {
    async_stream::stream! {
        let (sender, mut incoming) = mpsc::channel(READ_AHEAD);
        let megabytes = checked.megabytes;
        let reading = spawn_blocking(move || each_of(&file, megabytes, &mut |incoming| sender.blocking_send(incoming).is_ok()));
        let mut report = empty_report(&checked, dry_run);
        let mut tally = checked.beside.clone();
        let mut done = 0;
        let mut told = Instant::now();
        while let Some(Incoming { mut conversation, tally: own }) = incoming.recv().await {
            tally.add_all(&own);
            settle(&mut conversation, &listing, &mut tally);
            let outcome = match conversation.messages.is_empty() {
                true => Ok(None),
                false => chat.import(user_id, conversation, dry_run).await.map(Some),
            };
            match outcome {
                Ok(outcome) => note(&mut report, &mut tally, outcome),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "an import broke off");
                    report.failure = Some(error.body());
                    break;
                }
            }
            done += 1;
            if told.elapsed() >= PERIOD {
                told = Instant::now();
                yield ImportLine::Progress(ImportProgress { done, of: checked.conversations });
            }
        }
        drop(incoming);
        // It was checked before, so that only the disk can have failed.
        if !matches!(reading.await, Ok(Ok(()))) && report.failure.is_none() {
            report.failure = Some(Error::Panicked.body());
        }
        report.failure = report.failure.map(|failure| completing(failure, done));
        report.left_out = tally.list();
        yield ImportLine::Report(report);
    }
}

fn completing(failure: ErrorBody, done: u64) -> ErrorBody {
    ErrorBody {
        message: format!(
            "{} {done} conversations were done until then, and stay.",
            failure.message
        ),
        action: "Import the same file again: what is there is not doubled, and the rest is added.".into(),
        ..failure
    }
}

fn empty_report(checked: &Checked, dry_run: bool) -> ImportReport {
    ImportReport {
        source: checked.source,
        dry_run,
        conversations: checked.conversations,
        new_conversations: 0,
        grown_conversations: 0,
        known_conversations: 0,
        new_messages: 0,
        known_messages: 0,
        left_out: Vec::new(),
        failure: None,
    }
}

fn note(report: &mut ImportReport, tally: &mut Tally, outcome: Option<Imported>) {
    let Some(Imported {
        fate,
        new_messages,
        known_messages,
    }) = outcome
    else {
        return tally.add(LeftOutKind::EmptyConversation, 1);
    };
    match fate {
        Fate::New => report.new_conversations += 1,
        Fate::Known if new_messages > 0 => report.grown_conversations += 1,
        Fate::Known => report.known_conversations += 1,
        Fate::IdTaken => tally.add(LeftOutKind::IdTaken, 1),
    }
    report.new_messages += new_messages;
    report.known_messages += known_messages;
}
