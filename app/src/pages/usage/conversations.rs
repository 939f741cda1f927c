//! Conversations, each with the way to it.

use leptos::prelude::*;
use protocol::{
    session::SessionStatus,
    usage::{UsageBy, UsageOfRest, UsageOfSession, UsageRange, UsageSums},
};
use uuid::Uuid;

use super::{SectionHead, words};
use crate::{components::tier::TierMark, figures};

/// By conversation.
#[component]
pub(super) fn Conversations(
    sessions: Memo<Vec<UsageOfSession>>,
    rest: Memo<Option<UsageOfRest>>,
    range: Memo<UsageRange>,
) -> impl IntoView {
    let ids = Memo::new(move |_| sessions.with(|all| all.iter().map(|session| session.session_id).collect::<Vec<_>>()));
    view! {
        <section class="usage-part">
            <SectionHead title="By conversation" by=UsageBy::Session range/>
            <div class="usage-table" role="region" aria-label="What each conversation took" tabindex="0">
                <table>
                    <caption class="unseen">"What each conversation took, the most expensive first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Conversation"</th>
                            {heads()}
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=move || ids.get()
                            key=|id| *id
                            children=move |id| view! { <Row sessions id/> }
                        />
                        {move || rest.get().map(self::rest)}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

/// A row is of its conversation for as long as it stands: where one is about to follow its link, no other gets under it.
#[component]
fn Row(sessions: Memo<Vec<UsageOfSession>>, id: Uuid) -> impl IntoView {
    let session = Memo::new(move |former: Option<&Option<UsageOfSession>>| {
        let now = sessions.with(|all| all.iter().find(|session| session.session_id == id).cloned());
        now.or_else(|| former.cloned().flatten())
    });
    move || session.get().map(row)
}

fn row(session: UsageOfSession) -> impl IntoView {
    let UsageOfSession {
        session_id,
        title,
        agent_id,
        agent_name,
        status,
        sums,
    } = session;
    let archived = (status == SessionStatus::Archived).then(|| view! { <small>"archived"</small> });
    view! {
        <tr>
            <th scope="row">
                <span class="usage-name">
                    <TierMark agent_id=Signal::stored(agent_id)/>
                    <a href=format!("/llm/{session_id}") title=title.clone() + " · " + &agent_name>{title.clone()}</a>
                    {archived}
                </span>
            </th>
            {cells(&sums)}
        </tr>
    }
}

fn rest(rest: UsageOfRest) -> impl IntoView {
    view! {
        <tr class="rest">
            <th scope="row">{words::counted(rest.count, "other conversation")}</th>
            {cells(&rest.sums)}
        </tr>
    }
}

/// The heads of [`cells`]. What one looks for is first: on a phone the others are a swipe away.
pub(super) fn heads() -> impl IntoView {
    ["Cost", "Tokens in", "Tokens out", "Answers"].map(|head| view! { <th scope="col">{head}</th> })
}

/// Cost, tokens in and out, answers.
pub(super) fn cells(sums: &UsageSums) -> impl IntoView + use<> {
    [
        words::cost(sums),
        words::tokens(sums.prompt_tokens, sums),
        words::tokens(sums.completion_tokens, sums),
        figures::thousands(sums.answers),
    ]
    .map(|cell| view! { <td>{cell}</td> })
}
