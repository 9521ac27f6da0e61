//! Texts that record after record names again: who acts, with which client, on what. Such a text is made once and shared by
//! the events that name it, so that an event costs no allocation for each of its keys.
//!
//! It is no register: a thread remembers the last few texts, and nothing but time and memory depends on which.

use firebreak_model::{NodeKey, NodeKind, Text, joined};
use rustc_hash::FxHasher;
use std::cell::RefCell;
use std::hash::Hasher;

/// Texts that a thread remembers at most.
const PLACES: usize = 1024;
/// Bytes of a remembered text: shorter ones are held without an allocation, and long ones would let an input say how much
/// memory this takes.
const BYTES_MIN: usize = 24;
const BYTES_MAX: usize = 256;

thread_local! {
    /// Each text at the place that its hash gives it; the newest displaces the one before it.
    static KNOWN: RefCell<Vec<Text>> = const { RefCell::new(Vec::new()) };
}

/// `parts` one after the other, as [`joined`] gives it.
pub(crate) fn text(parts: &[&str]) -> Text {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    if !(BYTES_MIN..=BYTES_MAX).contains(&length) {
        return joined(parts);
    }
    let place = place(parts);
    KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize(PLACES, Text::default());
        }
        let Some(known) = known.get_mut(place) else { return joined(parts) };
        if !is_made_of(known, parts) {
            *known = joined(parts);
        }
        known.clone()
    })
}

/// `kind:system/name`, where the name is the parts of `name` one after the other: as [`NodeKey::of`] gives it.
pub(crate) fn key(kind: NodeKind, system: &str, name: &[&str]) -> NodeKey {
    let mut parts = [kind.word(), ":", system, "/", "", "", "", "", "", "", "", "", "", "", "", ""];
    let end = 4 + name.len();
    let Some(rest) = parts.get_mut(4..end) else { return NodeKey::of(kind, system, name) };
    rest.copy_from_slice(name);
    let text = text(parts.get(..end).unwrap_or_default());
    NodeKey::of_text(kind, text).unwrap_or_else(|| NodeKey::of(kind, system, name))
}

/// `identity:<system>/<name>`.
pub(crate) fn identity(system: &str, name: &str) -> NodeKey {
    key(NodeKind::Identity, system, &[name])
}

/// `credential:<system>/<public id>`.
pub(crate) fn credential(system: &str, public_id: &str) -> NodeKey {
    key(NodeKind::Credential, system, &[public_id])
}

/// `resource:<system>/<name>`.
pub(crate) fn resource(system: &str, name: &str) -> NodeKey {
    key(NodeKind::Resource, system, &[name])
}

/// The same text, where there is some.
pub(crate) fn owned(written: Option<&str>) -> Option<Text> {
    written.map(|written| text(&[written]))
}

/// The place of a text: decided by its longer parts, because the short ones are nearly always the same.
fn place(parts: &[&str]) -> usize {
    const SHORT: usize = 4;
    let mut hasher = FxHasher::default();
    parts.iter().filter(|part| part.len() > SHORT).for_each(|part| hasher.write(part.as_bytes()));
    hasher.finish() as usize % PLACES
}

fn is_made_of(text: &str, parts: &[&str]) -> bool {
    let mut rest = text.as_bytes();
    let begins = parts.iter().all(|part| {
        let after = rest.strip_prefix(part.as_bytes());
        rest = after.unwrap_or_default();
        after.is_some()
    });
    begins && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_what_its_parts_say_whatever_was_remembered(
            texts in prop::collection::vec(prop::collection::vec("(arn:|ab|é|\u{0}|x{30}|y{200}){0,3}", 0..5), 1..60)
        ) {
            for parts in &texts {
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                prop_assert_eq!(text(&parts), parts.concat());
                prop_assert_eq!(key(NodeKind::Resource, "aws", &parts), NodeKey::of(NodeKind::Resource, "aws", &parts));
            }
        }
    }

    #[test]
    fn two_texts_at_one_place_do_not_become_one() {
        let name = |number: usize| format!("arn:aws:iam::111122223333:role/role-{number}");
        for number in (0..4 * PLACES).chain(0..4 * PLACES) {
            assert_eq!(identity("aws", &name(number)).name(), name(number));
        }
    }

    #[test]
    fn a_text_that_comes_again_is_shared_and_a_long_one_is_not_kept() {
        let twice = |words: &[&str]| (text(words), text(words));
        let (first, second) = twice(&["identity:aws/", &"a".repeat(100)]);
        assert_eq!(first.as_ptr(), second.as_ptr());
        let (first, second) = twice(&["identity:aws/", &"a".repeat(BYTES_MAX)]);
        assert_ne!(first.as_ptr(), second.as_ptr());
        assert_eq!(first, second);
    }
}
