//! One list out of what the file names and what the servers offer.

use std::sync::Arc;

use super::{
    Catalog, Model, Price,
    catalog::{PARLEY, REHEARSAL},
    discovery::{Found, Heard, Offer},
    health::{Health, failing},
};
use crate::providers::endpoint::{Dialect, Endpoint};

/// The list: active models first, the default at the head, each id once. With nothing active, Rehearsal leads.
pub(super) fn assemble(catalog: &Catalog, servers: &[Heard], health: &Health) -> Vec<Model> {
    let mut list: Vec<Model> = catalog
        .models
        .iter()
        .filter_map(|model| named(catalog, model, servers))
        .collect();
    for server in servers {
        let (Offer::Models(found) | Offer::Away(found)) = &server.offer else {
            continue;
        };
        for found in found {
            if let Some(model) = discovered(catalog, &server.endpoint, found, &list) {
                list.push(model);
            }
        }
    }
    for model in &mut list {
        model.health = match server_of(model, servers) {
            Some(Heard {
                endpoint,
                offer: Offer::Away(_),
                ..
            }) => Some(failing(&does_not_answer(endpoint))),
            Some(Heard {
                offer: Offer::Models(_),
                at,
                ..
            }) => health.of(&model.id, Some(*at)),
            _ => health.of(&model.id, None),
        };
    }
    if !list.iter().any(Model::is_active) {
        list.insert(0, rehearsal());
    }
    list.sort_by_key(|m| !m.is_active());
    list
}

/// A model of the file; `None`: it is not worth listing. A server that lists its models is believed: what it does not name
/// cannot be had there. Where one has gone away its models stay: it may be back before the next message.
fn named(catalog: &Catalog, model: &Model, servers: &[Heard]) -> Option<Model> {
    let inactive = match server_of(model, servers).map(|server| (&server.endpoint, &server.offer)) {
        None => model.inactive.clone(),
        Some((endpoint, Offer::Models(found) | Offer::Away(found))) => {
            let is_there = found.iter().any(|f| f.id == model.asked_as);
            // The file means the company's models where OPENAI_BASE_URL names a server of one's own.
            let is_meant = catalog.is_named(&model.provider) || endpoint.dialect == Dialect::Ollama;
            if !is_there && !is_meant {
                return None;
            }
            (!is_there).then(|| not_there(endpoint))
        }
        // Not every server that speaks OpenAI's protocol lists what it has.
        Some((endpoint, Offer::Failed)) => (endpoint.dialect == Dialect::Ollama).then(|| does_not_answer(endpoint)),
    };
    Some(Model {
        inactive,
        ..model.clone()
    })
}

fn server_of<'a>(model: &Model, servers: &'a [Heard]) -> Option<&'a Heard> {
    servers
        .iter()
        .find(|server| server.endpoint.provider_id == model.provider)
}

/// A model that a server offers and the file does not name; `None`: it is in the list.
///
/// It is called as the server calls it where that is enough to tell it from all others, and always where the server is the
/// environment's: ids are kept in conversations, and must not depend on what other servers happen to offer.
fn discovered(catalog: &Catalog, endpoint: &Arc<Endpoint>, found: &Found, list: &[Model]) -> Option<Model> {
    let is_known = |m: &Model| m.provider == endpoint.provider_id && m.asked_as == found.id;
    if list.iter().any(is_known) {
        return None;
    }
    let is_taken = |id: &str| list.iter().any(|m| m.id == id);
    let mut id = found.id.clone();
    if catalog.is_named(&endpoint.provider_id) || is_taken(&id) {
        id = format!("{}/{id}", endpoint.provider_id);
        if is_taken(&id) {
            return None;
        }
    }
    Some(Model {
        id,
        name: found.id.clone(),
        provider: endpoint.provider_id.clone(),
        endpoint: Some(Arc::clone(endpoint)),
        asked_as: found.id.clone(),
        context_window: found.context_window,
        price: match endpoint.dialect {
            Dialect::Ollama => Price::FREE,
            _ => Price::default(),
        },
        capabilities: Vec::new(),
        inactive: None,
        health: None,
    })
}

fn not_there(endpoint: &Endpoint) -> String {
    match endpoint.dialect {
        Dialect::Ollama => format!("It is not installed in {}.", endpoint.called),
        _ => format!("{} does not offer it.", endpoint.called),
    }
}

fn does_not_answer(endpoint: &Endpoint) -> String {
    format!("{} does not answer.", endpoint.called)
}

fn rehearsal() -> Model {
    Model {
        id: REHEARSAL.into(),
        name: "Rehearsal".into(),
        provider: PARLEY.into(),
        endpoint: None,
        asked_as: REHEARSAL.into(),
        context_window: 200_000,
        price: Price::FREE,
        capabilities: Vec::new(),
        inactive: None,
        health: None,
    }
}

#[cfg(test)]
mod tests {
    use protocol::registry::HealthState;
    use tokio::time::Instant;

    use super::*;
    use crate::settings::Settings;

    const FILE: &str = "
        [[providers]]
        provider_id = \"lab\"
        dialect = \"openai\"
        base_url = \"http://lab\"
        [[models]]
        model_id = \"claude\"
        model_name = \"Claude\"
        provider = \"anthropic\"
        [[models]]
        model_id = \"gpt\"
        model_name = \"GPT\"
        provider = \"openai\"
        cost_per_1m_input = 2.0
        cost_per_1m_output = 8.0
        [[models]]
        model_id = \"local\"
        model_name = \"Local\"
        provider = \"ollama\"
        [[models]]
        model_id = \"lab-big\"
        model_name = \"Big\"
        provider = \"lab\"
        provider_model = \"big\"
    ";

    fn catalog(openai: bool) -> Catalog {
        let settings = Settings {
            openai_base_url: openai.then(|| "http://own".to_owned()),
            ..Settings::default()
        };
        Catalog::parse("my.toml", FILE, &settings).unwrap()
    }

    fn found(ids: &[&str]) -> Vec<Found> {
        let found = |id: &&str| Found {
            id: (*id).into(),
            context_window: 7,
        };
        ids.iter().map(found).collect()
    }

    /// The list where the servers offer this, in the order OpenAI, Ollama, lab.
    fn list(openai: Option<Offer>, ollama: Offer, lab: Offer) -> Vec<Model> {
        let catalog = catalog(openai.is_some());
        let said = openai.into_iter().chain([ollama, lab]);
        let heard = |(endpoint, offer): (&Arc<Endpoint>, Offer)| Heard {
            endpoint: Arc::clone(endpoint),
            offer,
            at: Instant::now(),
        };
        let servers: Vec<Heard> = catalog.listing().zip(said).map(heard).collect();
        assemble(&catalog, &servers, &Health::default())
    }

    fn active(list: &[Model]) -> Vec<&str> {
        list.iter().filter(|m| m.is_active()).map(|m| m.id.as_str()).collect()
    }

    fn why_not<'a>(list: &'a [Model], id: &str) -> Option<&'a str> {
        list.iter().find(|m| m.id == id).unwrap().inactive.as_deref()
    }

    #[test]
    fn with_nothing_to_ask_only_rehearsal_is_active() {
        let list = list(None, Offer::Failed, Offer::Models(Vec::new()));
        assert_eq!(active(&list), ["rehearsal"]);
        assert_eq!(list[0].id, "rehearsal");
        assert_eq!(why_not(&list, "claude"), Some("ANTHROPIC_API_KEY is not set."));
        assert_eq!(why_not(&list, "gpt"), Some("OPENAI_API_KEY is not set."));
        assert_eq!(why_not(&list, "local"), Some("Ollama does not answer."));
        assert_eq!(why_not(&list, "lab-big"), Some("lab does not offer it."));
    }

    #[test]
    fn a_server_that_lists_is_believed_and_the_files_prices_count() {
        let list = list(
            Some(Offer::Models(found(&["qwen", "gpt"]))),
            Offer::Failed,
            Offer::Failed,
        );
        assert_eq!(active(&list), ["gpt", "lab-big", "qwen"]);
        assert_eq!(list[0].price.output, Some(8.0));
        assert_eq!((list[2].context_window, list[2].price), (7, Price::default()));
        assert_eq!(list[2].provider, "openai");
    }

    #[test]
    fn a_server_that_does_not_list_leaves_the_file_as_it_is() {
        let list = list(Some(Offer::Failed), Offer::Failed, Offer::Failed);
        assert_eq!(active(&list), ["gpt", "lab-big"]);
    }

    #[test]
    fn what_several_servers_offer_is_told_apart() {
        let list = list(
            Some(Offer::Models(found(&["qwen", "qwen"]))),
            Offer::Models(found(&["qwen", "claude"])),
            Offer::Models(found(&["qwen", "big"])),
        );
        // The last named one is the file's `lab-big`; `claude` is the file's too, at another provider.
        assert_eq!(
            active(&list),
            ["lab-big", "qwen", "ollama/qwen", "ollama/claude", "lab/qwen"]
        );
        let at = |id: &str| list.iter().find(|m| m.id == id).unwrap();
        assert_eq!(
            (at("lab/qwen").asked_as.as_str(), at("lab/qwen").provider.as_str()),
            ("qwen", "lab")
        );
        assert_eq!(at("ollama/qwen").price, Price::FREE);
        assert_eq!(at("lab-big").endpoint.as_ref().unwrap().base, "http://lab/v1/");
    }

    #[test]
    fn the_models_of_a_server_that_went_away_stay_and_say_so() {
        let list = list(
            None,
            Offer::Away(found(&["local", "other"])),
            Offer::Models(found(&["big"])),
        );
        assert_eq!(active(&list), ["local", "lab-big", "other"]);
        let health = list[0].health.as_ref().unwrap();
        assert_eq!(
            (health.state, health.detail.as_deref()),
            (HealthState::Failing, Some("Ollama does not answer."))
        );
        assert_eq!(list[1].health, None);
    }
}
