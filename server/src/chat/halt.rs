//! Telling the Gateway to stop what it writes: for a turn that ends here, and for those of which the last run of the server
//! has left their answers behind.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use parking_lot::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::gateway::{Gateway, GatewayError};

/// The first pause between two attempts; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How many left answers are stopped at once.
const AT_ONCE: usize = 16;

/// The way to stop an answer at the model.
#[derive(Clone)]
pub(super) struct Halt {
    pub(super) gateway: Arc<dyn Gateway>,
    /// Cancelled with the server: then nothing is tried again.
    pub(super) shutdown: CancellationToken,
    /// How long it may take.
    pub(super) within: Duration,
}

impl Halt {
    /// Stops the answer of this session, patiently; that it could not be done is for the log.
    pub(super) async fn stop(&self, session_id: Uuid) {
        match timeout(self.within, self.tell(session_id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the model could not be told to stop"
            ),
            Err(_) => tracing::warn!("the Gateway does not say whether it stopped the model"),
        }
    }

    async fn tell(&self, session_id: Uuid) -> Result<(), GatewayError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.gateway.cancel(session_id).await {
                // Nothing runs there.
                Ok(()) | Err(GatewayError::Refused { status: 404 | 409, .. }) => return Ok(()),
                Err(error) if error.is_passing() && !self.shutdown.is_cancelled() => {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "the model is told to stop again"
                    );
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// What is left at the Gateway of an earlier turn of a session.
#[derive(Debug, Clone)]
pub(super) struct Previous {
    /// Cancelled when nothing is.
    pub(super) released: CancellationToken,
    /// Cancelled when the next turn of the session asks the Gateway: to stop the session now would stop that one.
    pub(super) overtaken: CancellationToken,
}

/// The sessions of which an outer Gateway may still be writing an answer for the last run of the server, which nobody reads
/// any more and which somebody pays for.
#[derive(Default)]
pub(super) struct Left(Mutex<HashMap<Uuid, Previous>>);

impl Left {
    /// Those of these sessions.
    pub(super) fn of(sessions: &[Uuid]) -> Self {
        let previous = |session: &Uuid| {
            let previous = Previous {
                released: CancellationToken::new(),
                overtaken: CancellationToken::new(),
            };
            (*session, previous)
        };
        Self(Mutex::new(sessions.iter().map(previous).collect()))
    }

    /// What is left of this session, for its next turn.
    pub(super) fn take(&self, session_id: Uuid) -> Option<Previous> {
        self.0.lock().remove(&session_id)
    }

    /// Stops them all.
    pub(super) async fn stop(&self, halt: Halt) {
        let left: Vec<(Uuid, Previous)> = self.0.lock().iter().map(|(id, left)| (*id, left.clone())).collect();
        let stopped = stream::iter(left).for_each_concurrent(AT_ONCE, |(session_id, previous)| {
            let halt = &halt;
            async move {
                tokio::select! {
                    biased;
                    () = halt.shutdown.cancelled() => {}
                    () = previous.overtaken.cancelled() => {}
                    () = halt.stop(session_id) => {}
                }
                previous.released.cancel();
                self.take(session_id);
            }
        });
        stopped.await;
    }
}
