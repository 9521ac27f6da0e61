//! Lines about actions: what the runner fetched, and what it ran.
//!
//! It is not the workflow file: only what the log of a run shows.

use firebreak_model::{ObservationKind, Text};

pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>) {
    for before in ["Download action repository '", "Download immutable action package '"] {
        if let Some((_, rest)) = text.split_once(before)
            && let Some((named, after)) = rest.split_once('\'')
        {
            let sha = after.split_once("(SHA:").and_then(|(_, sha)| sha.split_once(')')).map(|(sha, _)| sha.trim());
            push(named, sha, seen);
        }
    }
    // The header of a step names an action that runs, those inside another action too.
    if let Some(named) = text.strip_prefix("##[group]Run ").or_else(|| text.strip_prefix("Run "))
        && !named.contains(' ')
    {
        push(named, None, seen);
    }
}

fn push(named: &str, sha: Option<&str>, seen: &mut Vec<ObservationKind>) {
    let Some((repository, reference)) = named.split_once('@') else { return };
    if !repository.contains('/') || repository.starts_with(['.', '/']) || reference.is_empty() {
        return;
    }
    seen.push(ObservationKind::Commit {
        repository: Text::new(repository),
        reference: Text::new(reference),
        sha: sha.map(Text::new),
    });
}
