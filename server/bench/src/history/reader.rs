//! Who asks: one person, over one connection that is open already.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Method, StatusCode, header};
use protocol::{
    history::SearchResults,
    session::{CsrfToken, MessageAccepted, SendMessage, SessionDetail, SessionList},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    client::{
        connection::Connection,
        wire::{accepted, encode, json},
    },
    clock,
    failure::Failure,
    gateway::AGENT,
};

/// Who somebody is to Parley.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    cookie: String,
    csrf_token: String,
}

impl Identity {
    /// What is sent as cookie.
    pub(super) fn cookie(&self) -> &str {
        &self.cookie
    }
}

/// A reader.
pub(super) struct Reader {
    connection: Connection,
    identity: Identity,
}

impl Reader {
    /// Asks Parley who one is: who has that cookie, or else somebody new.
    pub(super) async fn identify(address: SocketAddr, cookie: Option<&str>) -> Result<(Identity, Uuid), Failure> {
        let mut connection = Connection::open(address).await?;
        let headers: Vec<_> = cookie.iter().map(|cookie| ("cookie", *cookie)).collect();
        let response = connection
            .send(Method::GET, "/api/csrf", &headers, Bytes::new())
            .await?;
        let set = response.headers().get(header::SET_COOKIE);
        let set = set.and_then(|cookie| Some(cookie.to_str().ok()?.split(';').next()?.to_owned()));
        let CsrfToken { csrf_token, user_id } = json(response, StatusCode::OK).await?;
        let cookie = set.or_else(|| cookie.map(str::to_owned)).unwrap_or_default();
        Ok((Identity { cookie, csrf_token }, user_id))
    }

    /// Connects.
    pub(super) async fn connect(address: SocketAddr, identity: Identity) -> Result<Self, Failure> {
        Ok(Self {
            connection: Connection::open(address).await?,
            identity,
        })
    }

    /// How many conversations are listed.
    pub(super) async fn total(&mut self) -> Result<u64, Failure> {
        let (list, _) = self.get::<SessionList>("/api/chat/sessions?limit=1").await?;
        Ok(list.total)
    }

    /// A page of the list, and the nanoseconds until it was read.
    pub(super) async fn list(&mut self, query: &str) -> Result<(SessionList, u64), Failure> {
        self.get(&format!("/api/chat/sessions?{query}")).await
    }

    /// A conversation as it opens.
    pub(super) async fn open(&mut self, session_id: Uuid) -> Result<(SessionDetail, u64), Failure> {
        self.get(&format!("/api/chat/sessions/{session_id}")).await
    }

    /// A conversation at one of its messages.
    pub(super) async fn open_at(
        &mut self,
        session_id: Uuid,
        message_id: Uuid,
    ) -> Result<(SessionDetail, u64), Failure> {
        self.get(&format!("/api/chat/sessions/{session_id}?around={message_id}"))
            .await
    }

    /// The messages before one of them.
    pub(super) async fn open_before(&mut self, session_id: Uuid, before: Uuid) -> Result<SessionDetail, Failure> {
        let path = format!("/api/chat/sessions/{session_id}?before={before}&limit=100");
        Ok(self.get(&path).await?.0)
    }

    /// What is found.
    pub(super) async fn search(&mut self, q: &str) -> Result<(SearchResults, u64), Failure> {
        let q: String = q.bytes().map(|byte| format!("%{byte:02x}")).collect();
        self.get(&format!("/api/search?q={q}")).await
    }

    /// Begins a conversation: the nanoseconds until Parley has saved the message and said so.
    pub(super) async fn send_message(&mut self, message: String) -> Result<(MessageAccepted, u64), Failure> {
        let body = encode(&SendMessage {
            session_id: None,
            message,
            agent_id: AGENT.into(),
            model: None,
            client_request_id: Some(Uuid::new_v4()),
            replaces: None,
        });
        let asked = clock::now();
        let response = self.send(Method::POST, "/api/chat/message", body).await?;
        let body = accepted(response, StatusCode::ACCEPTED).await?;
        let took = clock::now().saturating_sub(asked);
        Ok((read(&body)?, took))
    }

    /// Reads an answer to its end.
    pub(super) async fn read_answer(&mut self, session_id: Uuid) -> Result<(), Failure> {
        let path = format!("/api/chat/stream/{session_id}");
        let response = self.send(Method::GET, &path, Bytes::new()).await?;
        accepted(response, StatusCode::OK).await?;
        Ok(())
    }

    async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<(T, u64), Failure> {
        let asked = clock::now();
        let response = self.send(Method::GET, path, Bytes::new()).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let took = clock::now().saturating_sub(asked);
        if status != StatusCode::OK {
            return Err(Failure::refused(status.as_u16(), &body));
        }
        Ok((read(&body)?, took))
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<hyper::Response<hyper::body::Incoming>, Failure> {
        let headers = [
            ("cookie", self.identity.cookie.as_str()),
            ("x-csrf-token", self.identity.csrf_token.as_str()),
        ];
        self.connection.send(method, path, &headers, body).await
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Connection(format!("an answer cannot be read: {error}")))
}
