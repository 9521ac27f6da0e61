//! Texts that were met lately, so that equal ones share memory. Most events are about who and what others were about a
//! moment ago: what waits, and the keys of all state, then cost no text of their own.
//!
//! A place holds the text that came there last. What is not found is only not shared.

use firebreak_model::{NodeKey, Text};
use rustc_hash::FxBuildHasher;
use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

/// How many texts are remembered.
const PLACES: usize = 1 << 12;
/// Shorter texts are copied whole.
const INLINE_MAX: usize = 23;

/// The texts, each in the place that its hash says.
#[derive(Debug)]
pub(crate) struct Lately<T> {
    places: Vec<Option<T>>,
}

impl<T> Default for Lately<T> {
    fn default() -> Lately<T> {
        Lately { places: Vec::new() }
    }
}

impl<T: Clone> Lately<T> {
    fn find<Q: Hash + Eq + ?Sized>(&mut self, what: &Q, new: impl FnOnce() -> T) -> T
    where
        T: Borrow<Q>,
    {
        if self.places.is_empty() {
            self.places.resize(PLACES, None);
        }
        let place = FxBuildHasher.hash_one(what) as usize % PLACES;
        match self.places.get_mut(place) {
            Some(Some(known)) if (*known).borrow() == what => known.clone(),
            Some(place) => place.insert(new()).clone(),
            None => new(),
        }
    }
}

impl Lately<NodeKey> {
    /// A key equal to `key`.
    pub(crate) fn shared(&mut self, key: &NodeKey) -> NodeKey {
        if key.as_str().len() <= INLINE_MAX { key.clone() } else { self.find(key, || key.clone()) }
    }
}

impl Lately<Text> {
    /// `text`.
    pub(crate) fn text(&mut self, text: &str) -> Text {
        if text.len() <= INLINE_MAX { Text::new(text) } else { self.find(text, || Text::new(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_memory_and_all_are_themselves() {
        let mut lately = Lately::default();
        for number in 0..3 * PLACES {
            let text = format!("a text that is too long to be kept inline, number {number}");
            let (one, two) = (lately.text(&text), lately.text(&text));
            assert_eq!((one.as_str(), one.as_str().as_ptr()), (text.as_str(), two.as_str().as_ptr()));
        }
        assert_eq!(lately.places.len(), PLACES, "it does not grow");
        assert_eq!(lately.text("short"), "short");
    }
}
