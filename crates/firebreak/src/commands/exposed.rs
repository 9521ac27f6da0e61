//! `firebreak exposed`: which environments ran a bad release, and which cannot be told.

mod archives;
pub(crate) mod gather;
mod records;

use super::{End, show_problems};
use crate::cli::{ExposedArgs, ReportFormat};
use crate::config::Config;
use crate::content;
use crate::output::{Output, count, counted, print, short};
use anyhow::{Result, bail};
use firebreak_exposure::{Answer, Counts, Place, Profile, Report};
use firebreak_model::{Judgement, NodeKey, Verdict};
use firebreak_world::World;
use gather::{Gathered, Wanted, gather};
use records::Records;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The gravest judgement on each environment: exposed before suspect before unknown before clear.
pub(crate) fn gravest(judgements: &[Judgement]) -> BTreeMap<&str, &Judgement> {
    let mut worst: BTreeMap<&str, &Judgement> = BTreeMap::new();
    for judgement in judgements {
        let entry = worst.entry(judgement.environment.as_str()).or_insert(judgement);
        if judgement.verdict > entry.verdict {
            *entry = judgement;
        }
    }
    worst
}

#[derive(Serialize)]
struct Summary {
    verdicts: Counts,
    profiles: Vec<String>,
    recipes: Recipes,
    problems: usize,
}

/// Workflows, actions, pipelines, Dockerfiles and Compose files.
#[derive(Serialize)]
struct Recipes {
    read: usize,
    /// Those without a verdict: nothing that they ask for is in doubt, and what they start is not known.
    without_verdict: usize,
}

/// Runs the command.
pub(super) fn run(args: &ExposedArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    show_problems(&problems);
    let profiles = chosen(profiles, args.profile.as_deref())?;
    let records = Records::open(&world, args.advisories.as_deref(), config)?;
    let wanted = Wanted { paths: &args.paths, logs: args.logs.as_deref(), inventory: &args.inventory };
    let gathered = gather(&world, wanted, output)?;
    show_problems(&gathered.problems);
    let judgements = gathered.judge(&profiles);
    let looking = Looking { gathered: &gathered, profiles: &profiles, records: &records };
    let fail_on = args.fail_on.map_or(Verdict::Unknown, Verdict::from);
    match args.format {
        None => show(&judgements, &looking, args.all, output)?,
        Some(format) => {
            let answers = judgements.iter().map(|judgement| looking.answer(judgement)).collect::<Result<Vec<_>>>()?;
            let version = env!("CARGO_PKG_VERSION");
            let report = Report { version, answers: &answers, problems: &gathered.problems, fail_on };
            print(&match format {
                ReportFormat::Sarif => report.sarif(),
                ReportFormat::Junit => report.junit(),
                ReportFormat::Markdown => report.markdown(),
                ReportFormat::Json => report.json(),
            });
        }
    }
    // Without any verdict nothing is known.
    let gravest = judgements.iter().map(|judgement| judgement.verdict).max().unwrap_or(Verdict::Unknown);
    let fails = gravest >= fail_on;
    Ok(if fails { End::NeedsPerson } else { End::Done })
}

/// The profiles that are asked for by `id`; all where none is.
pub(crate) fn chosen(profiles: Vec<Profile>, id: Option<&str>) -> Result<Vec<Profile>> {
    let Some(id) = id else { return Ok(profiles) };
    let known = profiles.iter().map(|profile| profile.id.to_string()).collect::<Vec<_>>().join(", ");
    let found: Vec<Profile> = profiles.into_iter().filter(|profile| profile.id == id).collect();
    if found.is_empty() {
        bail!("no incident profile `{id}`\nhint: there are {known}");
    }
    Ok(found)
}

/// What answers are made of.
struct Looking<'a> {
    gathered: &'a Gathered,
    profiles: &'a [Profile],
    records: &'a Records,
}

impl Looking<'_> {
    fn recipes(&self, judgements: &[Judgement]) -> Recipes {
        let judged: BTreeSet<&NodeKey> = judgements.iter().map(|judgement| &judgement.environment).collect();
        let recipes = || self.gathered.recipes();
        let without_verdict = recipes().filter(|environment| !judged.contains(environment)).count();
        Recipes { read: recipes().count(), without_verdict }
    }

    fn answer(&self, judgement: &Judgement) -> Result<Answer> {
        let profile = self.profiles.iter().find(|profile| profile.id == judgement.profile);
        let environment = &judgement.environment;
        let places = profile.map(|profile| self.gathered.places(profile, environment)).unwrap_or_default();
        let evidence = self.gathered.evidence(environment);
        let advisories = match profile.zip(evidence.as_ref()) {
            Some((profile, evidence)) => self.records.of(profile, evidence)?,
            None => Vec::new(),
        };
        Ok(Answer {
            judgement: judgement.clone(),
            title: profile.map(|profile| profile.title.clone()).unwrap_or_default(),
            places: places.iter().map(|place| Place::of(place)).collect(),
            advisories,
            owners: self.gathered.owners(environment),
        })
    }
}

/// Text names what is not clear, and with `all` the rest; JSON names everything.
fn show(judgements: &[Judgement], looking: &Looking<'_>, all: bool, output: Output) -> Result<()> {
    let mut counts = Counts::default();
    for (environment, judgement) in gravest(judgements) {
        counts.add(judgement.verdict);
        if judgement.verdict == Verdict::Clear && !all && !output.json {
            continue;
        }
        let answer = looking.answer(judgement)?;
        output.object("judgement", &answer);
        output.text(format!("{:<8} {}", judgement.verdict.word(), short(environment, 90)));
        output.paragraph(9, &format!("{}: {}", judgement.profile, judgement.decided_by.join("; ")));
        judgement.gaps.iter().for_each(|gap| output.paragraph(9, &format!("missing: {gap}")));
        answer.advisories.iter().for_each(|said| output.paragraph(9, said));
        if !answer.owners.is_empty() {
            output.paragraph(9, &format!("owners: {}", answer.owners.join(", ")));
        }
    }
    let Counts { exposed, suspect, clear, unknown } = counts;
    output.text("");
    output.text(format!(
        "{} exposed, {} suspect, {} unknown, {} clear",
        count(exposed),
        count(suspect),
        count(unknown),
        count(clear)
    ));
    let recipes = looking.recipes(judgements);
    if recipes.without_verdict > 0 {
        let recipes = counted(recipes.without_verdict as u64, "recipe");
        output.paragraph(
            0,
            &format!("{recipes} (workflows, pipelines, Dockerfiles): nothing asked for is in doubt; what they start is unknown"),
        );
    }
    if exposed + suspect > 0 {
        output.text("next: firebreak reach --inventory <dir> --from <environment>");
    }
    let profiles = looking.profiles.iter().map(|profile| format!("{} r{}", profile.id, profile.revision)).collect();
    output
        .object("exposed", &Summary { verdicts: counts, profiles, recipes, problems: looking.gathered.problems.len() });
    Ok(())
}
