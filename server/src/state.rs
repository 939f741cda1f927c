//! What every handler can reach.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;

use crate::{assets, chat::ChatService, config::Limits, highlight::Highlighter, identity::Keys, limits::Limiters};

/// The state of the app. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// What [`AppState`] points at.
pub struct App {
    /// The use cases.
    pub chat: ChatService,
    /// Tells what code consists of.
    pub highlighter: Highlighter,
    /// Signs identities and CSRF tokens.
    pub keys: Keys,
    /// Counts what each user does.
    pub limiters: Limiters,
    /// Whether cookies go over plain HTTP.
    pub plain_http: bool,
    /// Where the page's files are.
    pub leptos: LeptosOptions,
    /// Their addresses.
    pub assets: app::Assets,
}

impl AppState {
    /// Builds the state.
    pub fn new(chat: ChatService, keys: Keys, limits: Limits, plain_http: bool, leptos: LeptosOptions) -> Self {
        Self(Arc::new(App {
            chat,
            highlighter: Highlighter::default(),
            keys,
            limiters: Limiters::new(limits),
            plain_http,
            assets: assets::addresses(&leptos),
            leptos,
        }))
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
