//! A page being written: markup that stands in the program, text that is escaped, and what the sanitising writer made.

use app::markdown::{SafeHtml, plain};

/// The page so far.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// Our own markup; its type keeps everything else out.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, in content and between the quotes of an attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.rendered(&plain(text))
    }

    /// What the sanitising writer made.
    pub(super) fn rendered(&mut self, html: &SafeHtml) -> &mut Self {
        self.0.push_str(html.as_str());
        self
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.0
    }
}
