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
    let former = StoredValue::new(0);
    let days = Memo::new(move |_| days(chat));
    let held = StoredValue::new(None);
    follow_end(chat, scroller, at_end, held);
    let read_earlier = move |_| {
        held.set_value(
            scroller
                .get_untracked()
                .map(|scroller| browser::scroll_position(&scroller).1),
        );
        chat.read_earlier();
    };
    let title = move || {
        chat.session
            .with(|session| session.as_ref().map(|session| session.title.clone()))
    };
    let copy_code = |event: ev::MouseEvent| {
        if let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            browser::copy_code(&target);
        }
    };
    view! {
        <div class="scroller" node_ref=scroller tabindex="-1" on:scroll=move |_| notice_scroll(scroller, at_end, former)>
            <h1 class="unseen">{title}</h1>
            <div class="transcript" role="log" aria-label="Conversation" aria-live="off" on:click=copy_code>
                <Show when=move || chat.has_more.get()>
                    <button type="button" class="small earlier" on:click=read_earlier>
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

fn follow_end(
    chat: Chat,
    scroller: NodeRef<html::Div>,
    at_end: RwSignal<bool>,
    // How far from the end the reader is to stay when earlier messages come in above.
    held: StoredValue<Option<i32>>,
) {
    Effect::new(move |former: Option<(Option<Uuid>, Option<Uuid>)>| {
        let ends = chat
            .lines
            .with(|lines| (lines.first().map(|line| line.key), lines.last().map(|line| line.key)));
        let held = held.try_update_value(Option::take).flatten();
        // A new message is where the person looks next.
        if former.is_none_or(|(_, last)| last != ends.1) && chat.turn.with_untracked(Option::is_some) {
            at_end.set(true);
        }
        match held {
            Some(distance) if former.is_some_and(|(first, _)| first != ends.0) => scroll(scroller, distance),
            _ if at_end.get_untracked() => to_end(scroller),
            _ => {}
        }
        ends
    });
    Effect::new(move |_| {
        chat.grown.track();
        if at_end.get_untracked() {
            to_end(scroller);
        }
    });
}

fn to_end(scroller: NodeRef<html::Div>) {
    scroll(scroller, 0);
}

/// Goes to that distance from the end once the present update is in the document.
fn scroll(scroller: NodeRef<html::Div>, distance: i32) {
    spawn_local(async move {
        leptos::task::tick().await;
        if let Some(scroller) = scroller.try_get_untracked().flatten() {
            browser::scroll_from_end(&scroller, distance);
        }
    });
}

/// Whoever scrolls up, however little, reads there; whoever comes near the end follows it again.
fn notice_scroll(scroller: NodeRef<html::Div>, at_end: RwSignal<bool>, former: StoredValue<i32>) {
    let Some(scroller) = scroller.get_untracked() else {
        return;
    };
    let (top, distance) = browser::scroll_position(&scroller);
    let moved_up = top < former.get_value();
    former.set_value(top);
    let is_at_end = if moved_up { distance < 2 } else { distance < NEAR };
    if is_at_end != at_end.get_untracked() && (is_at_end || moved_up) {
        at_end.set(is_at_end);
    }
}
