//! Redaction: each secret in a text gives way to its fingerprint, and nothing else changes.

use crate::SecretKind;
use crate::anchor::{Candidate, candidates};
use crate::run::{self, slice};
use firebreak_model::fingerprint::github_hashed_token;
use firebreak_model::{Fingerprinter, NodeKey};
use sha2::Digest;
use std::borrow::Cow;
use std::ops::Range;

/// What stands before a fingerprint that took a secret's place.
pub(crate) const MARK: &[u8] = b"firebreak:";

/// Secrets at least this long are removed wherever else they stand, with or without the context that gave them away.
const REPEATED: usize = 12;

/// One secret that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundSecret {
    /// Its public face: the platform's public id where the text tells it, else a keyed fingerprint.
    pub key: NodeKey,
    /// What it is.
    pub kind: SecretKind,
    /// Where it stood in the input, in bytes.
    pub range: Range<usize>,
    /// Whether a checksum or the form of the token confirms it. Redaction does not wait for that.
    pub validated: bool,
}

/// A text without its secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redacted<'a> {
    /// The text; borrowed and unchanged where it held no secret.
    pub bytes: Cow<'a, [u8]>,
    /// The secrets it held, by where they stood.
    pub found: Vec<FoundSecret>,
}

/// Replaces each secret in `input` by `firebreak:` and 32 hexadecimal digits of its fingerprint. A JSON document stays
/// one: no replacement adds or removes a quote or splits an escape. Doing it twice changes nothing more.
pub fn redact<'a>(input: &'a [u8], fingerprinter: &Fingerprinter) -> Redacted<'a> {
    let candidates = settle(candidates(input));
    let found = candidates.iter().map(|candidate| name(input, candidate, fingerprinter)).collect();
    Redacted { bytes: without(input, &candidates, |secret| fingerprinter.fingerprint(secret)), found }
}

/// Replaces each secret in `input` by `firebreak:hidden`: for texts whose secrets need not be recognised again, where
/// there is no key for fingerprints. Otherwise the same as [`redact`].
pub fn hide(input: &[u8]) -> Cow<'_, [u8]> {
    without(input, &settle(candidates(input)), |_| "hidden".to_owned())
}

/// `input` with each candidate, wherever it stands, replaced by what `mark` makes of it.
fn without<'a>(input: &'a [u8], candidates: &[Candidate], mark: impl Fn(&[u8]) -> String) -> Cow<'a, [u8]> {
    if candidates.is_empty() {
        return Cow::Borrowed(input);
    }
    let mut cuts: Vec<(Range<usize>, String)> = Vec::new();
    for candidate in candidates {
        let text = slice(input, candidate.range.clone());
        let mark = mark(&run::logical(text));
        if text.len() >= REPEATED {
            let elsewhere = memchr::memmem::find_iter(input, text);
            cuts.extend(elsewhere.map(|at| (run::escape_start(input, at)..at + text.len(), mark.clone())));
        } else {
            let start = run::escape_start(input, candidate.range.start);
            cuts.push((start..candidate.range.end, mark));
        }
    }
    cuts.sort_by(|(a, _), (b, _)| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    Cow::Owned(replace(input, &cuts))
}

/// Drops what another candidate at the same place says better, and orders the rest.
fn settle(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    // Longer first, then the one that its own form confirms, then the one whose public id is known.
    candidates.sort_by_key(|candidate| {
        let Range { start, end } = candidate.range;
        (start, usize::MAX - end, candidate.kind.is_generic(), candidate.public.is_none(), !candidate.validated)
    });
    candidates.dedup_by(|next, kept| next.range == kept.range);
    candidates
}

fn name(input: &[u8], candidate: &Candidate, fingerprinter: &Fingerprinter) -> FoundSecret {
    let secret = run::logical(slice(input, candidate.range.clone()));
    let key = match (candidate.kind, &candidate.public) {
        (SecretKind::GithubToken, _) => NodeKey::credential("github", &github_hashed_token(&secret)),
        (SecretKind::AwsSecretKey, Some(id)) => NodeKey::credential("aws", id),
        (SecretKind::SlackToken, _) => NodeKey::credential("slack", &fingerprinter.fingerprint(&secret)),
        (SecretKind::LitellmKey, _) => NodeKey::credential("litellm", &sha256_hex(&secret)),
        (SecretKind::Jwt, Some(public)) => NodeKey::credential("oauth", public),
        _ => fingerprinter.credential(&secret),
    };
    FoundSecret { key, kind: candidate.kind, range: candidate.range.clone(), validated: candidate.validated }
}

/// The hash by which a LiteLLM gateway names its virtual keys.
fn sha256_hex(secret: &[u8]) -> String {
    hex::encode(sha2::Sha256::digest(secret))
}

/// `input` with each of `cuts` (ordered by start) replaced; what overlaps is replaced as one.
fn replace(input: &[u8], cuts: &[(Range<usize>, String)]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut at = 0;
    for (range, mark) in cuts {
        if range.start >= at {
            output.extend_from_slice(slice(input, at..range.start));
            output.extend_from_slice(MARK);
            output.extend_from_slice(mark.as_bytes());
        }
        at = at.max(range.end);
    }
    output.extend_from_slice(slice(input, at..input.len()));
    output
}
