//! The messages of a conversation as a tree: each follows one that is there, none follows itself, and each was written after the
//! one that it follows.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
};

use protocol::{conversation::ConversationMessage, timestamp::Timestamp};
use uuid::Uuid;

use super::malformed::Malformed;
use crate::store::SEARCH_STEP;

/// The most messages of a conversation.
pub(super) const MOST_MESSAGES: usize = 100_000;

/// What is wrong with a conversation of more.
pub(super) fn too_many() -> String {
    format!("there are more than {MOST_MESSAGES}")
}

/// Nodes of a tree by number, each after the one that it follows, and beside each other in the order of the file.
///
/// # Errors
/// The first node that follows itself, by way of others or not.
pub(super) fn ordered(parents: &[Option<usize>]) -> Result<Vec<usize>, usize> {
    let mut following: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    for (node, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => following[*parent].push(node),
            None => order.push(node),
        }
    }
    let mut next = 0;
    while let Some(node) = order.get(next).copied() {
        order.extend(&following[node]);
        next += 1;
    }
    if order.len() == parents.len() {
        return Ok(order);
    }
    let reached: HashSet<usize> = order.into_iter().collect();
    Err((0..parents.len()).find(|node| !reached.contains(node)).unwrap_or(0))
}

/// The number of each message's parent.
///
/// # Errors
/// When an id is there twice, or a parent is not there.
pub(super) fn parents(messages: &[ConversationMessage]) -> Result<Vec<Option<usize>>, Malformed> {
    let mut numbers: HashMap<Uuid, usize> = HashMap::with_capacity(messages.len());
    for (number, message) in messages.iter().enumerate() {
        if let Some(first) = numbers.insert(message.message_id, number) {
            let problem = format!("it has the id of message {}", first + 1);
            return Err(Malformed::new(place(number, "message_id"), problem));
        }
    }
    let parent = |(number, message): (usize, &ConversationMessage)| match message.parent_id {
        None => Ok(None),
        Some(id) => numbers
            .get(&id)
            .map(|parent| Some(*parent))
            .ok_or_else(|| Malformed::new(place(number, "parent_id"), "there is no message with this id")),
    };
    messages.iter().enumerate().map(parent).collect()
}

/// Puts messages in the order of time, after each the ones that follow it, no two at the same instant: what a file says of
/// time is moved as little as that takes. A time that is `guessed` is a step of the search's index after the one before it:
/// thousands at one time would stand in each other's way there. `parents` are their parents' numbers, and they are a tree.
pub(super) fn set_times(
    messages: Vec<ConversationMessage>,
    parents: &[Option<usize>],
    guessed: &[bool],
) -> Vec<ConversationMessage> {
    let mut following: Vec<Vec<usize>> = vec![Vec::new(); messages.len()];
    let mut due = BinaryHeap::with_capacity(messages.len());
    for (number, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => following[*parent].push(number),
            None => due.push(Reverse((messages[number].timestamp.0, number))),
        }
    }
    let mut last = i64::MIN;
    let mut messages: Vec<Option<ConversationMessage>> = messages.into_iter().map(Some).collect();
    let mut timed = Vec::with_capacity(messages.len());
    while let Some(Reverse((instant, number))) = due.pop() {
        let Some(mut message) = messages[number].take() else {
            continue;
        };
        let apart = if guessed[number] { SEARCH_STEP } else { 1 };
        last = instant.max(last.saturating_add(apart));
        message.timestamp = Timestamp(last);
        for child in &following[number] {
            let own = messages[*child].as_ref().map_or(last, |child| child.timestamp.0);
            due.push(Reverse((own.max(last + 1), *child)));
        }
        timed.push(message);
    }
    timed
}

/// A field of a message, counted from one.
pub(super) fn place(number: usize, field: &str) -> String {
    format!("message {}, `{field}`", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_put_in_order_and_a_circle_is_found() {
        assert_eq!(ordered(&[]), Ok(vec![]));
        assert_eq!(ordered(&[Some(2), None, Some(1), Some(2)]), Ok(vec![1, 2, 0, 3]));
        assert_eq!(ordered(&[None, Some(2), Some(3), Some(1)]), Err(1));
        assert_eq!(ordered(&[Some(0)]), Err(0));
        let deep: Vec<Option<usize>> = (0..MOST_MESSAGES).map(|number| number.checked_sub(1)).collect();
        assert_eq!(ordered(&deep).unwrap().len(), MOST_MESSAGES);
    }
}
