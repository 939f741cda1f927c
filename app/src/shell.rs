//! The HTML document around the page.

use leptos::{hydration::AutoReload, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{App, backend::PageRequest};

/// The addresses of the page's files, which carry a hash of their content where the build gave them one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// The styles.
    pub css: String,
    /// What loads the WASM.
    pub js: String,
    /// The page itself.
    pub wasm: String,
}

/// The document. On the server only, with [`Assets`] in the context; the browser takes over from `<body>` on.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let assets: Assets = expect_context();
    let request = use_context::<PageRequest>().unwrap_or_default();
    // A theme that was chosen stands in the first byte of markup, so that no other flashes up before it.
    let theme = request.theme.filter(|theme| theme == "dark" || theme == "light");
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content="dark light"/>
                <meta name="csrf-token" content=request.csrf_token/>
                <meta name="description" content="Talk to a hierarchy of LLM agents."/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=assets.css.clone()/>
                <AutoReload options/>
                <Hydration assets/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Loads the WASM. Leptos's own component leaves the nonce off the preload, which `strict-dynamic` then refuses.
#[component]
fn Hydration(assets: Assets) -> impl IntoView {
    let nonce = use_nonce();
    let Assets { js: script, wasm, .. } = assets;
    let start =
        format!("import init, {{ hydrate }} from {script:?}; await init({{ module_or_path: {wasm:?} }}); hydrate();");
    view! {
        <link rel="modulepreload" href=script nonce=nonce.clone()/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
        <script type="module" nonce=nonce>{start}</script>
    }
}
