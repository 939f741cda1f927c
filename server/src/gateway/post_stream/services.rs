//! The registry's services, made into a hierarchy of agents.
//!
//! The registry tells of each service which tier it is of, but not who is above it. Above an agent is whom its labels
//! name; else the only agent of the nearest tier above; else the first of those whose name shares a word with its own,
//! as Dir-Code does with Mgr-Code-01; else the Architect. A service of which not even the tier can be told stands right
//! below the Architect, where nobody is taken to be below it.

mod parents;
#[cfg(test)]
mod tests;
mod tier;

use std::collections::HashSet;

use protocol::registry::{GatewayAgent, TIER_PAS_ROOT};
use serde::Deserialize;
use serde_json::Value;

use tier::{role_of, tier_of};

const PAS_ROOT: &str = "pas-root";
const DIRECT: &str = "direct";
/// The tier of an agent of which nothing can be told.
const TIER_UNKNOWN: u8 = 5;
/// The tier of the bare model.
const TIER_MODEL: u8 = 6;
/// What registries call a service that works.
const WORKING: [&str; 5] = ["active", "healthy", "running", "up", "ok"];

/// The body of `GET /services`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ServiceList {
    /// Read one by one: one that is broken does not take the others with it.
    items: Vec<Value>,
}

/// A service, as far as it is of interest. Its port, and whatever else says where it is, is not even read.
#[derive(Debug, Deserialize)]
struct Service {
    service_id: String,
    name: Option<String>,
    r#type: String,
    #[serde(default)]
    labels: Value,
    status: Option<String>,
}

impl Service {
    /// A label's text; a number counts as one.
    fn label(&self, name: &str) -> Option<String> {
        let text = match self.labels.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

/// An agent on its way into the hierarchy.
#[derive(Debug)]
struct Seat {
    agent: GatewayAgent,
    /// Whom its labels name as the one above, by id or by name.
    named_parent: Option<String>,
    /// Whether its tier is known.
    is_placed: bool,
}

/// The agents, PAS Root first and the bare model last.
pub(super) fn agents(list: ServiceList) -> Vec<GatewayAgent> {
    let mut ids = HashSet::from([DIRECT.to_owned()]);
    let seats = list.items.into_iter().filter_map(seat);
    let mut seats: Vec<Seat> = seats.filter(|seat| ids.insert(seat.agent.agent_id.clone())).collect();
    let root = take_root(&mut seats);
    let root_id = root.agent.agent_id.clone();
    seats.insert(0, root);
    parents::assign(&mut seats);
    let agents = seats.into_iter().map(|seat| seat.agent);
    agents.chain([bare_model(root_id)]).collect()
}

/// `None`: it is no agent, or cannot be read.
fn seat(item: Value) -> Option<Seat> {
    let service: Service = match serde_json::from_value(item) {
        Ok(service) => service,
        Err(error) => {
            tracing::debug!(%error, "a service that cannot be read is passed over");
            return None;
        }
    };
    let agent_id = service.service_id.trim().to_owned();
    if !service.r#type.eq_ignore_ascii_case("agent") || agent_id.is_empty() {
        return None;
    }
    let name = service.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let agent_name = name.unwrap_or(&agent_id).to_owned();
    let labelled = || {
        ["tier", "role"]
            .into_iter()
            .find_map(|label| tier::of_label(&service.label(label)?))
    };
    let tier = if tier::is_pas_root(&agent_id) || tier::is_pas_root(&agent_name) {
        Some(TIER_PAS_ROOT)
    } else {
        labelled()
            .or_else(|| tier_of(&agent_name))
            .or_else(|| tier_of(&agent_id))
    };
    Some(Seat {
        named_parent: service.label("parent_id").or_else(|| service.label("parent")),
        is_placed: tier.is_some(),
        agent: GatewayAgent {
            tier: tier.unwrap_or(TIER_UNKNOWN),
            role: tier.map_or("Agent", role_of).into(),
            parent_id: None,
            status: status(service.status.as_deref()),
            icon: service.label("icon").filter(|icon| is_mark(icon)),
            description: None,
            default_model: None,
            agent_id,
            agent_name,
        },
    })
}

/// Takes the person's own seat out, or makes it where the registry lists none. Another of its tier is no second one.
fn take_root(seats: &mut Vec<Seat>) -> Seat {
    let is_top = |seat: &Seat| seat.agent.tier == TIER_PAS_ROOT;
    let named = |seat: &Seat| tier::is_pas_root(&seat.agent.agent_id) || tier::is_pas_root(&seat.agent.agent_name);
    let place = seats.iter().position(named).or_else(|| seats.iter().position(is_top));
    let root = place.map_or_else(pas_root, |place| seats.remove(place));
    for seat in seats.iter_mut().filter(|seat| is_top(seat)) {
        seat.is_placed = false;
        seat.agent.tier = TIER_UNKNOWN;
        seat.agent.role = "Agent".into();
    }
    root
}

fn pas_root() -> Seat {
    Seat {
        agent: GatewayAgent {
            agent_id: PAS_ROOT.into(),
            agent_name: "PAS Root".into(),
            tier: TIER_PAS_ROOT,
            role: role_of(TIER_PAS_ROOT).into(),
            parent_id: None,
            status: "active".into(),
            icon: Some("R".into()),
            description: Some("The person's own seat, above the Architect".into()),
            default_model: None,
        },
        named_parent: None,
        is_placed: true,
    }
}

fn bare_model(root_id: String) -> GatewayAgent {
    GatewayAgent {
        agent_id: DIRECT.into(),
        agent_name: "Direct".into(),
        tier: TIER_MODEL,
        role: role_of(TIER_MODEL).into(),
        parent_id: Some(root_id),
        status: "active".into(),
        icon: Some("•".into()),
        description: Some("No agent: talk to the bare model".into()),
        default_model: None,
    }
}

/// The registry's word, but for those that all mean that it works.
fn status(said: Option<&str>) -> String {
    match said.map(str::trim) {
        None | Some("") => "active".into(),
        Some(word) if WORKING.iter().any(|known| known.eq_ignore_ascii_case(word)) => "active".into(),
        Some(word) => word.into(),
    }
}

/// Whether it fits the mark of an agent, as one or two letters or an emoji do; addresses and names of pictures do not.
fn is_mark(icon: &str) -> bool {
    let chars = icon.chars().count();
    chars <= 2 || chars <= 8 && !icon.chars().any(|c| c.is_ascii() || c.is_alphanumeric())
}
