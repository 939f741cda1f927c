//! Blocks of code.

use rand::Rng;

use super::words::{NOUNS, VERBS, identifier, pick};

/// A block, in one of a few languages.
pub(super) fn block(random: &mut impl Rng) -> String {
    let (function, noun, other) = (identifier(random), pick(random, &NOUNS), pick(random, &NOUNS));
    let (verb, number) = (pick(random, &VERBS), random.random_range(2..500_u32));
    match random.random_range(0..5) {
        0 => format!(
            "```rust\n/// Says how many {noun}s are left.\nfn {function}({noun}s: &[{number}; 4]) -> Option<usize> {{\n    \
             let {other} = {noun}s.iter().filter(|{noun}| **{noun} > {number});\n    Some({other}.count())\n}}\n```"
        ),
        1 => format!(
            "```python\ndef {function}({noun}, {other}=None):\n    if {other} is None:\n        raise ValueError(\"no \
             {other}\")\n    return [{verb}(x) for x in {noun} if x < {number}]\n```"
        ),
        2 => format!(
            "```sql\nSELECT {noun}_id, COUNT(*) AS {other}s\nFROM {noun}s\nWHERE {other} > {number}\nGROUP BY \
             {noun}_id\nORDER BY {other}s DESC;\n```"
        ),
        3 => format!(
            "```typescript\nexport async function {function}({noun}: string): Promise<number> {{\n  const {other} = await \
             {verb}({noun});\n  return {other}.length + {number};\n}}\n```"
        ),
        _ => format!("```sh\n./{verb} --{noun} {number} --{other} | tee {function}.log\n```"),
    }
}
