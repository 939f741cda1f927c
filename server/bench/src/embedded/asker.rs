//! Who asks and reads, over one warm connection: of the provider what the Gateway would, of the Gateway what Parley would.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use hyper::{Method, Response, StatusCode, body::Incoming};
use serde_json::{Value, json};

use super::{
    provider::{self, MODEL},
    way::Way,
};
use crate::{
    answer::frames::Frames,
    client::{
        connection::Connection,
        stream::Stream,
        wire::{accepted, encode, gateway_request, refused},
    },
    clock,
    failure::Failure,
    reading::Reading,
    script::Script,
};

/// The longest that one answer may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The agent that answers by itself, as most conversations are with it.
const AGENT: &str = "architect";
/// One that hands a part on without asking the person first.
const DELEGATING_AGENT: &str = "dir-code";

/// A reader.
pub(super) struct Asker {
    way: Way,
    connection: Connection,
}

/// An answer that was read whole.
pub(super) struct Answered {
    asked_at: u64,
    ended_at: u64,
    reading: Reading,
}

impl Answered {
    /// From sending the first request to the first token, in nanoseconds.
    pub(super) fn first_token(&self) -> Option<u64> {
        Some(self.reading.first_at()?.saturating_sub(self.asked_at))
    }

    /// Tokens a second, from sending the first request to the end.
    pub(super) fn speed(&self) -> f64 {
        let seconds = self.ended_at.saturating_sub(self.asked_at) as f64 / 1e9;
        self.reading.tokens() as f64 / seconds
    }
}

impl Asker {
    /// Connects.
    pub(super) async fn connect(way: Way, address: SocketAddr) -> Result<Self, Failure> {
        let connection = Connection::open(address).await?;
        Ok(Self { way, connection })
    }

    /// Asks and reads the whole answer.
    pub(super) async fn ask(&mut self, script: Script) -> Result<Answered, Failure> {
        let read = async {
            let asked_at = clock::now();
            let stream = match self.way {
                Way::Direct => self.of_provider(script).await?,
                Way::Gateway => self.of_gateway(script).await?,
            };
            let reading = stream.rest().await?;
            let ended_at = clock::now();
            reading.check()?;
            Ok(Answered {
                asked_at,
                ended_at,
                reading,
            })
        };
        let answered = tokio::time::timeout(LIMIT, read).await.unwrap_or(Err(Failure::Late));
        self.connection.recover().await?;
        answered
    }

    /// Where a part is handed on, the provider is asked for the call, for the part and for the answer, one after the other.
    async fn of_provider(&mut self, script: Script) -> Result<Stream, Failure> {
        let question = json!({"role": "user", "content": script.message()});
        if script.delegates {
            let part = json!({"role": "user", "content": provider::part(script).message()});
            for messages in [json!([question]), json!([part])] {
                let response = self.complete(messages).await?;
                accepted(response, StatusCode::OK).await?;
            }
        }
        let result = script.delegates.then(|| json!({"role": "tool", "content": "Done."}));
        let messages: Vec<Value> = [question].into_iter().chain(result).collect();
        let response = self.complete(messages.into()).await?;
        opened(response, Frames::Provider, script).await
    }

    async fn complete(&mut self, messages: Value) -> Result<Response<Incoming>, Failure> {
        let options = json!({"include_usage": true});
        let body = json!({"model": MODEL, "stream": true, "stream_options": options, "messages": messages});
        self.connection
            .send(Method::POST, "/v1/chat/completions", &[], encode(&body))
            .await
    }

    async fn of_gateway(&mut self, script: Script) -> Result<Stream, Failure> {
        let agent = if script.delegates { DELEGATING_AGENT } else { AGENT };
        let request = gateway_request(agent, script.message());
        let response = self.connection.send(Method::POST, "/chat", &[], encode(&request));
        accepted(response.await?, StatusCode::ACCEPTED).await?;
        let path = format!("/chat/stream/{}", request.session_id);
        let response = self.connection.send(Method::GET, &path, &[], Bytes::new());
        opened(response.await?, Frames::Gateway, script).await
    }
}

async fn opened(response: Response<Incoming>, frames: Frames, script: Script) -> Result<Stream, Failure> {
    if response.status() != StatusCode::OK {
        return Err(refused(response).await);
    }
    Ok(Stream::new(response.into_body(), frames, script))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;

    #[tokio::test]
    async fn the_provider_answers_by_its_script_with_a_part_handed_on_or_without() {
        let address = process::free_address().unwrap();
        tokio::spawn(provider::serve(address.port()));
        let mut asker = loop {
            match Asker::connect(Way::Direct, address).await {
                Ok(asker) => break asker,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        for delegates in [false, true] {
            let script = Script {
                delegates,
                ..Script::full_speed(300)
            };
            let answered = asker.ask(script).await.unwrap();
            assert_eq!(answered.reading.tokens(), 300);
            assert!(answered.first_token().is_some_and(|nanos| nanos > 0) && answered.speed() > 0.0);
        }
        let no_script = json!([{"role": "user", "content": "Hello"}]);
        let refusal = asker.complete(no_script).await.unwrap();
        assert_eq!(refusal.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
