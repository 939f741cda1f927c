//! Markdown to HTML that is safe to show, block by block.
//!
//! [`SafeHtml`] can be made nowhere else, and everything in it is written by the writer: raw HTML in an answer comes
//! out as text, links lead only to `http`, `https` and `mailto`, and no image is ever loaded.

mod colours;
mod link;
mod live;
mod writer;

pub use colours::Colours;
pub(crate) use live::LiveMarkdown;

use std::sync::Arc;

/// HTML that the sanitising writer made. Its field is private, so that nothing else can make one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SafeHtml(Arc<str>);

impl SafeHtml {
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A top-level block: a paragraph, a list, a table, a fenced code block and so on. Its markup is one element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Block {
    /// Where it begins in the text, in bytes, at the start of a line.
    pub(crate) start: usize,
    /// What to show.
    pub(crate) html: SafeHtml,
}

/// The blocks of a text from the byte `start` on, which must be where a block begins.
pub(crate) fn blocks_from(text: &str, start: usize, colours: &Colours) -> Vec<Block> {
    let rest = text.get(start..).unwrap_or_default();
    writer::write(rest, colours)
        .into_iter()
        .map(|(at, html)| Block {
            // An indented code block is reported after its indentation, which must not be lost when its text is parsed again.
            start: start + rest[..at].rfind('\n').map_or(0, |newline| newline + 1),
            html: SafeHtml(html.into()),
        })
        .collect()
}

/// A whole text, as the server renders it. The browser finds that rendering in the document.
pub(crate) fn whole(text: &str, colours: &Colours) -> SafeHtml {
    if cfg!(feature = "hydrate") {
        return SafeHtml::default();
    }
    joined(&blocks_from(text, 0, colours))
}

/// A whole text for a document that stands alone: nothing in it waits for a script.
#[cfg(feature = "ssr")]
pub fn still(text: &str, colours: &Colours) -> SafeHtml {
    SafeHtml(writer::write_still(text, colours).into())
}

/// A text as it was written, without any markup.
#[cfg(feature = "ssr")]
pub fn plain(text: &str) -> SafeHtml {
    let mut html = String::with_capacity(text.len());
    writer::escape(&mut html, text);
    SafeHtml(html.into())
}

/// The code in a text that may have colours.
#[cfg(feature = "ssr")]
pub fn codes(text: &str) -> Vec<protocol::highlight::Code> {
    writer::codes(text)
}

/// One block after the other.
pub(crate) fn joined(blocks: &[Block]) -> SafeHtml {
    SafeHtml(
        blocks
            .iter()
            .map(|block| block.html.as_str())
            .collect::<String>()
            .into(),
    )
}

/// As many of the first blocks as it takes to have that many bytes of markup, or all.
pub(crate) fn first(blocks: &[Block], bytes: usize) -> &[Block] {
    let mut sum = 0;
    let reaches = |block: &Block| {
        sum += block.html.as_str().len();
        sum >= bytes
    };
    match blocks.iter().position(reaches) {
        Some(at) => &blocks[..=at],
        None => blocks,
    }
}

#[cfg(test)]
mod tests;
