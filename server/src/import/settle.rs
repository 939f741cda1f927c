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
