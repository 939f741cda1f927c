//! One list out of what the file names and what the servers offer.

use super::{
    Model, Price, Provider,
    discovery::{Found, Offer},
};

/// The list: active models first, the default at the head, each id once. With nothing active, Rehearsal leads.
pub(super) fn assemble(
    catalog: &[Model],
    configured: impl Fn(Provider) -> bool,
    openai: &Offer,
    ollama: &Offer,
) -> Vec<Model> {
    let mut list: Vec<Model> = Vec::new();
    for model in catalog {
        let inactive = match (model.provider, openai, ollama) {
            (Provider::Ollama, _, Offer::Models(found)) => {
                (!offers(found, &model.id)).then(|| "It is not installed in Ollama.".to_owned())
            }
            (Provider::Ollama, ..) => Some("Ollama does not answer.".to_owned()),
            // A server that lists its models is believed: what it does not name cannot be had there.
            (Provider::OpenAi, Offer::Models(found), _) if !offers(found, &model.id) => continue,
            (provider, ..) => (!configured(provider)).then(|| missing(provider)),
        };
        list.push(Model {
            inactive,
            ..model.clone()
        });
    }
    for (provider, offer, price) in [
        (Provider::OpenAi, openai, Price::default()),
        (Provider::Ollama, ollama, Price::FREE),
    ] {
        let Offer::Models(found) = offer else { continue };
        for Found { id, context_window } in found {
            if list.iter().any(|m| m.id == *id) {
                continue;
            }
            list.push(Model {
                id: id.clone(),
                name: id.clone(),
                provider,
                context_window: *context_window,
                price,
                capabilities: Vec::new(),
                inactive: None,
            });
        }
    }
    if !list.iter().any(Model::is_active) {
        list.insert(0, rehearsal());
    }
    list.sort_by_key(|m| !m.is_active());
    list
}

fn offers(found: &[Found], id: &str) -> bool {
    found.iter().any(|f| f.id == id)
}

fn missing(provider: Provider) -> String {
    format!("{}_API_KEY is not set.", provider.id().to_uppercase())
}

fn rehearsal() -> Model {
    Model {
        id: "rehearsal".into(),
        name: "Rehearsal".into(),
        provider: Provider::Parley,
        context_window: 200_000,
        price: Price::FREE,
        capabilities: Vec::new(),
        inactive: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, provider: Provider) -> Model {
        Model {
            id: id.into(),
            name: id.into(),
            provider,
            ..rehearsal()
        }
    }

    fn catalog() -> Vec<Model> {
        vec![model("claude", Provider::Anthropic), model("gpt", Provider::OpenAi)]
    }

    fn found(ids: &[&str]) -> Offer {
        let found = |id: &&str| Found {
            id: (*id).into(),
            context_window: 7,
        };
        Offer::Models(ids.iter().map(found).collect())
    }

    fn shown(list: &[Model]) -> Vec<(&str, bool)> {
        list.iter().map(|m| (m.id.as_str(), m.is_active())).collect()
    }

    #[test]
    fn with_nothing_configured_only_rehearsal_is_active() {
        let list = assemble(&catalog(), |_| false, &Offer::NotAsked, &Offer::Failed);
        assert_eq!(shown(&list), [("rehearsal", true), ("claude", false), ("gpt", false)]);
        assert_eq!(list[1].inactive.as_deref(), Some("ANTHROPIC_API_KEY is not set."));
        assert_eq!(list[2].inactive.as_deref(), Some("OPENAI_API_KEY is not set."));
    }

    #[test]
    fn with_a_real_model_rehearsal_is_gone_and_active_ones_lead() {
        let list = assemble(&catalog(), |p| p == Provider::OpenAi, &Offer::NotAsked, &Offer::Failed);
        assert_eq!(shown(&list), [("gpt", true), ("claude", false)]);
    }

    #[test]
    fn a_server_that_lists_is_believed() {
        let list = assemble(
            &catalog(),
            |p| p == Provider::OpenAi,
            &found(&["qwen", "llama"]),
            &Offer::Failed,
        );
        assert_eq!(shown(&list), [("qwen", true), ("llama", true), ("claude", false)]);
        assert_eq!((list[0].context_window, list[0].price), (7, Price::default()));

        let list = assemble(
            &catalog(),
            |p| p == Provider::OpenAi,
            &found(&["qwen", "gpt"]),
            &Offer::Failed,
        );
        assert_eq!(shown(&list), [("gpt", true), ("qwen", true), ("claude", false)]);
        assert_eq!(list[0].price, Price::FREE, "the file's price counts");
    }

    #[test]
    fn a_server_that_does_not_list_leaves_the_file_as_it_is() {
        let list = assemble(&catalog(), |p| p == Provider::OpenAi, &Offer::Failed, &Offer::Failed);
        assert_eq!(shown(&list), [("gpt", true), ("claude", false)]);
    }

    #[test]
    fn ollama_models_are_free_and_an_id_is_listed_once() {
        let list = assemble(
            &catalog(),
            |_| false,
            &Offer::NotAsked,
            &found(&["qwen3:8b", "qwen3:8b", "claude"]),
        );
        assert_eq!(shown(&list), [("qwen3:8b", true), ("claude", false), ("gpt", false)]);
        assert_eq!((list[0].provider, list[0].price), (Provider::Ollama, Price::FREE));
    }

    #[test]
    fn an_ollama_model_of_the_file_is_active_only_when_installed() {
        let catalog = [model("a", Provider::Ollama), model("b", Provider::Ollama)];
        let list = assemble(&catalog, |_| false, &Offer::NotAsked, &found(&["b"]));
        assert_eq!(shown(&list), [("b", true), ("a", false)]);
        assert_eq!(list[1].inactive.as_deref(), Some("It is not installed in Ollama."));
    }
}
