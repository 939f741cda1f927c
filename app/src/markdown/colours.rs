//! What is known of code: what each part of it is. The server tells; nothing waits for it.

use protocol::highlight::{Code, Runs};
use std::collections::HashMap;

/// What is known. `None` for code of which there is nothing to tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Colours(HashMap<Code, Option<Runs>>);

impl Colours {
    /// Takes in what the server told of these blocks.
    pub fn learn(&mut self, blocks: Vec<Code>, told: Vec<Option<Runs>>) {
        self.0.extend(blocks.into_iter().zip(told));
    }

    /// Whether something was told of that code.
    pub(crate) fn knows(&self, code: &Code) -> bool {
        self.0.contains_key(code)
    }

    /// What each part of that code is.
    pub(super) fn of(&self, code: &Code) -> Option<&Runs> {
        let runs = self.0.get(code)?.as_ref()?;
        let length: usize = runs.iter().map(|run| run.0 as usize).sum();
        (length == code.code.len()).then_some(runs)
    }
}
