//! Where a conversation from elsewhere belongs here: with an agent that exists, and a model that is named.

use protocol::{conversation::Conversation, import::LeftOutKind};

use super::{DIRECT, Tally};
use crate::gateway::registry::Listing;

/// Gives a conversation whose agent does not exist here to the bare model, where that is offered; without it, it stays with its agent
/// and can be read. One without a model gets the default one.
pub(super) fn settle(conversation: &mut Conversation, listing: &Listing, tally: &mut Tally) {
    let session = &mut conversation.session;
    if listing.agent(&session.agent_id).is_none()
        && let Some(direct) = listing.agent(DIRECT)
    {
        session.agent_id = direct.agent_id.clone();
        session.agent_name = direct.agent_name.clone();
        session.parent_role = direct.parent_role.clone();
        tally.add(LeftOutKind::UnknownAgent, 1);
    } else if session.agent_id == DIRECT && session.agent_name == DIRECT {
        // As another program's export comes, which knows no agents.
        if let Some(direct) = listing.agent(DIRECT) {
            session.agent_name = direct.agent_name.clone();
            session.parent_role = direct.parent_role.clone();
        }
    }
    if session.model_id.is_empty()
        && let Some(model) = listing.default_model(&session.agent_id)
    {
        session.model_id = model.model_id.clone();
        session.model_name = model.model_name.clone();
    }
}

#[cfg(test)]
mod tests {
    use protocol::registry::{Agent, Model};
    use serde_json::json;

    use super::*;
    use crate::export::samples::exchange;

    fn listing(agents: &[&str]) -> Listing {
        let agent = |id: &&str| -> Agent {
            let agent = json!({
                "agent_id": id, "agent_name": id.to_uppercase(), "tier": 2, "role": "x", "parent_id": "root",
                "parent_role": "Root", "status": "active",
            });
            serde_json::from_value(agent).unwrap()
        };
        let model: Model = serde_json::from_value(json!({
            "model_id": "m", "model_name": "M", "provider": "x", "context_window": 1, "status": "active",
        }))
        .unwrap();
        Listing {
            agents: agents.iter().map(agent).collect(),
            models: vec![model],
            default_models: std::collections::HashMap::new(),
        }
    }

    fn settled(agent_id: &str, agents: &[&str]) -> (String, String, u64) {
        let mut conversation = exchange("x", "y");
        conversation.session.agent_id = agent_id.into();
        conversation.session.agent_name = agent_id.into();
        conversation.session.model_id = String::new();
        let mut tally = Tally::default();
        settle(&mut conversation, &listing(agents), &mut tally);
        assert_eq!(conversation.session.model_name, "M", "one can go on with it");
        let count = tally.list().iter().map(|left_out| left_out.count).sum();
        (conversation.session.agent_id, conversation.session.agent_name, count)
    }

    #[test]
    fn a_conversation_goes_to_an_agent_that_exists() {
        let agents = ["architect", "direct"];
        let to = |id: &str, name: &str, told| (id.to_owned(), name.to_owned(), told);
        assert_eq!(
            settled("architect", &agents),
            to("architect", "architect", 0),
            "under the name that it had"
        );
        assert_eq!(settled("somebody", &agents), to("direct", "DIRECT", 1));
        assert_eq!(
            settled("direct", &agents),
            to("direct", "DIRECT", 0),
            "as from another program"
        );
        assert_eq!(settled("somebody", &["architect"]), to("somebody", "somebody", 0));
    }
}
