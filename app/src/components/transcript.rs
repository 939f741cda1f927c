//! The conversation. It follows the end only while the reader is there, and only what is near to sight is in the document.

mod found;
mod window;

use leptos::{ev, html, prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys::Element};
use std::{collections::HashMap, ops::Range};
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
use found::find_sought;
use window::{Sight, extent, window};

/// Nearer to the end than this, in pixels, a reader is at the end.
const NEAR: i32 = 64;

/// What the transcript knows of its own place on the screen.
#[derive(Clone, Copy)]
struct Place {
    scroller: NodeRef<html::Div>,
    /// Whether the reader follows the end.
    at_end: RwSignal<bool>,
    /// Where the reader was when last heard of.
    former: StoredValue<i32>,
    /// How far from the end the reader is to stay when earlier messages come in above.
    held: StoredValue<Option<i32>>,
    /// How many messages are left out above and below.
    omitted: RwSignal<(usize, usize)>,
    /// How high each message is that was ever rendered, in pixels.
    heights: StoredValue<HashMap<Uuid, f64>>,
    /// Whether the next frame looks at all this again.
    looking: StoredValue<bool>,
    /// The message that was looked for and is marked for a moment.
    found: RwSignal<Option<Uuid>>,
    /// Whether it is kept in the middle while what is around it takes its place; until the reader moves.
    settling: StoredValue<bool>,
}

/// All messages of the session shown.
#[component]
pub(crate) fn Transcript() -> impl IntoView {
    let chat = use_chat();
    let place = Place {
        scroller: NodeRef::new(),
        at_end: RwSignal::new(chat.sought.with_untracked(Option::is_none)),
        former: StoredValue::new(0),
        held: StoredValue::new(None),
        omitted: RwSignal::new((0, 0)),
        heights: StoredValue::new(HashMap::new()),
        looking: StoredValue::new(false),
        found: RwSignal::new(None),
        settling: StoredValue::new(false),
    };
    let days = Memo::new(move |_| days(chat));
    follow_end(chat, place);
    find_sought(chat, place);
    // Measured at the last moment: the reader goes on scrolling while earlier messages are on their way.
    chat.before_earlier.set_value(Some(Callback::new(move |()| {
        let scroller = place.scroller.try_get_untracked().flatten();
        place
            .held
            .set_value(scroller.map(|scroller| browser::scroll_position(&scroller).1));
    })));
    on_cleanup(move || chat.before_earlier.set_value(None));
    let title = move || {
        chat.session
            .with(|session| session.as_ref().map(|session| session.title.clone()))
    };
    let copy_block = |event: ev::MouseEvent| {
        if let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            browser::copy_block(&target);
        }
    };
    let rendered = move || {
        chat.lines.with(|lines| {
            let range = rendered(place, lines.len());
            lines[range].to_vec()
        })
    };
    let at_end = place.at_end;
    let is_beside_end = move || !at_end.get() || chat.has_later.get();
    let moves = move || place.settling.set_value(false);
    view! {
        <div
            class="scroller"
            node_ref=place.scroller
            tabindex="-1"
            on:scroll=move |_| notice_scroll(chat, place)
            on:wheel=move |_| moves()
            on:touchstart=move |_| moves()
            on:pointerdown=move |_| moves()
            on:keydown=move |_| moves()
        >
            <h1 class="unseen">{title}</h1>
            <div class="transcript" role="log" aria-label="Conversation" aria-live="off" on:click=copy_block>
                <Show when=move || chat.has_more.get()>
                    <button type="button" class="small earlier" on:click=move |_| chat.read_earlier()>
                        "Show earlier messages"
                    </button>
                </Show>
                <Omitted place above=true/>
                <For each=rendered key=|line| line.key children=move |line| view! { <Row line days found=place.found/> }/>
                <Omitted place above=false/>
                <Show when=move || chat.has_later.get()>
                    <button type="button" class="small earlier" on:click=move |_| chat.read_later()>
                        "Show later messages"
                    </button>
                </Show>
            </div>
        </div>
        <Show when=is_beside_end>
            <button
                type="button"
                class="round to-end"
                aria-label="To the end"
                on:click=move |_| {
                    moves();
                    at_end.set(true);
                    if chat.has_later.get_untracked() {
                        chat.read_end();
                    } else {
                        to_end(chat, place);
                    }
                }
            >
                <Icon glyph=icon::DOWN/>
            </button>
        </Show>
    }
}

/// The space in which the messages stand that are not rendered.
#[component]
fn Omitted(place: Place, above: bool) -> impl IntoView {
    let chat = use_chat();
    let count = move || {
        let (before, after) = place.omitted.get();
        if above { before } else { after }
    };
    let height = move || {
        let count = count();
        chat.lines.with(|lines| {
            let count = count.min(lines.len());
            let part = if above {
                &lines[..count]
            } else {
                &lines[lines.len() - count..]
            };
            format!("{:.2}px", extent(&known_heights(place, part), gap(place)))
        })
    };
    view! {
        <Show when=move || { count() > 0 }>
            <div class="omitted" aria-hidden="true" style:height=height></div>
        </Show>
    }
}

#[component]
fn Row(line: Line, days: Memo<HashMap<Uuid, String>>, found: RwSignal<Option<Uuid>>) -> impl IntoView {
    let key = line.key;
    // What the fragment of an address names.
    let id = line.message_id().to_string();
    let day = Memo::new(move |_| days.with(|days| days.get(&key).cloned()));
    let divider = move || day.get().map(|day| view! { <h2 class="day">{day}</h2> });
    let message = if line.is_mine {
        view! { <OwnMessage line/> }.into_any()
    } else {
        view! { <Answer line/> }.into_any()
    };
    view! {
        <div class="turn" id=id class:found=move || found.get() == Some(key) data-line=key.to_string() tabindex="-1">
            {divider}
            {message}
        </div>
    }
}

/// The heading over each message that begins a day.
fn days(chat: Chat) -> HashMap<Uuid, String> {
    let mut former = String::new();
    let mut days = HashMap::new();
    chat.lines.with(|lines| {
        for line in lines {
            let day = chat.clock.day(line.message.read().timestamp);
            if day != former {
                days.insert(line.key, day.clone());
                former = day;
            }
        }
    });
    days
}

/// Which of that many messages are rendered. Tracked.
fn rendered(place: Place, count: usize) -> Range<usize> {
    let (before, after) = place.omitted.get();
    let end = count.saturating_sub(after);
    before.min(end)..end
}

fn known_heights(place: Place, lines: &[Line]) -> Vec<Option<f64>> {
    place
        .heights
        .with_value(|heights| lines.iter().map(|line| heights.get(&line.key).copied()).collect())
}

fn gap(place: Place) -> f64 {
    place
        .scroller
        .get_untracked()
        .map_or(0.0, |scroller| browser::row_gap(&scroller, ".transcript"))
}

/// Looks, once a frame at most, what is to be rendered, and whether there is more to load above.
fn look(chat: Chat, place: Place) {
    if place.looking.get_value() {
        return;
    }
    place.looking.set_value(true);
    request_animation_frame(move || {
        if place.looking.try_set_value(false).is_some() {
            return;
        }
        let Some(scroller) = place.scroller.try_get_untracked().flatten() else {
            return;
        };
        place.heights.update_value(|heights| {
            for (key, height) in browser::heights(&scroller, "[data-line]", "data-line") {
                if let Ok(key) = Uuid::try_parse(&key) {
                    heights.insert(key, height);
                }
            }
        });
        let (top, height) = browser::in_sight(&scroller, ".transcript");
        let sight = Sight {
            top,
            height,
            gap: gap(place),
            at_end: place.at_end.get_untracked(),
        };
        let (heights, now) = chat.lines.with_untracked(|lines| {
            let now = untrack(|| rendered(place, lines.len()));
            (known_heights(place, lines), now)
        });
        let next = window(&heights, &now, sight);
        if next != now {
            place.omitted.set((next.start, heights.len() - next.end));
        }
        if next.start == 0 && top < height && chat.has_more.get_untracked() {
            chat.read_earlier();
        }
        if chat.has_later.get_untracked() && browser::is_near_end(&scroller, height as i32) {
            chat.read_later();
        }
    });
}

fn follow_end(chat: Chat, place: Place) {
    Effect::new(move |former: Option<(Option<Uuid>, Option<Uuid>)>| {
        let ends = chat
            .lines
            .with(|lines| (lines.first().map(|line| line.key), lines.last().map(|line| line.key)));
        // A new message is where the person looks next.
        let is_newest = chat
            .turn
            .with_untracked(|turn| turn.as_ref().is_some_and(|turn| Some(turn.line.key) == ends.1));
        if former.is_none_or(|(_, last)| last != ends.1) && is_newest && chat.sought.with_untracked(Option::is_none) {
            place.at_end.set(true);
        }
        let came_above = former.is_some_and(|(first, last)| first != ends.0 && last == ends.1);
        if came_above && !place.at_end.get_untracked() {
            if let Some(distance) = place.held.try_update_value(Option::take).flatten() {
                scroll(chat, place, distance);
            }
        } else if place.at_end.get_untracked() {
            to_end(chat, place);
        }
        look(chat, place);
        ends
    });
    Effect::new(move |_| {
        chat.grown.track();
        if place.at_end.get_untracked() {
            to_end(chat, place);
        }
    });
}

fn to_end(chat: Chat, place: Place) {
    let (before, after) = place.omitted.get_untracked();
    if after > 0 {
        // The last ones, whatever was shown before; the next look makes it as many as there is room for.
        let count = chat.lines.with_untracked(Vec::len);
        place.omitted.set((before.max(count.saturating_sub(20)), 0));
    }
    scroll(chat, place, 0);
}

/// Goes to that distance from the end once the present update is in the document.
fn scroll(chat: Chat, place: Place, distance: i32) {
    spawn_local(async move {
        leptos::task::tick().await;
        if let Some(scroller) = place.scroller.try_get_untracked().flatten() {
            browser::scroll_from_end(&scroller, distance);
            look(chat, place);
        }
    });
}

/// Whoever scrolls up, however little, reads there; whoever comes near the end follows it again.
fn notice_scroll(chat: Chat, place: Place) {
    let Some(scroller) = place.scroller.get_untracked() else {
        return;
    };
    let (top, distance) = browser::scroll_position(&scroller);
    let moved_up = top < place.former.get_value();
    place.former.set_value(top);
    let is_end_rendered = place.omitted.get_untracked().1 == 0;
    let is_end_shown = is_end_rendered && !chat.has_later.get_untracked();
    let is_at_end = is_end_shown && if moved_up { distance < 2 } else { distance < NEAR };
    if is_at_end != place.at_end.get_untracked() && (is_at_end || moved_up) {
        place.at_end.set(is_at_end);
    }
    look(chat, place);
}
