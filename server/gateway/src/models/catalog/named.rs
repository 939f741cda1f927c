//! A provider that `models.toml` names, so that there can be several that speak alike.

use std::sync::Arc;

use serde::Deserialize;

use super::{KnownProvider, PARLEY};
use crate::{
    providers::endpoint::{Dialect, Endpoint, address},
    settings::Settings,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedProvider {
    pub(super) provider_id: String,
    provider_name: Option<String>,
    dialect: Dialect,
    base_url: Option<String>,
    api_key_env: Option<String>,
    list_models: Option<bool>,
}

impl NamedProvider {
    /// The provider; the error names the field that is wrong.
    pub(super) fn check(self, is_taken: bool, settings: &Settings) -> Result<KnownProvider, (&'static str, String)> {
        let id = self.provider_id;
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || !id.chars().all(is_id) {
            let problem = format!("`{id}` is not an id; use letters, digits, `-`, `_` and `.`");
            return Err(("provider_id", problem));
        }
        if is_taken || id == PARLEY {
            return Err(("provider_id", format!("`{id}` is taken already")));
        }
        let name = self.provider_name;
        if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(("provider_name", "is empty".into()));
        }
        if self.base_url.is_none() && self.api_key_env.is_none() && self.dialect != Dialect::Ollama {
            let problem = "is missing, and so is api_key_env: say where the provider is, or with which key it is asked";
            return Err(("base_url", problem.into()));
        }
        let base = match (&self.base_url, self.dialect) {
            (None, dialect) => dialect.own_address().to_owned(),
            (Some(text), Dialect::Ollama) => address::of_ollama(text).map_err(|problem| ("base_url", problem))?,
            (Some(text), dialect) => address::of_provider(text, dialect).map_err(|problem| ("base_url", problem))?,
        };
        let is_own = self.base_url.is_some() || self.dialect == Dialect::Ollama;
        let lists_models = self
            .list_models
            .unwrap_or(is_own && self.dialect.is_listed_by_own_servers());
        if lists_models && !self.dialect.is_listed_by_own_servers() {
            return Err((
                "list_models",
                "servers of this dialect are not asked for their models".into(),
            ));
        }
        let key = match self.api_key_env.as_deref() {
            None => Ok(None),
            Some(variable) if is_variable(variable) => match (settings.variable)(variable) {
                Some(key) if !key.trim().is_empty() => Ok(Some(key.trim().to_owned())),
                _ => Err(format!("{variable} is not set.")),
            },
            Some(_) => {
                let problem = "takes the name of an environment variable; a key must not stand in this file";
                return Err(("api_key_env", problem.into()));
            }
        };
        Ok(KnownProvider {
            is_named: true,
            may_list: lists_models,
            endpoint: key.map(|key| {
                Arc::new(Endpoint {
                    called: name.clone().unwrap_or_else(|| id.clone()),
                    provider_id: id.clone(),
                    name,
                    dialect: self.dialect,
                    base,
                    lists_models,
                    key,
                })
            }),
            provider_id: id,
        })
    }
}

/// Small letters are none: what looks like a key is taken for one.
fn is_variable(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.chars().all(is_part)
}
