//! The fleet of an installation: where it lies, what feeds it, and what the map asks of it.
//!
//! Every package that evidence shows is in the fleet; the map has those that an incident profile names or that someone asks
//! about. It makes no verdicts.

use crate::estate::Packages;
use anyhow::Result;
use firebreak_exposure::EvidenceBook;
use firebreak_fleet::{Builder, Fleet, Presence, Query, Statement, Sure, Thing, Wanted, statements};
use firebreak_fleet_store::{Compacted, Compaction, StoreError, View, Writer};
use firebreak_model::{
    EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeKey, NodeKind, Position, Problem, Text, Time,
};
use firebreak_package::Ecosystem;
use firebreak_world::World;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// A map of more packages than this is not made: what of it nobody named is left out, and that is said.
const INSTALLED_MAX: u64 = 2_000_000;

const DAY_SECONDS: i64 = 86_400;

/// Where the fleet of the installation in `data` lies.
pub fn directory(data: &Path) -> PathBuf {
    data.join("fleet")
}

/// Keeps the fleet of a running installation: takes what inventories say, and merges beside the work.
pub struct Keeper {
    world: World,
    writer: Writer,
    packages: Packages,
    keep_days: u32,
    merging: Option<JoinHandle<Result<Compacted, StoreError>>>,
}

impl Keeper {
    /// Opens the fleet in `data`. `packages` are those that the map keeps; what had ended `keep_days` ago is forgotten, nothing
    /// where that is 0.
    ///
    /// # Errors
    /// If the disk refuses or the fleet is damaged.
    pub fn open(world: &World, data: &Path, packages: Packages, keep_days: u32) -> Result<Keeper> {
        let writer = Writer::open(world, &directory(data))?;
        Ok(Keeper { world: world.clone(), writer, packages, keep_days, merging: None })
    }

    /// Which packages the map keeps.
    pub fn packages(&self) -> &Packages {
        &self.packages
    }

    /// Takes what was read at `known`. Reading the same files again adds a segment that the next merge dissolves.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn learn(&mut self, evidence: &[EnvironmentEvidence], known: Time) -> Result<()> {
        self.writer.add(evidence.iter().flat_map(|one| said(one, known)), known)?;
        self.tend()
    }

    /// Swaps in what was merged, and lets another thread merge what is due.
    ///
    /// # Errors
    /// If a merge failed.
    pub fn tend(&mut self) -> Result<()> {
        if self.merging.as_ref().is_some_and(JoinHandle::is_finished) {
            self.close()?;
        }
        if self.merging.is_none()
            && let Some(compaction) = self.forgetting().or_else(|| self.writer.due())
        {
            let world = self.world.clone();
            self.merging = Some(std::thread::spawn(move || compaction.run(&world)));
        }
        Ok(())
    }

    /// What is to be forgotten now. Since all of it is read for that, it waits until a tenth of what is kept has gone.
    fn forgetting(&mut self) -> Option<Compaction> {
        let days = i64::from(self.keep_days);
        let since = |days: i64| self.world.clock.now().plus_seconds(-days * DAY_SECONDS);
        let late = days > 0 && self.writer.since().is_none_or(|kept| kept < since(days + (days / 10).max(1)));
        let since = since(days);
        late.then(|| self.writer.forgetting(since)).flatten()
    }

    /// Waits for a merge that is under way.
    ///
    /// # Errors
    /// If it failed.
    pub fn close(&mut self) -> Result<()> {
        match self.merging.take().map(JoinHandle::join) {
            Some(Ok(done)) => Ok(self.writer.swap(done?)?),
            Some(Err(_)) => Err(anyhow::anyhow!("the merge of the fleet stopped\nhint: start again: nothing is lost")),
            None => Ok(()),
        }
    }
}

/// What inventories say of one environment, with the gaps that verdicts see in it too: a job of which no log was read is not
/// whole.
fn said(evidence: &EnvironmentEvidence, known: Time) -> Vec<Statement> {
    let mut book = EvidenceBook::new();
    book.add_evidence(evidence);
    book.evidence(&evidence.environment).map(|whole| statements(&whole, known)).unwrap_or_default()
}

/// Edges for the packages that `packages` wants, from the fleet in `data` as known at `at`.
///
/// # Errors
/// If the fleet is damaged.
pub fn installed(world: &World, data: &Path, packages: &Packages, at: Time) -> Result<(Vec<Fact>, Vec<Problem>)> {
    let view = View::open(world, &directory(data))?;
    let whole = view.fleet()?;
    let fleet = whole.as_known_at(at)?;
    let mut problems = Vec::new();
    let mut facts = Vec::new();
    let problem = |reason: String, hint: &str| Problem {
        source: Text::new_static("fleet"),
        position: Position { input: directory(data).display().to_string(), ..Position::default() },
        reason,
        hint: hint.to_owned(),
    };
    if whole.learnt().iter().any(|learnt| learnt.from <= at && at < learnt.to) {
        let reason =
            format!("what was known of packages at {at} lies in one with what was learnt later, and is left out");
        problems.push(problem(reason, "ask without --as-known-at for all that is known of them"));
    }
    if packages.all && fleet.rows() <= INSTALLED_MAX {
        for environment in fleet.environments() {
            facts.extend(fleet.had_by(environment, Time::MIN, Time::MAX)?.iter().filter_map(edge));
        }
        return Ok((facts, problems));
    }
    if packages.all {
        let reason = format!("it holds {} intervals, too many for one map, which is without them", fleet.rows());
        let hint = "ask for a package with `firebreak fleet who` or `firebreak reach --from package:…`";
        problems.push(problem(reason, hint));
    }
    for (ecosystem, name) in packages.named() {
        let what = Wanted::Package { ecosystem: Some(ecosystem.clone()), name: name.clone(), versions: None };
        let answer = fleet.who(&Query { what, from: Time::MIN, to: Time::MAX })?;
        facts.extend(answer.had.iter().filter_map(edge));
    }
    Ok((facts, problems))
}

/// What the map says of a package in an environment. A tag is no version: what it stood for is an edge of its own.
fn edge(had: &Presence<'_>) -> Option<Fact> {
    let Some(Thing::Package { ecosystem, name, version }) = had.what() else { return None };
    let is_fixed = match Ecosystem::of(&ecosystem) {
        Ecosystem::GitHubActions => version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit()),
        Ecosystem::Docker => version.contains(':'),
        _ => true,
    };
    if !is_fixed {
        return None;
    }
    let to = NodeKey::parse(had.environment).filter(|key| key.kind() == NodeKind::Environment)?;
    let from = NodeKey::package(&ecosystem, &name, &version);
    let valid = Interval::new(had.from, had.to.unwrap_or(Time::MAX));
    let known = if had.seen == Time::MIN { Time(0) } else { had.seen };
    let mut edge = EdgeFact::new(EdgeKind::InstalledIn, from, to, valid, known, &had.evidence());
    edge.may = (had.sure == Sure::Locked).then(|| Text::new_static("the lock was followed")).into_iter().collect();
    Some(Fact::Edge(edge))
}

/// The fleet in `data` with what `more` says beside it, as bytes to be asked about `what`. The state of an installation
/// remembers each thing that inventories ever named, and not when a listing lacked it: what the fleet tells of the same place
/// counts alone.
///
/// # Errors
/// If the fleet is damaged, or the evidence has no room in its format.
pub fn views(
    world: &World,
    data: Option<&Path>,
    more: &[EnvironmentEvidence],
    known: Time,
    what: &Wanted,
) -> Result<Vec<View>> {
    let mut views = Vec::new();
    let mut told: BTreeSet<(String, Thing, String)> = BTreeSet::new();
    if let Some(data) = data {
        let view = View::open(world, &directory(data))?;
        let answer = view.fleet()?.who(&Query { what: what.clone(), from: Time::MIN, to: Time::MAX })?;
        let place = |had: &Presence<'_>| Some((had.environment.to_owned(), had.what()?, had.evidence()));
        told.extend(answer.had.iter().filter_map(place));
        views.push(view);
    }
    let is_told = |statement: &Statement| match statement {
        Statement::Had(had) if !told.is_empty() => {
            told.contains(&(had.environment.to_string(), had.thing.clone(), had.evidence.to_string()))
        }
        _ => false,
    };
    let mut builder = Builder::new();
    for statement in more.iter().flat_map(|one| statements(one, known)).filter(|statement| !is_told(statement)) {
        builder.add(&statement);
    }
    if !builder.is_empty() {
        let mut bytes = Vec::new();
        builder.finish(Interval { from: known, to: known }, &mut bytes)?;
        views.push(View::of_bytes(bytes));
    }
    Ok(views)
}

/// All of `views` as one fleet.
///
/// # Errors
/// If one is damaged.
pub fn fleet(views: &[View]) -> Result<Fleet<'_>> {
    let mut segments = Vec::new();
    for view in views {
        segments.extend(view.segments()?);
    }
    Ok(Fleet::new(segments)?.kept_since(views.iter().filter_map(View::since).max()))
}
