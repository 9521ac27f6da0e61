//! AI key, new client: the key of a model provider or gateway is used from a new network by a new kind of client at once.
//! Either alone is an ordinary novelty; together, on a key that programs use and people do not, they are worth a look.

use super::profile::Pair;
use super::{Behaviour, Novelty, Say, Scene};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

/// Systems whose credentials buy model calls.
const SYSTEMS: &[&str] =
    &["anthropic", "bedrock", "cohere", "gemini", "groq", "huggingface", "litellm", "mistral", "openai", "vertex"];

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    from: Novelty,
    by: Novelty,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    if !from.is_strange() || !by.is_strange() {
        return;
    }
    let deed = &scene.moment.deed;
    let (Some(subject), Some(network), Some(agent)) = (scene.moment.parties.holder(), scene.network, &deed.agent)
    else {
        return;
    };
    if !SYSTEMS.contains(&subject.system()) || !pair.may_tell(Behaviour::AiKey, scene.now, scene.settings) {
        return;
    }
    let known = pair.each().map(|profile| profile.days(scene.now)).fold(0.0, f64::max);
    let say = Say {
        behaviour: Behaviour::AiKey,
        signal: Signal::Novelty,
        severity: Severity::Medium,
        explanation: format!(
            "`{subject}` was used by `{}` from {network}: client and network are both new to a key known for {known:.1} days",
            agent.name
        ),
        subject: subject.clone(),
        class: None,
    };
    scene.raise(say, counters, out);
}
