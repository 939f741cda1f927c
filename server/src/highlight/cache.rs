//! What was told of code before, the least recently used forgotten first.

use std::collections::{BTreeMap, HashMap};

use protocol::highlight::{Code, Run, Runs};
use sha2::{Digest, Sha256};

/// What an entry takes beside its runs, about.
const OVERHEAD: usize = 200;

/// Names a block; the code itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(block: &Code) -> Self {
        let mut hash = Sha256::new();
        // The length tells where the one ends and the other begins.
        hash.update(block.language.len().to_le_bytes());
        hash.update(&block.language);
        hash.update(&block.code);
        Self(hash.finalize().into())
    }
}

pub(super) struct Cache {
    largest: usize,
    size: usize,
    now: u64,
    entries: HashMap<Key, Entry>,
    by_use: BTreeMap<u64, Key>,
}

struct Entry {
    runs: Option<Runs>,
    used: u64,
}

impl Entry {
    fn size(&self) -> usize {
        OVERHEAD + self.runs.as_ref().map_or(0, |runs| runs.capacity() * size_of::<Run>())
    }
}

impl Cache {
    /// One that holds so many bytes, about.
    pub(super) fn new(largest: usize) -> Self {
        Self {
            largest,
            size: 0,
            now: 0,
            entries: HashMap::new(),
            by_use: BTreeMap::new(),
        }
    }

    /// What is known of this block: that there is nothing to tell, too.
    pub(super) fn get(&mut self, key: &Key) -> Option<Option<Runs>> {
        let entry = self.entries.get_mut(key)?;
        self.now += 1;
        self.by_use.remove(&entry.used);
        self.by_use.insert(self.now, *key);
        entry.used = self.now;
        Some(entry.runs.clone())
    }

    pub(super) fn put(&mut self, key: Key, runs: Option<Runs>) {
        self.remove(&key);
        self.now += 1;
        let entry = Entry { runs, used: self.now };
        self.size += entry.size();
        self.by_use.insert(self.now, key);
        self.entries.insert(key, entry);
        while self.size > self.largest
            && let Some((_, oldest)) = self.by_use.first_key_value()
        {
            let oldest = *oldest;
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.used);
            self.size -= entry.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::highlight::Class;

    fn key(number: usize) -> Key {
        Key::new(&Code {
            language: "rust".into(),
            code: number.to_string(),
        })
    }

    #[test]
    fn it_never_holds_more_than_it_may_and_forgets_what_was_not_used() {
        let largest = 10_000;
        let mut cache = Cache::new(largest);
        cache.put(key(0), None);
        for number in 1..200 {
            cache.put(key(number), Some(vec![Run(1, Class::Plain); number]));
            assert!(cache.size <= largest, "{} after {number}", cache.size);
            assert_eq!(cache.entries.len(), cache.by_use.len());
            assert_eq!(cache.size, cache.entries.values().map(Entry::size).sum::<usize>());
            assert_eq!(cache.get(&key(0)), Some(None), "used again and again");
        }
        assert_eq!(cache.get(&key(1)), None);
        assert!(cache.get(&key(199)).is_some());
        cache.put(key(7), Some(vec![Run(1, Class::Plain); 10_000]));
        assert_eq!(
            (cache.get(&key(7)), cache.size),
            (None, 0),
            "what is larger than all of it"
        );
    }

    #[test]
    fn language_and_code_are_not_mixed_up() {
        let block = |language: &str, code: &str| {
            Key::new(&Code {
                language: language.into(),
                code: code.into(),
            })
        };
        assert_ne!(block("c", "pp"), block("cp", "p"));
        assert_eq!(block("c", "pp"), block("c", "pp"));
    }
}
