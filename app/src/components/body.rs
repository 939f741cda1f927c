//! An answer's text. Settled blocks are never rendered again, the last two at most once a frame.

use leptos::{
    html,
    prelude::*,
    web_sys::{Element, HtmlDivElement},
};
use protocol::session::MessageStatus;

use super::{
    html::{Rendered, paint, paint_some, waiting},
    pace::Pace,
};
use crate::{
    markdown,
    state::{Chat, Line, use_chat},
};

/// How many bytes of markup one frame brings into the document: what it can lay out while somebody types.
const SLICE: usize = 32_000;

/// The rendered text, growing.
#[component]
pub(super) fn Body(line: Line) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let colours = use_chat().colours;
    let html = colours.with_value(|colours| line.text.with_untracked(|text| markdown::whole(text, colours)));
    follow(&line, node);
    let waits = move || line.status() == MessageStatus::Streaming && line.text.with(String::is_empty);
    view! {
        <div class="body">
            <Rendered node html/>
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
fn follow(line: &Line, node: NodeRef<html::Div>) {
    let chat = use_chat();
    let line = line.clone();
    let pace = Pace::new();
    let is_streaming = Memo::new({
        let line = line.clone();
        move |_| line.status() == MessageStatus::Streaming
    });
    Effect::new(move |former: Option<bool>| {
        line.text.track();
        let is_streaming = is_streaming.get();
        let Some(node) = node.get() else {
            return is_streaming;
        };
        // What the server has rendered is there already.
        let is_painted = former.is_none() && node.child_element_count() > 0;
        if is_painted {
            colour(chat, &line, &node);
        }
        if is_painted {
            return is_streaming;
        }
        // A row that was just made must not show up empty.
        if former.is_none() {
            render(chat, &line, &node, usize::MAX);
            return is_streaming;
        }
        render_soon(pace, chat, line.clone(), node);
        is_streaming
    });
}

/// Renders in frames to come, in as many as it takes.
fn render_soon(pace: Pace, chat: Chat, line: Line, node: HtmlDivElement) {
    pace.soon(move || {
        if !render(chat, &line, &node, SLICE) {
            render_soon(pace, chat, line.clone(), node.clone());
        }
    });
}

/// Renders what there is of the text. Returns `false` when more than that was new, in bytes of markup, and part of it is still
/// to be painted.
fn render(chat: Chat, line: &Line, node: &Element, most: usize) -> bool {
    let is_whole = line.message.read_untracked().status != MessageStatus::Streaming;
    let is_painted = chat.colours.with_value(|colours| {
        line.text.with_untracked(|text| {
            line.markdown.try_update_value(|markdown| {
                let same = if is_whole {
                    markdown.finish(text, colours)
                } else {
                    markdown.grow(text, colours)
                };
                paint(node, markdown.blocks(), same, most)
            })
        })
    });
    colour(chat, line, node);
    chat.grown.notify();
    is_painted.unwrap_or(true)
}

/// Asks for the colours of code that has closed, and paints it anew when they are known; nothing else is touched.
fn colour(chat: Chat, line: &Line, node: &Element) {
    let is_whole = line.message.read_untracked().status != MessageStatus::Streaming;
    let wanted = waiting(node, usize::from(!is_whole));
    if wanted.is_empty() {
        return;
    }
    let codes = wanted.into_iter().map(|(_, code)| code).collect();
    let (line, node) = (line.clone(), node.clone());
    chat.colour(codes, move || repaint(chat, &line, &node));
}

fn repaint(chat: Chat, line: &Line, node: &Element) {
    let is_whole = line.message.read_untracked().status != MessageStatus::Streaming;
    let mut places: Vec<usize> = waiting(node, usize::from(!is_whole))
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    places.dedup();
    let _ = chat.colours.try_with_value(|colours| {
        line.text.with_untracked(|text| {
            line.markdown.update_value(|markdown| {
                paint_some(node, &markdown.recolour(text, colours, &places));
            });
        });
    });
}
