//! Asks a real model, and turns what it sends into the answer's events.

pub(crate) mod endpoint;
mod failure;
mod request;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use genai::{
    Client,
    chat::{ChatStreamEvent, StopReason, StreamEnd, Usage as ProviderUsage},
};
use protocol::{event::TaskStatus, gateway::GatewayChatRequest, session::Usage};

use crate::{
    answers::{Outcome, writer::Writer},
    error::ConfigError,
    models::{Model, Provider},
};
use endpoint::Endpoints;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From asking to the first byte, and between two reads. Generous: a local server may have to load the model first.
pub(crate) const SILENCE_TIMEOUT: Duration = Duration::from_secs(180);
/// A model that has lost itself in repetition is stopped here.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The clients of all providers, made once.
pub(crate) struct Providers {
    client: Client,
    http: reqwest::Client,
    endpoints: Arc<Endpoints>,
}

impl Providers {
    pub(crate) fn new(endpoints: Arc<Endpoints>) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .build()?;
        let client = Client::builder()
            .with_reqwest(http.clone())
            .build()
            .map_err(|e| ConfigError::Providers(e.to_string()))?;
        Ok(Self {
            client,
            http,
            endpoints,
        })
    }

    /// The HTTP client beneath, for asking what servers offer.
    pub(crate) fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// Asks `model` and writes what it says. Dropping the future drops the connection, which stops the model.
    pub(crate) async fn answer(
        &self,
        model: &Model,
        system: Option<String>,
        request: &GatewayChatRequest,
        writer: &Writer,
    ) -> Outcome {
        let Some(endpoint) = self.endpoints.get(model.provider) else {
            return Outcome::failed(format!("{} is not configured.", model.provider.id()));
        };
        let told = |error: &genai::Error| {
            // The reason goes to the reader only: providers quote messages and keys in it, which no log may hold.
            tracing::warn!(provider = model.provider.id(), model = model.id, "the provider failed");
            Outcome::failed(self.endpoints.redact(&failure::plain(error, &endpoint.called)))
        };

        writer.status(TaskStatus::Executing, format!("Asking {}", model.name));
        let chat = request::chat(system, request);
        let options = request::options(model.provider, SILENCE_TIMEOUT);
        let target = request::target(model, endpoint);
        let ask = async || {
            let asked = self
                .client
                .exec_chat_stream(target.clone(), chat.clone(), Some(&options));
            let mut stream = asked.await?.stream;
            // Says only that the client will ask; what comes next is the provider's.
            let first = match stream.next().await {
                Some(Ok(ChatStreamEvent::Start)) => stream.next().await,
                other => other,
            };
            Ok::<_, genai::Error>((first.transpose()?, stream))
        };
        let asked = match ask().await {
            // A connection kept from the last answer may have been closed at the other end just now.
            Err(error) if failure::is_lost_connection(&error) => ask().await,
            asked => asked,
        };
        let (first, rest) = match asked {
            Ok(asked) => asked,
            Err(error) => return told(&error),
        };
        let mut events = futures::stream::iter(first.map(Ok)).chain(rest);
        let mut written = 0;
        while let Some(event) = events.next().await {
            match event {
                Ok(ChatStreamEvent::Chunk(chunk)) => {
                    written += chunk.content.len();
                    if written > MAX_ANSWER_BYTES {
                        return Outcome::failed("The answer grew past 4 MiB and was stopped.".into());
                    }
                    writer.token(chunk.content);
                }
                Ok(ChatStreamEvent::End(end)) if broke_off(model.provider, &end) => break,
                Ok(ChatStreamEvent::End(end)) => return complete(model, &end, written),
                // Reasoning is not the answer, and no tools are offered.
                Ok(_) => {}
                Err(error) => return told(&error),
            }
        }
        Outcome::failed(format!("{} broke off before the end of the answer.", endpoint.called))
    }
}

/// The client makes up an end where the connection is closed without one; only a real end carries a reason.
fn broke_off(provider: Provider, end: &StreamEnd) -> bool {
    match provider {
        Provider::Gemini => end.captured_stop_reason.is_none(),
        Provider::Ollama => {
            end.captured_stop_reason.is_none() && end.captured_usage.as_ref().and_then(counts).is_none()
        }
        Provider::OpenAi | Provider::Anthropic | Provider::Parley => false,
    }
}

fn complete(model: &Model, end: &StreamEnd, written: usize) -> Outcome {
    let note = match &end.captured_stop_reason {
        Some(StopReason::MaxTokens(_)) => Some("The model stopped at its length limit; the answer is not whole."),
        Some(StopReason::ContentFilter(_)) => Some("The provider's content filter ended the answer."),
        _ if written == 0 => Some("The model answered with nothing."),
        _ => None,
    };
    let usage = end.captured_usage.as_ref().and_then(|reported| {
        let (prompt, completion) = counts(reported)?;
        let details = reported.prompt_tokens_details.as_ref();
        let cached = count(details.and_then(|d| d.cached_tokens)).unwrap_or(0);
        Some((
            Usage::exact(prompt, completion),
            model.price.cost_usd(prompt, cached, completion),
        ))
    });
    Outcome::Complete {
        note: note.map(str::to_owned),
        usage,
    }
}

/// Prompt and completion tokens as the provider reported them; what it left out follows from the total, or is unknown.
fn counts(usage: &ProviderUsage) -> Option<(u64, u64)> {
    let total = count(usage.total_tokens);
    match (count(usage.prompt_tokens), count(usage.completion_tokens)) {
        (Some(prompt), Some(completion)) => Some((prompt, completion)),
        (Some(prompt), None) => Some((prompt, total?.checked_sub(prompt)?)),
        (None, Some(completion)) => Some((total?.checked_sub(completion)?, completion)),
        (None, None) => None,
    }
}

fn count(reported: Option<i32>) -> Option<u64> {
    reported.and_then(|n| u64::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(prompt: Option<i32>, completion: Option<i32>, total: Option<i32>) -> ProviderUsage {
        ProviderUsage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: total,
            ..ProviderUsage::default()
        }
    }

    #[test]
    fn counts_are_the_providers_own_or_unknown() {
        let cases = [
            (usage(Some(1), Some(2), Some(3)), Some((1, 2))),
            (usage(Some(1), None, Some(3)), Some((1, 2))),
            (usage(None, Some(2), Some(3)), Some((1, 2))),
            (usage(Some(1), None, None), None),
            (usage(None, None, Some(3)), None),
            (usage(Some(5), None, Some(3)), None),
            (usage(Some(-1), Some(2), None), None),
        ];
        for (reported, expected) in cases {
            assert_eq!(counts(&reported), expected, "{reported:?}");
        }
    }

    #[test]
    fn an_end_that_the_client_made_up_is_no_end() {
        let made_up = StreamEnd::default();
        let real = StreamEnd {
            captured_stop_reason: Some(StopReason::Completed("STOP".into())),
            ..StreamEnd::default()
        };
        for provider in [Provider::Gemini, Provider::Ollama] {
            assert!(broke_off(provider, &made_up), "{provider:?}");
            assert!(!broke_off(provider, &real), "{provider:?}");
        }
        // Here the client reports an end only after the provider's own.
        assert!(!broke_off(Provider::OpenAi, &made_up));
    }
}
