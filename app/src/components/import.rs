//! Bringing conversations in: a file is picked, checked by a dry run whose report is shown, and taken in when the person says so.

mod outcome;

use leptos::{ev, html, prelude::*};
use protocol::{
    error::ErrorBody,
    import::{ImportLine, ImportReport},
};

use super::overlays::open_while;
use crate::{
    browser::{self, Heard, Importing, PickedFile},
    state::{Overlay, use_chat},
};
use outcome::Outcome;

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A file is to be picked.
    Pick,
    /// It is under way: what is being done, and how far it has come, of a hundred, where that is known.
    Working(&'static str, Option<u64>),
    /// A dry run has told what would come of it.
    Checked(ImportReport),
    /// It is done.
    Done(ImportReport),
    /// It was stopped.
    Stopped,
    /// It was refused.
    Failed(ErrorBody),
}

/// A modal dialog; the browser keeps the focus in it. Closing it stops what is under way.
#[component]
pub(super) fn Import() -> impl IntoView {
    let chat = use_chat();
    let is_open = Memo::new(move |_| chat.overlay.get() == Some(Overlay::Import));
    let dialog = open_while(move || is_open.get());
    let close = Callback::new(move |()| {
        if is_open.get_untracked() {
            chat.overlay.set(None);
        }
    });
    view! {
        <dialog class="confirm import" node_ref=dialog aria-labelledby="import-title" on:close=move |_| close.run(())>
            <h2 id="import-title">"Import conversations"</h2>
            <Show when=move || is_open.get()>
                <Steps close/>
            </Show>
        </dialog>
    }
}

#[component]
fn Steps(close: Callback<()>) -> impl IntoView {
    let chat = use_chat();
    let step = RwSignal::new(Step::Pick);
    let file = StoredValue::new_local(None::<PickedFile>);
    // Dropped with the dialog, and with it the request.
    let under_way = StoredValue::new_local(None::<Importing>);
    let run = move |dry_run: bool| {
        let Some(picked) = file.get_value() else { return };
        let (sending, doing) = if dry_run {
            ("Sending", "Checking")
        } else {
            ("Sending", "Importing")
        };
        step.set(Step::Working(sending, Some(0)));
        let hear = move |heard: Heard| {
            let next = match heard {
                Heard::Sent(100) => Step::Working(doing, None),
                Heard::Sent(percent) => Step::Working(sending, Some(percent)),
                Heard::Line(ImportLine::Progress(progress)) => {
                    Step::Working(doing, (progress.done * 100).checked_div(progress.of))
                }
                Heard::Line(ImportLine::Report(report)) if dry_run => Step::Checked(report),
                Heard::Line(ImportLine::Report(report)) => {
                    chat.many_changed();
                    Step::Done(report)
                }
                Heard::Failed(error) => Step::Failed(error),
            };
            let _ = step.try_set(next);
        };
        under_way.set_value(browser::import(&picked, dry_run, hear));
    };
    let pick = Callback::new(move |picked: Option<PickedFile>| {
        if picked.is_some() {
            file.set_value(picked);
            run(true);
        }
    });
    let stop = move || {
        under_way.set_value(None);
        step.set(Step::Stopped);
        // What was taken in until then is there.
        chat.many_changed();
    };
    let again = Callback::new(move |()| step.set(Step::Pick));
    let name = move || file.with_value(|file| file.as_ref().map(PickedFile::name).unwrap_or_default());
    move || match step.get() {
        Step::Pick => view! { <Picker pick close/> }.into_any(),
        Step::Working(doing, percent) => {
            let words = match percent {
                Some(percent) => format!("{doing} {}: {percent} %", name()),
                None => format!("{doing} {} …", name()),
            };
            view! {
                <p role="status">{words}</p>
                <progress aria-label=doing max="100" value=percent.map(|percent| percent.to_string())></progress>
                <div class="choices">
                    <button type="button" on:click=move |_| stop()>"Cancel"</button>
                </div>
            }
            .into_any()
        }
        Step::Checked(report) => {
            let count = report.new_conversations + report.grown_conversations;
            view! {
                <Outcome report/>
                <div class="choices">
                    <button type="button" on:click=move |_| again.run(())>"Another file"</button>
                    {(count > 0)
                        .then(|| {
                            view! {
                                <button type="button" class="primary" autofocus on:click=move |_| run(false)>
                                    {format!("Import {count}")}
                                </button>
                            }
                        })}
                </div>
            }
            .into_any()
        }
        Step::Done(report) => view! {
            <Outcome report/>
            <Ending again close/>
        }
        .into_any(),
        Step::Stopped => view! {
            <p role="status">
                "Stopped. What was taken in until then stays; the same file again adds the rest and doubles nothing."
            </p>
            <Ending again close/>
        }
        .into_any(),
        Step::Failed(error) => view! {
            <p class="failure" role="alert">{error.to_string()}</p>
            <Ending again close/>
        }
        .into_any(),
    }
}

/// What can be done once nothing is under way.
#[component]
fn Ending(again: Callback<()>, close: Callback<()>) -> impl IntoView {
    view! {
        <div class="choices">
            <button type="button" on:click=move |_| again.run(())>"Another file"</button>
            <button type="button" class="primary" on:click=move |_| close.run(())>"Close"</button>
        </div>
    }
}

/// Takes a file, picked or dropped.
#[component]
fn Picker(pick: Callback<Option<PickedFile>>, close: Callback<()>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let is_over = RwSignal::new(false);
    let drop_file = move |event: ev::DragEvent| {
        event.prevent_default();
        is_over.set(false);
        pick.run(browser::dropped_file(&event));
    };
    let drag = move |event: ev::DragEvent, over: bool| {
        event.prevent_default();
        is_over.set(over);
    };
    view! {
        <p id="import-text">
            "From Parley (a JSON file, or an archive of them), ChatGPT (the export's archive, or its conversations.json), or Open WebUI (exported chats). The file is checked first; you see what would come in before anything does."
        </p>
        <label
            class="drop"
            class:over=move || is_over.get()
            on:dragover=move |event| drag(event, true)
            on:dragleave=move |event| drag(event, false)
            on:drop=drop_file
        >
            <input
                type="file"
                accept=".json,.zip,application/json,application/zip"
                aria-describedby="import-text"
                node_ref=field
                on:change=move |_| pick.run(field.get_untracked().and_then(|field| browser::picked_file(&field)))
            />
            <span>"Choose a file, or drop it here"</span>
        </label>
        <div class="choices">
            <button type="button" on:click=move |_| close.run(())>"Close"</button>
        </div>
    }
}
