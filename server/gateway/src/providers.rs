//! Asks a real model, and gives what it says.

mod complaint;
pub(crate) mod endpoint;
mod failure;
pub(crate) mod request;
mod retry;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use genai::{
    Client,
    chat::{
        ChatRequest, ChatStreamEvent, MessageContent, StopReason, StreamEnd, ToolCall, ToolChoice,
        Usage as ProviderUsage,
    },
};
use protocol::session::Usage;

use crate::{
    answers::ledger::Spent,
    error::ConfigError,
    models::{Model, health::Health},
};
use complaint::Complaint;
use endpoint::{Dialect, Endpoint};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From asking to the first byte, and between two reads. Generous: a local server may have to load the model first.
pub(crate) const SILENCE_TIMEOUT: Duration = Duration::from_secs(180);
/// A model that has lost itself in repetition is stopped here.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What a model said to one request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) text: String,
    /// The tools it calls; none: this is its answer.
    pub(crate) calls: Vec<ToolCall>,
    /// The same, in the form in which it is given back to the model.
    pub(crate) content: MessageContent,
    /// One line for the reader on how it ended, where there is something to say.
    pub(crate) note: Option<&'static str>,
    /// What it took; `None`: the provider did not tell.
    pub(crate) spent: Option<Spent>,
}

/// Why a model gave no reply, in one or two plain sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It takes no tools.
    NoTools(String),
    /// The conversation is longer than it can read.
    TooLong(String),
    Other {
        reason: String,
        /// What it says of the model; `None`: nothing, it was this request that would not do.
        ails: Option<Ailment>,
    },
}

/// What is the matter with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ailment {
    /// Its server cannot be reached.
    Unreachable,
    /// It refuses, fails or breaks off.
    Failing,
}

/// The clients of all providers, made once.
pub(crate) struct Providers {
    client: Client,
    http: reqwest::Client,
    health: Arc<Health>,
}

impl Providers {
    /// The clients. What becomes of each request is entered into `health`.
    pub(crate) fn new(health: Arc<Health>) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .build()?;
        let client = Client::builder()
            .with_reqwest(http.clone())
            .build()
            .map_err(|e| ConfigError::Providers(e.to_string()))?;
        Ok(Self { client, http, health })
    }

    /// The HTTP client beneath, for asking what servers offer.
    pub(crate) fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// Asks `model`, which calls tools only where it may; `say` gets each piece of what it says, `wait` a line for the
    /// reader where the provider makes us wait. Dropping the future drops the connection, which stops the model.
    pub(crate) async fn ask(
        &self,
        model: &Model,
        chat: &ChatRequest,
        may_call: bool,
        say: &mut (dyn FnMut(String) + Send),
        wait: &(dyn Fn(String) + Sync),
    ) -> Result<Reply, Failure> {
        let Some(endpoint) = &model.endpoint else {
            return Err(Failure::Other {
                reason: format!("{} is not configured.", model.provider),
                ails: None,
            });
        };
        let reply = self.converse(endpoint, model, chat, may_call, say, wait).await;
        match &reply {
            Ok(_) => self.health.answered(&model.id),
            Err(Failure::Other {
                reason,
                ails: Some(ailment),
            }) => self.health.failed(&model.id, reason, *ailment == Ailment::Unreachable),
            Err(_) => {}
        }
        reply
    }

    async fn converse(
        &self,
        endpoint: &Endpoint,
        model: &Model,
        chat: &ChatRequest,
        may_call: bool,
        say: &mut (dyn FnMut(String) + Send),
        wait: &(dyn Fn(String) + Sync),
    ) -> Result<Reply, Failure> {
        let told = |error: &genai::Error| {
            // The reason goes to the reader only: providers quote messages and keys in it, which no log may hold.
            tracing::warn!(provider = model.provider, model = model.id, "the provider failed");
            let reason = endpoint.redact(&failure::plain(error, &endpoint.called));
            if failure::is_about_tools(error) {
                Failure::NoTools(reason)
            } else if failure::is_about_length(error) {
                Failure::TooLong(reason)
            } else {
                let ails = failure::ailment(error);
                Failure::Other { reason, ails }
            }
        };

        let mut options = request::options(endpoint.dialect, SILENCE_TIMEOUT);
        if chat.tools.is_some() && !may_call {
            options = options.with_tool_choice(ToolChoice::None);
        }
        let complaint = Complaint::default();
        if endpoint.dialect == Dialect::Ollama {
            options = complaint.heard_with(options);
        }
        let target = request::target(&model.asked_as, endpoint);
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
        let (mut retries, mut reconnected) = (0, false);
        let (first, rest) = loop {
            let error = match ask().await {
                Ok(asked) => break asked,
                Err(error) => error,
            };
            // A connection kept from the last answer may have been closed at the other end just now.
            if !reconnected && failure::is_lost_connection(&error) {
                reconnected = true;
            } else if let Some(pause) = retry::pause(&error, retries) {
                retries += 1;
                let seconds = pause.as_secs_f64();
                wait(format!(
                    "{} is busy; it is asked again in {seconds:.1} s",
                    endpoint.called
                ));
                tokio::time::sleep(pause).await;
            } else {
                return Err(told(&error));
            }
        };
        let mut events = futures::stream::iter(first.map(Ok)).chain(rest);
        let mut text = String::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(ChatStreamEvent::Chunk(chunk)) => {
                    text.push_str(&chunk.content);
                    if text.len() > MAX_ANSWER_BYTES {
                        return Err(Failure::Other {
                            reason: "The answer grew past 4 MiB and was stopped.".into(),
                            ails: None,
                        });
                    }
                    say(chunk.content);
                }
                Ok(ChatStreamEvent::End(end)) if broke_off(endpoint.dialect, &end) => break,
                Ok(ChatStreamEvent::End(end)) => return Ok(reply(model, end, text)),
                // Reasoning is not the answer, and calls are taken whole, at the end.
                Ok(_) => {}
                Err(error) => return Err(told(&error)),
            }
        }
        if let Some(error) = complaint.error(&target.model) {
            return Err(told(&error));
        }
        Err(Failure::Other {
            reason: format!("{} broke off before the end of the answer.", endpoint.called),
            ails: Some(Ailment::Failing),
        })
    }
}

/// The client makes up an end where the connection is closed without one; only a real end carries a reason.
fn broke_off(dialect: Dialect, end: &StreamEnd) -> bool {
    match dialect {
        Dialect::Gemini => end.captured_stop_reason.is_none(),
        Dialect::Ollama => end.captured_stop_reason.is_none() && end.captured_usage.as_ref().and_then(counts).is_none(),
        Dialect::OpenAi | Dialect::Anthropic => false,
    }
}

fn reply(model: &Model, end: StreamEnd, text: String) -> Reply {
    let calls: Vec<ToolCall> = end
        .captured_content
        .iter()
        .flat_map(|content| content.tool_calls().into_iter().cloned())
        .filter(|call| !call.fn_name.is_empty())
        .collect();
    let note = match &end.captured_stop_reason {
        Some(StopReason::MaxTokens(_)) => Some("The model stopped at its length limit; the answer is not whole."),
        Some(StopReason::ContentFilter(_)) => Some("The provider's content filter ended the answer."),
        _ if text.is_empty() && calls.is_empty() => Some("The model answered with nothing."),
        _ => None,
    };
    let spent = end.captured_usage.as_ref().and_then(|reported| {
        let (prompt, completion) = counts(reported)?;
        let details = reported.prompt_tokens_details.as_ref();
        let cached = count(details.and_then(|d| d.cached_tokens)).unwrap_or(0);
        Some(Spent {
            usage: Usage::exact(prompt, completion),
            micro_usd: model.price.micro_usd(prompt, cached, completion),
        })
    });
    // As the model sent it, its signatures included: some providers want their own words back.
    let content = end
        .captured_content
        .unwrap_or_else(|| MessageContent::from_text(text.clone()));
    Reply {
        text,
        calls,
        content,
        note,
        spent,
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
        for dialect in [Dialect::Gemini, Dialect::Ollama] {
            assert!(broke_off(dialect, &made_up), "{dialect:?}");
            assert!(!broke_off(dialect, &real), "{dialect:?}");
        }
        // Here the client reports an end only after the provider's own.
        assert!(!broke_off(Dialect::OpenAi, &made_up));
    }
}
