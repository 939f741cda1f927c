//! The stream in the browser.
//!
//! The browser's own way back waits the same time whatever happens and gives up at the first refusal, so each loss closes
//! the source, and [`Course`] says when there is another.

use futures::{
    StreamExt,
    channel::{mpsc, oneshot},
    future,
    stream::{self, PollNext},
};
use gloo_net::eventsource::futures::EventSource;
use leptos::{
    ev,
    leptos_dom::helpers::{IntervalHandle, WindowListenerHandle, set_interval_with_handle},
    prelude::*,
    task::spawn_local,
    web_sys::MessageEvent,
};
use protocol::event::{EventId, TurnEvent};
use std::{pin::pin, time::Duration};
use uuid::Uuid;

use super::course::{Course, Happened, Next, Place, Truth, patience, place};
use crate::{
    browser,
    parts::{self, Conversation},
    state::{Chat, Standing, Text},
};

/// How often it is checked whether a stream still speaks.
const TICK: Duration = Duration::from_secs(5);
/// A stream that is not open after so many ticks will not open.
const TICKS_TO_OPEN: u32 = 2;
/// An open stream that brought nothing for so many ticks is opened anew: a connection that a sleeping machine or another
/// network has taken away would say nothing for ever. The comments by which the server keeps it alive are not for scripts.
const TICKS_OF_SILENCE: u32 = 9;

/// A reader of a stream. Dropping it closes the stream.
pub(crate) struct Connection {
    _open: oneshot::Sender<()>,
}

/// Follows the running turn of a session after the event `cursor`, for as long as it may run.
pub(crate) fn follow(chat: Chat, session_id: Uuid, cursor: EventId) -> Connection {
    let (open, dropped) = oneshot::channel::<()>();
    spawn_local(async move {
        let reading = pin!(async {
            let part = parts::wanted::<Conversation>(chat).await;
            (part.read)(chat, session_id, cursor).await;
        });
        future::select(reading, dropped).await;
    });
    Connection { _open: open }
}

/// Reads the stream, and opens it anew where it is lost.
pub(crate) async fn read(chat: Chat, session_id: Uuid, cursor: EventId) {
    let mut reader = Reader {
        chat,
        session_id,
        cursor,
        course: Course::default(),
        signals: Signals::new(),
    };
    let mut next = Next::Listen;
    loop {
        let happened = match next {
            Next::Listen => reader.listen().await,
            Next::Ask => Happened::Told(reader.ask().await),
            Next::Wait(wait) => reader.wait(wait).await,
            Next::Leave => return,
        };
        next = reader.decide(happened);
    }
}

struct Reader {
    chat: Chat,
    session_id: Uuid,
    /// The last event that was taken in.
    cursor: EventId,
    course: Course,
    signals: Signals,
}

impl Reader {
    fn decide(&mut self, happened: Happened) -> Next {
        self.course.next(happened, js_sys::Math::random())
    }

    /// Reads one stream until something else than an event happens.
    async fn listen(&mut self) -> Happened {
        let url = format!("/api/chat/stream/{}?after={}", self.session_id, self.cursor);
        let Ok(mut source) = EventSource::new(&url) else {
            return self.lost();
        };
        let (Ok(messages), Ok(errors), Ok(opens)) = (
            source.subscribe("message"),
            source.subscribe("error"),
            source.subscribe("open"),
        ) else {
            return self.lost();
        };
        // What came before the end of the connection is heard before it.
        let messages_first = |(): &mut ()| PollNext::Left;
        let mut sounds =
            stream::select_with_strategy(messages, stream::select(errors, opens), messages_first).map(Sound::from);
        let (mut is_open, mut quiet) = (false, 0);
        loop {
            let sound = {
                let signals = self.signals.receiver.by_ref().map(Sound::Signal);
                pin!(stream::select(sounds.by_ref(), signals)).next().await
            };
            match sound {
                None | Some(Sound::Loss) => return self.lost(),
                Some(Sound::Open) => {
                    (is_open, quiet) = (true, 0);
                    self.chat.found();
                }
                Some(Sound::Message(message)) => {
                    (is_open, quiet) = (true, 0);
                    self.chat.found();
                    match self.take_in(&message) {
                        Happened::Event => self.decide(Happened::Event),
                        happened => return happened,
                    };
                }
                Some(Sound::Signal(Signal::Online)) => return Happened::Online,
                Some(Sound::Signal(Signal::Visible)) => {}
                Some(Sound::Signal(Signal::Tick)) => {
                    quiet += 1;
                    if !is_open && quiet >= TICKS_TO_OPEN {
                        return self.lost();
                    }
                    if quiet >= TICKS_OF_SILENCE {
                        return Happened::Silent;
                    }
                }
            }
        }
    }

    fn lost(&self) -> Happened {
        self.chat.lost();
        Happened::Lost
    }

    fn take_in(&mut self, message: &MessageEvent) -> Happened {
        let event = message.data().as_string();
        // An event of a kind that this page does not know is passed over.
        let Some(event) = event.and_then(|data| serde_json::from_str::<TurnEvent>(&data).ok()) else {
            return Happened::Event;
        };
        if let Ok(id) = message.last_event_id().parse::<EventId>() {
            match place(self.cursor, id, &event) {
                Place::Next => self.cursor = id,
                Place::Known => return Happened::Event,
                Place::OtherTurn => return Happened::OtherTurn,
            }
        }
        if self.chat.take_in(event) {
            Happened::End
        } else {
            Happened::Event
        }
    }

    /// Asks the session, whose answer shows what was written meanwhile, too.
    async fn ask(&mut self) -> Truth {
        match self.chat.ask(self.session_id, Text::FromSession).await {
            Standing::Running(cursor) => {
                self.chat.found();
                self.cursor = cursor;
                Truth::Running
            }
            Standing::Over => Truth::Over,
            Standing::Unknown(_) => {
                self.chat.lost();
                Truth::Unknown
            }
        }
    }

    /// Waits, but not once there is hope: a network, or somebody who looks.
    async fn wait(&mut self, wait: Duration) -> Happened {
        let over = browser::sleep(patience(wait, browser::is_online()));
        let hope = async {
            while let Some(signal) = self.signals.receiver.next().await {
                match signal {
                    Signal::Tick => {}
                    Signal::Visible => return Happened::Waited,
                    Signal::Online => return Happened::Online,
                }
            }
            future::pending().await
        };
        match future::select(pin!(over), pin!(hope)).await {
            future::Either::Left(_) => Happened::Waited,
            future::Either::Right((happened, _)) => happened,
        }
    }
}

/// What a reader of a stream hears.
enum Sound {
    Open,
    Message(MessageEvent),
    Loss,
    Signal(Signal),
}

impl<E> From<Result<(String, MessageEvent), E>> for Sound {
    fn from(event: Result<(String, MessageEvent), E>) -> Self {
        match event {
            Ok((kind, event)) if kind == "message" => Self::Message(event),
            Ok((kind, _)) if kind == "open" => Self::Open,
            _ => Self::Loss,
        }
    }
}

/// What the browser says besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// There is a network again.
    Online,
    /// The page is looked at again.
    Visible,
    /// Time passes.
    Tick,
}

/// The browser's signals, for as long as this lives.
struct Signals {
    receiver: mpsc::UnboundedReceiver<Signal>,
    listeners: Vec<WindowListenerHandle>,
    ticks: Option<IntervalHandle>,
}

impl Signals {
    fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded();
        let (online, visible, tick) = (sender.clone(), sender.clone(), sender);
        Self {
            receiver,
            listeners: vec![
                window_event_listener(ev::online, move |_| {
                    let _ = online.unbounded_send(Signal::Online);
                }),
                window_event_listener_untyped("visibilitychange", move |_| {
                    if browser::is_visible() {
                        let _ = visible.unbounded_send(Signal::Visible);
                    }
                }),
            ],
            ticks: set_interval_with_handle(
                move || {
                    let _ = tick.unbounded_send(Signal::Tick);
                },
                TICK,
            )
            .ok(),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for listener in self.listeners.drain(..) {
            listener.remove();
        }
        if let Some(ticks) = self.ticks {
            ticks.clear();
        }
    }
}
