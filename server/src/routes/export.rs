//! A conversation to take along.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use protocol::{
    session::{Message, MessageStatus, MessageType, SessionSummary},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write;
use uuid::Uuid;

use crate::{
    error::Error,
    extract::{Params, SessionId, User},
    state::AppState,
    store::{WholeSession, now},
};

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Markdown,
    Json,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExportParams {
    format: Option<Format>,
}

/// `GET /api/chat/sessions/{id}/export`
pub(super) async fn export_session(
    State(state): State<AppState>,
    User(user): User,
    SessionId(session): SessionId,
    Params(params): Params<ExportParams>,
) -> Result<Response, Error> {
    state.limiters.session_read(user)?;
    let (text, mime, extension) = match params.format.unwrap_or(Format::Markdown) {
        Format::Markdown => {
            let (session, messages) = state.chat.shown_branch(user, session).await?;
            (markdown(&session, &messages), "text/markdown; charset=utf-8", "md")
        }
        Format::Json => {
            let whole = state.chat.whole_session(user, session).await?;
            (json(&whole), "application/json", "json")
        }
    };
    let stamp: String = now()
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    let disposition = format!("attachment; filename=\"pas_conversation_{session}_{stamp}.{extension}\"");
    Ok((
        [
            (header::CONTENT_TYPE, mime.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        text,
    )
        .into_response())
}

/// All branches: a reader goes from `head_id` by `parent_id` to have the one that was shown.
fn json(whole: &WholeSession) -> String {
    #[derive(Serialize)]
    struct Session<'a> {
        #[serde(flatten)]
        summary: &'a SessionSummary,
        head_id: Option<Uuid>,
    }
    let session = Session {
        summary: &whole.session,
        head_id: whole.head_id,
    };
    let whole = json!({"format": "parley-conversation", "version": 2, "session": session, "messages": whole.messages});
    format!("{whole:#}\n")
}

/// The branch shown.
fn markdown(session: &SessionSummary, messages: &[Message]) -> String {
    let mut text = format!("# {}\n\n", session.title);
    let role = session.parent_role.as_deref().unwrap_or("PAS Root");
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "Conversation of {role} with {}, begun {} UTC. Tokens: {}. Cost: ${:.6}.",
        session.agent_name,
        minute(session.created_at),
        session.total_tokens,
        session.cost_usd
    );
    for message in messages {
        let who = match message.message_type {
            MessageType::User => role,
            MessageType::Assistant => &session.agent_name,
            MessageType::System | MessageType::Status => "Note",
        };
        let model = message
            .model_name
            .as_ref()
            .map(|model| format!(" · {model}"))
            .unwrap_or_default();
        let _ = write!(
            text,
            "\n## {who}{model} · {} UTC\n\n{}\n",
            minute(message.timestamp),
            message.content
        );
        if !matches!(message.status, MessageStatus::Complete) {
            let reason = message
                .metadata
                .error
                .as_ref()
                .map(|error| format!(": {}", error.message));
            let state = match message.status {
                MessageStatus::Streaming => "still being written",
                MessageStatus::Cancelled => "stopped",
                MessageStatus::Interrupted => "interrupted",
                _ => "failed",
            };
            let _ = write!(
                text,
                "\n*This answer is not whole: {state}{}*\n",
                reason.unwrap_or_default()
            );
        }
    }
    text
}

fn minute(instant: Timestamp) -> String {
    instant
        .to_string()
        .chars()
        .take(16)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}
