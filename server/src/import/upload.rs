//! A file on its way in: written to a temporary one as it comes, so that its size costs no memory.

use std::{
    fs::File,
    io::{self, Seek, Write},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
};

use crate::error::Error;

const MEGABYTE: u64 = 1024 * 1024;
/// Pieces that wait to be written.
const WAITING: usize = 8;

/// How slowly a file may come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a sender may be silent.
    pub silence: Duration,
    /// How long all of it may take, whatever its size.
    pub patience: Duration,
    /// How many bytes must have come in each second beyond that.
    pub bytes_a_second: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(30),
            patience: Duration::from_secs(60),
            bytes_a_second: 64 * 1024,
        }
    }
}

impl Pace {
    /// How long it may have taken until more than so much has come.
    fn allowed(&self, received: u64) -> Duration {
        self.patience + Duration::from_secs(received / self.bytes_a_second.max(1))
    }
}

/// A file that came in whole, and its part of the room for all of them.
#[derive(Debug)]
pub struct Upload {
    /// It has no name, and is gone with its last use.
    pub file: File,
    /// Dropped, it makes room for others.
    pub room: OwnedSemaphorePermit,
}

/// The body as a file. `room` has a permit for each megabyte that may lie on the disk; a file takes them as it grows.
///
/// # Errors
/// When it is larger than `megabytes`, comes too slowly, cannot be written, or there is no more room.
pub async fn receive(body: Body, megabytes: u64, room: &Arc<Semaphore>, pace: Pace) -> Result<Upload, Error> {
    let most = megabytes.saturating_mul(MEGABYTE);
    let mut taken = take(room)?;
    let (sender, mut pieces) = mpsc::channel::<Bytes>(WAITING);
    let writing = spawn_blocking(move || -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        while let Some(piece) = pieces.blocking_recv() {
            file.write_all(&piece)?;
        }
        file.rewind()?;
        Ok(file)
    });
    let begun = Instant::now();
    let mut body = body.into_data_stream();
    let mut length = 0_u64;
    loop {
        let next = timeout_at(begun + pace.allowed(length), timeout(pace.silence, body.next()));
        let next = next.await.map_err(|_| Error::TimedOut)?;
        let Some(piece) = next.map_err(|_| Error::TimedOut)? else {
            break;
        };
        let piece = piece.map_err(|_| Error::InvalidRequest("the file did not arrive whole".into()))?;
        length += piece.len() as u64;
        if length > most {
            return Err(Error::ImportTooLarge(megabytes));
        }
        while (taken.num_permits() as u64) < length.div_ceil(MEGABYTE) {
            taken.merge(take(room)?);
        }
        // What cannot be written says so at the end.
        if sender.send(piece).await.is_err() {
            break;
        }
    }
    drop(sender);
    let file = writing.await?.map_err(Error::Disk)?;
    Ok(Upload { file, room: taken })
}

fn take(room: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Error> {
    Arc::clone(room).try_acquire_owned().map_err(|_| Error::RateLimited {
        what: "files of all users that come in at once",
        retry_after: 5,
    })
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    /// A body that begins with these pieces and never ends.
    fn endless(pieces: Vec<Vec<u8>>) -> Body {
        let pieces = stream::iter(pieces.into_iter().map(Ok::<_, io::Error>));
        Body::from_stream(pieces.chain(stream::pending()))
    }

    #[tokio::test]
    async fn a_file_that_comes_too_slowly_is_given_up() {
        let room = Arc::new(Semaphore::new(4));
        let hour = Duration::from_secs(3600);
        for (silence, patience) in [(Duration::ZERO, hour), (hour, Duration::ZERO)] {
            let pace = Pace {
                silence,
                patience,
                bytes_a_second: 1_000,
            };
            let outcome = receive(endless(vec![vec![b' '; 10]]), 1, &room, pace).await;
            assert!(matches!(outcome, Err(Error::TimedOut)), "{outcome:?}");
            assert_eq!(room.available_permits(), 4, "it takes no room any more");
        }
        let pace = Pace {
            silence: hour,
            patience: Duration::from_secs(60),
            bytes_a_second: 1_000,
        };
        assert_eq!(pace.allowed(0), Duration::from_secs(60));
        assert_eq!(pace.allowed(5_000), Duration::from_secs(65));
    }

    #[tokio::test]
    async fn files_take_room_as_they_grow_and_no_more_than_there_is() {
        let room = Arc::new(Semaphore::new(3));
        let body = |length: usize| Body::from(vec![b' '; length]);
        let small = receive(body(10), 4, &room, Pace::default()).await.unwrap();
        assert_eq!(room.available_permits(), 2);
        let outcome = receive(body(3 * 1024 * 1024), 4, &room, Pace::default()).await;
        assert!(matches!(outcome, Err(Error::RateLimited { .. })), "{outcome:?}");
        assert_eq!(room.available_permits(), 2);
        let large = receive(body(2 * 1024 * 1024), 4, &room, Pace::default()).await.unwrap();
        assert_eq!(large.file.metadata().unwrap().len(), 2 * 1024 * 1024);
        assert_eq!(room.available_permits(), 0);
        drop((small, large));
        assert_eq!(room.available_permits(), 3);
    }
}
