//! The connections to a Gateway, and what is made of its replies, whichever protocol it speaks.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::{
    EventStream, GatewayError,
    events::{self, ReadFrame},
    reason,
};

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

/// One pool of connections for all calls.
#[derive(Clone)]
pub(super) struct Link {
    client: Client,
    timeouts: Timeouts,
}

impl Link {
    pub(super) fn new(timeouts: Timeouts) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // One HTTP/2 connection would have to carry the streams of all turns, and those past its limit would wait.
            .http1_only()
            .tcp_nodelay(true)
            .build()?;
        Ok(Self { client, timeouts })
    }

    pub(super) fn get(&self, base: &Url, path: &str) -> RequestBuilder {
        self.client.get(url(base, path))
    }

    pub(super) fn post(&self, base: &Url, path: &str) -> RequestBuilder {
        self.client.post(url(base, path))
    }

    /// Sends a request that is not answered with a stream.
    async fn send(&self, request: RequestBuilder) -> Result<Response, GatewayError> {
        request.timeout(self.timeouts.request).send().await.map_err(call_error)
    }

    /// The reply, where the Gateway does not refuse.
    pub(super) async fn call(&self, request: RequestBuilder) -> Result<Response, GatewayError> {
        accepted(self.send(request).await?).await
    }

    pub(super) async fn call_json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        let response = self.call(request).await?;
        response
            .json()
            .await
            .map_err(|error| GatewayError::Protocol(error.without_url().to_string()))
    }

    /// Whether there is any reply at all, a refusal included.
    pub(super) async fn any_reply(&self, request: RequestBuilder) -> Result<(), GatewayError> {
        // Read to its end, so that the connection can be used again.
        start_of(self.send(request).await?).await;
        Ok(())
    }

    /// The events that answer a request. An answer that `has_begun` before has no time set for its next event: it may be
    /// waiting for a person.
    pub(super) async fn stream(
        &self,
        request: RequestBuilder,
        has_begun: bool,
        read: ReadFrame,
    ) -> Result<EventStream, GatewayError> {
        let request = request.header("accept", "text/event-stream");
        let asked = async { accepted(request.send().await.map_err(call_error)?).await };
        let response = tokio::time::timeout(self.timeouts.first_event, asked)
            .await
            .map_err(|_| GatewayError::Timeout("to begin its answer"))??;
        if !is_event_stream(&response) {
            return Err(GatewayError::Protocol("its answer is no event stream".into()));
        }
        let first_event_within = (!has_begun).then_some(self.timeouts.first_event);
        Ok(events::of(response, first_event_within, self.timeouts.idle, read))
    }
}

fn url(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

/// Something between us and the Gateway may answer with a page of its own.
fn is_event_stream(response: &Response) -> bool {
    let content_type = response.headers().get(reqwest::header::CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/event-stream"))
}

async fn accepted(response: Response) -> Result<Response, GatewayError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let reason = match status {
        // Its reason would be about Parley's own token, which is none of the reader's business.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => None,
        _ => start_of(response).await.and_then(|body| reason::of_refusal(&body)),
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
