//! That the connection to the answer is lost: said when it lasts, not at every blip.

use leptos::{leptos_dom::helpers::set_timeout_with_handle, prelude::*};
use std::time::Duration;

use super::Chat;

/// A loss shorter than this is nobody's business.
const NOTICEABLE: Duration = Duration::from_secs(1);

impl Chat {
    /// The connection is lost. Says so if it still is in a moment.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "only a browser follows a stream")
    )]
    pub(crate) fn lost(self) {
        if self.loss.with_value(Option::is_some) {
            return;
        }
        let say = move || {
            self.reconnecting.set(true);
            self.announce("Reconnecting…");
        };
        self.loss.set_value(set_timeout_with_handle(say, NOTICEABLE).ok());
    }

    /// The connection is there.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "only a browser follows a stream")
    )]
    pub(crate) fn found(self) {
        if self.reconnecting.get_untracked() {
            self.announce("Connected again.");
        }
        self.forget_loss();
    }

    /// Nothing is followed any more, so nothing can be lost.
    pub(super) fn forget_loss(self) {
        if let Some(timer) = self.loss.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        if self.reconnecting.get_untracked() {
            self.reconnecting.set(false);
        }
    }
}
