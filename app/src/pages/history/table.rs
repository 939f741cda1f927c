//! The rows: a table where there is room for one, cards where there is not.

use leptos::{ev, html, prelude::*};
use protocol::{history::SessionSort, session::SessionSummary, timestamp::Timestamp};
use uuid::Uuid;

use super::{
    asked::Asked,
    listing::use_listing,
    selection::{Selection, use_selection},
};
use crate::{
    browser::{self, Step},
    components::{
        icon::{self, Icon},
        tier::TierMark,
    },
    figures,
    state::use_chat,
};

/// The table, how many there are in all, and the way to the next page.
#[component]
pub(super) fn Table() -> impl IntoView {
    let listing = use_listing();
    let sessions = move || {
        listing
            .list
            .with(|list| list.as_ref().map(|list| list.sessions.clone()).unwrap_or_default())
    };
    let total = move || {
        let total = listing.list.with(|list| list.as_ref().map_or(0, |list| list.total));
        if total == 1 {
            "1 conversation".to_owned()
        } else {
            figures::thousands(total) + " conversations"
        }
    };
    // The roles are said, for a browser forgets those of a table whose rows are shown as cards.
    view! {
        <p class="total">
            <span role="status">{total}</span>
            {move || {
                listing
                    .asked
                    .with(|asked| asked.narrows().then(|| asked.all().address()))
                    .map(|address| view! { <a href=address>"Clear filters"</a> })
            }}
        </p>
        <table class="conversations" role="table" aria-label="Conversations" on:keydown=move |event| walk(&event) on:click=move |_| listing.keep_place()>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" class="pick-all"><All/></th>
                    <Column name="Title" order=Some(SessionSort::Title)/>
                    <Column name="Agent" order=None/>
                    <Column name="Model" order=None/>
                    <Column name="Messages" order=Some(SessionSort::Messages)/>
                    <Column name="Tokens" order=None/>
                    <Column name="Cost" order=Some(SessionSort::Cost)/>
                    <Column name="Last written" order=Some(SessionSort::Newest)/>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For each=sessions key=signature let(session)>
                    <Row session/>
                </For>
            </tbody>
        </table>
        <Paging/>
    }
}

/// What a row shows; a row that shows the same stays, and with it the focus in it.
fn signature(session: &SessionSummary) -> (Uuid, String, String, Timestamp, [u64; 2], [bool; 3]) {
    (
        session.session_id,
        session.title.clone(),
        session.model_name.clone(),
        session.updated_at,
        [session.message_count, session.total_tokens],
        [session.running, session.pinned, session.archived_at.is_some()],
    )
}

/// The head of a column, which orders by it where it can.
#[component]
fn Column(name: &'static str, order: Option<SessionSort>) -> impl IntoView {
    let asked = use_listing().asked;
    let is_number = matches!(name, "Messages" | "Tokens" | "Cost");
    // The last column goes both ways.
    let (next, sorted) = match order {
        Some(SessionSort::Newest) => (
            Memo::new(move |_| {
                if asked.with(|asked| asked.sort) == SessionSort::Newest {
                    SessionSort::Oldest
                } else {
                    SessionSort::Newest
                }
            }),
            Memo::new(move |_| match asked.with(|asked| asked.sort) {
                SessionSort::Newest => Some("descending"),
                SessionSort::Oldest => Some("ascending"),
                _ => None,
            }),
        ),
        _ => (
            Memo::new(move |_| order.unwrap_or_default()),
            Memo::new(move |_| {
                let direction = if order == Some(SessionSort::Title) {
                    "ascending"
                } else {
                    "descending"
                };
                (Some(asked.with(|asked| asked.sort)) == order).then_some(direction)
            }),
        ),
    };
    let address = move || {
        Asked {
            sort: next.get(),
            ..asked.with(Asked::first_page)
        }
        .address()
    };
    view! {
        <th role="columnheader" class:number=is_number aria-sort=move || sorted.get()>
            {match order {
                None => view! { {name} }.into_any(),
                Some(_) => view! {
                    <a href=address>
                        {name}
                        <Show when=move || sorted.get().is_some()><Icon glyph=icon::DOWN/></Show>
                    </a>
                }.into_any(),
            }}
        </th>
    }
}

/// Selects all rows of the page.
#[component]
fn All() -> impl IntoView {
    let listing = use_listing();
    let selection = use_selection();
    let field = NodeRef::<html::Input>::new();
    let share = move || (selection.count(), listing.count().unwrap_or(0));
    Effect::new(move |_| {
        let (chosen, all) = share();
        if let Some(field) = field.get() {
            field.set_indeterminate(chosen > 0 && chosen < all);
        }
    });
    view! {
        <label class="check">
            <input
                type="checkbox"
                autocomplete="off"
                aria-label="Select all on this page"
                node_ref=field
                prop:checked=move || {
                    let (chosen, all) = share();
                    chosen > 0 && chosen == all
                }
                on:change=move |_| selection.toggle_all()
            />
            <span aria-hidden="true">"Select all"</span>
        </label>
    }
}

#[component]
fn Row(session: SessionSummary) -> impl IntoView {
    let chat = use_chat();
    let selection = use_selection();
    let session_id = session.session_id;
    let about = if session.usage_estimated { "~" } else { "" };
    let state = state(&session);
    let updated_at = session.updated_at;
    let title = session.title.clone();
    view! {
        <tr role="row" class:selected=move || selection.contains(session_id)>
            <td role="cell" class="pick-one">
                <Check selection session=session.clone()/>
            </td>
            <th role="rowheader" scope="row" class="title">
                <div class="titled">
                    <a href=format!("/llm/{session_id}") dir="auto" title=title>
                        {session.title}
                    </a>
                    {state}
                </div>
            </th>
            <td role="cell" class="agent">
                <TierMark agent_id=Signal::stored(session.agent_id)/>
                <span>{session.agent_name}</span>
            </td>
            <td role="cell" class="model">{session.model_name}</td>
            <td role="cell" class="number" data-label="messages">{figures::thousands(session.message_count)}</td>
            <td role="cell" class="number" data-label="tokens">{about.to_owned() + &figures::thousands(session.total_tokens)}</td>
            <td role="cell" class="number">{about.to_owned() + &figures::money(session.cost_usd)}</td>
            <td role="cell" class="when">
                <time datetime=updated_at.to_string()>{move || chat.clock.date(updated_at)}</time>
            </td>
        </tr>
    }
}

/// Selects a row; with Shift, all from the last one on.
#[component]
fn Check(selection: Selection, session: SessionSummary) -> impl IntoView {
    let session_id = session.session_id;
    let on_click = move |event: ev::MouseEvent| selection.toggle(session_id, event.shift_key());
    view! {
        <label class="check">
            <input
                type="checkbox"
                autocomplete="off"
                id=format!("pick-{}", session_id.simple())
                aria-label=format!("Select {}", session.title)
                prop:checked=move || selection.contains(session_id)
                on:click=on_click
            />
        </label>
    }
}

/// The box that selects that row.
pub(super) fn check_of(session_id: Uuid) -> String {
    format!("#pick-{}", session_id.simple())
}

/// The state, where there is something to say of it.
fn state(session: &SessionSummary) -> impl IntoView + use<> {
    let said = if session.running {
        Some(("badge executing", "Being answered"))
    } else if session.archived_at.is_some() {
        Some(("badge stopped", "Archived"))
    } else if session.pinned {
        Some(("badge stopped", "Pinned"))
    } else {
        None
    };
    said.map(|(class, name)| view! { <span class=class>{name}</span> })
}

/// The arrows go from row to row, in the column that has the focus.
fn walk(event: &ev::KeyboardEvent) {
    let column = [".pick-one input", ".title a"]
        .into_iter()
        .find(|column| browser::has(&format!(".conversations tbody {column}:focus")));
    if let (Some(step), Some(column), Some(table)) =
        (Step::of_key(event), column, browser::find(".conversations tbody"))
    {
        event.prevent_default();
        browser::step_focus(&table, column, step);
    }
}

/// To the next page, and back to the first.
#[component]
fn Paging() -> impl IntoView {
    let listing = use_listing();
    let asked = listing.asked;
    let next = Memo::new(move |_| {
        listing
            .list
            .with(|list| list.as_ref().and_then(|list| list.next.clone()))
    });
    let first = Memo::new(move |_| asked.with(|asked| asked.after.is_some().then(|| asked.first_page().address())));
    let following = Memo::new(move |_| {
        next.get().map(|after| {
            Asked {
                after: Some(after),
                ..asked.get()
            }
            .address()
        })
    });
    view! {
        <Show when=move || first.with(Option::is_some) || following.with(Option::is_some)>
            <nav class="paging" aria-label="Pages">
                {move || first.get().map(|address| view! { <a class="button" href=address>"First page"</a> })}
                {move || {
                    following
                        .get()
                        .map(|address| {
                            view! {
                                <a class="button" rel="next" href=address>
                                    "Next page"
                                    <Icon glyph=icon::RIGHT/>
                                </a>
                            }
                        })
                }}
            </nav>
        </Show>
    }
}
