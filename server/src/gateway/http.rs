//! The client of the Gateway's HTTP contract, the `turns` protocol.

use std::fmt;

use protocol::{
    gateway::{GatewayApproval, GatewayChatRequest},
    registry::{GatewayAgent, GatewayAgentList, GatewayModel, GatewayModelList},
    sse::Frame,
};
use reqwest::{RequestBuilder, Url};
use uuid::Uuid;

pub use super::link::Timeouts;
use super::{
    EventStream, Gateway, GatewayError, GatewayEvent, Reply,
    events::{self, Parsed},
    link::Link,
};

/// A Gateway reached over HTTP; one pool of connections for all calls.
#[derive(Clone)]
pub struct HttpGateway {
    link: Link,
    base: Url,
    registry: Url,
    token: Option<String>,
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
        Ok(Self {
            link: Link::new(timeouts)?,
            registry: registry.unwrap_or_else(|| base.clone()),
            base,
            token,
        })
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.link.get(&self.base, path))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.authorised(self.link.post(&self.base, path))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl Gateway for HttpGateway {
    fn agents(&self) -> Reply<'_, Vec<GatewayAgent>> {
        Box::pin(async {
            // A separate registry is not shown the Gateway's token.
            let request = self.link.get(&self.registry, "/agents");
            let request = if self.registry == self.base {
                self.authorised(request)
            } else {
                request
            };
            Ok(self.link.call_json::<GatewayAgentList>(request).await?.agents)
        })
    }

    fn models(&self) -> Reply<'_, Vec<GatewayModel>> {
        Box::pin(async {
            Ok(self
                .link
                .call_json::<GatewayModelList>(self.get("/models"))
                .await?
                .models)
        })
    }

    fn start(&self, request: GatewayChatRequest) -> Reply<'_, ()> {
        Box::pin(async move {
            self.link.call(self.post("/chat").json(&request)).await?;
            Ok(())
        })
    }

    fn stream(&self, session_id: Uuid, last_event_id: Option<String>) -> Reply<'_, EventStream> {
        Box::pin(async move {
            let mut request = self.get(&format!("/chat/stream/{session_id}"));
            let has_begun = last_event_id.is_some();
            if let Some(id) = last_event_id {
                request = request.header("last-event-id", id);
            }
            self.link.stream(request, has_begun, read_frame).await
        })
    }

    fn cancel(&self, session_id: Uuid) -> Reply<'_, ()> {
        Box::pin(async move {
            self.link.call(self.post(&format!("/chat/{session_id}/cancel"))).await?;
            Ok(())
        })
    }

    fn approve(&self, session_id: Uuid, approval: GatewayApproval) -> Reply<'_, ()> {
        Box::pin(async move {
            self.link
                .call(self.post(&format!("/chat/{session_id}/approval")).json(&approval))
                .await?;
            Ok(())
        })
    }

    fn health(&self) -> Reply<'_, ()> {
        Box::pin(async {
            self.link.call(self.get("/health")).await?;
            Ok(())
        })
    }
}

fn read_frame(frame: Frame, events: &mut Vec<GatewayEvent>) -> Result<(), GatewayError> {
    match events::parse(&frame.data)? {
        Parsed::Event(event) => events.push(GatewayEvent { id: frame.id, event }),
        Parsed::Unknown(kind) => events::pass_over(&kind),
    }
    Ok(())
}
