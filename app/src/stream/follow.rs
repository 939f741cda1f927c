//! The stream in the browser.

use futures::{StreamExt, channel::oneshot, stream::select};
use gloo_net::eventsource::{State, futures::EventSource};
use leptos::{prelude::*, task::spawn_local};
use protocol::event::TurnEvent;
use uuid::Uuid;

use crate::state::Chat;

/// An open stream. Dropping it closes the stream.
pub(crate) struct Connection {
    _open: oneshot::Sender<()>,
}

/// Follows the running turn of a session, after the event `cursor` if there is one.
pub(crate) fn follow(chat: Chat, session_id: Uuid, cursor: Option<String>) -> Connection {
    let (open, dropped) = oneshot::channel::<()>();
    spawn_local(async move {
        if !read(chat, session_id, cursor, dropped).await {
            chat.connection_lost();
        }
    });
    Connection { _open: open }
}

/// Reads until the turn has ended or nobody wants to know any more. `false`: the stream was lost for good before that.
async fn read(chat: Chat, session_id: Uuid, cursor: Option<String>, dropped: oneshot::Receiver<()>) -> bool {
    let mut url = format!("/api/chat/stream/{session_id}");
    if let Some(cursor) = cursor {
        url.push_str("?after=");
        url.push_str(&cursor);
    }
    let Ok(mut source) = EventSource::new(&url) else {
        return false;
    };
    let (Ok(messages), Ok(errors), Ok(opens)) = (
        source.subscribe("message"),
        source.subscribe("error"),
        source.subscribe("open"),
    ) else {
        return false;
    };
    let mut events = select(messages, select(errors, opens)).take_until(dropped);
    while let Some(event) = events.next().await {
        match event {
            Ok((kind, event)) if kind == "message" => {
                let event = event
                    .data()
                    .as_string()
                    .and_then(|data| serde_json::from_str::<TurnEvent>(&data).ok());
                // An event of a kind that this page does not know is passed over.
                if event.is_some_and(|event| chat.take_in(event)) {
                    return true;
                }
            }
            Ok(_) => chat.reconnecting.set(source.state() == State::Connecting),
            Err(_) => return false,
        }
    }
    true
}
