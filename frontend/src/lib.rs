//! The entry point of the page's WASM.

use wasm_bindgen::prelude::wasm_bindgen;

/// Brings the server's page to life.
#[wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    app::prepare().await;
    leptos::mount::hydrate_body(app::App);
}
