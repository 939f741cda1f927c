//! One reader with one warm connection, as a browser has it: it sends its message and reads the answer over a connection
//! that is open already. The same for every target; only paths and bodies differ.
//!
//! - [`connection`]: the connection
//! - [`stream`]: the answer as it is read
//! - [`wire`]: bodies, and what comes of a response

pub(crate) mod connection;
pub(crate) mod stream;
pub(crate) mod wire;

use bytes::Bytes;
use connection::Connection;
use hyper::{Method, Response, StatusCode, body::Incoming, header};
use protocol::session::{CsrfToken, MessageAccepted, MessageType, SendMessage, SessionDetail};
use stream::Stream;
use uuid::Uuid;
use wire::{accepted, encode, gateway_request, json, refused};

use crate::{
    answer::frames::Frames,
    clock,
    failure::Failure,
    gateway::AGENT,
    script::Script,
    target::{Kind, Target},
};

/// A reader.
pub(crate) struct Client {
    kind: Kind,
    connection: Connection,
    identity: Option<Identity>,
}

/// Who Parley takes the reader for.
#[derive(Clone)]
struct Identity {
    cookie: String,
    csrf_token: String,
}

/// An answer that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// The conversation it belongs to.
    pub(crate) session_id: Uuid,
    /// When the message was sent.
    pub(crate) at: u64,
}

impl Client {
    /// Connects, and gets an identity where the target is one that asks for it.
    pub(crate) async fn connect(target: &Target) -> Result<Self, Failure> {
        let mut client = Self {
            kind: target.kind,
            connection: Connection::open(target.address).await?,
            identity: None,
        };
        if client.kind == Kind::Parley {
            let response = client.send(Method::GET, "/api/csrf", Bytes::new()).await?;
            let cookie = response.headers().get(header::SET_COOKIE);
            let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
            let cookie = cookie.unwrap_or_default().to_owned();
            let CsrfToken { csrf_token, .. } = json(response, StatusCode::OK).await?;
            client.identity = Some(Identity { cookie, csrf_token });
        }
        Ok(client)
    }

    /// The same reader over another connection, as a page opens one while its first carries a stream.
    pub(crate) async fn second(&self) -> Result<Self, Failure> {
        Ok(Self {
            kind: self.kind,
            connection: self.connection.second().await?,
            identity: self.identity.clone(),
        })
    }

    /// Opens a new connection where the last answer cost the old one.
    pub(crate) async fn recover(&mut self) -> Result<(), Failure> {
        self.connection.recover().await
    }

    /// Sends a message that begins a conversation.
    pub(crate) async fn ask(&mut self, script: Script) -> Result<Asked, Failure> {
        let message = script.message();
        let (path, body, session_id) = if self.kind == Kind::Parley {
            let request = SendMessage {
                session_id: None,
                message,
                agent_id: AGENT.into(),
                model: None,
                client_request_id: Some(Uuid::new_v4()),
                replaces: None,
            };
            ("/api/chat/message", encode(&request), None)
        } else {
            let request = gateway_request(AGENT, message);
            ("/chat", encode(&request), Some(request.session_id))
        };
        let at = clock::now();
        let response = self.send(Method::POST, path, body).await?;
        let session_id = match session_id {
            Some(id) => {
                accepted(response, StatusCode::ACCEPTED).await?;
                id
            }
            None => {
                json::<MessageAccepted>(response, StatusCode::ACCEPTED)
                    .await?
                    .session_id
            }
        };
        Ok(Asked { session_id, at })
    }

    /// Opens the stream of the answer.
    pub(crate) async fn stream(&mut self, asked: Asked, script: Script) -> Result<Stream, Failure> {
        let prefix = if self.kind == Kind::Parley {
            "/api/chat"
        } else {
            "/chat"
        };
        let path = format!("{prefix}/stream/{}", asked.session_id);
        let response = self.send(Method::GET, &path, Bytes::new()).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(response).await);
        }
        Ok(Stream::new(response.into_body(), Frames::Gateway, script))
    }

    /// The text of the conversation's answer, as Parley saved it.
    pub(crate) async fn saved(&mut self, session_id: Uuid) -> Result<String, Failure> {
        let path = format!("/api/chat/sessions/{session_id}");
        let response = self.send(Method::GET, &path, Bytes::new()).await?;
        let detail: SessionDetail = json(response, StatusCode::OK).await?;
        let mut answers = detail.messages.into_iter();
        let answer = answers.find(|message| message.message_type == MessageType::Assistant);
        answer
            .map(|answer| answer.content)
            .ok_or_else(|| Failure::Saved("there is none".into()))
    }

    /// Tells Parley to stop the answer.
    pub(crate) async fn cancel(&mut self, session_id: Uuid) -> Result<(), Failure> {
        let path = format!("/api/chat/sessions/{session_id}/cancel");
        let response = self.send(Method::POST, &path, Bytes::new()).await?;
        accepted(response, StatusCode::OK).await?;
        Ok(())
    }

    /// When the scripted Gateway was told to stop the answer.
    pub(crate) async fn cancelled_at(&mut self, session_id: Uuid) -> Result<Option<u64>, Failure> {
        let path = format!("/bench/cancelled/{session_id}");
        let response = self.send(Method::GET, &path, Bytes::new()).await?;
        json(response, StatusCode::OK).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>, Failure> {
        let headers: &[(&str, &str)] = match &self.identity {
            Some(Identity { cookie, csrf_token }) => &[("cookie", cookie), ("x-csrf-token", csrf_token)],
            None => &[],
        };
        self.connection.send(method, path, headers, body).await
    }
}
