//! `models.toml`: the providers that it names, and the models.

mod named;

use std::{collections::HashSet, path::Path, sync::Arc};

use serde::Deserialize;

use super::{Model, Price};
use crate::{
    error::ConfigError,
    place,
    providers::endpoint::{Endpoint, from_environment},
    registry,
    settings::Settings,
};
use named::NamedProvider;

/// The model that stands in where there is none, and its provider: nobody.
pub(super) const REHEARSAL: &str = "rehearsal";
pub(super) const PARLEY: &str = "parley";

const BUILT_IN: &str = include_str!("../../models.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelsFile {
    #[serde(default)]
    providers: Vec<NamedProvider>,
    #[serde(default)]
    models: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model_id: String,
    model_name: String,
    provider: String,
    provider_model: Option<String>,
    #[serde(default)]
    context_window: u64,
    cost_per_1m_input: Option<f64>,
    cost_per_1m_cached_input: Option<f64>,
    cost_per_1m_output: Option<f64>,
    #[serde(default)]
    capabilities: Vec<String>,
}

/// What there is to ask: the providers of the environment and those of the file, and the file's models.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    providers: Vec<KnownProvider>,
    /// Whether another Gateway has the models: then it knows where they are, and all of them can be asked there.
    is_elsewhere: bool,
    pub(crate) models: Vec<Model>,
}

/// A provider that models may name.
pub(crate) struct KnownProvider {
    pub(crate) provider_id: String,
    /// Whether the file names it, rather than the environment.
    pub(crate) is_named: bool,
    /// Whether its servers may list models that the file does not name.
    pub(crate) may_list: bool,
    /// `Err`: why it cannot be asked.
    pub(crate) endpoint: Result<Arc<Endpoint>, String>,
}

/// An endpoint holds a key.
impl std::fmt::Debug for KnownProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.provider_id)
    }
}

impl Catalog {
    /// Reads the file that the settings name, or the built-in one.
    pub(crate) fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let (name, text) = registry::read(settings.models_file.as_deref(), "models.toml", BUILT_IN)?;
        Self::parse(&name, &text, settings)
    }

    /// The same for a Gateway other than this one, which alone knows where its models are.
    pub(crate) fn of_another_gateway(file: Option<&Path>) -> Result<Self, ConfigError> {
        let (name, text) = registry::read(file, "models.toml", BUILT_IN)?;
        let elsewhere = Self {
            is_elsewhere: true,
            ..Self::default()
        };
        elsewhere.filled(&name, &text, &Settings::default())
    }

    pub(super) fn parse(file: &str, text: &str, settings: &Settings) -> Result<Self, ConfigError> {
        Self::default().filled(file, text, settings)
    }

    fn filled(mut self, file: &str, text: &str, settings: &Settings) -> Result<Self, ConfigError> {
        let ModelsFile {
            providers: named,
            models,
        } = toml::from_str(text).map_err(|source| ConfigError::Syntax {
            file: file.into(),
            source: Box::new(source),
        })?;
        if models.is_empty() && (named.is_empty() || self.is_elsewhere) {
            // An empty file is what a reader may see while an editor writes it.
            let problem = "there is none; name a model, or a provider that lists its own".to_owned();
            return Err(at_field(file, text, "models", 0, "", problem));
        }
        self.providers = from_environment(settings)?
            .into_iter()
            .map(|one| KnownProvider {
                provider_id: one.provider_id.into(),
                is_named: false,
                may_list: matches!(one.provider_id, "openai" | "ollama"),
                endpoint: one.endpoint.map(Arc::new),
            })
            .collect();
        for (index, entry) in named.into_iter().enumerate() {
            let wrong = |(field, problem): (&str, String)| at_field(file, text, "providers", index, field, problem);
            let is_taken = self.provider(&entry.provider_id).is_some();
            self.providers.push(entry.check(is_taken, settings).map_err(wrong)?);
        }
        let mut ids = HashSet::new();
        for (index, entry) in models.into_iter().enumerate() {
            let wrong = |field: &str, problem: String| at_field(file, text, "models", index, field, problem);
            if !ids.insert(entry.model_id.clone()) {
                return Err(wrong("model_id", format!("`{}` is there twice", entry.model_id)));
            }
            let model = self.model(entry).map_err(|(field, problem)| wrong(field, problem))?;
            self.models.push(model);
        }
        Ok(self)
    }

    /// The entry as a model; the error names the field that is wrong with it.
    fn model(&self, entry: Entry) -> Result<Model, (&'static str, String)> {
        for (field, name) in [
            ("model_id", Some(&entry.model_id)),
            ("model_name", Some(&entry.model_name)),
            ("provider_model", entry.provider_model.as_ref()),
        ] {
            if name.is_some_and(|name| name.trim().is_empty()) {
                return Err((field, "is empty".into()));
            }
        }
        for (field, price) in [
            ("cost_per_1m_input", entry.cost_per_1m_input),
            ("cost_per_1m_cached_input", entry.cost_per_1m_cached_input),
            ("cost_per_1m_output", entry.cost_per_1m_output),
        ] {
            if let Some(price) = price.filter(|p| !p.is_finite() || *p < 0.0) {
                return Err((
                    field,
                    format!("{price} is not a price; it takes US dollars per million tokens"),
                ));
            }
        }
        let (endpoint, inactive) = match self.provider(&entry.provider).map(|provider| &provider.endpoint) {
            _ if self.is_elsewhere => (None, None),
            Some(Ok(endpoint)) => (Some(Arc::clone(endpoint)), None),
            Some(Err(why)) => (None, Some(why.clone())),
            None => return Err(("provider", self.no_provider(&entry.provider))),
        };
        Ok(Model {
            asked_as: entry.provider_model.unwrap_or_else(|| entry.model_id.clone()),
            id: entry.model_id,
            name: entry.model_name,
            provider: entry.provider,
            endpoint,
            context_window: entry.context_window,
            price: Price {
                input: entry.cost_per_1m_input,
                cached_input: entry.cost_per_1m_cached_input,
                output: entry.cost_per_1m_output,
            },
            capabilities: entry.capabilities,
            inactive,
            health: None,
        })
    }

    fn no_provider(&self, provider_id: &str) -> String {
        let known: Vec<&str> = self.providers.iter().map(|p| p.provider_id.as_str()).collect();
        format!(
            "there is no provider `{provider_id}`; it takes one of {}, or one that [[providers]] of this file names",
            known.join(", ")
        )
    }

    /// Whether the file names the provider, rather than the environment.
    pub(super) fn is_named(&self, provider_id: &str) -> bool {
        self.provider(provider_id).is_some_and(|provider| provider.is_named)
    }

    fn provider(&self, provider_id: &str) -> Option<&KnownProvider> {
        self.providers.iter().find(|known| known.provider_id == provider_id)
    }

    /// Those that are asked what they have.
    pub(crate) fn listing(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.providers
            .iter()
            .filter_map(|known| known.endpoint.as_ref().ok())
            .filter(|endpoint| endpoint.lists_models)
    }

    /// Whether `wish` can be a model: the id of one in the file, or `provider/model` for one that a server lists itself.
    /// Servers are not asked, so that an agent does not become faulty because one is away.
    pub(crate) fn may_know(&self, wish: &str) -> bool {
        let is_listed = |(provider_id, model): (&str, &str)| {
            !model.is_empty() && self.provider(provider_id).is_some_and(|provider| provider.may_list)
        };
        wish == REHEARSAL || self.models.iter().any(|m| m.id == wish) || wish.split_once('/').is_some_and(is_listed)
    }
}

/// The fault of a field; of the whole array where `field` is empty.
fn at_field(file: &str, text: &str, array: &str, index: usize, field: &str, problem: String) -> ConfigError {
    ConfigError::Field {
        file: file.into(),
        line: place::line(text, array, index, field),
        field: match field {
            "" => array.to_owned(),
            field => format!("{array}[{index}].{field}"),
        },
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[models]]\nmodel_id = \"m\"\nmodel_name = \"M\"\nprovider = \"openai\"\n";
    const LAB: &str = "[[providers]]\nprovider_id = \"lab\"\ndialect = \"openai\"\nbase_url = \"http://lab:8000\"\n";

    fn parse(text: &str) -> Result<Catalog, ConfigError> {
        let settings = Settings {
            variable: |name| (name == "LAB_KEY").then(|| "secret".to_owned()),
            ..Settings::default()
        };
        Catalog::parse("my.toml", text, &settings)
    }

    #[test]
    fn the_built_in_list_is_sound_and_priced() {
        let models = Catalog::load(&Settings::default()).unwrap().models;
        for provider in ["openai", "anthropic", "gemini"] {
            assert!(models.iter().any(|m| m.provider == provider), "{provider}");
        }
        for model in &models {
            assert!(
                model.price.input.is_some() && model.price.output.is_some(),
                "{}",
                model.id
            );
            assert!(model.context_window > 0, "{}", model.id);
        }
    }

    #[test]
    fn every_fault_names_file_line_and_field() {
        let cases = [
            (ONE.repeat(2), "my.toml:6: models[1].model_id: `m` is there twice"),
            (
                ONE.replace("\"M\"", "\"\""),
                "my.toml:3: models[0].model_name: is empty",
            ),
            (
                format!("{ONE}cost_per_1m_output = -1.0"),
                "my.toml:5: models[0].cost_per_1m_output: -1 is not a price; it takes US dollars per million tokens",
            ),
            (
                format!("{ONE}cost_per_1m_input = nan"),
                "my.toml:5: models[0].cost_per_1m_input: NaN is not a price; it takes US dollars per million tokens",
            ),
            (
                ONE.replace("openai", "acme"),
                "my.toml:4: models[0].provider: there is no provider `acme`; it takes one of openai, anthropic, gemini, \
                 ollama, or one that [[providers]] of this file names",
            ),
            (
                String::new(),
                "my.toml:1: models: there is none; name a model, or a provider that lists its own",
            ),
            (
                LAB.repeat(2),
                "my.toml:6: providers[1].provider_id: `lab` is taken already",
            ),
            (
                LAB.replace("lab\"\n", "openai\"\n"),
                "my.toml:2: providers[0].provider_id: `openai` is taken already",
            ),
            (
                LAB.replace("http://lab:8000", "lab:8000"),
                "my.toml:4: providers[0].base_url: is not an address that begins with http:// or https://",
            ),
            (
                format!("{LAB}api_key_env = \"sk-123\""),
                "my.toml:5: providers[0].api_key_env: takes the name of an environment variable; a key must not stand in \
                 this file",
            ),
            (
                LAB.replace("base_url = \"http://lab:8000\"\n", ""),
                "my.toml:1: providers[0].base_url: is missing, and so is api_key_env: say where the provider is, or with \
                 which key it is asked",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(&text).unwrap_err().to_string(), expected);
        }
        let error = parse(&LAB.replace("\"openai\"", "\"smtp\"")).unwrap_err().to_string();
        assert!(error.contains("dialect") && error.contains("smtp"), "{error}");
    }

    #[test]
    fn several_providers_of_one_dialect_stand_side_by_side() {
        let text = LAB.to_owned()
            + &LAB.replace("lab", "edge").replace(
                "\"edge\"\n",
                "\"edge\"\nprovider_name = \"Edge box\"\napi_key_env = \"LAB_KEY\"\n",
            )
            + &LAB
                .replace("lab", "cloud")
                .replace("\"cloud\"\n", "\"cloud\"\napi_key_env = \"NO_SUCH\"\n")
            + &["lab", "edge", "cloud"]
                .map(|id| {
                    ONE.replace("openai", id)
                        .replace("\"m\"", &format!("\"{id}-m\"\nprovider_model = \"m\""))
                })
                .concat();
        let catalog = parse(&text).unwrap();
        let asked: Vec<_> = catalog
            .models
            .iter()
            .map(|m| {
                let at = m
                    .endpoint
                    .as_ref()
                    .map(|e| (e.base.as_str(), e.key_or_placeholder(), e.called.as_str()));
                (m.id.as_str(), m.asked_as.as_str(), at, m.inactive.as_deref())
            })
            .collect();
        assert_eq!(
            asked,
            [
                ("lab-m", "m", Some(("http://lab:8000/v1/", "not-needed", "lab")), None),
                (
                    "edge-m",
                    "m",
                    Some(("http://edge:8000/v1/", "secret", "Edge box")),
                    None
                ),
                ("cloud-m", "m", None, Some("NO_SUCH is not set.")),
            ]
        );
        let listing: Vec<&str> = catalog.listing().map(|e| e.provider_id.as_str()).collect();
        assert_eq!(listing, ["ollama", "lab", "edge"]);
    }

    #[test]
    fn what_another_gateway_has_can_be_asked_whoever_provides_it() {
        let elsewhere = Catalog {
            is_elsewhere: true,
            ..Catalog::default()
        };
        let text = ONE.to_owned() + &ONE.replace("openai", "acme").replace("\"m\"", "\"n\"");
        let models = elsewhere.filled("my.toml", &text, &Settings::default()).unwrap().models;
        let shown: Vec<_> = models.iter().map(Model::shown).collect();
        assert_eq!((shown[1].provider.as_str(), shown[1].is_active), ("acme", true));
        assert!(shown[0].is_active, "no key of ours is needed");
    }

    #[test]
    fn a_wish_is_a_model_of_the_file_or_names_a_server_that_lists() {
        let catalog = parse(&(LAB.to_owned() + ONE)).unwrap();
        for known in ["m", "ollama/qwen3:8b", "openai/x", "lab/meta/llama", "rehearsal"] {
            assert!(catalog.may_know(known), "{known}");
        }
        for unknown in ["x", "anthropic/x", "lab/", "nowhere/x", ""] {
            assert!(!catalog.may_know(unknown), "{unknown}");
        }
    }
}
