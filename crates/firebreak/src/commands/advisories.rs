//! `firebreak advisories`: the public databases as an index, and what it says of a package.

use super::{End, show_problems};
use crate::cli::{AdvisoriesArgs, AdvisoriesCommand, LookUpArgs, UpdateArgs};
use crate::config::Config;
use crate::output::{Output, count, counted};
use crate::progress::{Progress, Unit};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_advisory::{Advisory, Answer, Index, Indicator, Match, PackageUrl, Record, Trust};
use firebreak_advisory_store::{Limits, Store, update};
use firebreak_model::{Text, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: &AdvisoriesArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        AdvisoriesCommand::Update(args) => update_index(args, config, output),
        AdvisoriesCommand::LookUp(args) => look_up(args, config, output),
    }
}

/// The index that was named, or the one in the data directory.
fn place(named: Option<&PathBuf>, config: &Config) -> PathBuf {
    let data = || config.data.clone().unwrap_or_else(|| PathBuf::from("firebreak-data"));
    named.cloned().unwrap_or_else(|| data().join("advisories.index"))
}

fn open(world: &World, path: &Path) -> Result<Store> {
    Store::open(world.disk.as_ref(), path).map_err(|error| {
        anyhow!("cannot read `{}`: {error}\nhint: `firebreak advisories update <paths...>` makes it", path.display())
    })
}

#[derive(Serialize)]
struct Updated {
    index: PathBuf,
    documents: u64,
    read: u64,
    records: u64,
    names: u64,
    joined: u64,
    bytes: u64,
    changed: bool,
    problems: usize,
}

fn update_index(args: &UpdateArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let index = place(args.index.as_ref(), config);
    if let Some(missing) = args.paths.iter().find(|path| !path.exists()) {
        bail!("there is no `{}`\nhint: fetch a database first; docs/advisories.md says from where", missing.display());
    }
    if let Some(folder) = index.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        world.disk.make_directory(folder).with_context(|| format!("making `{}`", folder.display()))?;
    }
    let mut progress = Progress::of(output, "reading", Unit::Of("documents"));
    let mut tell = |documents| progress.at(documents);
    let done = update(world.disk.as_ref(), &args.paths, &index, args.anew, Limits::default(), &mut tell);
    drop(progress);
    let done = done.map_err(|error| {
        anyhow!("cannot update `{}`: {error}\nhint: `--anew` makes it without what it holds", index.display())
    })?;
    show_problems(&done.problems);
    if done.records == 0 {
        bail!("no advisory was read, and the index holds none\nhint: docs/advisories.md says what is read");
    }
    output.text(format!("{} read from {}", counted(done.read, "record"), counted(done.documents, "document")));
    output.text(format!("`{}` {}:", index.display(), if done.changed { "now holds" } else { "holds, as before" }));
    output.text(format!(
        "  {} about {}; {} of several records",
        counted(done.records, "record"),
        counted(done.names, "package"),
        count(done.joined),
    ));
    let problems = done.problems.len();
    if problems > 0 {
        output.text(format!("{} could not be read whole", counted(problems as u64, "thing")));
    }
    output.object(
        "advisories",
        &Updated {
            index,
            documents: done.documents,
            read: done.read,
            records: done.records,
            names: done.names,
            joined: done.joined,
            bytes: done.bytes,
            changed: done.changed,
            problems,
        },
    );
    Ok(if problems > 0 { End::NeedsPerson } else { End::Done })
}

/// One advisory as it is printed.
#[derive(Serialize)]
struct Found {
    advisory: Text,
    malicious: bool,
    answer: &'static str,
    summary: Text,
    matches: Vec<FoundMatch>,
    records: Vec<FoundRecord>,
    reasons: Vec<String>,
    conflicts: Vec<String>,
    indicators: Vec<FoundIndicator>,
}

#[derive(Serialize)]
struct FoundMatch {
    id: String,
    #[serde(serialize_with = "as_word")]
    answer: Answer,
    trust: &'static str,
    ecosystem: String,
    why: String,
}

#[derive(Serialize)]
struct FoundRecord {
    id: Text,
    form: &'static str,
    modified: Option<Time>,
    published: Option<Time>,
    withdrawn: Option<Time>,
    aliases: Vec<Text>,
}

#[derive(Serialize)]
struct FoundIndicator {
    kind: Text,
    value: Text,
}

#[derive(Serialize)]
struct Answered {
    ecosystem: String,
    name: String,
    version: Option<String>,
    answer: &'static str,
    advisories: usize,
    withdrawn: Vec<String>,
    records: usize,
}

/// What was asked for.
struct Asked {
    ecosystem: String,
    name: String,
    version: Option<String>,
}

fn asked(args: &LookUpArgs) -> Result<Asked> {
    if args.ecosystem.starts_with("pkg:") {
        let Some(url) = PackageUrl::parse(&args.ecosystem) else {
            bail!("`{}` is no package URL\nhint: write it as pkg:pypi/litellm@1.82.8", args.ecosystem);
        };
        // A version beside the URL is meant where the URL has none.
        let version = url.version.map(|version| version.to_string()).or_else(|| args.name.clone());
        return Ok(Asked { ecosystem: url.ecosystem.to_string(), name: url.name.to_string(), version });
    }
    let Some(name) = args.name.clone() else {
        bail!("no package was named\nhint: write `look-up PyPI litellm 1.82.8` or `look-up pkg:pypi/litellm@1.82.8`");
    };
    Ok(Asked { ecosystem: args.ecosystem.clone(), name, version: args.version.clone() })
}

fn look_up(args: &LookUpArgs, config: &Config, output: Output) -> Result<End> {
    let Asked { ecosystem, name, version } = asked(args)?;
    let world = World::offline();
    let path = place(args.index.as_ref(), config);
    let store = open(&world, &path)?;
    let index = store.index()?;
    let found = index.look_up(&ecosystem, &name, version.as_deref())?;
    let advisories = grouped(&index, &found.matches, version.as_deref())?;
    let package = version.as_ref().map_or_else(|| name.clone(), |version| format!("{name} {version}"));
    for one in &advisories {
        show(one, &format!("{ecosystem} {package}"), version.is_some(), output);
    }
    let worst = found.matches.iter().map(|one| one.answer).max();
    let answer = match (worst, &version) {
        (None, _) => "not_named",
        (Some(_), None) => "named",
        (Some(answer), Some(_)) => word(answer),
    };
    if advisories.is_empty() {
        output.paragraph(0, &format!("no record names {ecosystem} {package}"));
        output.paragraph(
            2,
            &format!(
                "{} were asked; what is in none of them may still be bad",
                counted(index.records() as u64, "record")
            ),
        );
    }
    for id in &found.withdrawn {
        output.paragraph(2, &format!("withdrawn: {id}, which says nothing any more"));
    }
    let withdrawn = found.withdrawn.iter().map(Text::to_string).collect();
    let advisories = advisories.len();
    output.object(
        "look_up",
        &Answered { ecosystem, name, version, answer, advisories, withdrawn, records: index.records() },
    );
    Ok(if advisories > 0 { End::NeedsPerson } else { End::Done })
}

fn show(found: &Found, package: &str, with_version: bool, output: Output) {
    let what = if found.malicious { "malware" } else { "advisory" };
    let says = match (with_version, found.answer) {
        (false, _) => "speaks of",
        (true, "affected") => "names",
        (true, _) => "cannot say of",
    };
    output.paragraph(0, &format!("{what} {} {says} {package}", found.advisory));
    if !found.summary.is_empty() {
        output.paragraph(2, &found.summary);
    }
    for one in &found.matches {
        let trust = if one.trust == "record" { String::new() } else { format!(" ({})", one.trust) };
        output.paragraph(2, &format!("{}{trust}: {}", one.id, one.why));
    }
    for record in found.records.iter().filter(|record| record.withdrawn.is_some()) {
        output.paragraph(2, &format!("withdrawn: {}", record.id));
    }
    found.reasons.iter().for_each(|reason| output.paragraph(2, &format!("one advisory: {reason}")));
    found.conflicts.iter().for_each(|conflict| output.paragraph(2, &format!("disputed: {conflict}")));
    for indicator in &found.indicators {
        output.paragraph(2, &format!("indicator: {} {}", indicator.kind, indicator.value));
    }
    output.object("advisory", found);
}

/// The advisories of the matches, in the order of their first match.
fn grouped(index: &Index<'_>, matches: &[Match<'_>], version: Option<&str>) -> Result<Vec<Found>> {
    let mut groups = Vec::with_capacity(matches.len());
    for one in matches {
        groups.push(index.group(one.record)?);
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (one, group) in matches.iter().zip(&groups) {
        let key = group.map_or((1, one.record), |group| (0, group));
        if !seen.insert(key) {
            continue;
        }
        let of_it = matches
            .iter()
            .zip(&groups)
            .filter(|(other, their)| other.record == one.record || (group.is_some() && *their == group));
        let mut shown: Vec<FoundMatch> = Vec::new();
        for (other, _) in of_it {
            let other = FoundMatch {
                id: index.id(other.record)?.to_string(),
                answer: other.answer,
                trust: trust(other.trust),
                ecosystem: other.ecosystem.to_owned(),
                why: index.why(other, version),
            };
            // A record may say the same of several branches.
            if !shown.iter().any(|one| one.id == other.id && one.why == other.why) {
                shown.push(other);
            }
        }
        all.push(found_in(index.advisory(one.record)?, shown));
    }
    Ok(all)
}

fn found_in(advisory: Advisory, matches: Vec<FoundMatch>) -> Found {
    let Advisory { records, reasons, conflicts } = advisory;
    let indicators: BTreeSet<Indicator> = records.iter().flat_map(|record| record.indicators.iter().cloned()).collect();
    let worst = matches.iter().map(|one| one.answer).max().unwrap_or(Answer::Unaffected);
    Found {
        advisory: records.first().map(|record| record.id.clone()).unwrap_or_default(),
        malicious: records.iter().any(|record| record.speaks() && record.malicious),
        answer: word(worst),
        summary: records.iter().map(|record| record.summary.clone()).find(|text| !text.is_empty()).unwrap_or_default(),
        matches,
        records: records.into_iter().map(FoundRecord::from).collect(),
        reasons,
        conflicts,
        indicators: indicators.into_iter().map(|one| FoundIndicator { kind: one.kind, value: one.value }).collect(),
    }
}

impl From<Record> for FoundRecord {
    fn from(record: Record) -> FoundRecord {
        let form = match record.form {
            firebreak_advisory::Form::Osv => "osv",
            firebreak_advisory::Form::Cve => "cve",
        };
        let Record { id, modified, published, withdrawn, aliases, .. } = record;
        FoundRecord { id, form, modified, published, withdrawn, aliases }
    }
}

fn as_word<S: serde::Serializer>(answer: &Answer, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(word(*answer))
}

fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Unaffected => "unaffected",
        Answer::Undecided => "undecided",
        Answer::Affected => "affected",
    }
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Record => "record",
        Trust::Statement => "statement",
        Trust::Prose => "prose",
    }
}
