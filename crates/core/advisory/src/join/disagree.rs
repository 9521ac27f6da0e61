//! What the records of one advisory disagree about: a version that one names and another, speaking of the same package,
//! does not.
//!
//! Nothing is settled here. Whoever is asked about the version is told what each record says.

use super::same::named;
use crate::affects::{Answer, affects};
use crate::record::{Affected, Record, Trust};
use firebreak_package::{Ecosystem, version};
use std::collections::BTreeSet;

/// The most sentences about one advisory.
const CONFLICTS_MAX: usize = 32;

/// A record and what it says of one package.
type Voice<'r> = (&'r Record, &'r Affected);

/// The sentences, in order.
pub(super) fn conflicts(records: &[Record], members: &[usize]) -> Vec<String> {
    let speaking = members.iter().filter_map(|place| records.get(*place)).filter(|record| record.speaks());
    let speaking: Vec<&Record> = speaking.collect();
    let voices: Vec<Voice<'_>> = speaking
        .iter()
        .flat_map(|record| record.affected.iter().map(move |affected| (*record, affected)))
        .filter(|(_, affected)| affected.trust != Trust::Prose && affected.ecosystem != "GIT")
        .collect();
    let mut sentences = BTreeSet::new();
    for record in &speaking {
        sentences.extend(record.conflicts.iter().map(|conflict| format!("`{}`: {conflict}", record.id)));
    }
    for voice in &voices {
        if sentences.len() >= CONFLICTS_MAX {
            break;
        }
        about(voice, &voices, &mut sentences);
    }
    sentences.into_iter().take(CONFLICTS_MAX).collect()
}

/// The versions that `voice` names and that another record does not hold, though it speaks of the same package.
fn about((record, affected): &Voice<'_>, voices: &[Voice<'_>], sentences: &mut BTreeSet<String>) {
    // What one record says in several entries (one for each branch) is one opinion.
    let others: BTreeSet<(&str, _)> = voices
        .iter()
        .filter(|(other, theirs)| (&other.id, other.form) != (&record.id, record.form) && is_same(affected, theirs))
        .map(|(other, _)| (other.id.as_str(), other.form))
        .collect();
    for (id, form) in others {
        let theirs: Vec<&Affected> = voices
            .iter()
            .filter(|(other, theirs)| (other.id.as_str(), other.form) == (id, form) && is_same(affected, theirs))
            .map(|(_, theirs)| *theirs)
            .collect();
        for version in named(affected) {
            if affects(affected, &version) != Answer::Affected {
                continue;
            }
            let answer = theirs.iter().map(|theirs| answer(theirs, affected, &version)).max();
            if answer == Some(Answer::Unaffected) {
                let name = name(affected);
                sentences.insert(format!("{name} {version} is affected by `{}` and not by `{id}`", record.id));
            }
        }
    }
}

/// A product has no order of its own: the ecosystem of the package that it is decides which versions are one.
fn answer(theirs: &Affected, mine: &Affected, version: &str) -> Answer {
    let (their_family, my_family) = (theirs.family(), mine.family());
    let listed = theirs.versions.iter().any(|listed| version::same(&my_family, listed, version));
    match (their_family == my_family, listed) {
        (false, true) => Answer::Affected,
        _ => affects(theirs, version),
    }
}

fn name(affected: &Affected) -> String {
    match affected.ecosystem.as_str() {
        "CVE" => format!("`{}`", affected.name),
        _ => format!("{} `{}`", affected.family().word(), affected.name),
    }
}

/// Whether both speak of one package, release included; a vendor's product is the package whose name ends in it.
fn is_same(a: &Affected, b: &Affected) -> bool {
    match (a.ecosystem.as_str(), b.ecosystem.as_str()) {
        ("CVE", "CVE") => a.name == b.name,
        ("CVE", _) => is_product(&b.name, &a.name, &b.family()),
        (_, "CVE") => is_product(&a.name, &b.name, &a.family()),
        _ => a.ecosystem == b.ecosystem && a.name == b.name,
    }
}

fn is_product(package: &str, product: &str, family: &Ecosystem) -> bool {
    let package = package.to_lowercase();
    if package == product || package.strip_suffix(product).is_some_and(|before| before.ends_with('/')) {
        return true;
    }
    // A registry with plain names: the product is the name, whoever its vendor is.
    let plain = matches!(family, Ecosystem::PyPI | Ecosystem::Npm) || matches!(family, Ecosystem::Other(_));
    plain && product.rsplit('/').next() == Some(package.as_str())
}
