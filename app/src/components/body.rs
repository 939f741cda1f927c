//! An answer's text. Settled blocks are never rendered again, the last two at most once a frame.

use leptos::prelude::*;
use protocol::session::MessageStatus;

use super::html::Html;
use crate::state::{Line, use_chat};

/// The rendered text, growing.
#[component]
pub(super) fn Body(line: Line) -> impl IntoView {
    let settled = line.markdown.settled.clone();
    let settling = Signal::from(line.markdown.settling.clone());
    let tail = Signal::from(line.markdown.tail.clone());
    grow(line.clone());
    let blocks = move || settled.get().iter().cloned().enumerate().collect::<Vec<_>>();
    let waits = {
        let line = line.clone();
        move || line.status() == MessageStatus::Streaming && line.text.with(String::is_empty)
    };
    view! {
        <div class="body">
            <For
                each=blocks
                key=|(at, block)| (*at, block.clone())
                children=|(_, block)| view! { <Html html=Signal::stored(block.html)/> }
            />
            <Html html=settling/>
            <Html html=tail/>
            <Show when=waits>
                <p class="typing">
                    <span class="unseen">"Waiting for the first word."</span>
                    <i></i>
                    <i></i>
                    <i></i>
                </p>
            </Show>
        </div>
    }
}

/// Follows the text with its rendering.
fn grow(line: Line) {
    let chat = use_chat();
    let waiting = StoredValue::new(false);
    Effect::new(move |rendered: Option<()>| {
        line.text.track();
        // What was there at first is rendered already.
        if rendered.is_none() || waiting.get_value() {
            return;
        }
        waiting.set_value(true);
        let line = line.clone();
        request_animation_frame(move || {
            if waiting.try_set_value(false).is_none() {
                line.text.with_untracked(|text| line.markdown.grow(text));
                chat.grown.notify();
            }
        });
    });
}
