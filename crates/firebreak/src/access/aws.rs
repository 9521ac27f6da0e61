//! AWS: exports and CloudTrail in, proposals with their proof out.

use super::cloudtrail::{self, Recorded};
use firebreak_contain::change::Watch as Refused;
use firebreak_inventory::scanners::aws_authorization_details::granted::{granted, is_export, with_policies};
use firebreak_model::{Event, Fact, Text, Time};
use firebreak_permission::aws::Policy;
use firebreak_permission::aws::least::{Granted, Identity, Known, Proof, Proposal, Prover, Usage, Watch, propose};
use firebreak_world::World;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// One identity with what is known of its access.
#[derive(Debug)]
pub struct Subject {
    /// Who, and what was granted.
    pub identity: Identity,
    /// What was used.
    pub usage: Usage,
    /// What would be enough.
    pub proposal: Proposal,
    /// Known actions that it was granted.
    pub granted: u64,
    /// Of them those that it would keep.
    pub left: u64,
    /// What the evaluator says of its past calls.
    pub proof: Proof,
    /// What was refused to it, as [`Watch::name`](firebreak_contain::change::Watch::name) writes it.
    pub refused: BTreeSet<String>,
    /// Why nothing is proposed.
    pub skipped: Option<String>,
}

/// Everyone in the accounts of some inventories.
#[derive(Debug, Default)]
pub struct Aws {
    exports: Vec<(PathBuf, Value)>,
    /// Everyone, in the order of the exports.
    pub subjects: Vec<Subject>,
    by_arn: FxHashMap<Text, usize>,
    watch: Watch,
    taken: BTreeSet<Text>,
    known: Known,
    documents: Vec<Vec<Granted>>,
    kept: BTreeMap<Text, String>,
    /// From when to when records are counted.
    pub seen: Option<(Time, Time)>,
}

impl Aws {
    /// Reads the account exports below `directories`; what else is there is left alone.
    pub fn read(world: &World, directories: &[PathBuf], facts: &[Fact]) -> Aws {
        let mut aws = Aws { known: Known::of_ways(), ..Aws::default() };
        for directory in directories {
            let files = world.disk.walk(directory).map(|walk| walk.files).unwrap_or_default();
            for file in files.iter().filter(|file| file.path.extension().is_some_and(|extension| extension == "json")) {
                if file.size > firebreak_inventory::MAX_FILE_BYTES {
                    continue;
                }
                // What cannot be read was told when the estate was.
                let Ok(bytes) = world.disk.read(&file.path) else { continue };
                let Ok(document) = serde_json::from_slice::<Value>(&bytes) else { continue };
                if is_export(&document) {
                    aws.add(file.path.clone(), document);
                }
            }
        }
        for fact in facts {
            let Fact::Node(node) = fact else { continue };
            if node.key.system() == "aws" {
                aws.watch.exists(node.key.name());
            }
        }
        aws
    }

    fn add(&mut self, path: PathBuf, document: Value) {
        for identity in granted(&document) {
            identity.granted.iter().for_each(|granted| self.known.named_in(&granted.document));
            self.by_arn.insert(identity.arn.clone(), self.subjects.len());
            let (usage, proposal, proof) = (Usage::default(), Proposal::default(), Proof::default());
            let refused = BTreeSet::new();
            self.subjects.push(Subject {
                identity,
                usage,
                proposal,
                granted: 0,
                left: 0,
                proof,
                refused,
                skipped: None,
            });
        }
        self.exports.push((path, document));
    }

    /// Counts one event, before anything is proposed.
    pub fn count(&mut self, event: &Event) {
        let Some(recorded) = cloudtrail::read(event) else { return };
        let (from, to) = self.seen.unwrap_or((event.time, event.time));
        self.seen = Some((from.min(event.time), to.max(event.time)));
        self.known.called(recorded.service, recorded.name);
        self.taken.extend(recorded.taken.filter(|arn| !self.taken.contains(*arn)).map(Text::new));
        if recorded.refused {
            return self.note_refusal(&recorded);
        }
        for call in &recorded.calls {
            self.watch.note(recorded.account, call);
            for at in self.concerned(&recorded) {
                let Some(subject) = self.subjects.get_mut(at) else { continue };
                subject.usage.note(&subject.identity, call);
            }
        }
    }

    /// What is refused today is refused tomorrow, whatever is proposed.
    fn note_refusal(&mut self, recorded: &Recorded<'_>) {
        let caller = self.concerned(recorded).first().copied();
        let Some(subject) = caller.and_then(|at| self.subjects.get_mut(at)) else { return };
        let names = recorded.calls.iter().map(|call| Refused::name(&call.action, call.resource.as_deref()));
        subject.refused.extend(names);
    }

    /// Takes what was taken away from identities once and missed: it is not proposed again without it.
    pub fn miss(&mut self, missed: impl Fn(&Text) -> BTreeSet<Text>) {
        for subject in &mut self.subjects {
            missed(&subject.identity.arn).iter().for_each(|action| subject.usage.miss(action));
        }
    }

    /// Leaves those alone of whom somebody says why they keep what they have.
    pub fn keep(&mut self, kept: impl Fn(&Text) -> Option<String>) {
        let arns = self.subjects.iter().map(|subject| &subject.identity.arn);
        self.kept = arns.filter_map(|arn| Some((arn.clone(), kept(arn)?))).collect();
    }

    /// The policies of the groups of `identity`, as they are written.
    pub fn beside(&self, identity: &Identity) -> Vec<Value> {
        let groups =
            identity.groups.iter().filter_map(|arn| self.by_arn.get(arn)).filter_map(|at| self.subjects.get(*at));
        groups.flat_map(|group| group.identity.granted.iter().map(|granted| granted.document.clone())).collect()
    }

    /// The caller and the groups that it is in.
    fn concerned(&self, recorded: &Recorded<'_>) -> Vec<usize> {
        let Some(caller) = recorded.caller.and_then(|arn| self.by_arn.get(arn)).copied() else { return Vec::new() };
        // A call between accounts is recorded by both; the caller's own trail counts.
        let Some(subject) = self.subjects.get(caller).filter(|one| one.identity.account() == recorded.account) else {
            return Vec::new();
        };
        let groups = subject.identity.groups.iter().filter_map(|arn| self.by_arn.get(arn)).copied();
        std::iter::once(caller).chain(groups).collect()
    }

    /// Proposes for everyone, after all events are counted.
    pub fn propose(&mut self) {
        let mut all = Vec::new();
        for subject in &mut self.subjects {
            let identity = &subject.identity;
            subject.granted = self.known.granted(&identity.granted).len() as u64;
            subject.skipped = skipped(identity, &self.watch).or_else(|| self.kept.get(&identity.arn).cloned());
            if subject.skipped.is_none() {
                let taken = self.taken.contains(&identity.arn);
                subject.proposal = propose(identity, &subject.usage, &self.watch, taken);
            } else {
                subject.proposal.documents = identity.granted.iter().map(|granted| granted.document.clone()).collect();
            }
            let documents = subject.proposal.documents.iter().map(|one| Granted::new("proposal", None, one));
            let documents: Vec<Granted> = documents.collect();
            subject.left = self.known.granted(&documents).len() as u64;
            all.push(documents);
        }
        self.documents = all;
    }

    /// Takes `policies` of an earlier time, by ARN, in place of what is proposed now. Whoever they do not name keeps what was granted.
    /// Returns what is not known because of it.
    pub fn adopt(&mut self, policies: &BTreeMap<Text, Vec<Value>>) -> Vec<String> {
        for (subject, own) in self.subjects.iter_mut().zip(&mut self.documents) {
            let identity = &subject.identity;
            let adopted = policies.get(&identity.arn);
            subject.skipped = adopted.is_none().then(|| "the proposals do not name it".to_owned());
            let written = || identity.granted.iter().map(|granted| granted.document.clone()).collect();
            subject.proposal =
                Proposal { documents: adopted.cloned().unwrap_or_else(written), fits: true, ..Proposal::default() };
            let documents = subject.proposal.documents.iter();
            *own = documents.map(|document| Granted::new("proposal", None, document)).collect();
            subject.left = self.known.granted(own).len() as u64;
        }
        let gone = policies.keys().filter(|arn| !self.by_arn.contains_key(*arn));
        gone.map(|arn| format!("`{arn}` has a proposal and is in no export any more")).collect()
    }

    /// One more action that there is.
    pub fn know(&mut self, action: &str) {
        self.known.add(action);
    }

    /// Known actions that `subject` was granted and would not keep.
    pub fn removed(&self, subject: &Subject) -> Vec<&Text> {
        let left = self.known.proposed(&subject.identity, &subject.proposal.documents);
        self.known.granted(&subject.identity.granted).difference(&left).copied().collect()
    }

    /// How many actions are known by name.
    pub fn known(&self) -> u64 {
        self.known.len() as u64
    }

    /// Asks the evaluator of every event that `events` gives, in the same window as was counted.
    ///
    /// # Errors
    /// What `events` says.
    pub fn prove<E>(&mut self, events: impl FnOnce(&mut dyn FnMut(&Event)) -> Result<(), E>) -> Result<(), E> {
        let groups = |subject: &Subject, new: bool| -> Vec<Arc<Policy>> {
            let places = subject.identity.groups.iter().filter_map(|arn| self.by_arn.get(arn));
            let of = |at: &usize| match new {
                true => self.documents.get(*at).into_iter().flatten().map(|one| Arc::clone(&one.policy)).collect(),
                false => self.subjects.get(*at).map(own).unwrap_or_default(),
            };
            places.flat_map(|at| -> Vec<Arc<Policy>> { of(at) }).collect()
        };
        let provers = self.subjects.iter().zip(&self.documents);
        let mut provers: Vec<Prover<'_>> = provers
            .map(|(subject, documents)| {
                Prover::new(&subject.identity, documents, &groups(subject, false), &groups(subject, true))
            })
            .collect();
        events(&mut |event| {
            let Some(recorded) = cloudtrail::read(event).filter(|recorded| !recorded.refused) else { return };
            // Groups do nothing themselves: whoever is in them is asked with their policies.
            let Some(prover) = self.concerned(&recorded).first().and_then(|at| provers.get_mut(*at)) else { return };
            recorded.calls.iter().for_each(|call| prover.ask(call));
        })?;
        let proofs: Vec<Proof> = provers.into_iter().map(Prover::finish).collect();
        self.subjects.iter_mut().zip(proofs).for_each(|(subject, proof)| subject.proof = proof);
        Ok(())
    }

    /// The exports as they would be with the proposals of those that `wanted` names in place.
    pub fn supposed(&self, wanted: impl Fn(&Subject) -> bool) -> BTreeMap<PathBuf, Vec<u8>> {
        let chosen = self.subjects.iter().filter(|subject| subject.skipped.is_none() && wanted(subject));
        let proposed: BTreeMap<Text, Vec<Value>> =
            chosen.map(|subject| (subject.identity.arn.clone(), subject.proposal.documents.clone())).collect();
        let changed = |(path, document): &(PathBuf, Value)| {
            (path.clone(), with_policies(document, &proposed).to_string().into_bytes())
        };
        self.exports.iter().map(changed).collect()
    }
}

fn own(subject: &Subject) -> Vec<Arc<Policy>> {
    subject.identity.granted.iter().map(|granted| Arc::clone(&granted.policy)).collect()
}

/// Why nothing can be proposed for an identity.
fn skipped(identity: &Identity, watch: &Watch) -> Option<String> {
    if identity.is_service_linked() {
        return Some("AWS keeps its policies".to_owned());
    }
    if !watch.tells_of(identity.account()) {
        return Some(format!("no records of account {} were given", identity.account()));
    }
    let nothing = identity.granted.is_empty() && identity.absent.is_empty();
    nothing.then(|| "it has no policies of its own".to_owned())
}
