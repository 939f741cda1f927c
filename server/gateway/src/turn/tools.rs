//! The tools with which agents work together, in the form the providers' own tool calling takes.

use genai::chat::{Tool, ToolCall};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::registry::AgentEntry;

pub(crate) const DELEGATE: &str = "delegate";
pub(crate) const ASK_PARENT: &str = "ask_parent";
pub(crate) const REPORT: &str = "report";

/// The tools of an agent: `delegate` where it has `children` to delegate to, and for one that works on a delegated task
/// the ways to speak to the agent above it.
pub(super) fn offered(children: &[&AgentEntry], has_parent: bool) -> Vec<Tool> {
    let mut tools = Vec::new();
    if !children.is_empty() {
        let ids: Vec<&str> = children.iter().map(|child| child.agent_id.as_str()).collect();
        tools.push(
            Tool::new(DELEGATE)
                .with_description(
                    "Hands a part of the task to an agent below you, which works on it and returns its result. Call it \
                     several times at once for parts that do not depend on each other.",
                )
                .with_schema(json!({
                    "type": "object",
                    "properties": {
                        "agent_id": {"type": "string", "enum": ids, "description": "Who is to do it."},
                        "task": {
                            "type": "string",
                            "description": "The whole task: that agent sees nothing else of this conversation. Say what \
                                is wanted, what is given, and how to tell that it is done.",
                        },
                    },
                    "required": ["agent_id", "task"],
                })),
        );
    }
    if has_parent {
        tools.push(
            Tool::new(ASK_PARENT)
                .with_description("Asks the agent that gave you the task, where you cannot go on without an answer.")
                .with_schema(json!({
                    "type": "object",
                    "properties": {"question": {"type": "string"}},
                    "required": ["question"],
                })),
        );
        tools.push(
            Tool::new(REPORT)
                .with_description("Ends your task with its result. An answer without a tool call does the same.")
                .with_schema(json!({
                    "type": "object",
                    "properties": {
                        "result": {"type": "string", "description": "The whole result, or why there is none."},
                        "done": {"type": "boolean", "description": "false where the task could not be done."},
                    },
                    "required": ["result"],
                })),
        );
    }
    tools
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Delegate {
        agent_id: String,
        task: String,
    },
    AskParent {
        question: String,
    },
    Report {
        result: String,
        done: bool,
    },
    /// A call that makes no sense, and what to tell the model.
    Unclear(String),
}

/// Reads a call. Without an agent above there is nobody to ask or to report to, whatever a model makes up.
pub(super) fn wish(call: &ToolCall, has_parent: bool) -> Wish {
    #[derive(Deserialize)]
    struct Delegate {
        agent_id: String,
        task: String,
    }
    #[derive(Deserialize)]
    struct AskParent {
        question: String,
    }
    #[derive(Deserialize)]
    struct Report {
        result: String,
        #[serde(default)]
        done: Option<bool>,
    }
    fn read<T: serde::de::DeserializeOwned>(arguments: &Value, into: impl FnOnce(T) -> Wish) -> Wish {
        // Where the client could not read them they come as the text that the model wrote.
        let read = match arguments {
            Value::String(text) => serde_json::from_str(text),
            other => T::deserialize(other),
        };
        match read {
            Ok(wish) => into(wish),
            Err(error) => Wish::Unclear(format!(
                "The arguments do not fit: {error}. Correct them and call again."
            )),
        }
    }
    let arguments = &call.fn_arguments;
    match call.fn_name.as_str() {
        DELEGATE => read(arguments, |Delegate { agent_id, task }| Wish::Delegate {
            agent_id,
            task,
        }),
        ASK_PARENT | REPORT if !has_parent => Wish::Unclear(
            "Nobody is above you in this turn: answer the person in words, and state what you assume.".into(),
        ),
        ASK_PARENT => read(arguments, |AskParent { question }| Wish::AskParent { question }),
        REPORT => read(arguments, |Report { result, done }| Wish::Report {
            result,
            done: done.unwrap_or(true),
        }),
        other => Wish::Unclear(format!("There is no tool `{other}`.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: Value) -> Wish {
        wish(
            &ToolCall {
                call_id: "c".into(),
                fn_name: name.into(),
                fn_arguments: arguments,
                thought_signatures: None,
            },
            true,
        )
    }

    #[test]
    fn arguments_are_read_as_json_and_as_text() {
        let wanted = Wish::Delegate {
            agent_id: "a".into(),
            task: "t".into(),
        };
        assert_eq!(call(DELEGATE, json!({"agent_id": "a", "task": "t", "more": 1})), wanted);
        assert_eq!(call(DELEGATE, json!(r#"{"agent_id":"a","task":"t"}"#)), wanted);
        let report = |done| Wish::Report {
            result: "r".into(),
            done,
        };
        assert_eq!(call(REPORT, json!({"result": "r"})), report(true));
        assert_eq!(call(REPORT, json!({"result": "r", "done": false})), report(false));
    }

    #[test]
    fn a_call_that_makes_no_sense_is_told_so() {
        for (name, arguments, says) in [
            (DELEGATE, json!({"agent_id": "a"}), "missing field `task`"),
            (ASK_PARENT, json!("{\"question\": \"br"), "do not fit"),
            ("format_disk", json!({}), "no tool `format_disk`"),
        ] {
            let Wish::Unclear(told) = call(name, arguments) else {
                panic!("{name} was taken");
            };
            assert!(told.contains(says), "{told}");
        }
    }
}
