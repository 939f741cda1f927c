//! How often turns take what their Gateway has sent.
//!
//! A piece costs the same to receive and to pass on whether it holds one token or ten. While few turns run, each token
//! is passed on as it comes. Where there are many, each turn lets its pieces grow, so that all of them together stay
//! within what the machine can do, and new messages find time. It goes by the number of turns alone: a measure of the
//! load would swing with it, and would answer only once people wait.

use std::{pin::Pin, sync::LazyLock, thread::available_parallelism, time::Duration};

use futures::{FutureExt, StreamExt, stream::Peekable};

use crate::gateway::{EventStream, GatewayError, GatewayEvent};

/// The pieces that a core passes on in a second, with as much left over for beginning and ending turns.
const PIECES_A_SECOND_A_CORE: f64 = 5_000.0;
/// Less than this is no relief.
const SHORTEST: Duration = Duration::from_millis(10);
/// A person reads on without noticing this much; and with the journal's period it is no more text than a crash may cost.
const LONGEST: Duration = Duration::from_millis(150);

/// The most events that are made into one piece.
const LARGEST: usize = 1_000;

static CORES: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, usize::from));

/// The pause between two pieces of a turn, where so many run.
pub(super) fn pause(turns: usize) -> Option<Duration> {
    pause_on(*CORES, turns)
}

fn pause_on(cores: usize, turns: usize) -> Option<Duration> {
    let pause = Duration::from_secs_f64(turns as f64 / (PIECES_A_SECOND_A_CORE * cores as f64));
    (pause >= SHORTEST).then(|| pause.min(LONGEST))
}

/// What the Gateway sends next; after a pause, all that has come in it.
pub(super) async fn next(
    events: &mut Peekable<EventStream>,
    pause: Option<Duration>,
) -> Option<Result<Vec<GatewayEvent>, GatewayError>> {
    let Some(pause) = pause else {
        return events.next().await;
    };
    tokio::time::sleep(pause).await;
    let mut piece = match events.next().await {
        Some(Ok(piece)) => piece,
        end => return end,
    };
    while piece.len() < LARGEST {
        // The connection is read by a task of its own, which hands over one chunk at a time when it is its turn.
        tokio::task::yield_now().await;
        // An end that comes with the events stays where it is until they have been dealt with.
        let more = Pin::new(&mut *events).next_if(Result::is_ok).now_or_never();
        let Some(Some(Ok(more))) = more else { break };
        piece.extend(more);
    }
    Some(Ok(piece))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::event::TurnEvent;

    #[test]
    fn few_turns_pass_on_every_token_and_many_stay_within_what_the_cores_can_do() {
        let millis = |cores, turns| pause_on(cores, turns).map(|pause| pause.as_millis());
        assert_eq!(millis(2, 0), None);
        assert_eq!(millis(2, 99), None);
        assert_eq!(millis(2, 1_000), Some(100));
        assert_eq!(millis(4, 1_000), Some(50));
        assert_eq!(millis(2, 100_000), Some(150), "nobody waits longer");
    }

    fn token(text: &str) -> GatewayEvent {
        GatewayEvent {
            id: None,
            event: TurnEvent::Token {
                content: text.into(),
                offset: None,
            },
        }
    }

    /// Like a connection that is read by a task of its own, which hands over one piece at a time.
    fn connection(pieces: Vec<Result<Vec<GatewayEvent>, GatewayError>>) -> Peekable<EventStream> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            for piece in pieces {
                if sender.send(piece).await.is_err() {
                    return;
                }
            }
        });
        let stream: EventStream = Box::pin(futures::stream::poll_fn(move |context| receiver.poll_recv(context)));
        stream.peekable()
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_in_a_pause_is_one_piece_and_an_end_comes_after_it() {
        let mut events = connection(vec![
            Ok(vec![token("a")]),
            Ok(vec![token("b"), token("c")]),
            Ok(vec![token("d")]),
            Err(GatewayError::Incomplete),
        ]);
        let pause = Duration::from_millis(50);
        let start = tokio::time::Instant::now();
        let piece = next(&mut events, Some(pause)).await.unwrap().unwrap();
        assert_eq!(piece, ["a", "b", "c", "d"].map(token));
        assert_eq!(start.elapsed(), pause);
        let end = next(&mut events, Some(pause)).await;
        assert!(matches!(end, Some(Err(GatewayError::Incomplete))));
        assert!(next(&mut events, Some(pause)).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_pause_each_piece_is_passed_on_as_it_comes() {
        let mut events = connection(vec![Ok(vec![token("a")]), Ok(vec![token("b")])]);
        let start = tokio::time::Instant::now();
        assert_eq!(next(&mut events, None).await.unwrap().unwrap(), [token("a")]);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_taken_in_bounded_pieces() {
        let mut events = connection((0..3 * LARGEST).map(|_| Ok(vec![token("x")])).collect());
        let piece = next(&mut events, Some(LONGEST)).await.unwrap().unwrap();
        assert_eq!(piece.len(), LARGEST);
    }
}
