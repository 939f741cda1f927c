//! The one place where markup enters the document as markup.

use leptos::{html, prelude::*, web_sys::Element};
use protocol::highlight::Code;

use crate::{
    browser,
    markdown::{self, Block, SafeHtml},
};

/// Rendered Markdown: as the server wrote it, then as [`paint`] does.
#[component]
pub(super) fn Rendered(node: NodeRef<html::Div>, html: SafeHtml) -> impl IntoView {
    view! { <div class="rendered" node_ref=node inner_html=html.as_str().to_owned()></div> }
}

/// Makes the children of `node` what `blocks` say, one element a block. The first `same` are so already, where they exist.
/// Once `most` bytes of markup are added it stops and returns `false`: there is more to paint.
pub(super) fn paint(node: &Element, blocks: &[Block], same: usize, most: usize) -> bool {
    let children = node.children();
    while children.length() as usize > blocks.len() {
        let Some(last) = node.last_element_child() else { break };
        last.remove();
    }
    let there = children.length() as usize;
    let mut at = same.min(there);
    while at < there {
        if let (Some(child), Some(block)) = (children.item(at as u32), blocks.get(at)) {
            child.set_outer_html(block.html.as_str());
        }
        at += 1;
    }
    // In one go: an answer that comes fast brings many of them between two frames.
    let new = markdown::first(blocks.get(at..).unwrap_or_default(), most);
    if !new.is_empty() {
        let _ = node.insert_adjacent_html("beforeend", markdown::joined(new).as_str());
    }
    at + new.len() >= blocks.len()
}

/// The children of `node` that hold code which waits for its colours, and that code. The last `open` of them may still grow.
pub(super) fn waiting(node: &Element, open: usize) -> Vec<(usize, Code)> {
    let children = node.children();
    let closed = (children.length() as usize).saturating_sub(open);
    let mut found = Vec::new();
    for at in 0..closed {
        let Some(child) = children.item(at as u32) else { break };
        let inside = browser::find_all(&child, ".code[data-waits]");
        let own = child
            .matches(".code[data-waits]")
            .unwrap_or(false)
            .then(|| child.clone());
        for block in own.into_iter().chain(inside) {
            let text = |selector| block.query_selector(selector).ok().flatten()?.text_content();
            if let (Some(language), Some(code)) = (text("header > span"), text("code")) {
                found.push((at, Code { language, code }));
            }
        }
    }
    found
}

/// Paints some of the children anew, and no other.
pub(super) fn paint_some(node: &Element, blocks: &[(usize, Block)]) {
    let children = node.children();
    for (at, block) in blocks {
        if let Some(child) = children.item(*at as u32) {
            child.set_outer_html(block.html.as_str());
        }
    }
}
