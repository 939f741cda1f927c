//! Where each provider is, and with which key: addresses are brought into the one form the client needs.

mod address;

use crate::{error::ConfigError, models::Provider, settings::Settings};

const OPENAI: &str = "https://api.openai.com/v1/";
const ANTHROPIC: &str = "https://api.anthropic.com/v1/";
const GEMINI: &str = "https://generativelanguage.googleapis.com/v1beta/";
const OLLAMA: &str = "http://127.0.0.1:11434/";
/// Servers without keys ignore it; some clients cannot go without one.
const PLACEHOLDER_KEY: &str = "not-needed";

/// One provider.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Ends with a slash.
    pub(crate) base: String,
    /// Whether the address is the operator's rather than the provider's own.
    pub(crate) custom: bool,
    /// How errors call it.
    pub(crate) called: String,
    key: Option<String>,
}

impl Endpoint {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn key_or_placeholder(&self) -> &str {
        self.key.as_deref().unwrap_or(PLACEHOLDER_KEY)
    }
}

/// All providers. A provider with neither key nor address is not configured; Ollama is always worth asking.
pub(crate) struct Endpoints {
    pub(crate) openai: Option<Endpoint>,
    anthropic: Option<Endpoint>,
    gemini: Option<Endpoint>,
    pub(crate) ollama: Endpoint,
}

impl Endpoints {
    pub(crate) fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let s = settings;
        Ok(Self {
            openai: endpoint(
                "OpenAI",
                "OPENAI_BASE_URL",
                OPENAI,
                &s.openai_base_url,
                &s.openai_api_key,
                |path| path.is_empty().then_some("v1/"),
            )?,
            anthropic: endpoint(
                "Anthropic",
                "ANTHROPIC_BASE_URL",
                ANTHROPIC,
                &s.anthropic_base_url,
                &s.anthropic_api_key,
                |path| (!address::is_version(path)).then_some("v1/"),
            )?,
            gemini: endpoint(
                "Gemini",
                "GEMINI_BASE_URL",
                GEMINI,
                &s.gemini_base_url,
                &s.gemini_api_key,
                |path| (!address::is_version(path)).then_some("v1beta/"),
            )?,
            ollama: Endpoint {
                base: match given(&s.ollama_host) {
                    Some(host) => address::of_ollama(host)?,
                    None => OLLAMA.into(),
                },
                custom: s.ollama_host.is_some(),
                called: "Ollama".into(),
                key: None,
            },
        })
    }

    pub(crate) fn get(&self, provider: Provider) -> Option<&Endpoint> {
        match provider {
            Provider::OpenAi => self.openai.as_ref(),
            Provider::Anthropic => self.anthropic.as_ref(),
            Provider::Gemini => self.gemini.as_ref(),
            Provider::Ollama => Some(&self.ollama),
            Provider::Parley => None,
        }
    }

    pub(crate) fn is_configured(&self, provider: Provider) -> bool {
        self.get(provider).is_some()
    }

    /// `text` without any key: providers like to quote the one they refuse.
    pub(crate) fn redact(&self, text: &str) -> String {
        let keys = [&self.openai, &self.anthropic, &self.gemini]
            .into_iter()
            .flatten()
            .filter_map(|e| e.key.as_deref());
        let text = keys.fold(text.to_owned(), |text, key| text.replace(key, "[key]"));
        let words = text.split(' ').map(|word| {
            let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_key = ["sk-", "AIza"].iter().any(|start| bare.starts_with(start));
            if is_key { "[key]" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

fn endpoint(
    called: &str,
    variable: &'static str,
    own: &str,
    base_url: &Option<String>,
    key: &Option<String>,
    missing: fn(&str) -> Option<&'static str>,
) -> Result<Option<Endpoint>, ConfigError> {
    let key = given(key).map(str::to_owned);
    Ok(match given(base_url) {
        None if key.is_none() => None,
        None => Some(Endpoint {
            base: own.into(),
            custom: false,
            called: called.into(),
            key,
        }),
        Some(text) => Some(Endpoint {
            base: address::of_provider(variable, text, missing)?,
            custom: true,
            called: format!("The server at {variable}"),
            key,
        }),
    })
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(change: impl FnOnce(&mut Settings)) -> Result<Endpoints, ConfigError> {
        let mut settings = Settings::default();
        change(&mut settings);
        Endpoints::from_settings(&settings)
    }

    #[test]
    fn an_address_gets_the_slash_and_version_it_lacks() {
        let cases = [
            (
                "http://h:8000",
                "http://h:8000/v1/",
                "http://h:8000/v1/",
                "http://h:8000/v1beta/",
            ),
            (
                "http://h:8000/",
                "http://h:8000/v1/",
                "http://h:8000/v1/",
                "http://h:8000/v1beta/",
            ),
            ("http://h/v1", "http://h/v1/", "http://h/v1/", "http://h/v1/"),
            ("http://h/v1//", "http://h/v1/", "http://h/v1/", "http://h/v1/"),
            (
                "https://h/api",
                "https://h/api/",
                "https://h/api/v1/",
                "https://h/api/v1beta/",
            ),
        ];
        for (text, openai, anthropic, gemini) in cases {
            let all = endpoints(|s| {
                s.openai_base_url = Some(text.into());
                s.anthropic_base_url = Some(text.into());
                s.gemini_base_url = Some(text.into());
            })
            .unwrap();
            assert_eq!(all.openai.unwrap().base, openai, "{text}");
            assert_eq!(all.anthropic.unwrap().base, anthropic, "{text}");
            assert_eq!(all.gemini.unwrap().base, gemini, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_names_its_variable() {
        for text in ["localhost:8000", "not an address", "ftp://h/v1"] {
            let error = endpoints(|s| s.openai_base_url = Some(text.into())).err().unwrap();
            assert!(
                error.to_string().starts_with("OPENAI_BASE_URL: is not an address"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_key_or_an_address_configures_and_blanks_do_not() {
        let all = endpoints(|s| {
            s.openai_api_key = Some(" ".into());
            s.anthropic_api_key = Some("k".into());
            s.gemini_base_url = Some("http://h".into());
        })
        .unwrap();
        assert!(!all.is_configured(Provider::OpenAi));
        assert!(all.is_configured(Provider::Anthropic) && all.is_configured(Provider::Gemini));
        assert_eq!(all.gemini.unwrap().key_or_placeholder(), PLACEHOLDER_KEY);
    }

    #[test]
    fn keys_are_cut_out_of_whatever_a_provider_says() {
        let all = endpoints(|s| s.openai_api_key = Some("topsecret".into())).unwrap();
        let said = "Incorrect key: topsecret, not \"sk-abc***xyz\" nor AIzaSy0";
        assert_eq!(all.redact(said), "Incorrect key: [key], not [key] nor [key]");
    }
}
