//! The HTML document around the page.

use leptos::{hydration::AutoReload, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{App, backend::PageRequest};

/// The document. On the server only; the browser takes over from `<body>` on.
pub fn shell(options: LeptosOptions) -> impl IntoView {
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
                <link rel="stylesheet" href=format!("/{}/{}.css", options.site_pkg_dir, options.output_name)/>
                <AutoReload options=options.clone()/>
                <Hydration options/>
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
fn Hydration(options: LeptosOptions) -> impl IntoView {
    let nonce = use_nonce();
    let base = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let script = base.clone() + ".js";
    // cargo-leptos renames the file; wasm-bindgen alone would call it `…_bg.wasm`.
    let wasm = base + ".wasm";
    let start =
        format!("import init, {{ hydrate }} from {script:?}; await init({{ module_or_path: {wasm:?} }}); hydrate();");
    view! {
        <link rel="modulepreload" href=script nonce=nonce.clone()/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
        <script type="module" nonce=nonce>{start}</script>
    }
}
