//! A stolen Firebreak host: what its credentials let a thief do with the rights of the shipped manifests, responder by responder.
//!
//! Three voices say it. Where a scanner reads the platform's rights, a small estate in which Firebreak holds exactly those of
//! the manifest is led through that scanner onto the map, and the map is asked what follows. Where none does, or where its
//! answer is undecided, the platform's documentation says it, with its address. That a responder can take back what it did
//! is its own word. The worst of them counts; a right of which none speaks is unknown, which is never safe.

pub mod facts;
mod page;
mod specimen;
mod specimens;
#[cfg(test)]
mod tests;

use firebreak_act::spec::catalogue;
use firebreak_act::{Condition, Permission, Responder, Terms};
use firebreak_model::Reversibility;
pub use page::table;
use serde::Serialize;

/// What rights let their holder do beyond denial, from the least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Deny, and read whether that is done.
    DenialOnly,
    /// Give back access that somebody took away, and no more than was there.
    Undoes,
    /// Read data or secrets.
    ReadsData,
    /// Nobody says: it may be anything.
    Unknown,
    /// Get rights that the holder does not have, or give them to somebody.
    RaisesRights,
}

impl Verdict {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Verdict::DenialOnly => "denial only",
            Verdict::Undoes => "undoes",
            Verdict::ReadsData => "reads data",
            Verdict::RaisesRights => "raises rights",
            Verdict::Unknown => "unknown",
        }
    }
}

/// Who says it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Our own map, made by our own scanner from an estate in which Firebreak has these rights.
    Computed,
    /// What the platform's documentation says of a right.
    Documentation,
    /// What the responder says of itself: that it needs no right, or can be taken back with the rights that it has.
    Responder,
}

impl Basis {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Basis::Computed => "computed",
            Basis::Documentation => "by the platform's documentation",
            Basis::Responder => "by what the responder says of itself",
        }
    }
}

/// What some rights come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// What they let their holder do.
    pub verdict: Verdict,
    /// Who says it.
    pub by: Basis,
    /// Why, in words: what the holder does.
    pub reason: String,
    /// Where the platform's documentation says it; empty where something else does.
    pub source: &'static str,
}

/// One responder, judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judged {
    /// On which platform.
    pub platform: &'static str,
    /// `aws_access_key/deactivate`.
    pub action: String,
    /// What all of its rights come to.
    #[serde(flatten)]
    pub finding: Finding,
    /// What is left where those that serve undo alone are not given; none where there are no such rights.
    pub without_undo: Option<Finding>,
}

/// One right as it is given.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    /// The right.
    pub right: &'a Permission,
    /// What narrows it.
    pub conditions: Vec<&'a Condition>,
}

/// The rights of a manifest, with or without those that serve undo alone.
pub fn held<'a>(rights: &'a [Permission], terms: &'a Terms, undo: bool) -> Vec<Held<'a>> {
    let given = rights.iter().filter(|right| undo || !terms.for_undo.contains(&right.action));
    let narrowed = |right: &'a Permission| Held { right, conditions: terms.of(right.action).collect() };
    given.map(narrowed).collect()
}

/// Every responder, judged.
pub fn judge(responders: &[&'static dyn Responder]) -> Vec<Judged> {
    let one = |responder: &&'static dyn Responder| {
        let (spec, terms) = (responder.spec(), responder.terms());
        let platform = catalogue::platform(spec.name);
        let back = spec.reversibility != Reversibility::Irreversible;
        let all = held(spec.permissions, &terms, true);
        let without_undo =
            (!terms.for_undo.is_empty()).then(|| come_to(platform, &held(spec.permissions, &terms, false), false));
        Judged { platform, action: spec.action_name(), finding: come_to(platform, &all, back), without_undo }
    };
    responders.iter().map(one).collect()
}

/// What `rights` on `platform` come to; `takes_back` where whoever holds them can take back what they deny.
pub fn come_to(platform: &str, rights: &[Held<'_>], takes_back: bool) -> Finding {
    if rights.is_empty() && !takes_back {
        let reason = "needs no right".to_owned();
        return Finding { verdict: Verdict::DenialOnly, by: Basis::Responder, reason, source: "" };
    }
    let computed = specimens::of(platform, rights).map(|specimen| specimen.ask());
    let mut findings = Vec::new();
    let mut whole = false;
    match computed {
        Some(Ok(found)) => {
            whole = found.whole;
            let settled = |right: &Held<'_>| facts::of(platform, right).is_some();
            let told = rights.iter().all(settled);
            // What the map leaves open the documentation settles, where it speaks of every right.
            findings.extend(found.findings.into_iter().filter(|one| one.1 || !told).map(|(finding, _)| finding));
        }
        Some(Err(reason)) => findings.push(unknown(reason)),
        None => {}
    }
    for right in rights {
        match facts::of(platform, right) {
            Some(fact) => findings.push(fact.finding()),
            None if whole => {}
            None => findings.push(unknown(format!("nothing is known of the right `{}`", right.right.action))),
        }
    }
    if takes_back {
        let reason = "gives back what it took".to_owned();
        findings.push(Finding { verdict: Verdict::Undoes, by: Basis::Responder, reason, source: "" });
    }
    worst(findings, whole)
}

/// The worst of them. Of two that are equal, what was computed stands first.
fn worst(findings: Vec<Finding>, whole: bool) -> Finding {
    let by = if whole { Basis::Computed } else { Basis::Documentation };
    let none = Finding { verdict: Verdict::DenialOnly, by, reason: String::new(), source: "" };
    findings.into_iter().fold(none, |worst, next| {
        let earlier = next.verdict == worst.verdict && worst.reason.is_empty();
        if next.verdict > worst.verdict || (earlier && worst.by == next.by) { next } else { worst }
    })
}

fn unknown(reason: String) -> Finding {
    Finding { verdict: Verdict::Unknown, by: Basis::Documentation, reason, source: "" }
}
