//! What the first rendering needs, read once on the server and handed to the browser with the page, so that both
//! render the same.

use leptos_router::params::ParamsMap;
use protocol::{
    session::{SessionDetail, SessionList},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{backend::Registry, error::PageError, markdown::Colours};

/// How many sessions the sidebar shows at first, and how many more on demand.
pub(crate) const SESSIONS_PER_PAGE: u64 = 50;

/// Everything that is known when the page is first shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Boot {
    /// The present.
    pub(crate) now: Timestamp,
    /// The chosen theme; `None`: the system's.
    pub(crate) theme: Option<String>,
    /// Agents and models.
    pub(crate) registry: Result<Registry, PageError>,
    /// The sidebar.
    pub(crate) sessions: Result<SessionList, PageError>,
    /// The session that the address names.
    pub(crate) place: Place,
    /// That session, if it names one.
    pub(crate) session: Option<Result<SessionDetail, PageError>>,
    /// The message at which it opens, if the address names one.
    pub(crate) sought: Option<Uuid>,
    /// What the page of all conversations lists, if it is that one.
    pub(crate) history: Option<Result<SessionList, PageError>>,
    /// What is known of the code in it. The browser has it in the document.
    #[serde(skip)]
    pub(crate) colours: Colours,
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// No chat page.
    Elsewhere,
    /// A conversation that has not begun.
    New,
    /// An open one.
    Session(Uuid),
    /// None that could exist.
    Nowhere,
}

impl Place {
    /// Reads the last part of `/llm/{id}`.
    fn from_id(id: Option<&str>) -> Self {
        match id {
            None | Some("") => Self::New,
            Some(id) => Uuid::try_parse(id).map_or(Self::Nowhere, Self::Session),
        }
    }

    /// Reads a whole path.
    pub(crate) fn from_path(path: &str) -> Self {
        match path.strip_prefix("/llm") {
            Some("") => Self::New,
            Some(rest) if rest.starts_with('/') => Self::from_id(Some(rest.trim_matches('/'))),
            _ => Self::Elsewhere,
        }
    }
}

/// The message at which an address opens a conversation.
pub(crate) fn sought(query: &ParamsMap) -> Option<Uuid> {
    query.get_str("message").and_then(|id| Uuid::try_parse(id).ok())
}

/// The refusal of an address that names nothing.
pub(crate) fn no_such_session() -> PageError {
    PageError::new(
        "session_not_found",
        "There is no such conversation.",
        "Pick another one or start anew.",
    )
}

/// Reads it all. Runs on the server only: the browser finds it in the page.
#[cfg(feature = "ssr")]
pub(crate) async fn load(path: String, query: ParamsMap) -> Boot {
    use leptos::prelude::use_context;
    use protocol::history::SessionQuery;

    use crate::{
        backend::{PageRequest, Refusal, SharedBackend},
        browser,
        error::set_status,
        markdown,
        pages::Asked,
    };

    let place = Place::from_path(&path);
    let mut sought = sought(&query);
    let theme = use_context::<PageRequest>().and_then(|request| request.theme);
    let unavailable = || {
        PageError::new(
            "unavailable",
            "Parley is not ready to answer.",
            "Try again in a moment.",
        )
    };
    let Some(backend) = use_context::<SharedBackend>() else {
        return Boot {
            now: browser::now(),
            theme,
            registry: Err(unavailable()),
            sessions: Err(unavailable()),
            place,
            session: None,
            sought: None,
            history: None,
            colours: Colours::default(),
        };
    };
    let shown = |refusal: Refusal| PageError::from(refusal.body);
    let session = match place {
        Place::Elsewhere | Place::New => None,
        Place::Nowhere => {
            set_status(404);
            Some(Err(no_such_session()))
        }
        Place::Session(id) => {
            let around = match sought {
                Some(message_id) => backend.session_around(id, message_id).await.ok(),
                None => None,
            };
            // A message that is there no longer is no reason not to show the conversation.
            let outcome = match around {
                Some(detail) => Ok(detail),
                None => {
                    sought = None;
                    backend.session(id, None).await
                }
            };
            Some(outcome.map_err(|refusal| {
                set_status(refusal.status);
                shown(refusal)
            }))
        }
    };
    let history = match path.trim_end_matches('/') {
        "/history" => Some(backend.sessions(Asked::read(&query).query(0)).await.map_err(|refusal| {
            set_status(refusal.status);
            shown(refusal)
        })),
        _ => None,
    };
    let mut colours = Colours::default();
    if let Some(Ok(detail)) = &session {
        let texts = detail.messages.iter().map(|message| markdown::codes(&message.content));
        let blocks: Vec<_> = texts.flatten().collect();
        let known = backend.highlighted(&blocks);
        // Of what is not known yet nothing is learnt: the browser asks for it.
        let (blocks, known) = blocks.into_iter().zip(known).filter(|(_, runs)| runs.is_some()).unzip();
        colours.learn(blocks, known);
    }
    let first = SessionQuery {
        limit: SESSIONS_PER_PAGE,
        ..Default::default()
    };
    Boot {
        registry: backend.registry().await.map_err(shown),
        sessions: backend.sessions(first).await.map_err(shown),
        place,
        session,
        sought,
        history,
        colours,
        now: browser::now(),
        theme,
    }
}

/// The browser finds it in the page; were it missing, the page says so.
#[cfg(not(feature = "ssr"))]
pub(crate) async fn load(_path: String, _query: ParamsMap) -> Boot {
    let missing = PageError::new("unexpected_answer", "The page arrived incomplete.", "Reload it.");
    Boot {
        now: crate::browser::now(),
        theme: None,
        registry: Err(missing.clone()),
        sessions: Err(missing),
        place: Place::Elsewhere,
        session: None,
        sought: None,
        history: None,
        colours: Colours::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_session_a_new_one_or_nothing() {
        let id = Uuid::nil();
        assert_eq!(Place::from_path("/llm"), Place::New);
        assert_eq!(Place::from_path("/llm/"), Place::New);
        assert_eq!(Place::from_path(&format!("/llm/{id}")), Place::Session(id));
        assert_eq!(Place::from_path("/llm/x"), Place::Nowhere);
        assert_eq!(Place::from_path("/usage"), Place::Elsewhere);
        assert_eq!(Place::from_path("/llms"), Place::Elsewhere);
    }
}
