//! Maps and lists that know what of them is not written down yet, so that what is remembered is written entry by entry.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// One entry of what the respond stage remembers, to be written down in place of what stood there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Of what kind it is. With `key`, its name.
    pub kind: &'static str,
    /// Which one of its kind.
    pub key: String,
    /// What is remembered, as JSON; `None` where it is not remembered any longer.
    pub body: Option<String>,
}

/// A map that notes which of its entries have changed.
#[derive(Clone, Debug)]
pub(super) struct Tracked<K, V> {
    entries: BTreeMap<K, V>,
    changed: BTreeSet<K>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Tracked<K, V> {
        Tracked { entries: BTreeMap::new(), changed: BTreeSet::new() }
    }
}

/// Reading goes to the map; writing goes through the methods here.
impl<K, V> Deref for Tracked<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.entries
    }
}

/// Two maps with the same entries are the same, whatever of them is written down.
impl<K: PartialEq, V: PartialEq> PartialEq for Tracked<K, V> {
    fn eq(&self, other: &Tracked<K, V>) -> bool {
        self.entries == other.entries
    }
}

impl<K: Ord + Clone, V> Tracked<K, V> {
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.changed.insert(key.clone());
        self.entries.insert(key, value);
    }

    /// The value of `key`, to be changed.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.entries.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(value)
    }

    /// The value of `key`, to be changed; a new one where there is none.
    pub(super) fn of(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        self.changed.insert(key.clone());
        self.entries.entry(key.clone()).or_default()
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.entries.remove(key)?;
        self.changed.insert(key.clone());
        Some(value)
    }
}

impl<K, V> Tracked<K, V>
where
    K: Ord + Clone + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    /// Adds what has changed since the last time to `entries`.
    pub(super) fn write(&mut self, kind: &'static str, entries: &mut Vec<Entry>) -> serde_json::Result<()> {
        for key in std::mem::take(&mut self.changed) {
            let body = self.entries.get(&key).map(serde_json::to_string).transpose()?;
            entries.push(Entry { kind, key: text(&key)?, body });
        }
        Ok(())
    }

    /// Takes an entry as it was written.
    pub(super) fn read(&mut self, key: &str, body: &str) -> serde_json::Result<()> {
        let key = serde_json::from_value(serde_json::Value::from(key))?;
        self.entries.insert(key, serde_json::from_str(body)?);
        Ok(())
    }
}

/// A key as text. All our keys are texts in JSON too.
fn text<K: Serialize>(key: &K) -> serde_json::Result<String> {
    serde_json::to_string(key).and_then(|quoted| serde_json::from_str(&quoted))
}

impl<K: Serialize, V: Serialize> Serialize for Tracked<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

/// A map that was written as a whole has no entry that is written down by itself.
impl<'de, K, V> Deserialize<'de> for Tracked<K, V>
where
    K: Deserialize<'de> + Ord + Clone,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tracked<K, V>, D::Error> {
        let entries: BTreeMap<K, V> = BTreeMap::deserialize(deserializer)?;
        let changed = entries.keys().cloned().collect();
        Ok(Tracked { entries, changed })
    }
}

/// A list that only grows.
#[derive(Clone, Debug)]
pub(super) struct Grown<T> {
    all: Vec<T>,
    /// How many of them are written down.
    written: usize,
}

impl<T> Default for Grown<T> {
    fn default() -> Grown<T> {
        Grown { all: Vec::new(), written: 0 }
    }
}

impl<T> Deref for Grown<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.all
    }
}

impl<T: PartialEq> PartialEq for Grown<T> {
    fn eq(&self, other: &Grown<T>) -> bool {
        self.all == other.all
    }
}

impl<T: Serialize + DeserializeOwned> Grown<T> {
    pub(super) fn push(&mut self, one: T) {
        self.all.push(one);
    }

    /// Adds what has come since the last time to `entries`, each under its number with leading zeros.
    pub(super) fn write(&mut self, kind: &'static str, entries: &mut Vec<Entry>) -> serde_json::Result<()> {
        for (number, one) in self.all.iter().enumerate().skip(self.written) {
            entries.push(Entry { kind, key: format!("{number:010}"), body: Some(serde_json::to_string(one)?) });
        }
        self.written = self.all.len();
        Ok(())
    }

    /// Takes an entry as it was written; they come in the order of their keys.
    pub(super) fn read(&mut self, body: &str) -> serde_json::Result<()> {
        self.all.push(serde_json::from_str(body)?);
        self.written = self.all.len();
        Ok(())
    }
}

impl<T: Serialize> Serialize for Grown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Grown<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Grown<T>, D::Error> {
        Ok(Grown { all: Vec::deserialize(deserializer)?, written: 0 })
    }
}
