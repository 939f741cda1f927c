//! The page: Leptos routes, server functions and static files, with the use cases bound to the caller.

use std::sync::Arc;

use app::backend::{Answer, Backend, PageRequest, Refusal, Registry, SharedBackend};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::CookieJar;
use leptos::{context::provide_context, nonce::use_nonce, prelude::expect_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use protocol::{
    gateway::GatewayApproval,
    highlight::{Code, Runs},
    history::{ManyChange, RestoreFrom, SearchResults, SessionQuery},
    session::{
        Cleared, MessageAccepted, Regenerate, SendMessage, SessionDetail, SessionList, SessionPatch, SessionSummary,
    },
    usage::{UsageRange, UsageReport},
};
use uuid::Uuid;

use crate::{
    assets,
    chat::{ChatService, PAGE_OF_MESSAGES},
    error::Error,
    identity::UserId,
    middleware::page_policy,
    state::AppState,
    store::{Change, Part},
};

/// The page's routes, its server functions and its files.
pub fn router(state: &AppState) -> Router<AppState> {
    let routes = generate_route_list(app::App);
    let options = state.leptos.clone();
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/llm") }))
        .route("/fn/{*name}", post(server_function))
        .leptos_routes_with_handler(routes, get(page))
        .fallback(files_or_not_found)
        .layer(axum::Extension(options))
}

async fn page(State(state): State<AppState>, request: Request) -> Response {
    let context = context(&state, &request);
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(
        move || context.provide_for_page(),
        move || app::shell(options.clone()),
    );
    render(request).await.into_response()
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let context = context(&state, &request);
    leptos_axum::handle_server_fns_with_context(move || context.provide(), request)
        .await
        .into_response()
}

/// A file of the site, else the page's own "not found".
async fn files_or_not_found(State(state): State<AppState>, request: Request) -> Response {
    if let Some(file) = assets::file(&state.leptos, &request).await {
        return file;
    }
    let context = context(&state, &request);
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(
        move || context.provide_for_page(),
        move || app::shell(options.clone()),
    );
    let mut response = render(request).await.into_response();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// What a request's context holds.
#[derive(Clone)]
struct Context {
    backend: SharedBackend,
    request: PageRequest,
    assets: app::Assets,
}

fn context(state: &AppState, request: &Request<Body>) -> Context {
    // The middleware names every caller; a user that nobody has been sees nothing.
    let user = request
        .extensions()
        .get::<UserId>()
        .copied()
        .unwrap_or(UserId(Uuid::nil()));
    Context {
        backend: Arc::new(CallerBackend {
            state: state.clone(),
            user: user.0,
        }),
        request: PageRequest {
            csrf_token: state.keys.csrf_token(user),
            theme: theme(request.headers()),
        },
        assets: state.assets.clone(),
    }
}

fn theme(headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get("parley_theme")
        .map(|cookie| cookie.value().to_owned())
        .filter(|theme| theme == "dark" || theme == "light")
}

impl Context {
    fn provide(&self) {
        provide_context(Arc::clone(&self.backend));
        provide_context(self.request.clone());
    }

    fn provide_for_page(&self) {
        self.provide();
        provide_context(self.assets.clone());
        let live_reload = std::env::var_os("LEPTOS_WATCH").is_some();
        if let Some(nonce) = use_nonce()
            && let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce, live_reload))
        {
            expect_context::<ResponseOptions>().insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// The use cases, bound to one caller.
struct CallerBackend {
    state: AppState,
    user: Uuid,
}

impl CallerBackend {
    fn chat(&self) -> &ChatService {
        &self.state.chat
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        if error.status().is_server_error() {
            tracing::error!(error = &error as &dyn std::error::Error, "use case failed");
        }
        Self {
            status: error.status().as_u16(),
            body: error.body(),
        }
    }
}

impl Backend for CallerBackend {
    fn registry(&self) -> Answer<'_, Registry> {
        Box::pin(async {
            self.state.limiters.model_read(self.user)?;
            let listing = self.chat().listing().await?;
            let mut default_models: Vec<_> = listing
                .default_models
                .iter()
                .map(|(agent, model)| (agent.clone(), model.clone()))
                .collect();
            default_models.sort();
            Ok(Registry {
                agents: listing.agents.clone(),
                models: listing.models.clone(),
                default_models,
            })
        })
    }

    fn sessions(&self, query: SessionQuery) -> Answer<'_, SessionList> {
        Box::pin(async {
            self.state.limiters.session_read(self.user)?;
            Ok(self.chat().list_sessions(self.user, query).await?)
        })
    }

    fn search(&self, q: String, limit: u64, utc_offset_minutes: i32) -> Answer<'_, SearchResults> {
        Box::pin(async move {
            self.state.limiters.search(self.user)?;
            Ok(self.chat().search(self.user, &q, utc_offset_minutes, limit).await?)
        })
    }

    fn session(&self, session_id: Uuid, before: Option<Uuid>) -> Answer<'_, SessionDetail> {
        Box::pin(async move {
            self.state.limiters.session_read(self.user)?;
            let part = before.map_or(Part::Last, Part::Before);
            Ok(self
                .chat()
                .session(self.user, session_id, part, PAGE_OF_MESSAGES)
                .await?)
        })
    }

    fn session_after(&self, session_id: Uuid, after: Uuid) -> Answer<'_, SessionDetail> {
        Box::pin(async move {
            self.state.limiters.session_read(self.user)?;
            let part = Part::After(after);
            Ok(self
                .chat()
                .session(self.user, session_id, part, PAGE_OF_MESSAGES)
                .await?)
        })
    }

    fn session_around(&self, session_id: Uuid, message_id: Uuid) -> Answer<'_, SessionDetail> {
        Box::pin(async move {
            self.state.limiters.session_read(self.user)?;
            Ok(self.chat().session_around(self.user, session_id, message_id).await?)
        })
    }

    fn change_many(&self, session_ids: Vec<Uuid>, change: ManyChange, from: Option<RestoreFrom>) -> Answer<'_, u64> {
        let change = Change::new(change, from);
        Box::pin(async move { Ok(self.chat().change_many(self.user, session_ids, change).await?) })
    }

    fn send(&self, message: SendMessage) -> Answer<'_, MessageAccepted> {
        Box::pin(async {
            self.state.limiters.message(self.user)?;
            Ok(self.chat().send(self.user, message).await?)
        })
    }

    fn regenerate(&self, session_id: Uuid, regenerate: Regenerate) -> Answer<'_, MessageAccepted> {
        Box::pin(async move {
            self.state.limiters.message(self.user)?;
            Ok(self.chat().regenerate(self.user, session_id, regenerate).await?)
        })
    }

    fn show_version(&self, session_id: Uuid, message_id: Uuid) -> Answer<'_, SessionDetail> {
        Box::pin(async move {
            self.state.limiters.session_read(self.user)?;
            Ok(self.chat().show_version(self.user, session_id, message_id).await?)
        })
    }

    fn cancel(&self, session_id: Uuid) -> Answer<'_, ()> {
        Box::pin(async move { Ok(self.chat().cancel(self.user, session_id).await?) })
    }

    fn decide(&self, session_id: Uuid, approval: GatewayApproval) -> Answer<'_, Option<MessageAccepted>> {
        Box::pin(async move {
            let admit = || self.state.limiters.message(self.user);
            Ok(self.chat().decide(self.user, session_id, approval, admit).await?)
        })
    }

    fn patch(&self, session_id: Uuid, patch: SessionPatch) -> Answer<'_, SessionSummary> {
        Box::pin(async move { Ok(self.chat().patch(self.user, session_id, patch).await?) })
    }

    fn clear(&self, session_id: Uuid) -> Answer<'_, Cleared> {
        Box::pin(async move { Ok(self.chat().clear(self.user, session_id).await?) })
    }

    fn restore(&self, session_id: Uuid, from: RestoreFrom) -> Answer<'_, SessionSummary> {
        Box::pin(async move { Ok(self.chat().restore(self.user, session_id, Some(from)).await?) })
    }

    fn highlight(&self, blocks: Vec<Code>) -> Answer<'_, Vec<Option<Runs>>> {
        Box::pin(async move {
            self.state.limiters.model_read(self.user)?;
            Ok(self.state.highlighter.highlight(blocks).await?)
        })
    }

    fn highlighted(&self, blocks: &[Code]) -> Vec<Option<Runs>> {
        self.state.highlighter.known(blocks)
    }

    fn usage(&self, range: UsageRange) -> Answer<'_, UsageReport> {
        Box::pin(async move {
            self.state.limiters.session_read(self.user)?;
            Ok(self.chat().usage(self.user, range).await?)
        })
    }

    fn delete(&self, session_id: Uuid) -> Answer<'_, ()> {
        Box::pin(async move { Ok(self.chat().delete(self.user, session_id).await?) })
    }
}
