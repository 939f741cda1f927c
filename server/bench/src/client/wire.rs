//! Bodies, and what comes of a response.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Response, StatusCode, body::Incoming};
use protocol::gateway::{GatewayChatRequest, GatewayMessage, GatewayRole};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::failure::Failure;

/// A request for an answer by the Gateway contract.
pub(crate) fn gateway_request(agent_id: &str, message: String) -> GatewayChatRequest {
    GatewayChatRequest {
        session_id: Uuid::new_v4(),
        message_id: Uuid::new_v4(),
        messages: vec![GatewayMessage {
            role: GatewayRole::User,
            content: message.clone(),
        }],
        message,
        agent_id: agent_id.into(),
        parent_role: None,
        model: None,
        idempotency_key: Uuid::new_v4().to_string(),
        decision: None,
    }
}

/// JSON.
pub(crate) fn encode(body: &impl Serialize) -> Bytes {
    // The bodies of the contract have no way to fail.
    serde_json::to_vec(body).unwrap_or_default().into()
}

/// The body of the response, which must have the status `wanted`.
pub(crate) async fn accepted(response: Response<Incoming>, wanted: StatusCode) -> Result<Bytes, Failure> {
    if response.status() != wanted {
        return Err(refused(response).await);
    }
    Ok(response.into_body().collect().await?.to_bytes())
}

/// The JSON of the response, which must have the status `wanted`.
pub(crate) async fn json<T: DeserializeOwned>(response: Response<Incoming>, wanted: StatusCode) -> Result<T, Failure> {
    let body = accepted(response, wanted).await?;
    serde_json::from_slice(&body).map_err(|error| Failure::Connection(format!("an answer cannot be read: {error}")))
}

/// What a refusal says.
pub(crate) async fn refused(response: Response<Incoming>) -> Failure {
    let status = response.status().as_u16();
    match response.into_body().collect().await {
        Ok(body) => Failure::refused(status, &body.to_bytes()),
        Err(error) => error.into(),
    }
}
