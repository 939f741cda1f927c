//! The conversation. It follows the end only while the reader is there.

use leptos::{ev, html, prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys::Element};
use std::collections::HashMap;
use uuid::Uuid;

use super::{
    answer::Answer,
    icon::{self, Icon},
    message::OwnMessage,
};
use crate::{
    browser,
    state::{Chat, Line, use_chat},
};

/// Nearer to the end than this, in pixels, a reader is at the end.
const NEAR: i32 = 64;

/// All messages of the session shown.
#[component]
pub(crate) fn Transcript() -> impl IntoView {
    let chat = use_chat();
    let scroller = NodeRef::<html::Div>::new();
    let at_end = RwSignal::new(true);
    let days = Memo::new(move |_| days(chat));
    follow_end(chat, scroller, at_end);
    let copy_code = |event: ev::MouseEvent| {
        if let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            browser::copy_code(&target);
        }
    };
    view! {
        <div class="scroller" node_ref=scroller tabindex="-1" on:scroll=move |_| notice_scroll(scroller, at_end)>
            <div class="transcript" role="log" aria-label="Conversation" aria-live="off" on:click=copy_code>
                <Show when=move || chat.has_more.get()>
                    <button type="button" class="small earlier" on:click=move |_| chat.read_earlier()>
                        "Show earlier messages"
                    </button>
                </Show>
                <For each=move || chat.lines.get() key=|line| line.key children=move |line| view! { <Row line days/> }/>
            </div>
        </div>
        <Show when=move || !at_end.get()>
            <button
                type="button"
                class="round to-end"
                aria-label="To the end"
                on:click=move |_| {
                    at_end.set(true);
                    to_end(scroller);
                }
            >
                <Icon glyph=icon::DOWN/>
            </button>
        </Show>
    }
}

#[component]
fn Row(line: Line, days: Memo<HashMap<Uuid, String>>) -> impl IntoView {
    let key = line.key;
    let day = Memo::new(move |_| days.with(|days| days.get(&key).cloned()));
    let divider = move || day.get().map(|day| view! { <h2 class="day">{day}</h2> });
    if line.is_mine {
        view! { {divider} <OwnMessage line/> }.into_any()
    } else {
        view! { {divider} <Answer line/> }.into_any()
    }
}

/// The heading over each message that begins a day.
fn days(chat: Chat) -> HashMap<Uuid, String> {
    let mut former = String::new();
    let mut days = HashMap::new();
    for line in chat.lines.get() {
        let day = chat.clock.day(line.message.read().timestamp);
        if day != former {
            days.insert(line.key, day.clone());
            former = day;
        }
    }
    days
}

fn follow_end(chat: Chat, scroller: NodeRef<html::Div>, at_end: RwSignal<bool>) {
    // A new message is where the person looks next.
    Effect::new(move |former: Option<usize>| {
        let count = chat.lines.with(Vec::len);
        if former.is_none_or(|former| count > former) && chat.turn.with_untracked(Option::is_some) {
            at_end.set(true);
        }
        if at_end.get_untracked() {
            to_end(scroller);
        }
        count
    });
    Effect::new(move |_| {
        chat.grown.track();
        if at_end.get_untracked() {
            to_end(scroller);
        }
    });
}

/// Shows the end once the present update is in the document.
fn to_end(scroller: NodeRef<html::Div>) {
    spawn_local(async move {
        leptos::task::tick().await;
        if let Some(scroller) = scroller.try_get_untracked().flatten() {
            browser::scroll_to_end(&scroller);
        }
    });
}

fn notice_scroll(scroller: NodeRef<html::Div>, at_end: RwSignal<bool>) {
    if let Some(scroller) = scroller.get_untracked() {
        let is_at_end = browser::distance_from_end(&scroller) < NEAR;
        if is_at_end != at_end.get_untracked() {
            at_end.set(is_at_end);
        }
    }
}
