//! The server has no browser. Only what runs during rendering, or must at least compile there, stands here.

use leptos::web_sys::{DragEvent, Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement};
use leptos_router::params::ParamsMap;
use protocol::timestamp::Timestamp;
use uuid::Uuid;

pub(crate) fn csrf_token() -> String {
    String::new()
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

pub(crate) fn utc_offset_minutes() -> i32 {
    0
}

pub(crate) fn is_online() -> bool {
    true
}

pub(crate) fn is_visible() -> bool {
    true
}

pub(crate) async fn sleep(_duration: std::time::Duration) {
    std::future::pending().await
}

pub(crate) fn mark_hydrated() {}

pub(crate) fn set_theme(_theme: Option<&str>) {}

pub(crate) fn draft(_session_id: Option<Uuid>) -> String {
    String::new()
}

pub(crate) fn keep_draft(_session_id: Option<Uuid>, _text: &str) {}

pub(crate) fn typed() -> String {
    String::new()
}

pub(crate) fn copy(_text: &str) {}

pub(crate) fn copy_block(_within: &Element) {}

pub(crate) fn fit_height(_area: &HtmlTextAreaElement) {}

pub(crate) fn download(_address: &str) {}

pub(crate) fn is_writing(_event: &leptos::ev::KeyboardEvent) -> bool {
    false
}

pub(crate) fn open_dialog(_dialog: &Element, _open: bool) {}

pub(crate) fn scroll_position(_scroller: &HtmlElement) -> (i32, i32) {
    (0, 0)
}

pub(crate) fn in_sight(_scroller: &HtmlElement, _selector: &str) -> (f64, f64) {
    (0.0, 0.0)
}

pub(crate) fn heights(_within: &HtmlElement, _selector: &str, _attribute: &str) -> Vec<(String, f64)> {
    Vec::new()
}

pub(crate) fn has(_selector: &str) -> bool {
    false
}

pub(crate) fn find_all(_within: &Element, _selector: &str) -> Vec<Element> {
    Vec::new()
}

pub(crate) fn row_gap(_within: &HtmlElement, _selector: &str) -> f64 {
    0.0
}

pub(crate) fn scroll_from_end(_scroller: &HtmlElement, _distance: i32) {}

pub(crate) fn bring_into_view(_id: &str) {}

pub(crate) fn focus(_selector: &str) {}

pub(crate) fn find(_selector: &str) -> Option<Element> {
    None
}

pub(crate) fn click(_selector: &str) {}

pub(crate) fn focus_if_lost(_selector: &str) {}

pub(crate) fn keep_focus() {}

pub(crate) fn hand_on_focus(_rows: &'static str, _control: &'static str) {}

pub(crate) fn step_focus(_within: &Element, _selector: &str, _step: super::Step) {}

pub(crate) fn reveal(_element: &Element) {}

pub(crate) fn is_near_end(_scroller: &Element, _distance: i32) -> bool {
    false
}

pub(crate) fn scroll_place(_selector: &str) -> i32 {
    0
}

pub(crate) fn scroll_to_place(_selector: &str, _place: i32) {}

pub(crate) fn to_the_middle(_element: &Element) {}

pub(crate) fn focus_in_place(_element: &Element) {}

pub(crate) async fn save_many(_session_ids: &[Uuid], _format: &str) -> Result<(), crate::error::PageError> {
    Ok(())
}

pub(crate) fn fields(_form: &Element) -> ParamsMap {
    ParamsMap::new()
}

pub(crate) fn tell_tabs(_news: &str) {}

pub(crate) fn hear_tabs(_hear: impl Fn(String) + 'static) {}

#[derive(Debug, Clone)]
pub(crate) enum PickedFile {}

impl PickedFile {
    pub(crate) fn name(&self) -> String {
        match *self {}
    }
}

pub(crate) fn picked_file(_field: &HtmlInputElement) -> Option<PickedFile> {
    None
}

pub(crate) fn dropped_file(_event: &DragEvent) -> Option<PickedFile> {
    None
}

pub(crate) struct Importing;

pub(crate) fn import(_file: &PickedFile, _dry_run: bool, _hear: impl Fn(super::Heard) + 'static) -> Option<Importing> {
    None
}
