//! What code consists of: asked of the server once a block has closed.

use leptos::{prelude::*, task::spawn_local};
use protocol::highlight::{Code, MAX_BLOCKS, MAX_BYTES};

use super::Chat;
use crate::server_fns;

impl Chat {
    /// Asks what these blocks consist of, of each once, and calls `then` when that is known. Where the server cannot tell,
    /// code stays plain: nobody needs to hear of it.
    pub(crate) fn colour(self, blocks: Vec<Code>, then: impl Fn() + 'static) {
        let mut wanted: Vec<Code> = Vec::new();
        let mut bytes = 0;
        self.asked_colours.update_value(|asked| {
            for block in blocks {
                bytes += block.code.len();
                if wanted.len() < MAX_BLOCKS && bytes <= MAX_BYTES && asked.insert(block.clone()) {
                    wanted.push(block);
                }
            }
        });
        if wanted.is_empty() {
            return;
        }
        spawn_local(async move {
            match server_fns::highlight(wanted.clone()).await {
                Ok(told) => {
                    let _ = self.colours.try_update_value(|colours| colours.learn(wanted, told));
                    then();
                }
                Err(_) => {
                    let _ = self
                        .asked_colours
                        .try_update_value(|asked| asked.retain(|code| !wanted.contains(code)));
                }
            }
        });
    }
}
