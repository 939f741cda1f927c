//! Many conversations in one archive, written as it is read: one of them is in memory at a time.

use std::{
    io::{self, Write},
    sync::Arc,
};

use app::markdown::Colours;
use bytes::Bytes;
use futures::Stream;
use parking_lot::Mutex;
use protocol::conversation::{Conversation, ExportFormat};
use time::PrimitiveDateTime;
use uuid::Uuid;
use zip::{DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions, write::StreamWriter};

use super::{name_among_others, write};
use crate::{chat::ChatService, error::Error};

/// The most conversations of one archive.
pub const MOST_CONVERSATIONS: usize = 5_000;
/// Where an archive says what is not in it.
const LEFT_OUT: &str = "left-out.txt";

/// An archive being written. What is written waits until it is taken out.
pub struct Archive {
    writer: ZipWriter<StreamWriter<Waiting>>,
    waiting: Waiting,
}

impl Default for Archive {
    fn default() -> Self {
        let waiting = Waiting::default();
        Self {
            writer: ZipWriter::new_stream(waiting.clone()),
            waiting,
        }
    }
}

impl Archive {
    /// Writes a conversation.
    ///
    /// # Errors
    /// When there is too much for one archive.
    pub fn add(&mut self, conversation: &Conversation, format: ExportFormat) -> Result<(), ZipError> {
        let options = SimpleFileOptions::default();
        let utc = conversation.session.updated_at.to_utc();
        let written = DateTime::try_from(PrimitiveDateTime::new(utc.date(), utc.time()));
        let options = written.map_or(options, |written| options.last_modified_time(written));
        self.writer
            .start_file(name_among_others(conversation, format), options)?;
        // Colours take long, and there may be thousands.
        Ok(self
            .writer
            .write_all(write(conversation, format, &Colours::default()).as_bytes())?)
    }

    /// What was written since.
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut *self.waiting.0.lock()).into()
    }

    /// Ends the archive, naming what had gone when its turn came, and gives the rest of it.
    ///
    /// # Errors
    /// When there is too much for one archive.
    pub fn finish(mut self, gone: &[Uuid]) -> Result<Bytes, ZipError> {
        if !gone.is_empty() {
            let mut text = String::from("These conversations did not exist any more when they were to be written:\n");
            for session_id in gone {
                text.push_str(&format!("{session_id}\n"));
            }
            self.writer.start_file(LEFT_OUT, SimpleFileOptions::default())?;
            self.writer.write_all(text.as_bytes())?;
        }
        self.writer.finish()?;
        Ok(std::mem::take(&mut *self.waiting.0.lock()).into())
    }
}

/// The archive of these of the caller's conversations, and of `gone` the names, which are none of them. It ends in an error
/// where the database fails, so that half an archive is not taken for one.
pub fn stream(
    chat: ChatService,
    user_id: Uuid,
    session_ids: Vec<Uuid>,
    mut gone: Vec<Uuid>,
    format: ExportFormat,
) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    async_stream::try_stream! {
        let mut archive = Archive::default();
        for session_id in session_ids {
            let conversation = match chat.conversation(user_id, session_id).await {
                Ok(conversation) => conversation,
                Err(Error::SessionNotFound) => {
                    gone.push(session_id);
                    continue;
                }
                Err(error) => Err(error)?,
            };
            let add = move || archive.add(&conversation, format).map(|()| archive);
            archive = tokio::task::spawn_blocking(add).await??;
            let written = archive.take();
            if !written.is_empty() {
                yield written;
            }
        }
        yield archive.finish(&gone)?;
    }
}

/// Takes in what is written. The archive and its writer share it.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Vec<u8>>>);

impl Write for Waiting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
