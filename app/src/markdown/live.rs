//! An answer that grows: settled blocks are frozen, only the last two are parsed again.
//!
//! Two, because the last line may be read otherwise once it is whole: `|` after a table begins a paragraph, `| 1 |` goes
//! on with the table. When a third block begins, the line that parts the first two is whole.

use super::{Block, Colours, blocks_from};

/// How many blocks at the end may still change.
const UNSETTLED: usize = 2;

/// The rendering of one answer.
#[derive(Debug, Default)]
pub(crate) struct LiveMarkdown {
    blocks: Vec<Block>,
}

impl LiveMarkdown {
    /// All blocks. All but the last two stay as they are while the answer grows.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Follows the text as it grows. Returns how many of the former blocks are as they were; what comes after them is new.
    pub(crate) fn grow(&mut self, text: &str, colours: &Colours) -> usize {
        let kept = self.blocks.len().saturating_sub(UNSETTLED);
        let start = self.blocks.get(kept).map_or(0, |block| block.start);
        if text.is_char_boundary(start) {
            self.replace(kept, blocks_from(text, start, colours))
        } else {
            self.finish(text, colours)
        }
    }

    /// Renders the whole text once more, for a link may be defined after its use. Returns what [`Self::grow`] does.
    pub(crate) fn finish(&mut self, text: &str, colours: &Colours) -> usize {
        self.replace(0, blocks_from(text, 0, colours))
    }

    /// Renders the blocks at these places once more, in the colours that are known now, and returns them. The text may have
    /// grown meanwhile: the other blocks are left to the next [`Self::grow`], which tells what is new of them.
    pub(crate) fn recolour(&mut self, text: &str, colours: &Colours, places: &[usize]) -> Vec<(usize, Block)> {
        let blocks = blocks_from(text, 0, colours);
        let recoloured: Vec<_> = places
            .iter()
            .filter_map(|&at| Some((at, blocks.get(at)?.clone())))
            .collect();
        for (at, block) in &recoloured {
            if let Some(former) = self.blocks.get_mut(*at) {
                former.clone_from(block);
            }
        }
        recoloured
    }

    fn replace(&mut self, kept: usize, blocks: Vec<Block>) -> usize {
        let former = self.blocks[kept..].iter();
        let same = kept + former.zip(&blocks).take_while(|(former, new)| former == new).count();
        self.blocks.truncate(same);
        self.blocks.extend(blocks.into_iter().skip(same - kept));
        same
    }
}
