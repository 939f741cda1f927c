//! Where the person writes.

use leptos::{ev, html, prelude::*};
use protocol::session::MAX_MESSAGE_CHARS;

use super::icon::{self, Icon};
use crate::{
    browser, figures,
    state::{Chat, View, use_chat},
};

/// From this length on the count is shown.
const NEAR_LIMIT: usize = MAX_MESSAGE_CHARS - MAX_MESSAGE_CHARS / 10;

/// The field, and the button that sends or stops.
#[component]
pub(crate) fn Composer() -> impl IntoView {
    let chat = use_chat();
    let field = NodeRef::<html::Textarea>::new();
    let length = Memo::new(move |_| chat.draft.with(|draft| draft.chars().count()));
    let is_empty = Memo::new(move |_| chat.draft.with(|draft| draft.trim().is_empty()));
    let is_over = move || length.get() > MAX_MESSAGE_CHARS;
    // Remembered, so that the button is not made anew, and loses the focus, whenever something else about the turn changes.
    let is_running = Memo::new(move |_| chat.is_running());
    let is_usable = move || !matches!(chat.view.get(), View::Missing | View::Failed);
    let placeholder = move || match chat.view.get() {
        View::New => "Describe the task…".to_owned(),
        _ if chat.agent_id.with(String::is_empty) => "Message…".to_owned(),
        _ => format!("Message {}…", chat.agent_name()),
    };
    Effect::new(move |_| {
        let draft = chat.draft.get();
        if let Some(field) = field.get() {
            // What writes the draft into the field may run after this.
            if field.value() != draft {
                field.set_value(&draft);
            }
            browser::fit_height(&field);
        }
    });
    stop_on_escape(chat);
    view! {
        <form
            class="composer"
            class:over=is_over
            hidden=move || !is_usable()
            on:submit=move |event| {
                event.prevent_default();
                submit(chat);
            }
        >
            <textarea
                id="message"
                dir="auto"
                node_ref=field
                rows="1"
                aria-label="Message"
                aria-describedby="composer-hint"
                placeholder=placeholder
                prop:value=move || chat.draft.get()
                on:input=move |event| {
                    chat.draft.set(event_target_value(&event));
                    browser::keep_draft(chat.session_id.get_untracked(), &event_target_value(&event));
                    chat.forget_recalled();
                }
                on:keydown=move |event| {
                    if browser::sends(&event) {
                        event.prevent_default();
                        submit(chat);
                    } else if let Some(older) = recalls(&event) {
                        event.prevent_default();
                        chat.recall(older);
                    }
                }
            ></textarea>
            <div class="row">
                <span id="composer-hint" class="hint">"Enter sends · Shift+Enter breaks the line"</span>
                <Count length/>
                <span class="space"></span>
                {move || {
                    if is_running.get() {
                        let stopping = move || chat.turn.with(|turn| turn.as_ref().is_some_and(|turn| turn.stopping.get()));
                        view! {
                            <button
                                type="button"
                                class="round stop"
                                aria-label="Stop"
                                title="Stop (Esc)"
                                disabled=stopping
                                on:click=move |_| chat.stop()
                            >
                                <Icon glyph=icon::STOP/>
                            </button>
                        }
                            .into_any()
                    } else {
                        let disabled = move || is_empty.get() || is_over();
                        view! {
                            // The server knows of no draft. One typed before the page was alive is there by then, and of attributes
                            // those that the server wrote are taken for right.
                            <button
                                type="submit"
                                class="round send"
                                aria-label="Send"
                                title="Send"
                                disabled=true
                                prop:disabled=disabled
                            >
                                <Icon glyph=icon::ARROW_UP/>
                            </button>
                        }
                            .into_any()
                    }
                }}
            </div>
        </form>
    }
}

/// How long the text is, once that matters.
#[component]
fn Count(length: Memo<usize>) -> impl IntoView {
    let is_near = move || length.get() >= NEAR_LIMIT;
    let words = move || {
        let length = length.get();
        let limit = figures::thousands(MAX_MESSAGE_CHARS as u64);
        if length > MAX_MESSAGE_CHARS {
            let over = figures::thousands((length - MAX_MESSAGE_CHARS) as u64);
            let noun = if over == "1" { "character" } else { "characters" };
            format!("{over} {noun} over the limit of {limit}. Shorten the message to send it.")
        } else {
            figures::thousands(length as u64) + " / " + &limit
        }
    };
    view! {
        <Show when=is_near>
            <span class="count" role="status">{words}</span>
        </Show>
    }
}

fn submit(chat: Chat) {
    if chat.view.get_untracked() != View::Loading {
        chat.send_draft();
    }
}

/// Whether a key press brings back an earlier message, or one after it.
fn recalls(event: &ev::KeyboardEvent) -> Option<bool> {
    let is_control = (event.ctrl_key() || event.meta_key()) && !event.shift_key() && !event.alt_key();
    match event.key().as_str() {
        "ArrowUp" if is_control => Some(true),
        "ArrowDown" if is_control => Some(false),
        _ => None,
    }
}

/// Escape stops the answer, unless something nearer to the person takes it.
fn stop_on_escape(chat: Chat) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            if event.key() != "Escape" || event.is_composing() || event.default_prevented() {
                return;
            }
            // What is open over the page closes first.
            if !chat.drawer.get_untracked()
                && chat.question.with_untracked(Option::is_none)
                && chat.overlay.with_untracked(Option::is_none)
            {
                chat.stop();
            }
        });
        on_cleanup(move || listener.remove());
    });
}
