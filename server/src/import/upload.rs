//! A file on its way in: written to a temporary one as it comes, so that its size costs no memory.

use std::{
    fs::File,
    io::{self, Seek, Write},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};

use crate::error::Error;

/// How long a sender may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// Pieces that wait to be written.
const WAITING: usize = 8;

/// The body as a file without a name, which is gone with its last use.
///
/// # Errors
/// When it is larger than `megabytes`, stops coming, or cannot be written.
pub async fn receive(body: Body, megabytes: u64) -> Result<File, Error> {
    let most = megabytes.saturating_mul(1024 * 1024);
    let (sender, mut pieces) = mpsc::channel::<Bytes>(WAITING);
    let writing = spawn_blocking(move || -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        while let Some(piece) = pieces.blocking_recv() {
            file.write_all(&piece)?;
        }
        file.rewind()?;
        Ok(file)
    });
    let mut body = body.into_data_stream();
    let mut length = 0_u64;
    while let Some(piece) = timeout(SILENCE, body.next()).await.map_err(|_| Error::TimedOut)? {
        let piece = piece.map_err(|_| Error::InvalidRequest("the file did not arrive whole".into()))?;
        length += piece.len() as u64;
        if length > most {
            return Err(Error::ImportTooLarge(megabytes));
        }
        // What cannot be written says so at the end.
        if sender.send(piece).await.is_err() {
            break;
        }
    }
    drop(sender);
    writing.await?.map_err(Error::Disk)
}
