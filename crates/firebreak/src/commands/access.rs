//! `firebreak access`: what was granted against what was used, and what would be enough.

mod apply;
pub(crate) mod changes;
mod elsewhere;
mod proposals;
mod review;
mod show;

use super::{End, logs, remembered};
use crate::access::made::{self, supposed};
use crate::access::reach::Ways;
use crate::access::{Answer, Aws, Pairs, Subject};
use crate::cli::{AccessArgs, AccessCommand, ProposeArgs};
use crate::config::Config;
use crate::estate::Packages;
use crate::output::Output;
use anyhow::{Context, Result, bail};
use elsewhere::{Counts, Elsewhere};
use firebreak_assure::Doings;
use firebreak_assure::grants::Silent;
use firebreak_model::Time;
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const DAY: i64 = 86_400;

/// What is said of all.
#[derive(Serialize)]
struct Summary<'a> {
    at: Time,
    days: u32,
    /// From the first to the last record that counts.
    from: Option<Time>,
    to: Option<Time>,
    identities: u64,
    proposed: u64,
    idle: u64,
    known_actions: u64,
    granted: u64,
    left: u64,
    calls: u64,
    allowed: u64,
    denied: u64,
    unexplained: u64,
    before: Ways,
    after: Ways,
    /// Grants of other platforms, by system.
    elsewhere: BTreeMap<String, Counts>,
    /// Credentials that no record names.
    silent: &'a [Silent],
    /// Since when the proposals of a file were only looked at.
    shadow_since: Option<Time>,
    gaps: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &AccessArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        Some(AccessCommand::Apply(args)) => apply::run(args, config, output),
        Some(AccessCommand::Changes) => changes::run(config, output),
        Some(AccessCommand::Review(args)) => review::run(args, config, output),
        Some(AccessCommand::Answer(args)) => review::answer(args, config, output),
        None => match &args.propose.logs {
            Some(folder) => propose(&args.propose, folder, config, output),
            None => bail!("nothing says what was used\nhint: name the logs with --logs DIR"),
        },
    }
}

fn propose(args: &ProposeArgs, folder: &Path, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = logs::answered_at(&world, args.as_of, Some(folder), output)?;
    let since = at.plus_seconds(-DAY * i64::from(args.days));
    let (estate, graph) = remembered::mapped(&world, &args.estate, config, &Packages::default(), at)?;
    let mut aws = Aws::read(&world, &args.estate.inventory, &estate.facts);
    learn(&world, args, &mut aws)?;
    let mut gaps = Vec::new();
    let shadowed = args.shadow.as_ref().map(|file| proposals::read(&world, file)).transpose()?;
    let since = shadowed.as_ref().map_or(since, |proposals| proposals.made);
    let mut doings = Doings::within(since, at);
    // What a proposal was made of is no test of it.
    let counts = |time: Time| (time > since || (time == since && shadowed.is_none())) && time <= at;
    logs::each(&world, folder, &mut gaps, output, |event| {
        if counts(event.time) {
            aws.count(event);
            doings.add(&graph, event);
        }
    })?;
    if aws.subjects.is_empty() {
        gaps.push("no export of an AWS account is in the inventory, so what AWS granted is not known".to_owned());
    }
    let kept = changes::kept(&args.estate.data.clone().unwrap_or_else(|| config.data_directory()))?;
    made::propose(&mut aws, &kept, at);
    if let Some(proposals) = &shadowed {
        gaps.extend(aws.adopt(&proposals.policies()));
    }
    aws.prove(|ask| {
        // What could not be read was told the first time.
        logs::each(&world, folder, &mut Vec::new(), output, |event| {
            if counts(event.time) {
                ask(event);
            }
        })
    })?;
    let before = Pairs::of(&graph, &estate.facts, at);
    let after =
        if aws.subjects.is_empty() { before.clone() } else { supposed(&world, &args.estate.inventory, &aws, at) };
    // Proposals of an earlier time may give back what was taken since.
    if shadowed.is_none() && after.new_since(&before) > 0 {
        bail!(
            "the map with the proposals in place has ways that it had not; nothing is proposed\nhint: please report this"
        );
    }
    let answers = answers(&world, args, &aws, (&before, &after))?;
    answers.iter().for_each(|answer| output.object("access_identity", answer));
    let elsewhere = Elsewhere::of(&estate.facts, at, &doings);
    elsewhere.grants.iter().for_each(|grant| output.object("access_grant", grant));
    if let Some(directory) = &args.output {
        proposals::write(&world, directory, at, &aws)?;
        elsewhere.write(&world, directory)?;
    }
    let summary = summary(args.days, at, &aws, &answers, (&before, &after), gaps);
    let summary = Summary {
        elsewhere: elsewhere.counts(),
        silent: &elsewhere.silent,
        shadow_since: shadowed.map(|one| one.made),
        ..summary
    };
    elsewhere.show(args.most, output);
    show::all(&answers, &summary, args.most, output);
    output.object("access", &summary);
    // Whoever would have been refused has to be asked first.
    Ok(if summary.denied > 0 { End::NeedsPerson } else { End::Done })
}

/// Takes the names of actions that a file has.
fn learn(world: &World, args: &ProposeArgs, aws: &mut Aws) -> Result<()> {
    if let Some(file) = &args.actions {
        let bytes = world.disk.read(file).with_context(|| format!("reading `{}`", file.display()))?;
        String::from_utf8_lossy(&bytes).lines().for_each(|line| aws.know(line.trim()));
    }
    Ok(())
}

/// What is said of each that was asked for, its files written.
fn answers<'a>(
    world: &World,
    args: &ProposeArgs,
    aws: &'a Aws,
    (before, after): (&Pairs, &Pairs),
) -> Result<Vec<Answer<'a>>> {
    let mut answers = Vec::new();
    for subject in wanted(aws, &args.identity)? {
        let mut answer = Answer::of(subject, before, after);
        if let Some(directory) = &args.output {
            answer.files = write(world, directory, subject)?;
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// Those that were asked for, or all; whoever was seen most often first.
fn wanted<'a>(aws: &'a Aws, named: &[String]) -> Result<Vec<&'a Subject>> {
    let is = |subject: &Subject, text: &str| {
        text == &*subject.identity.arn || text.strip_prefix("identity:aws/") == Some(&subject.identity.arn)
    };
    if let Some(unknown) = named.iter().find(|text| !aws.subjects.iter().any(|subject| is(subject, text))) {
        bail!(
            "no account export names `{unknown}`: what it was granted is unknown, not nothing\nhint: without --identity all are shown"
        );
    }
    let chosen = aws.subjects.iter().filter(|one| named.is_empty() || named.iter().any(|text| is(one, text)));
    let mut chosen: Vec<&Subject> = chosen.collect();
    chosen.sort_by(|a, b| b.usage.calls().cmp(&a.usage.calls()).then_with(|| a.identity.arn.cmp(&b.identity.arn)));
    Ok(chosen)
}

fn summary(
    days: u32,
    at: Time,
    aws: &Aws,
    answers: &[Answer<'_>],
    (before, after): (&Pairs, &Pairs),
    gaps: Vec<String>,
) -> Summary<'static> {
    let proposed = || answers.iter().filter(|answer| answer.skipped.is_none());
    let sum = |of: &dyn Fn(&Answer<'_>) -> u64| proposed().map(of).sum::<u64>();
    Summary {
        at,
        days,
        from: aws.seen.map(|(from, _)| from),
        to: aws.seen.map(|(_, to)| to),
        identities: answers.len() as u64,
        proposed: proposed().count() as u64,
        idle: proposed().filter(|answer| answer.idle).count() as u64,
        known_actions: aws.known(),
        granted: sum(&|answer| answer.granted),
        left: sum(&|answer| answer.left),
        calls: sum(&|answer| answer.proof.calls),
        allowed: sum(&|answer| answer.proof.allowed),
        denied: sum(&|answer| answer.proof.denied_calls),
        unexplained: sum(&|answer| answer.proof.unexplained),
        before: before.ways(),
        after: after.ways(),
        elsewhere: BTreeMap::new(),
        silent: &[],
        shadow_since: None,
        gaps,
    }
}

/// Writes the policies of a proposal, each a file that `aws iam create-policy --policy-document` takes.
fn write(world: &World, directory: &Path, subject: &Subject) -> Result<Vec<PathBuf>> {
    if subject.skipped.is_some() {
        return Ok(Vec::new());
    }
    let arn = &subject.identity.arn;
    let (kind, name) = arn.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).unwrap_or(("identity", arn));
    let parts = ["aws", subject.identity.account(), kind, name].map(folder_name);
    let folder = parts.iter().fold(directory.to_owned(), |folder, part| folder.join(part));
    let mut files = Vec::new();
    world.disk.make_directory(&folder)?;
    for (at, document) in subject.proposal.documents.iter().enumerate() {
        let file = folder.join(format!("policy-{}.json", at + 1));
        world.disk.write(&file, format!("{document:#}\n").as_bytes())?;
        files.push(file);
    }
    Ok(files)
}

/// A name that is one folder, whatever is in it.
fn folder_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.@+=,".contains(c) { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    if name.trim_matches('.').is_empty() { format!("-{name}") } else { name }
}
