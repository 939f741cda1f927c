//! What a model is asked: the target, the options, and the conversation in a form every provider takes.

use std::time::Duration;

use genai::{
    ModelIden, ServiceTarget,
    adapter::AdapterKind,
    chat::{ChatMessage, ChatOptions, ChatRequest, ReasoningEffort},
    resolver::{AuthData, Endpoint as Address},
};
use protocol::gateway::{GatewayChatRequest, GatewayRole};

use super::endpoint::{Dialect, Endpoint};

/// Where and whom to ask, `name` being what the provider calls the model. Everything is explicit, so that the client
/// guesses nothing from the name.
pub(super) fn target(name: &str, endpoint: &Endpoint) -> ServiceTarget {
    let (kind, namespace) = match endpoint.dialect {
        Dialect::Anthropic => (AdapterKind::Anthropic, "anthropic"),
        Dialect::Gemini => (AdapterKind::Gemini, "gemini"),
        Dialect::Ollama => (AdapterKind::Ollama, "ollama"),
        Dialect::OpenAi => (AdapterKind::OpenAI, "openai"),
    };
    // The client cuts off what stands before `::`; a name that contains it is given something to cut.
    let name = if name.contains("::") {
        format!("{namespace}::{name}")
    } else {
        name.to_owned()
    };
    ServiceTarget {
        endpoint: Address::from_owned(endpoint.base.clone()),
        auth: AuthData::from_single(endpoint.key_or_placeholder()),
        model: ModelIden::new(kind, name),
    }
}

pub(super) fn options(dialect: Dialect, silence: Duration) -> ChatOptions {
    let options = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_tool_calls(true)
        .with_stream_header_timeout(silence)
        .with_stream_read_timeout(silence);
    match dialect {
        // Without an effort given, the client reads one from the end of the name: `some-model-max` would be asked as
        // `some-model`. A budget is an effort that this API has no field for, so nothing is sent and the name stays.
        Dialect::OpenAi => options.with_reasoning_effort(ReasoningEffort::Budget(0)),
        _ => options,
    }
}

/// The conversation. Instructions become the system prompt, empty messages are left out (some providers refuse them),
/// and neighbours of the same role are joined (some models insist on turns).
pub(crate) fn chat(system: Option<String>, request: &GatewayChatRequest) -> ChatRequest {
    let mut system = system;
    let mut turns: Vec<(GatewayRole, String)> = Vec::new();
    for message in request.messages.iter().filter(|m| !m.content.trim().is_empty()) {
        let joined = match (message.role, turns.last_mut()) {
            (GatewayRole::System, _) => Some(system.get_or_insert_default()),
            (role, Some((last, text))) if *last == role => Some(text),
            (role, _) => {
                turns.push((role, message.content.clone()));
                None
            }
        };
        if let Some(text) = joined {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&message.content);
        }
    }
    if turns.is_empty() {
        turns.push((GatewayRole::User, request.message.clone()));
    }
    let messages = turns.into_iter().map(|(role, text)| match role {
        GatewayRole::Assistant => ChatMessage::assistant(text),
        _ => ChatMessage::user(text),
    });
    let chat = ChatRequest::new(messages.collect());
    match system {
        Some(system) => chat.with_system(system),
        None => chat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::gateway::GatewayMessage;
    use uuid::Uuid;

    fn asked(system: Option<&str>, messages: &[(GatewayRole, &str)]) -> (Option<String>, Vec<String>) {
        let message = |(role, content): &(GatewayRole, &str)| GatewayMessage {
            role: *role,
            content: (*content).into(),
        };
        let chat = chat(
            system.map(Into::into),
            &GatewayChatRequest {
                session_id: Uuid::nil(),
                message_id: Uuid::nil(),
                message: "the message".into(),
                messages: messages.iter().map(message).collect(),
                agent_id: "a".into(),
                parent_role: None,
                model: None,
                idempotency_key: "k".into(),
                decision: None,
            },
        );
        let shown = chat
            .messages
            .iter()
            .map(|m| format!("{}: {}", m.role, m.content.joined_texts().unwrap_or_default()));
        (chat.system.clone(), shown.collect())
    }

    #[test]
    fn an_empty_history_falls_back_to_the_message() {
        assert_eq!(asked(None, &[]), (None, vec!["User: the message".into()]));
    }

    #[test]
    fn roles_take_turns_and_instructions_join_the_system_prompt() {
        use GatewayRole::{Assistant, System, User};
        let (system, turns) = asked(
            Some("Be."),
            &[
                (System, "Brief."),
                (User, "a"),
                (Assistant, " "),
                (User, "b"),
                (Assistant, "c"),
                (User, "d"),
            ],
        );
        assert_eq!(system.as_deref(), Some("Be.\n\nBrief."));
        assert_eq!(turns, ["User: a\n\nb", "Assistant: c", "User: d"]);
    }
}
