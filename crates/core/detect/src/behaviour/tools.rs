//! Outside its tools: an agent calls a tool that it was never given, or, where nobody has declared its tools, one that it
//! never called.
//!
//! Tools are declared in the estate statement, as the actions of a grant from the agent's identity. A call that the gateway
//! refused is raised as well where tools are declared: trying is what an agent does whose instructions were replaced.

use super::crowd::Crowd;
use super::first_seen_operation::judge;
use super::operation::Class;
use super::profile::Pair;
use super::seen::{Set, Standing};
use super::{Behaviour, Say, Scene, digest};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    crowd: &mut Crowd,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let deed = &scene.moment.deed;
    if deed.operation.class != Class::Tool {
        return;
    }
    let name = deed.operation.name.as_str();
    let tool = name.split_once(' ').map_or(name, |(_, tool)| tool);
    let Some(subject) = scene.identity().cloned() else { return };
    let what = digest(&[b"tool", tool.as_bytes()]);
    let (why, severity) = match scene.catalogue.tools(&subject) {
        Some(tools) if tools.iter().any(|granted| granted == tool || granted == name) => return,
        Some(tools) => {
            let Some(identity) = pair.identity() else { return };
            if identity.touch(Set::Operations, what, scene.now, scene.settings) == Standing::New {
                identity.insert(Set::Operations, what, scene.now, true);
            }
            let done = if deed.done { "called" } else { "tried" };
            (
                format!("`{subject}` {done} the tool `{tool}`, which is none of the {} that it was given", tools.len()),
                Severity::Medium,
            )
        }
        None if !deed.done => return,
        None => {
            let Some(why) = judge(pair, what, b"tool", Set::Operations, scene, crowd, counters) else { return };
            (format!("`{subject}` called the tool `{tool}` for the first time: {why}"), Severity::Low)
        }
    };
    if !pair.may_tell(Behaviour::Tools, scene.now, scene.settings) {
        counters.suppressed += 1;
        return;
    }
    let say =
        Say { behaviour: Behaviour::Tools, signal: Signal::Novelty, severity, subject, class: None, explanation: why };
    scene.raise(say, counters, out);
}
