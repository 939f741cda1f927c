//! `/llm` and `/llm/{id}`: one route, so that a conversation which gets its address is not built anew.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use uuid::Uuid;

use super::{FirstReading, Placeholder, Ready, not_found::Lost};
use crate::{
    boot::{self, Place},
    components::{
        composer::Composer,
        hero::{Hero, Ideas},
        icon::{self, Icon},
        notice::NoticeBar,
        skeleton::Skeleton,
        toolbar::Toolbar,
    },
    parts::{self, Conversation},
    state::{Chat, View, use_chat},
};

/// The conversation.
#[component]
pub(super) fn ChatPage() -> impl IntoView {
    let chat = use_chat();
    // Path and query of one address. The route's own are not: its query stays when only its parameters change.
    let location = use_location();
    let reading: FirstReading = expect_context();
    // The first rendering was read with the page; from then on the address leads.
    Effect::new(move |begun: Option<()>| {
        let place = location.pathname.with(|path| Place::from_path(path));
        // The first rendering is at it already.
        let is_there = begun.is_none() && chat.view.get_untracked() == View::Open;
        let sought = location.query.with(boot::sought).filter(|_| !is_there);
        if begun.is_none() {
            let cursor = reading.map(|boot| match &boot.session {
                Some(Ok(detail)) => detail.cursor.as_ref().and_then(|cursor| cursor.parse().ok()),
                _ => None,
            });
            chat.recover_draft();
            chat.resume(cursor.flatten());
        }
        untrack(|| chat.show(place, sought));
    });
    // On its way while the session is read, and while the first message is written.
    Effect::new(move |_| {
        if chat.view.get() != View::New || !chat.draft.with(String::is_empty) {
            parts::expect::<Conversation>();
        }
    });
    view! { <Ready placeholder=Placeholder::Column><Column/></Ready> }
}

#[component]
fn Column() -> impl IntoView {
    let chat = use_chat();
    let view = Memo::new(move |_| chat.view.get());
    let archived = Memo::new(move |_| chat.archived());
    let has_ideas = move || view.get() == View::New && chat.agent_id.with(|id| !id.is_empty());
    view! {
        <Title text=move || title(chat)/>
        <main id="main" class="chat" data-view=move || name(view.get()) tabindex="-1">
            <Toolbar/>
            {move || match view.get() {
                View::New => view! { <Hero/> }.into_any(),
                View::Loading => view! { <Skeleton/> }.into_any(),
                View::Open => parts::late::<Conversation>(|part| (part.transcript)(), || view! { <Skeleton/> }.into_any()),
                View::Missing => {
                    view! {
                        <Lost
                            title="This conversation does not exist"
                            text="It may have been deleted, or it belongs to someone else."
                        />
                    }
                        .into_any()
                }
                View::Failed | View::Elsewhere => view! { <div class="lost"></div> }.into_any(),
            }}
            <div class="dock">
                <NoticeBar/>
                <Show when=move || archived.get().is_none() fallback=move || view! { <InArchive session_id=archived/> }>
                    <Composer/>
                </Show>
            </div>
            <Show when=has_ideas><Ideas/></Show>
        </main>
    }
}

/// In the place of the composer: what is in the archive can be read, and goes on once it is taken out.
#[component]
fn InArchive(session_id: Memo<Option<Uuid>>) -> impl IntoView {
    let chat = use_chat();
    let take_out = move |_| {
        if let Some(session_id) = session_id.get_untracked() {
            chat.take_out_of_archive(session_id);
        }
    };
    view! {
        <div class="in-archive">
            <Icon glyph=icon::ARCHIVE/>
            <p>"This conversation is in the archive."</p>
            <button type="button" on:click=take_out>
                "Restore"
            </button>
        </div>
    }
}

fn name(view: View) -> &'static str {
    match view {
        View::New => "new",
        View::Loading => "loading",
        View::Open => "open",
        View::Missing => "missing",
        View::Failed => "failed",
        View::Elsewhere => "elsewhere",
    }
}

fn title(chat: Chat) -> String {
    match chat.view.get() {
        View::New => "New conversation".into(),
        View::Missing => "Not found".into(),
        _ => chat
            .session
            .with(|session| session.as_ref().map(|session| session.title.clone()))
            .unwrap_or_default(),
    }
}
