//! Conversations to take along: one as a file, many as an archive.

use std::sync::Arc;

use app::markdown::Colours;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use protocol::{
    conversation::{Conversation, ExportFormat},
    highlight::{Code, MAX_BLOCKS, MAX_BYTES},
};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{
    error::Error,
    export::{
        file_name, html, media_type, stamp, write,
        zip::{self, MOST_CONVERSATIONS},
    },
    extract::{Json, Params, SessionId, User},
    state::AppState,
    store::now,
};

#[derive(Debug, Deserialize)]
pub(super) struct ExportParams {
    #[serde(default)]
    format: ExportFormat,
}

/// `GET /api/chat/sessions/{id}/export`
pub(super) async fn export_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Params(params): Params<ExportParams>,
) -> Result<Response, Error> {
    state.limiters.session_read(user)?;
    let format = params.format;
    let conversation = Arc::new(state.chat.conversation(user, session).await?);
    let colours = match format {
        ExportFormat::Html => colours_of(&state, Arc::clone(&conversation)).await?,
        ExportFormat::Markdown | ExportFormat::Json => Colours::default(),
    };
    let text = spawn_blocking(move || write(&conversation, format, &colours)).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(format)));
    headers.insert(
        header::CONTENT_DISPOSITION,
        attachment(&file_name(session, now(), format))?,
    );
    if format == ExportFormat::Html {
        // The one that stands in the page, for who opens it without keeping it.
        headers.insert(header::CONTENT_SECURITY_POLICY, value(&html::POLICY)?);
    }
    Ok(response)
}

/// The body of `POST /api/chat/sessions/export`
#[derive(Debug, Deserialize)]
pub(super) struct ExportMany {
    ids: Vec<Uuid>,
    #[serde(default)]
    format: ExportFormat,
}

/// `POST /api/chat/sessions/export`
pub(super) async fn export_many(
    State(state): State<AppState>,
    User(user): User,
    Json(many): Json<ExportMany>,
) -> Result<Response, Error> {
    state.limiters.session_read(user)?;
    let place = state.limiters.archive(user)?;
    let mut asked = many.ids;
    asked.sort_unstable();
    asked.dedup();
    if !(1..=MOST_CONVERSATIONS).contains(&asked.len()) {
        return Err(Error::InvalidRequest(format!(
            "`ids` takes 1 to {MOST_CONVERSATIONS} conversations"
        )));
    }
    let own = state.chat.own_sessions(user, asked.clone()).await?;
    let gone = asked.into_iter().filter(|id| own.binary_search(id).is_err()).collect();
    let archive = zip::stream(state.chat.clone(), user, own, gone, many.format).map(move |part| {
        let _place = &place;
        if let Err(error) = &part {
            tracing::error!(error = error as &dyn std::error::Error, "an archive broke off");
        }
        part
    });
    let name = format!("parley_conversations_{}.zip", stamp(now()));
    let mut response = Body::from_stream(archive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CONTENT_DISPOSITION, attachment(&name)?);
    Ok(response)
}

/// What is known of the conversation's code, and what can be told of it in the time that code may take.
async fn colours_of(state: &AppState, conversation: Arc<Conversation>) -> Result<Colours, Error> {
    let mut colours = Colours::default();
    // A long conversation takes long to be read through, and no further than the blocks that can be told.
    let blocks = spawn_blocking(move || -> Vec<Code> {
        let mut bytes = 0;
        let fits = |block: &Code| {
            bytes += block.code.len();
            bytes <= MAX_BYTES
        };
        html::codes(&conversation).take(MAX_BLOCKS).take_while(fits).collect()
    })
    .await?;
    if let Ok(told) = state.highlighter.highlight(blocks.clone()).await {
        colours.learn(blocks, told);
    }
    Ok(colours)
}

fn attachment(name: &str) -> Result<HeaderValue, Error> {
    value(&format!("attachment; filename=\"{name}\""))
}

fn value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::InvalidRequest("it cannot stand in a header".into()))
}
