//! Parts of the page that not every visit needs. The browser fetches each when it is first wanted, as a file of its own.
//!
//! Only an optimised build divides the WASM (`--split`, feature `split`). In any other a part is in the page from the start,
//! but still counts as here only once it has been asked for, so that both behave alike.

use leptos::{prelude::*, task::spawn_local};
use protocol::session::SessionSummary;
use std::{sync::OnceLock, time::Duration};
use uuid::Uuid;
#[cfg(target_arch = "wasm32")]
use {protocol::event::EventId, std::pin::Pin};

#[cfg(target_arch = "wasm32")]
use crate::stream;
use crate::{
    browser,
    components::{
        gauge::Breakdown,
        overlays::Overlays,
        picker::{AgentList, ModelList},
        row_menu::RowMenu,
        search::Findings,
        session_tools::SessionTools,
        title_field::TitleField,
        toast::ToastBar,
        transcript::Transcript,
    },
    error::PageError,
    pages::{Conversations, usage::Report},
    state::{Chat, use_chat},
};

/// How long to wait before a part is asked for again that could not be fetched.
const PAUSE: Duration = Duration::from_secs(1);
/// The code of the notice, which goes when the part has come after all.
const MISSING: &str = "part_missing";
/// After so many attempts the person is told.
const ATTEMPTS: u32 = 3;

/// Something that is fetched when it is first wanted.
pub(crate) trait Part: Copy + Send + Sync + 'static {
    /// Where it is kept.
    fn place() -> &'static OnceLock<Self>;

    /// Has it fetched. `None`: it could not be; the next call tries again.
    async fn fetch() -> Option<Self>;

    /// The part, if it is here. The server has them all.
    fn here() -> Option<Self>;
}

#[cfg(target_arch = "wasm32")]
type Read = fn(Chat, Uuid, EventId) -> Pin<Box<dyn Future<Output = ()>>>;

/// What shows a conversation that has begun, and follows its answer.
#[derive(Clone, Copy)]
pub(crate) struct Conversation {
    /// Its messages.
    pub(crate) transcript: fn() -> AnyView,
    /// What can be done with it.
    pub(crate) tools: fn(Uuid) -> AnyView,
    /// Reads the stream of a session's answer after an event, for as long as it may run.
    #[cfg(target_arch = "wasm32")]
    pub(crate) read: Read,
}

/// What opens when it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Tools {
    /// The dialogs over the page.
    pub(crate) overlays: fn() -> AnyView,
    /// The agents to pick from.
    pub(crate) agents: fn() -> AnyView,
    /// The models to pick from.
    pub(crate) models: fn() -> AnyView,
    /// What each answer took.
    pub(crate) breakdown: fn() -> AnyView,
    /// What the words in the sidebar's field find.
    pub(crate) findings: fn() -> AnyView,
    /// What can be done to a conversation of the sidebar.
    pub(crate) row_menu: fn(Memo<SessionSummary>, Callback<()>, Callback<()>) -> AnyView,
    /// A field for its title.
    pub(crate) title_field: fn(Memo<SessionSummary>, Callback<()>) -> AnyView,
    /// What was just done, with the way back.
    pub(crate) toast: fn() -> AnyView,
}

/// The page of all conversations.
#[derive(Clone, Copy)]
pub(crate) struct History {
    /// Filters, list, and what can be done with it.
    pub(crate) conversations: fn() -> AnyView,
}

/// What answers took.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// The page.
    pub(crate) page: fn() -> AnyView,
}

/// Declares where a part is kept and what is in it. In a divided page nothing else may name its content: what is in it is
/// what can be reached through it alone.
macro_rules! part {
    ($part:ident, $name:ident, $content:expr) => {
        impl Part for $part {
            fn place() -> &'static OnceLock<Self> {
                static PLACE: OnceLock<$part> = OnceLock::new();
                &PLACE
            }

            async fn fetch() -> Option<Self> {
                #[cfg(feature = "split")]
                #[leptos::wasm_split::wasm_split($name, wasm_split_path = leptos::wasm_split, fallible)]
                fn $name() -> Result<$part, leptos::wasm_split::SplitLoaderError> {
                    Ok($content)
                }

                #[cfg(not(feature = "split"))]
                async fn $name() -> Result<$part, std::convert::Infallible> {
                    Ok($content)
                }

                let part = $name().await.ok()?;
                Some(*Self::place().get_or_init(|| part))
            }

            fn here() -> Option<Self> {
                #[cfg(feature = "ssr")]
                return Some($content);
                #[cfg(not(feature = "ssr"))]
                return Self::place().get().copied();
            }
        }
    };
}

part!(
    Conversation,
    conversation,
    Conversation {
        transcript: || view! { <Transcript/> }.into_any(),
        tools: |session_id| view! { <SessionTools session_id/> }.into_any(),
        #[cfg(target_arch = "wasm32")]
        read: |chat, session_id, cursor| Box::pin(stream::read(chat, session_id, cursor)),
    }
);

part!(
    Tools,
    tools,
    Tools {
        overlays: || view! { <Overlays/> }.into_any(),
        agents: || view! { <AgentList/> }.into_any(),
        models: || view! { <ModelList/> }.into_any(),
        breakdown: || view! { <Breakdown/> }.into_any(),
        findings: || view! { <Findings/> }.into_any(),
        row_menu: |session, rename, close| view! { <RowMenu session rename close/> }.into_any(),
        title_field: |session, close| view! { <TitleField session close/> }.into_any(),
        toast: || view! { <ToastBar/> }.into_any(),
    }
);

part!(
    History,
    history,
    History {
        conversations: || view! { <Conversations/> }.into_any(),
    }
);

part!(
    Usage,
    usage,
    Usage {
        page: || view! { <Report/> }.into_any(),
    }
);

/// Fetches what the document that the server wrote shows already, so that it can be brought to life.
pub async fn prepare() {
    if browser::has("[role=log]") {
        persist::<Conversation>().await;
    }
    if browser::has("[data-view=history]") {
        persist::<History>().await;
    }
    if browser::has("[data-view=usage]") {
        persist::<Usage>().await;
    }
}

async fn persist<P: Part>() {
    while P::fetch().await.is_none() {
        browser::sleep(PAUSE).await;
    }
}

/// Has a part fetched that will soon be wanted.
pub(crate) fn expect<P: Part>() {
    if P::here().is_none() {
        spawn_local(async {
            // Where it cannot be fetched now, it is asked for again when it is wanted.
            let _ = P::fetch().await;
        });
    }
}

/// A part, however long it takes to fetch.
pub(crate) async fn wanted<P: Part>(chat: Chat) -> P {
    let mut attempts = 0;
    loop {
        if let Some(part) = P::fetch().await {
            chat.forget_notice(MISSING);
            return part;
        }
        attempts += 1;
        // Without a network the page says so already.
        if attempts == ATTEMPTS && browser::is_online() {
            chat.report(
                PageError::new(
                    MISSING,
                    "A part of this page could not be loaded.",
                    "Reload the page; what you have typed is kept.",
                ),
                None,
            );
        }
        browser::sleep(PAUSE).await;
    }
}

/// What a part shows, as soon as it is here.
pub(crate) fn late<P: Part>(
    shows: impl Fn(P) -> AnyView + Send + Sync + 'static,
    meanwhile: fn() -> AnyView,
) -> AnyView {
    if let Some(part) = P::here() {
        return shows(part);
    }
    let chat = use_chat();
    let here = RwSignal::new(None);
    spawn_local(async move {
        let part = wanted::<P>(chat).await;
        // Nobody may wait for it any more.
        let _ = here.try_set(Some(part));
    });
    let show = move || match here.get() {
        Some(part) => shows(part),
        None => meanwhile(),
    };
    show.into_any()
}
