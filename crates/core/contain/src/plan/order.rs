//! The order of steps: what the intruder cannot undo comes first, what admits anyone again comes last.
//!
//! It orders and numbers; it neither chooses steps nor runs them.

use super::{Step, StepKey};
use firebreak_model::{Action, Reversibility, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a step stands where it stands. The order of the variants is the order of the steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A deny from above the intruder (an organisation, an account's public access, an app, a directory): with the
    /// stolen authority nobody can lift it, so the intruder cannot answer the later steps.
    Outer,
    /// Sessions issued before now are refused: the sessions outlive the key that made them, so they go first.
    TokenTime,
    /// Long-lived keys and tokens are disabled: no new sessions.
    Key,
    /// Everything else.
    Rest,
    /// Token-time denies once more, for what was minted while the others took hold.
    Sweep,
    /// New credentials are issued, once nothing stolen works any longer: what is issued earlier can be read again.
    Reissue,
}

/// The parameter that marks the second token-time deny; its value is the number of seconds to wait after the first.
pub const SWEEP_PARAMETER: &str = "sweep_after_seconds";

/// The parameter that tells a later token-time deny of the same role from an earlier one: when that one was sent. Sessions
/// that were issued since are not covered by it.
pub const SESSIONS_SINCE_PARAMETER: &str = "sessions_since";

/// The phase of `action`, by its verb and, for a webhook, by what it requests.
pub fn phase(action: &Action) -> Phase {
    if action.parameters.contains_key(SWEEP_PARAMETER) {
        return Phase::Sweep;
    }
    let verb = match action.responder() {
        "webhook" => action.parameters.get("request").map_or(action.verb(), Text::as_str),
        _ => action.verb(),
    };
    match (action.responder(), verb.split('_').next().unwrap_or_default()) {
        (_, "rotate" | "reissue" | "issue" | "recreate" | "enable" | "restore") => Phase::Reissue,
        ("aws_public_access", "block") | (_, "suspend" | "quarantine" | "close" | "isolate") => Phase::Outer,
        // A deny without a time covers what is minted later too: whoever is under it cannot lift it.
        ("aws_user" | "aws_bucket_policy", "deny") => Phase::Outer,
        (name, _) if name.starts_with("organisation_") || name.starts_with("app_") => Phase::Outer,
        (_, "deny") => Phase::TokenTime,
        (_, "deactivate" | "disable" | "revoke" | "delete" | "block" | "detach" | "stop" | "cancel") => Phase::Key,
        _ => Phase::Rest,
    }
}

/// As [`order_after`], with nothing done yet.
pub fn order(steps: Vec<Step>) -> Vec<Step> {
    order_after(steps, Vec::new(), &BTreeMap::new())
}

/// Puts `steps` in order, adds a sweep for each token-time deny unless it is `done`, and numbers them from 1.
///
/// Inside a phase the fastest comes first, then the cheapest, then by action, so that the same steps always stand in the
/// same order. `sweeps` are further ones, each with the step that it follows.
pub fn order_after(
    mut steps: Vec<Step>,
    mut sweeps: Vec<(Step, StepKey)>,
    done: &BTreeMap<StepKey, Action>,
) -> Vec<Step> {
    let denies = steps.iter().filter(|step| step.phase == Phase::TokenTime);
    sweeps.extend(denies.map(|step| (sweep_of(step), step.key.clone())));
    let first_of: BTreeMap<StepKey, StepKey> =
        sweeps.iter().map(|(sweep, first)| (sweep.key.clone(), first.clone())).collect();
    steps.extend(sweeps.into_iter().map(|(sweep, _)| sweep).filter(|sweep| !done.contains_key(&sweep.key)));
    steps.sort_by(|a, b| {
        let rank = |step: &Step| (step.phase, step.delay_seconds, step.cost);
        rank(a).cmp(&rank(b)).then_with(|| a.action.cmp(&b.action))
    });
    for (step, number) in steps.iter_mut().zip(1..) {
        step.number = number;
    }
    let numbers: BTreeMap<StepKey, u32> = steps.iter().map(|step| (step.key.clone(), step.number)).collect();
    let last_revoke = steps.iter().filter(|step| step.phase < Phase::Reissue).map(|step| step.number).max();
    for step in &mut steps {
        let first = first_of.get(&step.key).and_then(|first| numbers.get(first));
        step.after = match step.phase {
            Phase::Reissue => (1..=last_revoke.unwrap_or_default()).collect(),
            _ => first.into_iter().copied().collect(),
        };
    }
    steps
}

/// The second deny: sessions minted between the first and the moment at which it held everywhere.
fn sweep_of(first: &Step) -> Step {
    let mut action = first.action.clone();
    action.parameters.insert(Text::new(SWEEP_PARAMETER), Text::new(first.delay_seconds.to_string()));
    Step { key: StepKey::of(&action), action, cost: 0, phase: Phase::Sweep, ..first.clone() }
}

/// How `action` is undone, in words, or that it cannot be.
pub fn undo_note(action: &Action, reversibility: Reversibility) -> String {
    match reversibility {
        Reversibility::Reversible => format!("undo puts `{}` back as it was", action.target),
        Reversibility::ReversibleReissuesAccess => format!(
            "undo puts `{}` back as it was, and lets in whoever holds the old credential: only after rotation or expiry",
            action.target
        ),
        Reversibility::RecreateOnly => {
            format!("no undo: `{}` can be made anew, and everyone who used it needs the new one", action.target)
        }
        Reversibility::Irreversible => format!("cannot be undone: `{}` is gone for good", action.target),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use firebreak_model::NodeKey;

    pub(crate) fn step(name: &str, target: NodeKey, delay_seconds: u32) -> Step {
        let action = Action { name: Text::new(name), target, parameters: BTreeMap::new() };
        Step {
            number: 0,
            key: StepKey::of(&action),
            cost: 20,
            delay_seconds,
            reversibility: Reversibility::Reversible,
            phase: phase(&action),
            after: Vec::new(),
            undo_note: undo_note(&action, Reversibility::Reversible),
            needs_person: false,
            action,
        }
    }

    fn names(steps: &[Step]) -> Vec<(u32, String, Phase, Vec<u32>)> {
        steps.iter().map(|s| (s.number, s.action.name.to_string(), s.phase, s.after.clone())).collect()
    }

    #[test]
    fn outer_denies_then_sessions_then_keys_then_a_sweep_then_new_keys() {
        let role = NodeKey::identity("aws", "arn:aws:iam::1:role/eval");
        let steps = order(vec![
            step("aws_access_key/rotate", NodeKey::credential("aws", "AKIA2"), 1),
            step("aws_access_key/deactivate", NodeKey::credential("aws", "AKIA1"), 60),
            step("postgres_role/disable", NodeKey::identity("postgres", "db/app"), 1),
            step("aws_role_sessions/deny", role, 120),
            step("aws_public_access/block", NodeKey::resource("aws", "arn:aws:s3:::b"), 60),
        ]);
        assert_eq!(
            names(&steps),
            vec![
                (1, "aws_public_access/block".into(), Phase::Outer, vec![]),
                (2, "aws_role_sessions/deny".into(), Phase::TokenTime, vec![]),
                (3, "postgres_role/disable".into(), Phase::Key, vec![]),
                (4, "aws_access_key/deactivate".into(), Phase::Key, vec![]),
                (5, "aws_role_sessions/deny".into(), Phase::Sweep, vec![2]),
                (6, "aws_access_key/rotate".into(), Phase::Reissue, vec![1, 2, 3, 4, 5]),
            ]
        );
        assert_eq!(steps[4].cost, 0, "the sweep costs nothing more");
        assert_ne!(steps[4].key, steps[1].key, "the sweep is a step of its own");
    }

    #[test]
    fn a_deny_without_a_time_goes_first_and_needs_no_sweep() {
        let role = NodeKey::identity("aws", "arn:aws:iam::1:role/eval");
        let steps = order(vec![
            step("aws_secret/rotate", NodeKey::resource("aws", "arn:aws:secretsmanager:eu-west-1:1:secret:db"), 900),
            step("aws_role_sessions/deny", role.clone(), 120),
            step("aws_role_trust/close", role, 120),
            step("aws_user/deny", NodeKey::identity("aws", "arn:aws:iam::1:user/ci"), 120),
            step("aws_bucket_policy/deny", NodeKey::resource("aws", "arn:aws:s3:::b"), 120),
        ]);
        let denies = steps.iter().filter(|step| step.action.name.ends_with("/deny")).count();
        assert_eq!(denies, 4, "one sweep, of the role's sessions alone");
        let phases: Vec<Phase> = steps.iter().map(|step| step.phase).collect();
        assert_eq!(phases[..3], [Phase::Outer; 3], "a role is closed before its sessions are refused");
        assert_eq!(phases[3..], [Phase::TokenTime, Phase::Sweep, Phase::Reissue]);
    }

    #[test]
    fn the_order_does_not_depend_on_the_order_of_choice() {
        let keys = ["AKIA1", "AKIA2", "AKIA3"].map(|id| NodeKey::credential("aws", id));
        let forward = keys.iter().map(|key| step("aws_access_key/deactivate", key.clone(), 60)).collect();
        let backward = keys.iter().rev().map(|key| step("aws_access_key/deactivate", key.clone(), 60)).collect();
        assert_eq!(order(forward), order(backward));
    }

    #[test]
    fn a_webhook_stands_where_its_request_belongs() {
        let mut action = Action {
            name: Text::new("webhook/request"),
            target: NodeKey::identity("person", "a@b.c"),
            parameters: BTreeMap::from([(Text::new("request"), Text::new("suspend_google_user"))]),
        };
        assert_eq!(phase(&action), Phase::Outer);
        action.parameters.insert(Text::new("request"), Text::new("revoke_github_token"));
        assert_eq!(phase(&action), Phase::Key);
    }
}
