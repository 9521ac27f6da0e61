//! Proposals for everyone in the account exports of an installation, made of what its lake shows of the window, with their proof and what
//! they take off the map.

use super::{Aws, Overlay, Pairs, Subject};
use crate::estate::{Estate, Packages};
use crate::live::changing::Kept;
use crate::lookback::{Late, Lookback};
use firebreak_assure::Doings;
use firebreak_assure::review::Answers;
use firebreak_assure::services::{Outbound, Table, Used};
use firebreak_model::{Fact, NodeKey, Text, Time};
use firebreak_world::World;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What was made.
pub struct Made {
    /// From when records count.
    pub since: Time,
    /// To when, which is what the answer is of.
    pub at: Time,
    /// Everyone.
    pub aws: Aws,
    /// The estate as its inventories have it.
    pub facts: Vec<Fact>,
    /// What was seen in the window.
    pub doings: Doings,
    /// Who reaches what now.
    pub before: Pairs,
    /// Who would with every proposal in place.
    pub after: Pairs,
    /// Which AI services logs of names and connections show, by vendor.
    pub services: BTreeMap<Text, Used>,
    /// What is not known of them.
    pub services_gaps: Vec<String>,
    /// What is not known.
    pub gaps: Vec<String>,
}

/// Why there are no proposals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unmade {
    /// Reading the window takes longer than it may.
    Late,
    /// The map with them in place has ways that it had not.
    Widens,
}

impl From<Late> for Unmade {
    fn from(_: Late) -> Unmade {
        Unmade::Late
    }
}

impl Made {
    /// Proposals from the inventories below `directories` and what `look` shows; AI services as `table` knows them.
    ///
    /// # Errors
    /// Where there are none.
    pub fn of(
        world: &World,
        directories: &[PathBuf],
        (kept, table): (&Kept, &Table),
        look: &Lookback,
    ) -> Result<Made, Unmade> {
        let (since, at) = (look.since, look.until);
        let estate = Estate::read(world, directories, at, &Packages::default());
        let graph = estate.graph().0;
        let mut aws = Aws::read(world, directories, &estate.facts);
        let (mut doings, mut gaps) = (Doings::within(since, at), Vec::new());
        let mut outbound = Outbound::within(table, since, at);
        look.each(None, &mut gaps, &mut |event| {
            aws.count(event);
            doings.add(&graph, event);
            outbound.add(&graph, event);
        })?;
        let (services_gaps, services) = (outbound.gaps(), outbound.used());
        propose(&mut aws, kept, at);
        // What could not be read was told the first time.
        aws.prove(|ask| look.each(Some("aws_cloudtrail"), &mut Vec::new(), ask))?;
        if aws.subjects.is_empty() {
            gaps.push("no export of an AWS account is in the inventory, so what AWS granted is not known".to_owned());
        }
        let before = Pairs::of(&graph, &estate.facts, at);
        let after = if aws.subjects.is_empty() { before.clone() } else { supposed(world, directories, &aws, at) };
        if after.new_since(&before) > 0 {
            return Err(Unmade::Widens);
        }
        Ok(Made { since, at, aws, facts: estate.facts, doings, before, after, services, services_gaps, gaps })
    }

    /// The identity that `text` names by its key or ARN.
    pub fn subject(&self, text: &str) -> Option<&Subject> {
        let arn = text.strip_prefix("identity:aws/").unwrap_or(text);
        self.aws.subjects.iter().find(|subject| &*subject.identity.arn == arn)
    }
}

/// Proposes for everyone, with what people kept and what was missed before left in place.
pub fn propose(aws: &mut Aws, kept: &Kept, at: Time) {
    aws.miss(|arn| kept.changes.missed(&NodeKey::identity("aws", arn)));
    aws.keep(|arn| keeps(&kept.answers, &NodeKey::identity("aws", arn), at));
    aws.propose();
}

/// Why `key` keeps what it has at `at`, where somebody says so.
fn keeps(answers: &Answers, key: &NodeKey, at: Time) -> Option<String> {
    let answer = answers.keeps(key, at)?;
    Some(format!("{} keeps it until {}: {}", answer.by.name(), answer.ends(), answer.because))
}

/// Who reaches what if every proposal stood in the inventories below `directories`.
pub fn supposed(world: &World, directories: &[PathBuf], aws: &Aws, at: Time) -> Pairs {
    let disk = Arc::new(Overlay::new(Arc::clone(&world.disk), aws.supposed(|_| true)));
    let world = World { disk, ..world.clone() };
    let estate = Estate::read(&world, directories, at, &Packages::default());
    Pairs::of(&estate.graph().0, &estate.facts, at)
}
