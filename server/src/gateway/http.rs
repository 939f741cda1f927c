//! The client of the Gateway's HTTP contract, the `turns` protocol.

use std::{fmt, time::Duration};

use futures::StreamExt;
use protocol::{
    error::{ErrorBody, ErrorEnvelope},
    event::TurnEvent,
    gateway::{GatewayApproval, GatewayChatRequest},
    registry::{GatewayAgent, GatewayAgentList, GatewayModel, GatewayModelList},
    sse::Decoder,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{EventStream, Gateway, GatewayError, GatewayEvent, Reply};

/// The longest refusal that is read.
const MAX_REASON_BYTES: usize = 64 * 1024;

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to a request that is not a stream.
    pub request: Duration,
    /// For the first event of an answer.
    pub first_event: Duration,
    /// Between two pieces of a stream, keep-alives included.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(15),
            first_event: Duration::from_secs(180),
            idle: Duration::from_secs(60),
        }
    }
}

/// A Gateway reached over HTTP; one pool of connections for all calls.
#[derive(Clone)]
pub struct HttpGateway {
    client: Client,
    base: Url,
    registry: Url,
    token: Option<String>,
    timeouts: Timeouts,
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpGateway")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl HttpGateway {
    /// A client of the Gateway at `base`, whose agents are listed at `registry` (the Gateway itself where it is `None`).
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(
        base: Url,
        registry: Option<Url>,
        token: Option<String>,
        timeouts: Timeouts,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // One HTTP/2 connection would have to carry the streams of all turns, and those past its limit would wait.
            .http1_only()
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            client,
            registry: registry.unwrap_or_else(|| base.clone()),
            base,
            token,
            timeouts,
        })
    }

    fn url(base: &Url, path: &str) -> String {
        format!("{}{path}", base.as_str().trim_end_matches('/'))
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.client.get(Self::url(&self.base, path)))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.authorised(self.client.post(Self::url(&self.base, path)))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn call(&self, request: RequestBuilder) -> Result<Response, GatewayError> {
        let response = request
            .timeout(self.timeouts.request)
            .send()
            .await
            .map_err(call_error)?;
        accepted(response).await
    }

    async fn call_json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        let response = self.call(request).await?;
        response
            .json()
            .await
            .map_err(|error| GatewayError::Protocol(error.without_url().to_string()))
    }
}

impl Gateway for HttpGateway {
    fn agents(&self) -> Reply<'_, Vec<GatewayAgent>> {
        Box::pin(async {
            // A separate registry is not shown the Gateway's token.
            let url = Self::url(&self.registry, "/agents");
            let request = self.client.get(url);
            let request = if self.registry == self.base {
                self.authorised(request)
            } else {
                request
            };
            Ok(self.call_json::<GatewayAgentList>(request).await?.agents)
        })
    }

    fn models(&self) -> Reply<'_, Vec<GatewayModel>> {
        Box::pin(async { Ok(self.call_json::<GatewayModelList>(self.get("/models")).await?.models) })
    }

    fn start(&self, request: GatewayChatRequest) -> Reply<'_, ()> {
        Box::pin(async move {
            self.call(self.post("/chat").json(&request)).await?;
            Ok(())
        })
    }

    fn stream(&self, session_id: Uuid, last_event_id: Option<String>) -> Reply<'_, EventStream> {
        Box::pin(async move {
            let mut request = self
                .get(&format!("/chat/stream/{session_id}"))
                .header("accept", "text/event-stream");
            // What is taken up again has begun, and may be waiting for a person.
            let first_event_within = last_event_id.is_none().then_some(self.timeouts.first_event);
            if let Some(id) = last_event_id {
                request = request.header("last-event-id", id);
            }
            let asked = async { accepted(request.send().await.map_err(call_error)?).await };
            let response = tokio::time::timeout(self.timeouts.first_event, asked)
                .await
                .map_err(|_| GatewayError::Timeout("to begin its answer"))??;
            if !is_event_stream(&response) {
                return Err(GatewayError::Protocol("its answer is no event stream".into()));
            }
            Ok(events(response, first_event_within, self.timeouts.idle))
        })
    }

    fn cancel(&self, session_id: Uuid) -> Reply<'_, ()> {
        Box::pin(async move {
            self.call(self.post(&format!("/chat/{session_id}/cancel"))).await?;
            Ok(())
        })
    }

    fn approve(&self, session_id: Uuid, approval: GatewayApproval) -> Reply<'_, ()> {
        Box::pin(async move {
            self.call(self.post(&format!("/chat/{session_id}/approval")).json(&approval))
                .await?;
            Ok(())
        })
    }

    fn health(&self) -> Reply<'_, ()> {
        Box::pin(async {
            self.call(self.get("/health")).await?;
            Ok(())
        })
    }
}

/// Something between us and the Gateway may answer with a page of its own.
fn is_event_stream(response: &Response) -> bool {
    let content_type = response.headers().get(reqwest::header::CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/event-stream"))
}

/// The events of a response, until `done`.
fn events(response: Response, first_event_within: Option<Duration>, idle: Duration) -> EventStream {
    Box::pin(async_stream::try_stream! {
        let mut pieces = response.bytes_stream();
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        let mut first_event_due = first_event_within.map(|time| tokio::time::Instant::now() + time);
        loop {
            let idle_due = tokio::time::Instant::now() + idle;
            // Keep-alives show that the Gateway lives, not that the model does.
            let due = first_event_due.map_or(idle_due, |first| first.min(idle_due));
            let overdue = if first_event_due.is_some() { "to begin its answer" } else { "in the middle of its answer" };
            let piece = tokio::time::timeout_at(due, pieces.next())
                .await
                .map_err(|_| GatewayError::Timeout(overdue))?
                .ok_or(GatewayError::Incomplete)?
                .map_err(|error| GatewayError::Broken(error.without_url()))?;
            let decoded = decoder.feed_into(&piece, &mut frames);
            let mut events = Vec::with_capacity(frames.len());
            let mut fault = None;
            for frame in frames.drain(..) {
                match parse_event(&frame.data) {
                    Ok(Some(event)) => events.push(GatewayEvent { id: frame.id, event }),
                    Ok(None) => {}
                    Err(error) => {
                        fault = Some(error);
                        break;
                    }
                }
            }
            let fault = fault.or(decoded.err().map(|error| GatewayError::Protocol(error.to_string())));
            if !events.is_empty() {
                first_event_due = None;
                let ended = events.iter().any(|event| matches!(event.event, TurnEvent::Done { .. }));
                yield events;
                if ended {
                    return;
                }
            }
            if let Some(fault) = fault {
                Err(fault)?;
            }
        }
    })
}

/// One event; `None` for a type that Parley does not know, which a newer Gateway may well send.
fn parse_event(data: &str) -> Result<Option<TurnEvent>, GatewayError> {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    // Nearly all are tokens, and telling by the tag what to read costs more than the reading.
    #[derive(serde::Deserialize)]
    struct Token {
        #[expect(dead_code, reason = "read for what it must be")]
        r#type: TokenTag,
        content: String,
        #[serde(default)]
        offset: Option<usize>,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum TokenTag {
        Token,
    }
    if let Ok(Token { content, offset, .. }) = serde_json::from_str(data) {
        return Ok(Some(TurnEvent::Token { content, offset }));
    }
    match serde_json::from_str(data) {
        Ok(event) => Ok(Some(event)),
        Err(error) => match serde_json::from_str::<Typed>(data) {
            Ok(typed) if !matches!(typed.r#type.as_str(), "token" | "status_update" | "usage" | "done") => {
                tracing::debug!(kind = typed.r#type, "event of an unknown type passed over");
                Ok(None)
            }
            _ => Err(GatewayError::Protocol(format!("an event cannot be read: {error}"))),
        },
    }
}

async fn accepted(response: Response) -> Result<Response, GatewayError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let reason: Option<ErrorBody> = match status {
        // Its reason would be about Parley's own token, which is none of the reader's business.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => None,
        _ => start_of(response)
            .await
            .and_then(|body| serde_json::from_slice::<ErrorEnvelope>(&body).ok())
            .map(|envelope| envelope.error),
    };
    Err(GatewayError::Refused {
        status: status.as_u16(),
        reason,
    })
}

/// A refusal's body, unless it is longer than any reason is.
async fn start_of(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.ok()? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_REASON_BYTES {
            return None;
        }
    }
    Some(body)
}

fn call_error(error: reqwest::Error) -> GatewayError {
    let error = error.without_url();
    if error.is_timeout() && !error.is_connect() {
        GatewayError::Timeout("to answer")
    } else {
        GatewayError::Unreachable(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_passed_over_and_broken_ones_refused() {
        assert_eq!(parse_event(r#"{"type":"thought","content":"hm"}"#).unwrap(), None);
        assert_eq!(
            parse_event(r#"{"type":"done"}"#).unwrap(),
            Some(TurnEvent::Done { status: None })
        );
        for broken in [r#"{"type":"token"}"#, "{", "null", "[1]", r#"{"type":5}"#] {
            assert!(
                matches!(parse_event(broken), Err(GatewayError::Protocol(_))),
                "{broken}"
            );
        }
    }
}
