//! Where each provider is, which API it speaks, and with which key. The client gets every address in one form.

pub(crate) mod address;

use serde::Deserialize;

use crate::{error::ConfigError, settings::Settings};

/// Servers without keys ignore it; some clients cannot go without one.
const PLACEHOLDER_KEY: &str = "not-needed";

/// The API that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
    Gemini,
    Ollama,
}

impl Dialect {
    /// Where the company behind it serves it; Ollama is on one's own machine.
    pub(crate) fn own_address(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1/",
            Self::Anthropic => "https://api.anthropic.com/v1/",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta/",
            Self::Ollama => "http://127.0.0.1:11434/",
        }
    }

    /// Whether servers of one's own that speak it are asked which models they have. The companies are not: what they
    /// list is not what a key may use, and nobody is to hear of a Parley at which nothing was asked.
    pub(crate) fn is_listed_by_own_servers(self) -> bool {
        matches!(self, Self::OpenAi | Self::Ollama)
    }

    /// What is lacking at the end of such an address.
    pub(crate) fn lacking_in(self, path: &str) -> &'static str {
        match self {
            Self::OpenAi if path.is_empty() => "v1/",
            Self::Anthropic if !address::is_version(path) => "v1/",
            Self::Gemini if !address::is_version(path) => "v1beta/",
            _ => "",
        }
    }
}

/// One provider.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// As `models.toml` names it.
    pub(crate) provider_id: String,
    /// Its name for people, where it was given one.
    pub(crate) name: Option<String>,
    pub(crate) dialect: Dialect,
    /// Ends with a slash.
    pub(crate) base: String,
    /// How errors call it.
    pub(crate) called: String,
    /// Whether it is asked which models it has.
    pub(crate) lists_models: bool,
    pub(crate) key: Option<String>,
}

impl Endpoint {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn key_or_placeholder(&self) -> &str {
        self.key.as_deref().unwrap_or(PLACEHOLDER_KEY)
    }

    /// `text` without any key: providers like to quote the one they refuse.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = match &self.key {
            Some(key) => text.replace(key, "[key]"),
            None => text.to_owned(),
        };
        let words = text.split(' ').map(|word| {
            let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_key = ["sk-", "AIza"].iter().any(|start| bare.starts_with(start));
            if is_key { "[key]" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// A provider that the environment configures: its id is that of its dialect.
pub(crate) struct FromEnvironment {
    pub(crate) provider_id: &'static str,
    /// `Err`: why it cannot be asked.
    pub(crate) endpoint: Result<Endpoint, String>,
}

/// The four that the environment configures. One with neither key nor address is not configured; Ollama is always worth
/// asking.
pub(crate) fn from_environment(settings: &Settings) -> Result<Vec<FromEnvironment>, ConfigError> {
    let s = settings;
    Ok(vec![
        hosted(
            "openai",
            "OpenAI",
            "OPENAI",
            Dialect::OpenAi,
            &s.openai_base_url,
            &s.openai_api_key,
        )?,
        hosted(
            "anthropic",
            "Anthropic",
            "ANTHROPIC",
            Dialect::Anthropic,
            &s.anthropic_base_url,
            &s.anthropic_api_key,
        )?,
        hosted(
            "gemini",
            "Gemini",
            "GEMINI",
            Dialect::Gemini,
            &s.gemini_base_url,
            &s.gemini_api_key,
        )?,
        FromEnvironment {
            provider_id: "ollama",
            endpoint: Ok(Endpoint {
                provider_id: "ollama".into(),
                name: None,
                dialect: Dialect::Ollama,
                base: match given(&s.ollama_host) {
                    Some(host) => address::of_ollama(host).map_err(at_variable("OLLAMA_HOST"))?,
                    None => Dialect::Ollama.own_address().into(),
                },
                called: "Ollama".into(),
                lists_models: true,
                key: None,
            }),
        },
    ])
}

fn hosted(
    provider_id: &'static str,
    company: &str,
    prefix: &str,
    dialect: Dialect,
    base_url: &Option<String>,
    key: &Option<String>,
) -> Result<FromEnvironment, ConfigError> {
    let key = given(key).map(str::to_owned);
    let of_company = |base: String, called: String, lists_models: bool| Endpoint {
        provider_id: provider_id.into(),
        name: None,
        dialect,
        base,
        called,
        lists_models,
        key: key.clone(),
    };
    let endpoint = match given(base_url) {
        None if key.is_none() => Err(format!("{prefix}_API_KEY is not set.")),
        None => Ok(of_company(dialect.own_address().into(), company.into(), false)),
        Some(text) => {
            let variable = format!("{prefix}_BASE_URL");
            let base = address::of_provider(text, dialect).map_err(at_variable(&variable))?;
            let called = format!("The server at {variable}");
            Ok(of_company(base, called, dialect.is_listed_by_own_servers()))
        }
    };
    Ok(FromEnvironment { provider_id, endpoint })
}

fn at_variable(variable: &str) -> impl Fn(String) -> ConfigError {
    move |problem| ConfigError::Address {
        variable: variable.to_owned(),
        problem,
    }
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that can be asked.
    fn endpoints(change: impl FnOnce(&mut Settings)) -> Result<Vec<Endpoint>, ConfigError> {
        let mut settings = Settings::default();
        change(&mut settings);
        let all = from_environment(&settings)?;
        Ok(all.into_iter().filter_map(|one| one.endpoint.ok()).collect())
    }

    #[test]
    fn an_address_gets_the_slash_and_version_it_lacks() {
        let cases = [
            (
                "http://h:8000",
                ["http://h:8000/v1/", "http://h:8000/v1/", "http://h:8000/v1beta/"],
            ),
            (
                "http://h:8000/",
                ["http://h:8000/v1/", "http://h:8000/v1/", "http://h:8000/v1beta/"],
            ),
            ("http://h/v1", ["http://h/v1/", "http://h/v1/", "http://h/v1/"]),
            ("http://h/v1//", ["http://h/v1/", "http://h/v1/", "http://h/v1/"]),
            (
                "https://h/api",
                ["https://h/api/", "https://h/api/v1/", "https://h/api/v1beta/"],
            ),
        ];
        for (text, expected) in cases {
            let all = endpoints(|s| {
                s.openai_base_url = Some(text.into());
                s.anthropic_base_url = Some(text.into());
                s.gemini_base_url = Some(text.into());
            });
            let bases: Vec<String> = all.unwrap().into_iter().map(|e| e.base).take(3).collect();
            assert_eq!(bases, expected, "{text}");
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
        });
        let all = all.unwrap();
        let ids: Vec<&str> = all.iter().map(|e| e.provider_id.as_str()).collect();
        assert_eq!(ids, ["anthropic", "gemini", "ollama"]);
        assert_eq!(all[1].key_or_placeholder(), PLACEHOLDER_KEY);
    }

    #[test]
    fn only_servers_of_ones_own_are_asked_what_they_have() {
        let lists = |change: fn(&mut Settings)| endpoints(change).unwrap()[0].lists_models;
        assert!(!lists(|s| s.openai_api_key = Some("k".into())));
        assert!(lists(|s| s.openai_base_url = Some("http://h".into())));
        assert!(!lists(|s| s.anthropic_base_url = Some("http://h".into())));
    }

    #[test]
    fn keys_are_cut_out_of_whatever_a_provider_says() {
        let all = endpoints(|s| s.openai_api_key = Some("topsecret".into())).unwrap();
        let said = "Incorrect key: topsecret, not \"sk-abc***xyz\" nor AIzaSy0";
        assert_eq!(all[0].redact(said), "Incorrect key: [key], not [key] nor [key]");
    }
}
