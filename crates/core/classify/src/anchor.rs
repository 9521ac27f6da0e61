//! Anchors: the few bytes that every secret of a form holds, found by one vectorised pass over the input. Only at an
//! anchor is anything looked at more closely.

use crate::provider::{Row, TABLE};
use crate::{SecretKind, aws, generic, token};
use aho_corasick::AhoCorasick;
use aho_corasick::packed::{Config, MatchKind, Searcher};
use std::ops::Range;
use std::sync::LazyLock;

/// A secret at some place, before overlaps are settled.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// What it is.
    pub(crate) kind: SecretKind,
    /// Where it is.
    pub(crate) range: Range<usize>,
    /// Whether a checksum or a structure confirms it.
    pub(crate) validated: bool,
    /// Its public name, where the text tells one: an AWS key id, `<issuer host>/<jti>`.
    pub(crate) public: Option<String>,
}

/// Reads what begins at (or around) an anchor.
type Reader = fn(input: &[u8], at: usize) -> Option<Candidate>;

/// Anchors of secrets that the table of providers does not have, and those that stand for several of its rows.
const ANCHORS: &[(&str, Reader)] = &[
    ("sk-", token::language_model),
    ("pypi-AgEI", token::pypi),
    ("eyJ", generic::jwt),
    ("-----BEGIN ", generic::private_key),
    ("://", generic::url_password),
    ("earer ", generic::bearer),
    ("AKIA", aws::near_key_id),
    ("ASIA", aws::near_key_id),
    ("ecret_access_key", aws::after_label),
    ("ECRET_ACCESS_KEY", aws::after_label),
    ("ecretAccessKey", aws::after_label),
    ("FwoGZXIvYXdz", aws::session_token),
    ("IQoJb3JpZ2lu", aws::session_token),
];

/// How redaction reads the tokens of a row: more freely than the scanner, since what is hidden in vain costs little.
fn reader(row: &Row) -> Option<Reader> {
    Some(match row.provider {
        _ if row.labelled => return None,
        "github" if row.anchor == "github_pat_" => token::github_fine_grained,
        "github" => token::github_classic,
        // Cookies and tokens of browsers are no part of logs that platforms write.
        "slack" if row.anchor.starts_with('x') && !["xoxc-", "xoxd-", "xoxe."].contains(&row.anchor) => token::slack,
        "npm" => token::npm,
        "google" if row.anchor == "AIza" => token::google,
        _ => return None,
    })
}

/// Every anchor with its reader, those of the table of providers among them, each once.
static READERS: LazyLock<Vec<(&str, Reader)>> = LazyLock::new(|| {
    // The order decides which anchors the vectorised search puts together, and with that its speed: rare beginnings first.
    let mut readers: Vec<(&str, Reader)> = Vec::new();
    for issuer in ["github", "slack", "npm", "google"] {
        for row in TABLE.iter().filter(|row| row.provider == issuer) {
            let known = readers.iter().any(|(anchor, _)| *anchor == row.anchor);
            readers.extend(reader(row).filter(|_| !known).map(|reader| (row.anchor, reader)));
        }
    }
    readers.extend_from_slice(ANCHORS);
    readers
});

/// The packed searcher where the machine has vector instructions, an automaton where it has not.
enum Prefilter {
    Packed(Searcher),
    Automaton(AhoCorasick),
    /// Neither could be built: every position is looked at.
    None,
}

static PREFILTER: LazyLock<Prefilter> = LazyLock::new(|| {
    let texts = || READERS.iter().map(|(text, _)| text);
    let packed = Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(texts()).build();
    match (packed, AhoCorasick::new(texts())) {
        (Some(packed), _) => Prefilter::Packed(packed),
        (None, Ok(automaton)) => Prefilter::Automaton(automaton),
        (None, Err(_)) => Prefilter::None,
    }
});

/// Every candidate in `input`, in the order of their anchors.
pub(crate) fn candidates(input: &[u8]) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut read = |pattern: usize, at: usize| {
        if let Some(candidate) = READERS.get(pattern).and_then(|(_, reader)| reader(input, at)) {
            found.push(candidate);
        }
    };
    match &*PREFILTER {
        Prefilter::Packed(searcher) => {
            searcher.find_iter(input).for_each(|hit| read(hit.pattern().as_usize(), hit.start()));
        }
        Prefilter::Automaton(automaton) => {
            automaton.find_iter(input).for_each(|hit| read(hit.pattern().as_usize(), hit.start()));
        }
        Prefilter::None => (0..input.len()).for_each(|at| {
            let rest = input.get(at..).unwrap_or_default();
            let hit = READERS.iter().position(|(text, _)| rest.starts_with(text.as_bytes()));
            hit.into_iter().for_each(|pattern| read(pattern, at));
        }),
    }
    found
}
