//! The sweep behind a login or client that is shut: whoever it has let in or made meanwhile is shut too, by what the server
//! itself says of them, and not one by one as the log comes to tell of them. An intruder who makes logins as fast as a log is
//! read would always be ahead.
//!
//! Whom a sweep leaves alone stands in the step, since a plan leaves no choices and an intruder who lets an honest login in
//! must not have it cut: on PostgreSQL, which keeps no times, the names that the graph knew before anything was compromised;
//! on Keycloak, which does, the time itself.

use super::order::SWEEP_PARAMETER;
use super::{Phase, Step, StepKey};
use crate::scope::Scope;
use firebreak_graph::Graph;
use firebreak_model::{Action, NodeKey, NodeKind, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// The parameter that names, as a list of JSON, the logins of the server that were there before anything was compromised:
/// none of them is swept.
pub const KNOWN_PARAMETER: &str = "known";

/// The parameter that says, in RFC 3339, since when anything was compromised: what was made before is not swept.
pub const MADE_SINCE_PARAMETER: &str = "made_since";

/// The action whose platform tells who let whom in.
const LOGIN: &str = "postgres_role/disable";

/// The actions whose platform tells who made whom, and when.
const MAKERS: [&str; 2] = ["keycloak_client/disable", "keycloak_user/disable"];

/// Beyond so many names no sweep is planned: the step would not be one that a person can read.
const KNOWN_MAX: usize = 2_000;

/// Whether `action` is the sweep of what its target let in or made.
pub(super) fn is_sweep(action: &Action) -> bool {
    [KNOWN_PARAMETER, MADE_SINCE_PARAMETER].iter().any(|name| action.parameters.contains_key(*name))
}

/// The sweeps behind `steps`, each with the step that it follows; what is not swept is added to `gaps`.
pub(super) fn sweeps(graph: &Graph, steps: &[Step], scope: &Scope, gaps: &mut Vec<String>) -> Vec<(Step, StepKey)> {
    let since = scope.sources.iter().map(|source| source.since).min().unwrap_or(Time::MIN);
    let mut known_by_host: BTreeMap<String, Option<Text>> = BTreeMap::new();
    let mut sweeps = Vec::new();
    for step in steps {
        let spared = match step.action.name.as_str() {
            LOGIN => {
                let Some((host, _)) = step.action.target.name().split_once('/') else { continue };
                let known =
                    known_by_host.entry(host.to_owned()).or_insert_with(|| named_before(graph, host, since, gaps));
                known.clone().map(|known| (KNOWN_PARAMETER, known))
            }
            name if MAKERS.contains(&name) => timed(scope, step, gaps).map(|since| (MADE_SINCE_PARAMETER, since)),
            _ => None,
        };
        if let Some(spared) = spared {
            sweeps.push((sweep_of(step, spared), step.key.clone()));
        }
    }
    sweeps
}

fn sweep_of(first: &Step, (parameter, spared): (&'static str, Text)) -> Step {
    let mut action = first.action.clone();
    action.parameters.insert(Text::new_static(SWEEP_PARAMETER), Text::new_static("0"));
    action.parameters.insert(Text::new_static(parameter), spared);
    let undo_note = match first.action.name.as_str() {
        LOGIN => "undo lets in nobody whom the login let in: who is known to be honest is opened by hand",
        _ => {
            "undo gives back what was open when the step began, the intruder's too: only once each is known to be honest"
        }
    };
    Step {
        key: StepKey::of(&action),
        action,
        cost: 0,
        phase: Phase::Sweep,
        undo_note: undo_note.to_owned(),
        ..first.clone()
    }
}

/// Since when anything was compromised, as the step says it; none where nobody knows of any source.
fn timed(scope: &Scope, step: &Step, gaps: &mut Vec<String>) -> Option<Text> {
    let since = scope.sources.iter().map(|source| source.since).filter(|since| *since != Time::MIN).min();
    if since.is_none() {
        let target = &step.action.target;
        gaps.push(format!(
            "since when anything was compromised is not known: what `{target}` made is cut as its log tells"
        ));
    }
    since.map(|since| Text::from(since.to_string()))
}

/// As [`known_before`]; where they are too many, that is a gap.
fn named_before(graph: &Graph, host: &str, since: Time, gaps: &mut Vec<String>) -> Option<Text> {
    let known = known_before(graph, host, since);
    if known.is_none() {
        gaps.push(format!(
            "`{host}` has more than {KNOWN_MAX} logins: whom a shut login let in is cut as its log tells"
        ));
    }
    known
}

/// The logins of `host` that were there at `since`, as a list of JSON in the order of their names; none where they are too
/// many.
fn known_before(graph: &Graph, host: &str, since: Time) -> Option<Text> {
    let name_on_host = |key: &NodeKey| {
        let (of_host, name) = key.name().split_once('/')?;
        (key.kind() == NodeKind::Identity && key.system() == "postgres" && of_host == host).then(|| name.to_owned())
    };
    let before = graph.node_ids().filter_map(|id| graph.node(id)).filter(|node| node.valid.from <= since);
    let names: BTreeSet<String> = before.filter_map(|node| name_on_host(&node.key)).collect();
    (names.len() <= KNOWN_MAX).then(|| Text::from(serde_json::json!(names).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::make::tests::{at, exposed, node, option};
    use crate::plan::order::{order_after, tests::step};
    use firebreak_model::{Fact, Interval, NodeFact, Reversibility};

    fn login(name: &str) -> NodeKey {
        NodeKey::identity("postgres", &format!("db/{name}"))
    }

    fn planned(facts: &[Fact]) -> (Vec<Step>, Vec<String>) {
        let (graph, mut gaps) = (Graph::build(facts).0, Vec::new());
        let disable = step(LOGIN, login("warehouse"), 1);
        let key = step("aws_access_key/deactivate", NodeKey::credential("aws", "AKIA1"), 60);
        let steps = vec![key, disable];
        let sweeps = sweeps(&graph, &steps, &exposed(), &mut gaps);
        (order_after(steps, sweeps, &BTreeMap::new()), gaps)
    }

    #[test]
    fn whom_a_shut_login_let_in_is_swept_after_it_and_whom_the_map_knew_before_is_not() {
        let cut = vec![option(LOGIN, &login("warehouse"), 30, Reversibility::ReversibleReissuesAccess)];
        let mut facts = vec![node(&login("warehouse"), cut), node(&login("payroll"), vec![])];
        facts.push(node(&NodeKey::identity("postgres", "other/analytics"), vec![]));
        // Made after the package ran: the map knows it, and it is not known to be honest.
        let late = NodeFact::new(login("svc_1"), Interval::since(at(2)), at(2), "seen when it was made");
        facts.push(Fact::Node(late));
        let (steps, gaps) = planned(&facts);
        assert_eq!(gaps, Vec::<String>::new());
        let [disable, _, sweep] = steps.as_slice() else { panic!("{steps:?}") };
        assert_eq!((sweep.phase, sweep.after.as_slice(), sweep.cost), (Phase::Sweep, &[disable.number][..], 0));
        assert_eq!(sweep.action.target, login("warehouse"));
        let known = sweep.action.parameters.get(KNOWN_PARAMETER).map(Text::as_str);
        assert_eq!(known, Some(r#"["payroll","warehouse"]"#));
        assert_ne!(sweep.key, disable.key);
    }

    #[test]
    fn a_server_with_too_many_logins_is_not_swept_and_the_plan_says_so() {
        let many: Vec<Fact> = (0..=KNOWN_MAX).map(|number| node(&login(&format!("r{number}")), vec![])).collect();
        let (steps, gaps) = planned(&many);
        assert_eq!(steps.len(), 2);
        assert!(gaps.iter().any(|gap| gap.contains("`db` has more than 2000 logins")), "{gaps:?}");
    }

    #[test]
    fn what_a_disabled_client_made_since_anything_was_compromised_is_swept_after_it() {
        let client = NodeKey::identity("app", "keycloak/staff/provisioner");
        let cut = vec![option(MAKERS[0], &client, 60, Reversibility::ReversibleReissuesAccess)];
        let (graph, mut gaps) = (Graph::build(&[node(&client, cut)]).0, Vec::new());
        let disable = step(MAKERS[0], client.clone(), 300);
        let sweeps =
            |scope: &Scope, gaps: &mut Vec<String>| sweeps(&graph, std::slice::from_ref(&disable), scope, gaps);
        let [(sweep, first)] = &sweeps(&exposed(), &mut gaps)[..] else { panic!("one sweep") };
        assert_eq!((first, sweep.phase, &sweep.action.target), (&disable.key, Phase::Sweep, &client));
        let since = exposed().sources.iter().map(|source| source.since).min().expect("a source");
        let told = sweep.action.parameters.get(MADE_SINCE_PARAMETER).and_then(|since| Time::parse(since));
        assert_eq!((told, gaps.len()), (Some(since), 0));

        let mut never = exposed();
        never.sources.iter_mut().for_each(|source| source.since = Time::MIN);
        assert!(sweeps(&never, &mut gaps).is_empty(), "all that it ever made would be cut");
        assert!(gaps[0].contains("is cut as its log tells"), "{gaps:?}");
    }
}
