//! An answer that grows: settled blocks are frozen, only the last is parsed again.

use leptos::prelude::*;
use std::sync::Arc;

use super::{Block, SafeHtml, blocks, blocks_from};

/// The rendering of one answer.
#[derive(Clone)]
pub(crate) struct LiveMarkdown {
    /// All blocks but the last. Only ever appended to while the answer grows.
    pub(crate) settled: ArcRwSignal<Arc<Vec<Block>>>,
    /// The last block.
    pub(crate) tail: ArcRwSignal<SafeHtml>,
    tail_start: ArcStoredValue<usize>,
}

impl LiveMarkdown {
    /// Renders what there is.
    pub(crate) fn new(text: &str) -> Self {
        let (settled, tail, start) = parted(blocks(text));
        Self {
            settled: ArcRwSignal::new(Arc::new(settled)),
            tail: ArcRwSignal::new(tail),
            tail_start: ArcStoredValue::new(start),
        }
    }

    /// Follows the text as it grows.
    pub(crate) fn grow(&self, text: &str) {
        let start = self.tail_start.get_value();
        if text.len() < start || !text.is_char_boundary(start) {
            return self.finish(text);
        }
        let (settled, tail, start) = parted(blocks_from(text, start));
        if !settled.is_empty() {
            self.settled.update(|all| Arc::make_mut(all).extend(settled));
        }
        if tail != SafeHtml::default() {
            self.tail_start.set_value(start);
        }
        self.tail.set(tail);
    }

    /// Renders the whole text once more, for a link may be defined after its use. Blocks that stay the same stay.
    pub(crate) fn finish(&self, text: &str) {
        let (settled, tail, start) = parted(blocks(text));
        if **self.settled.read_untracked() != settled {
            self.settled.set(Arc::new(settled));
        }
        if *self.tail.read_untracked() != tail {
            self.tail.set(tail);
        }
        self.tail_start.set_value(start);
    }
}

fn parted(mut blocks: Vec<Block>) -> (Vec<Block>, SafeHtml, usize) {
    match blocks.pop() {
        Some(last) => (blocks, last.html, last.start),
        None => (blocks, SafeHtml::default(), 0),
    }
}
