//! One block of code, from its first line to its last.

use std::time::Instant;

use protocol::highlight::{Class, Run, Runs};
use syntect::parsing::{BasicScopeStackOp, ParseState, ScopeStack, SyntaxReference};

use super::syntaxes::Syntaxes;

/// A longer line, in bytes, is left plain: the time for a line grows faster than the line, and nobody reads it.
const LONGEST_LINE: usize = 2_000;

/// The runs of the code. `None`: it took too long, or the grammar failed.
pub(super) fn runs(syntaxes: &Syntaxes, syntax: &SyntaxReference, code: &str, give_up: Instant) -> Option<Runs> {
    let mut state = ParseState::new(syntax);
    let mut scopes = ScopeStack::new();
    // What is around the current place, one for each scope.
    let mut classes: Vec<Class> = Vec::new();
    let mut writer = Writer::default();
    for line in code.split_inclusive('\n') {
        if Instant::now() > give_up {
            return None;
        }
        if line.len() > LONGEST_LINE {
            writer.write(line.len(), Class::Plain);
            continue;
        }
        let mut at = 0;
        for (place, change) in state.parse_line(line, &syntaxes.set).ok()? {
            let place = place.clamp(at, line.len());
            writer.write(place - at, current(&classes));
            at = place;
            let applied = scopes.apply_with_hook(&change, |change, _| match change {
                BasicScopeStackOp::Push(scope) => {
                    let class = syntaxes.classes.within(current(&classes), scope);
                    classes.push(class);
                }
                BasicScopeStackOp::Pop => {
                    classes.pop();
                }
            });
            applied.ok()?;
        }
        writer.write(line.len() - at, current(&classes));
    }
    Some(writer.runs)
}

fn current(classes: &[Class]) -> Class {
    classes.last().copied().unwrap_or_default()
}

#[derive(Default)]
struct Writer {
    runs: Runs,
}

impl Writer {
    fn write(&mut self, bytes: usize, class: Class) {
        // No block is that large.
        let Ok(bytes) = u32::try_from(bytes) else { return };
        match self.runs.last_mut() {
            _ if bytes == 0 => {}
            Some(Run(length, last)) if *last == class => *length += bytes,
            _ => self.runs.push(Run(bytes, class)),
        }
    }
}
