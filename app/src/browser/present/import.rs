//! Sends a file to be imported and hears what comes of it. By `XMLHttpRequest`: only it tells how much of a file is sent.

use protocol::{
    error::{ErrorBody, ErrorEnvelope},
    import::ImportLine,
};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{DragEvent, File, HtmlInputElement, ProgressEvent, XmlHttpRequest};

use super::super::Heard;

/// A file that the person has picked.
#[derive(Debug, Clone)]
pub(crate) struct PickedFile(File);

impl PickedFile {
    /// What it is called.
    pub(crate) fn name(&self) -> String {
        self.0.name()
    }
}

/// The file in a field.
pub(crate) fn picked_file(field: &HtmlInputElement) -> Option<PickedFile> {
    field.files()?.get(0).map(PickedFile)
}

/// The file that was dropped, the first of several.
pub(crate) fn dropped_file(event: &DragEvent) -> Option<PickedFile> {
    event.data_transfer()?.files()?.get(0).map(PickedFile)
}

/// An import under way. It stops when this is dropped.
pub(crate) struct Importing {
    request: XmlHttpRequest,
    _on_sent: Closure<dyn Fn(ProgressEvent)>,
    _on_change: Closure<dyn Fn()>,
}

impl Drop for Importing {
    fn drop(&mut self) {
        // What it still tells is for nobody.
        self.request.set_onprogress(None);
        self.request.set_onloadend(None);
        if let Ok(upload) = self.request.upload() {
            upload.set_onprogress(None);
        }
        let _ = self.request.abort();
    }
}

/// Imports a file, or finds out what would come of it. `hear` is told of all that happens, a report or a failure last.
pub(crate) fn import(file: &PickedFile, dry_run: bool, hear: impl Fn(Heard) + 'static) -> Option<Importing> {
    let hear = Rc::new(hear);
    let request = XmlHttpRequest::new().ok()?;
    request.open("POST", &format!("/api/import?dry_run={dry_run}")).ok()?;
    request.set_request_header("X-CSRF-Token", &super::csrf_token()).ok()?;
    request
        .set_request_header("Content-Type", "application/octet-stream")
        .ok()?;
    let on_sent = {
        let hear = Rc::clone(&hear);
        Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
            if event.total() > 0.0 {
                hear(Heard::Sent((event.loaded() * 100.0 / event.total()) as u64));
            }
        })
    };
    let on_change = {
        let request = request.clone();
        let read = Read::default();
        Closure::<dyn Fn()>::new(move || read_on(&request, &read, &*hear))
    };
    request
        .upload()
        .ok()?
        .set_onprogress(Some(on_sent.as_ref().unchecked_ref()));
    request.set_onprogress(Some(on_change.as_ref().unchecked_ref()));
    request.set_onloadend(Some(on_change.as_ref().unchecked_ref()));
    request.send_with_opt_blob(Some(&file.0)).ok()?;
    Some(Importing {
        request,
        _on_sent: on_sent,
        _on_change: on_change,
    })
}

/// How much of the answer was read, and whether its report was.
#[derive(Default)]
struct Read {
    bytes: Cell<usize>,
    report: Cell<bool>,
}

/// Reads the lines that have come since.
fn read_on(request: &XmlHttpRequest, read: &Read, hear: &dyn Fn(Heard)) {
    let is_over = request.ready_state() == XmlHttpRequest::DONE;
    let text = request.response_text().ok().flatten().unwrap_or_default();
    let status = request.status().unwrap_or(0);
    if status != 200 {
        if is_over {
            hear(Heard::Failed(refusal(&text)));
        }
        return;
    }
    let mut last = None;
    while let Some((line, rest)) = text.get(read.bytes.get()..).and_then(|rest| rest.split_once('\n')) {
        read.bytes.set(text.len() - rest.len());
        last = serde_json::from_str::<ImportLine>(line).ok().or(last);
    }
    if let Some(line) = last {
        read.report.set(matches!(line, ImportLine::Report(_)));
        hear(Heard::Line(line));
    }
    if is_over && !read.report.get() {
        hear(Heard::Failed(refusal("")));
    }
}

fn refusal(text: &str) -> ErrorBody {
    match serde_json::from_str::<ErrorEnvelope>(text) {
        Ok(envelope) => envelope.error,
        Err(_) => ErrorBody::new(
            "offline",
            "Parley could not be reached, or the file was too much for what stands between.",
            "Check the connection and try again: what is there is not doubled.",
        ),
    }
}
