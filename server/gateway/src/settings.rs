//! What the Gateway is told at start.

use std::{fmt, path::PathBuf, time::Duration};

use crate::turn::limits::Limits;

/// What to do where a conversation is longer than the model can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContextOverflow {
    /// The turn ends with an error that says so.
    #[default]
    Error,
    /// The oldest messages are left out until the rest fits, and the answer says how many.
    LeaveOutOldest,
}

/// Where the Gateway finds its agents, models and providers. Everything may be left out.
#[derive(Clone)]
pub struct Settings {
    /// A file that replaces the built-in `agents.toml`.
    pub agents_file: Option<PathBuf>,
    /// A file that replaces the built-in `models.toml`.
    pub models_file: Option<PathBuf>,
    /// Key for OpenAI, or for the OpenAI-compatible server named by `openai_base_url`.
    pub openai_api_key: Option<String>,
    /// Address of an OpenAI-compatible server, `/v1` included.
    pub openai_base_url: Option<String>,
    /// Key for Anthropic.
    pub anthropic_api_key: Option<String>,
    /// Address of a server that speaks Anthropic's API.
    pub anthropic_base_url: Option<String>,
    /// Key for Gemini.
    pub gemini_api_key: Option<String>,
    /// Address of a server that speaks Gemini's API.
    pub gemini_base_url: Option<String>,
    /// Address of Ollama; `None`: `http://127.0.0.1:11434`.
    pub ollama_host: Option<String>,
    /// Gives an environment variable: the keys of the providers that `models.toml` names are read from it.
    pub variable: fn(&str) -> Option<String>,
    /// The pause between two tokens of Rehearsal.
    pub rehearsal_delay: Duration,
    /// How often the files are looked at for changes.
    pub reload_every: Duration,
    /// What one turn may take at most.
    pub limits: Limits,
    /// How long a plan waits for a person's decision.
    pub approval_timeout: Duration,
    /// What to do where a conversation is longer than the model can read.
    pub context_overflow: ContextOverflow,
    /// When set, every route but `/health` demands `Authorization: Bearer <it>`.
    pub access_token: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            agents_file: None,
            models_file: None,
            openai_api_key: None,
            openai_base_url: None,
            anthropic_api_key: None,
            anthropic_base_url: None,
            gemini_api_key: None,
            gemini_base_url: None,
            ollama_host: None,
            variable: |name| std::env::var(name).ok(),
            rehearsal_delay: Duration::from_millis(25),
            reload_every: Duration::from_secs(2),
            limits: Limits::default(),
            approval_timeout: Duration::from_secs(60 * 60),
            context_overflow: ContextOverflow::default(),
            access_token: None,
        }
    }
}

/// Says which keys are set, never what they are. An address may carry a password, so addresses are not shown either.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = |value: &Option<String>| if value.is_some() { "set" } else { "not set" };
        f.debug_struct("Settings")
            .field("agents_file", &self.agents_file)
            .field("models_file", &self.models_file)
            .field("openai_api_key", &set(&self.openai_api_key))
            .field("openai_base_url", &set(&self.openai_base_url))
            .field("anthropic_api_key", &set(&self.anthropic_api_key))
            .field("anthropic_base_url", &set(&self.anthropic_base_url))
            .field("gemini_api_key", &set(&self.gemini_api_key))
            .field("gemini_base_url", &set(&self.gemini_base_url))
            .field("ollama_host", &set(&self.ollama_host))
            .field("rehearsal_delay", &self.rehearsal_delay)
            .field("reload_every", &self.reload_every)
            .field("limits", &self.limits)
            .field("approval_timeout", &self.approval_timeout)
            .field("context_overflow", &self.context_overflow)
            .field("access_token", &set(&self.access_token))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_secret() {
        let secret = || Some("s3cret".to_owned());
        let shown = format!(
            "{:?}",
            Settings {
                openai_api_key: secret(),
                openai_base_url: Some("http://me:s3cret@localhost/v1".into()),
                anthropic_api_key: secret(),
                gemini_api_key: secret(),
                access_token: secret(),
                ..Settings::default()
            }
        );
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("access_token: \"set\""), "{shown}");
    }
}
