//! Words as often as people use them: the second half as often as the first, the third a third as often, and so on; and the
//! many that come once and never again.

use rand::Rng;

/// Things that are talked about, the most common first.
pub(super) const NOUNS: [&str; 112] = [
    "test",
    "data",
    "error",
    "user",
    "query",
    "server",
    "table",
    "page",
    "request",
    "function",
    "message",
    "index",
    "file",
    "module",
    "migration",
    "schema",
    "token",
    "session",
    "report",
    "release",
    "cache",
    "queue",
    "worker",
    "deadline",
    "budget",
    "invoice",
    "customer",
    "payment",
    "order",
    "plan",
    "review",
    "backup",
    "deployment",
    "pipeline",
    "container",
    "cluster",
    "metric",
    "alert",
    "log",
    "trace",
    "timeout",
    "retry",
    "lock",
    "thread",
    "buffer",
    "stream",
    "parser",
    "column",
    "row",
    "key",
    "password",
    "certificate",
    "gateway",
    "proxy",
    "endpoint",
    "client",
    "browser",
    "button",
    "form",
    "dialog",
    "layout",
    "theme",
    "icon",
    "chart",
    "figure",
    "paragraph",
    "glossary",
    "tutorial",
    "interview",
    "meeting",
    "agenda",
    "contract",
    "supplier",
    "shipment",
    "warehouse",
    "inventory",
    "ledger",
    "audit",
    "policy",
    "incident",
    "outage",
    "rollback",
    "checksum",
    "archive",
    "snapshot",
    "replica",
    "partition",
    "histogram",
    "percentile",
    "tokenizer",
    "embedding",
    "prompt",
    "benchmark",
    "dataset",
    "label",
    "classifier",
    "gradient",
    "checkpoint",
    "quota",
    "throttle",
    "semaphore",
    "allocator",
    "bitmap",
    "bloom",
    "cursor",
    "lexer",
    "mutex",
    "opcode",
    "shard",
    "sidecar",
    "telemetry",
    "watermark",
];

/// How things are.
pub(super) const ADJECTIVES: [&str; 44] = [
    "new",
    "slow",
    "old",
    "large",
    "small",
    "broken",
    "missing",
    "current",
    "first",
    "last",
    "empty",
    "duplicate",
    "stale",
    "public",
    "private",
    "internal",
    "nightly",
    "weekly",
    "monthly",
    "remote",
    "local",
    "common",
    "rare",
    "partial",
    "complete",
    "concurrent",
    "sequential",
    "readable",
    "fragile",
    "robust",
    "obsolete",
    "temporary",
    "idempotent",
    "immutable",
    "orphaned",
    "recursive",
    "nullable",
    "redundant",
    "transient",
    "encrypted",
    "bilingual",
    "seasonal",
    "provisional",
    "overdue",
];

/// What is done to things.
pub(super) const VERBS: [&str; 48] = [
    "fix",
    "check",
    "write",
    "add",
    "move",
    "read",
    "test",
    "change",
    "remove",
    "explain",
    "review",
    "measure",
    "split",
    "merge",
    "rename",
    "document",
    "deploy",
    "restore",
    "export",
    "import",
    "validate",
    "simplify",
    "compare",
    "summarise",
    "translate",
    "schedule",
    "monitor",
    "replace",
    "extract",
    "encrypt",
    "archive",
    "reproduce",
    "profile",
    "refactor",
    "migrate",
    "throttle",
    "parallelise",
    "deduplicate",
    "reconcile",
    "annotate",
    "benchmark",
    "calibrate",
    "prune",
    "quarantine",
    "renumber",
    "sanitise",
    "transpose",
    "untangle",
];

const SYLLABLES: [&str; 32] = [
    "ba", "bel", "cor", "da", "del", "dor", "el", "fen", "gal", "har", "il", "jun", "ka", "lor", "mar", "mi", "nor",
    "or", "pel", "quin", "ra", "sen", "sol", "ta", "tor", "ul", "va", "ver", "wen", "yor", "zan", "zel",
];

/// One of `words`, the earlier ones more often.
pub(super) fn pick<'a>(random: &mut impl Rng, words: &[&'a str]) -> &'a str {
    words[rank(random, words.len())]
}

/// A place among `count`, the n-th one n times as rare as the first.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of words; the result is bounded below"
)]
pub(super) fn rank(random: &mut impl Rng, count: usize) -> usize {
    let place = (count as f64 + 1.0).powf(random.random::<f64>()) - 1.0;
    (place as usize).min(count.saturating_sub(1))
}

/// Something with a name of its own: one of tens of thousands, the earlier ones more often.
pub(super) fn name(random: &mut impl Rng) -> String {
    match random.random_range(0..6) {
        0 => {
            let mut number = rank(random, 20_000) + 31;
            let mut name = String::new();
            while number > 0 {
                name.push_str(SYLLABLES[number % SYLLABLES.len()]);
                number /= SYLLABLES.len();
            }
            capital(&name)
        }
        1 => format!("PAR-{}", rank(random, 9_000) + 100),
        2 => format!("{:07x}", random.random_range(0..0x0FFF_FFFF_u32)),
        3 => format!("src/{}/{}.rs", pick(random, &NOUNS), pick(random, &NOUNS)),
        4 => identifier(random),
        _ => format!("{}{}", capital(pick(random, &NOUNS)), capital(pick(random, &NOUNS))),
    }
}

/// A name as a function has it.
pub(super) fn identifier(random: &mut impl Rng) -> String {
    format!(
        "{}_{}_{}",
        pick(random, &VERBS),
        pick(random, &ADJECTIVES),
        pick(random, &NOUNS)
    )
}

pub(super) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
