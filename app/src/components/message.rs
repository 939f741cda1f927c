//! A person's message, what can be done with it, and where it is if it is not with the server.

use leptos::{ev, html, prelude::*};
use protocol::session::MAX_MESSAGE_CHARS;

use super::{
    icon::{self, Icon},
    versions::Versions,
};
use crate::{
    browser,
    state::{Delivery, Line, use_chat},
};

/// The message, or the field in which it is changed.
#[component]
pub(super) fn OwnMessage(line: Line) -> impl IntoView {
    let delivery = line.delivery.clone();
    let state = move || match &*delivery.read() {
        Delivery::Saved => "saved",
        Delivery::Pending => "pending",
        Delivery::Failed(_) => "failed",
    };
    // What comes into the document as one scrolls was said long ago.
    let is_new = *line.delivery.read_untracked() == Delivery::Pending;
    let editing = RwSignal::new(false);
    view! {
        <div class="own" class:new=is_new data-message-type="user" data-delivery=state>
            {
                let line = line.clone();
                move || {
                    let line = line.clone();
                    if editing.get() {
                        view! { <Edit line editing/> }.into_any()
                    } else {
                        let text = line.text.clone();
                        view! {
                            <p class="bubble">{move || text.get()}</p>
                            <Tools line editing/>
                        }
                            .into_any()
                    }
                }
            }
            <Undelivered line/>
        </div>
    }
}

/// What can be done with a message that the server has.
#[component]
fn Tools(line: Line, editing: RwSignal<bool>) -> impl IntoView {
    let chat = use_chat();
    let is_saved = Memo::new({
        let delivery = line.delivery.clone();
        move |_| *delivery.read() == Delivery::Saved
    });
    let text = line.text.clone();
    let copy = move |_| text.with_untracked(|text| browser::copy(text));
    view! {
        <Show when=move || is_saved.get()>
            <div class="own-tools">
                <button type="button" class="quiet" aria-label="Copy message" title="Copy" on:click=copy.clone()>
                    <Icon glyph=icon::COPY/>
                </button>
                <button
                    type="button"
                    class="quiet"
                    aria-label="Edit message"
                    title="Edit"
                    disabled=move || chat.is_running()
                    on:click=move |_| editing.set(true)
                >
                    <Icon glyph=icon::PEN/>
                </button>
                <Versions line=line.clone()/>
            </div>
        </Show>
    }
}

/// The field in which a message is changed. What was said stays, as an earlier version.
#[component]
fn Edit(line: Line, editing: RwSignal<bool>) -> impl IntoView {
    let chat = use_chat();
    let field = NodeRef::<html::Textarea>::new();
    let text = RwSignal::new(line.text.get_untracked());
    let is_sendable = move || {
        let fits = text.with(|text| !text.trim().is_empty() && text.chars().count() <= MAX_MESSAGE_CHARS);
        fits && !chat.is_running()
    };
    let send = move || {
        let new = text.with_untracked(|text| text.trim_end().to_owned());
        if new == *line.text.read_untracked() {
            editing.set(false);
        } else if untrack(is_sendable) {
            chat.send_instead(&line, new);
        }
    };
    let on_key = {
        let send = send.clone();
        move |event: ev::KeyboardEvent| {
            if browser::sends(&event) {
                event.prevent_default();
                send();
            } else if event.key() == "Escape" {
                // Nearer to the person than the answer that Escape would stop.
                event.prevent_default();
                event.stop_propagation();
                editing.set(false);
            }
        }
    };
    field.on_load(move |field| {
        browser::fit_height(&field);
        let _ = field.focus();
    });
    view! {
        <form
            class="edit"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <textarea
                dir="auto"
                node_ref=field
                rows="1"
                aria-label="Edit message"
                prop:value=move || text.get()
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    if let Some(field) = field.get_untracked() {
                        browser::fit_height(&field);
                    }
                }
                on:keydown=on_key
            ></textarea>
            <div class="choices">
                <button type="button" class="small" on:click=move |_| editing.set(false)>
                    "Cancel"
                </button>
                <button type="submit" class="small primary" disabled=move || !is_sendable()>
                    "Send"
                </button>
            </div>
        </form>
    }
}

/// Why it did not arrive. Nothing typed is lost: it can be sent again, or changed first.
#[component]
fn Undelivered(line: Line) -> impl IntoView {
    let chat = use_chat();
    let delivery = line.delivery.clone();
    let reason = Memo::new(move |_| match &*delivery.read() {
        Delivery::Failed(error) => Some(error.error.to_string()),
        _ => None,
    });
    view! {
        <Show when=move || reason.with(Option::is_some)>
            {
                let again = line.clone();
                let back = line.clone();
                view! {
                    <div class="failure" role="alert">
                        <Icon glyph=icon::ALERT/>
                        <span>"Not sent. " {move || reason.get()}</span>
                        <div class="choices">
                            <button type="button" class="small" on:click=move |_| chat.send_again(again.clone())>
                                "Retry"
                            </button>
                            <button type="button" class="small" on:click=move |_| chat.take_back(&back)>
                                "Edit"
                            </button>
                        </div>
                    </div>
                }
            }
        </Show>
    }
}
