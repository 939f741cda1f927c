//! An answer that grows: settled blocks are frozen, only the last two are parsed again.
//!
//! Two, because the last line may be read otherwise once it is whole: `|` after a table begins a paragraph, `| 1 |` goes
//! on with the table. When a third block begins, the line that parts the first two is whole.

use leptos::prelude::*;
use std::sync::Arc;

use super::{Block, SafeHtml, blocks, blocks_from};

/// The rendering of one answer.
#[derive(Clone)]
pub(crate) struct LiveMarkdown {
    /// All blocks but the last two. Only ever appended to while the answer grows.
    pub(crate) settled: ArcRwSignal<Arc<Vec<Block>>>,
    /// The last block but one; empty where there is none.
    pub(crate) settling: ArcRwSignal<SafeHtml>,
    /// The last block; empty where there is none.
    pub(crate) tail: ArcRwSignal<SafeHtml>,
    settled_until: ArcStoredValue<usize>,
}

impl LiveMarkdown {
    /// Renders what there is.
    pub(crate) fn new(text: &str) -> Self {
        let parts = Parts::of(blocks(text), 0);
        Self {
            settled: ArcRwSignal::new(Arc::new(parts.settled)),
            settling: ArcRwSignal::new(parts.settling),
            tail: ArcRwSignal::new(parts.tail),
            settled_until: ArcStoredValue::new(parts.settled_until),
        }
    }

    /// Follows the text as it grows.
    pub(crate) fn grow(&self, text: &str) {
        let start = self.settled_until.get_value();
        if text.len() < start || !text.is_char_boundary(start) {
            return self.finish(text);
        }
        let parts = Parts::of(blocks_from(text, start), start);
        if !parts.settled.is_empty() {
            self.settled
                .update(|all| Arc::make_mut(all).extend(parts.settled.iter().cloned()));
        }
        self.show(parts);
    }

    /// Renders the whole text once more, for a link may be defined after its use. Blocks that stay the same stay.
    pub(crate) fn finish(&self, text: &str) {
        let parts = Parts::of(blocks(text), 0);
        if **self.settled.read_untracked() != parts.settled {
            self.settled.set(Arc::new(parts.settled.clone()));
        }
        self.show(parts);
    }

    fn show(&self, parts: Parts) {
        self.settled_until.set_value(parts.settled_until);
        for (signal, html) in [(&self.settling, parts.settling), (&self.tail, parts.tail)] {
            if *signal.read_untracked() != html {
                signal.set(html);
            }
        }
    }
}

struct Parts {
    settled: Vec<Block>,
    settling: SafeHtml,
    tail: SafeHtml,
    settled_until: usize,
}

impl Parts {
    /// Parts blocks of which the first begins at the byte `start`.
    fn of(mut blocks: Vec<Block>, start: usize) -> Self {
        let tail = blocks.pop();
        let settling = blocks.pop();
        Self {
            settled_until: settling.as_ref().or(tail.as_ref()).map_or(start, |block| block.start),
            settled: blocks,
            settling: settling.map(|block| block.html).unwrap_or_default(),
            tail: tail.map(|block| block.html).unwrap_or_default(),
        }
    }
}
