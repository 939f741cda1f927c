//! Many conversations as one file.

use gloo_net::http::{Request, Response};
use leptos::{prelude::*, server_fn::error::FromServerFnError};
use std::time::Duration;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlElement, Url};

use super::csrf_token;
use crate::error::PageError;

/// Has the server put these conversations into an archive, and saves it.
pub(crate) async fn save_many(session_ids: &[Uuid], format: &str) -> Result<(), PageError> {
    let asked = serde_json::json!({ "ids": session_ids, "format": format }).to_string();
    let request = Request::post("/api/chat/sessions/export")
        .header("Content-Type", "application/json")
        .header("X-CSRF-Token", &csrf_token())
        .body(asked)
        .map_err(|_| unreachable())?;
    let response = request.send().await.map_err(|_| unreachable())?;
    let name = name_of(&response);
    let is_refused = !response.ok();
    let bytes = response.binary().await.map_err(|_| unreachable())?;
    if is_refused {
        return Err(PageError::de(bytes.into()));
    }
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
    let saved = Blob::new_with_u8_array_sequence(&parts)
        .and_then(|blob| Url::create_object_url_with_blob(&blob))
        .and_then(|address| {
            let link = document().create_element("a")?;
            link.set_attribute("href", &address)?;
            link.set_attribute("download", &name)?;
            link.unchecked_ref::<HtmlElement>().click();
            // A browser may take a while to begin with it.
            set_timeout(
                move || {
                    let _ = Url::revoke_object_url(&address);
                },
                Duration::from_secs(60),
            );
            Ok(())
        });
    saved.map_err(|_| {
        PageError::new(
            "not_saved",
            "The browser did not save the file.",
            "Allow downloads from this page and try again.",
        )
    })
}

fn unreachable() -> PageError {
    PageError::new(
        "offline",
        "Parley could not be reached.",
        "Check the connection and try again.",
    )
}

/// The name that the server gives the file.
fn name_of(response: &Response) -> String {
    response
        .headers()
        .get("Content-Disposition")
        .and_then(|disposition| Some(disposition.split_once("filename=\"")?.1.split('"').next()?.to_owned()))
        .unwrap_or_else(|| "parley_conversations.zip".to_owned())
}
