//! Bringing conversations in: a file is picked, checked by a dry run whose report is shown, and taken in when the person says so.

mod intake;
mod outcome;

use leptos::{ev, html, prelude::*};
use protocol::import::ImportReport;

use super::overlays::open_while;
use crate::{
    browser,
    state::{Overlay, use_chat},
};
use intake::{Intake, Step};
use outcome::Outcome;

/// A modal dialog; the browser keeps the focus in it. Closing it stops what is under way; while conversations are coming in,
/// Escape stops that first and leaves the dialog to say so.
#[component]
pub(super) fn Import() -> impl IntoView {
    let chat = use_chat();
    let intake = Intake::new(chat);
    let is_open = Memo::new(move |_| chat.overlay.get() == Some(Overlay::Import));
    let dialog = open_while(move || is_open.get());
    let close = Callback::new(move |()| {
        if is_open.get_untracked() {
            chat.overlay.set(None);
        }
    });
    let cancel = move |event: ev::Event| {
        if intake.is_importing() {
            event.prevent_default();
            intake.stop();
        }
    };
    view! {
        <dialog
            class="confirm import"
            node_ref=dialog
            aria-labelledby="import-title"
            on:cancel=cancel
            on:close=move |_| close.run(())
        >
            <h2 id="import-title" tabindex="-1">"Import conversations"</h2>
            <Show when=move || is_open.get()>
                <Steps intake close/>
            </Show>
        </dialog>
    }
}

#[component]
fn Steps(intake: Intake, close: Callback<()>) -> impl IntoView {
    intake.begin();
    intake.lead_focus();
    on_cleanup(move || intake.leave());
    move || match intake.step.get() {
        Step::Pick => view! { <Picker intake close/> }.into_any(),
        Step::Checking | Step::Importing => view! { <Working intake/> }.into_any(),
        Step::Checked(report) if is_nothing_new(&report) => view! {
            <Outcome report/>
            <Ending intake close/>
        }
        .into_any(),
        Step::Checked(report) => {
            let count = report.new_conversations + report.grown_conversations;
            view! {
                <Outcome report/>
                <div class="choices">
                    <button type="button" class="out" on:click=move |_| close.run(())>"Cancel"</button>
                    <button type="button" on:click=move |_| intake.begin()>"Another file"</button>
                    <button type="button" class="primary" on:click=move |_| intake.import()>
                        {format!("Import {count}")}
                    </button>
                </div>
            }
            .into_any()
        }
        Step::Done(report) => view! {
            <Outcome report/>
            <Ending intake close/>
        }
        .into_any(),
        Step::Stopped => view! {
            <p role="status">
                "Stopped. What was taken in until then stays; the same file again adds the rest and doubles nothing."
            </p>
            <Ending intake close/>
        }
        .into_any(),
        Step::Failed(error) => view! {
            <p class="failure" role="alert">{error.to_string()}</p>
            <Ending intake close/>
        }
        .into_any(),
    }
}

fn is_nothing_new(report: &ImportReport) -> bool {
    report.new_conversations + report.grown_conversations == 0
}

/// What is being done, how far it has come, and the way to stop it: not where the click was that began it, or the second of
/// a double click would.
#[component]
fn Working(intake: Intake) -> impl IntoView {
    let doing = move || intake.progress.get().doing;
    let percent = move || intake.progress.get().percent;
    let far = move || match percent() {
        Some(percent) => format!(": {percent} %"),
        None => " …".to_owned(),
    };
    view! {
        <p>
            <span role="status">{doing} " " {intake.name()}</span>
            // The bar tells it to who does not see it, when asked: not at every step.
            <span aria-hidden="true">{far}</span>
        </p>
        <progress aria-label=doing max="100" value=move || percent().map(|percent| percent.to_string())></progress>
        <div class="choices">
            <button type="button" class="out" on:click=move |_| intake.stop()>"Cancel"</button>
        </div>
    }
}

/// What can be done once nothing is under way.
#[component]
fn Ending(intake: Intake, close: Callback<()>) -> impl IntoView {
    view! {
        <div class="choices">
            <button type="button" on:click=move |_| intake.begin()>"Another file"</button>
            <button type="button" class="primary" on:click=move |_| close.run(())>"Close"</button>
        </div>
    }
}

/// Takes a file, picked or dropped.
#[component]
fn Picker(intake: Intake, close: Callback<()>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let is_over = RwSignal::new(false);
    let drop_file = move |event: ev::DragEvent| {
        event.prevent_default();
        is_over.set(false);
        intake.check(browser::dropped_file(&event));
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
                on:change=move |_| intake.check(field.get_untracked().and_then(|field| browser::picked_file(&field)))
            />
            <span>"Choose a file, or drop it here"</span>
        </label>
        <div class="choices">
            <button type="button" on:click=move |_| close.run(())>"Close"</button>
        </div>
    }
}
