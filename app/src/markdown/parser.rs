//! Where the parser comes from. It is a sixth of the page's WASM, and an empty page needs none of it: the browser fetches
//! it, as a file of its own, when there is something to render. Only an optimised build divides the WASM (`--split`, feature
//! `split`); otherwise the parser is always here.

use super::{Colours, writer};

/// Text to blocks: where each begins, and its markup.
type Parse = fn(&str, &Colours) -> Vec<(usize, String)>;

/// The parser, if it is here.
pub(super) fn parse() -> Option<Parse> {
    source::parse()
}

/// Whether the parser is here.
pub(crate) fn is_ready() -> bool {
    parse().is_some()
}

/// Fetches the parser if it is not here. Says whether it is; where it could not be fetched, the next call tries again.
pub(crate) async fn prepare() -> bool {
    source::fetch().await;
    is_ready()
}

#[cfg(feature = "split")]
mod source {
    use leptos::wasm_split::{SplitLoaderError, wasm_split};
    use std::sync::OnceLock;

    use super::{Parse, writer};

    static PARSE: OnceLock<Parse> = OnceLock::new();

    #[wasm_split(markdown, wasm_split_path = leptos::wasm_split, fallible)]
    fn markdown() -> Result<Parse, SplitLoaderError> {
        Ok(writer::write)
    }

    pub(super) fn parse() -> Option<Parse> {
        PARSE.get().copied()
    }

    pub(super) async fn fetch() {
        if PARSE.get().is_none()
            && let Ok(parse) = markdown().await
        {
            let _ = PARSE.set(parse);
        }
    }
}

#[cfg(not(feature = "split"))]
mod source {
    use super::{Parse, writer};

    pub(super) fn parse() -> Option<Parse> {
        Some(writer::write)
    }

    pub(super) async fn fetch() {}
}
