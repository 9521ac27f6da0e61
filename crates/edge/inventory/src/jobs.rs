//! Jobs that ran, as a CI lists them: an environment each, its way to the jobs of its project, and what the project's
//! configuration asks for there.
//!
//! It reads no list and no configuration: those differ by CI, and so does how a job that ran is found in its file.

use crate::asked::Asked;
use crate::report::shown;
use crate::scanner::{Found, ScanInput};
use firebreak_model::{EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeFact, NodeKey, Text};
use std::collections::BTreeMap;

/// One job that ran.
pub(crate) struct Ran {
    /// Its environment.
    pub(crate) environment: NodeKey,
    /// Its name.
    pub(crate) name: String,
    /// When it ran.
    pub(crate) when: Interval,
    /// What is missing of it.
    pub(crate) gaps: Vec<String>,
    /// Its number.
    pub(crate) id: u64,
}

/// States the jobs: an environment each, and its way to `hub`, that of the project's jobs.
pub(crate) fn tell(ran: Vec<Ran>, project: &str, hub: &NodeKey, input: &ScanInput<'_>, found: &mut Found) {
    for job in ran {
        let evidence = format!("{} job {}", input.path.display(), job.id);
        let mut node = NodeFact::new(job.environment.clone(), job.when, input.known, &evidence);
        node.label = Text::new(format!("{project} {} ({})", job.name, job.id));
        found.facts.push(Fact::Node(node));
        let (hub, from) = (hub.clone(), job.environment.clone());
        found.facts.push(Fact::Edge(EdgeFact::new(EdgeKind::RunsAs, from, hub, job.when, input.known, &evidence)));
        let (environment, runs) = (job.environment, vec![job.when]);
        found.evidence.push(EnvironmentEvidence { environment, runs, observations: Vec::new(), gaps: job.gaps });
    }
}

/// What a configuration asks for.
pub(crate) struct Configured<'a> {
    /// What every job gets.
    pub(crate) shared: &'a Asked,
    /// What each job of a file asks for, by its name.
    pub(crate) asked: &'a BTreeMap<&'a str, Asked>,
    /// The node of the job of this name.
    pub(crate) key: &'a dyn Fn(&str) -> NodeKey,
}

/// What is asked for, as evidence of each job that ran. `in_file` gives the name that a job has in its file.
pub(crate) fn join(
    ran: Vec<Ran>,
    configured: &Configured<'_>,
    in_file: impl Fn(&str) -> Option<String>,
    input: &ScanInput<'_>,
    found: &mut Found,
) {
    for ran in ran {
        let own = in_file(&ran.name).and_then(|name| configured.asked.get_key_value(name.as_str()));
        let all = || {
            // A job that no file names may have asked for anything that some file asks for.
            let mut all = configured.shared.clone();
            configured.asked.values().for_each(|own| all.extend(own));
            all.gap(format!("the job `{}` stands in no file that is read", shown(&ran.name)));
            all
        };
        if let Some((name, _)) = own {
            let (from, to) = (ran.environment.clone(), (configured.key)(name));
            let evidence = format!("{} job {}", input.path.display(), shown(name));
            found.facts.push(Fact::Edge(EdgeFact::new(EdgeKind::RunsAs, from, to, ran.when, input.known, &evidence)));
        }
        let asked = own.map_or_else(all, |(_, own)| own.clone());
        let (environment, observations, gaps) = (ran.environment, asked.seen, asked.gaps.into_iter().collect());
        found.evidence.push(EnvironmentEvidence { environment, runs: Vec::new(), observations, gaps });
    }
}
