//! `firebreak access review` and `answer`: what is due for a look by its owner, and what people say of it.

use super::changes;
use super::elsewhere::Elsewhere;
use crate::cli::{AccessAnswerArgs, AccessReviewArgs};
use crate::commands::approve::open;
use crate::commands::{End, logs, remembered};
use crate::config::Config;
use crate::estate::Packages;
use crate::live::{Request, person};
use crate::output::{Output, count, counted};
use crate::store::ANSWER;
use anyhow::{Result, bail};
use firebreak_assure::Doings;
use firebreak_assure::review::{Answer, Due, Word, about, due};
use firebreak_model::Text;
use firebreak_world::World;
use serde_json::json;
use std::collections::BTreeMap;

const DAY: i64 = 86_400;

/// Runs `firebreak access review`.
pub(super) fn run(args: &AccessReviewArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = logs::answered_at(&world, args.as_of, Some(&args.logs), output)?;
    let (estate, graph) = remembered::mapped(&world, &args.estate, config, &Packages::default(), at)?;
    let mut gaps = Vec::new();
    let mut doings = Doings::within(at.plus_seconds(-DAY * i64::from(args.days)), at);
    logs::each(&world, &args.logs, &mut gaps, output, |event| doings.add(&graph, event))?;
    let answers = changes::kept(&args.estate.data.clone().unwrap_or_else(|| config.data_directory()))?.answers;
    let Elsewhere { grants, silent } = Elsewhere::of(&estate.facts, at, &doings);
    let items = due(&estate.facts, (&grants, &silent), &doings, &answers, at);
    items.iter().for_each(|item| output.object("review_item", item));
    items.iter().take(args.most).for_each(|item| show(item, output));
    if items.len() > args.most {
        output.text(format!("and {} more; --most shows them, --json has all", count((items.len() - args.most) as u64)));
    }
    let mut by_sort: BTreeMap<&str, u64> = BTreeMap::new();
    items.iter().for_each(|item| *by_sort.entry(item.sort.word()).or_default() += 1);
    let unknown = items.iter().filter(|item| item.owner.is_none()).count() as u64;
    output.paragraph(
        0,
        &format!("{} due, {} of them with an unknown owner", counted(items.len() as u64, "item"), count(unknown)),
    );
    gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
    let summary = json!({
        "at": at, "days": args.days, "due": items.len(), "by_sort": by_sort, "owner_unknown": unknown,
        "answers": answers.all().len(), "gaps": gaps,
    });
    output.object("access_review", &summary);
    Ok(if items.is_empty() { End::Done } else { End::NeedsPerson })
}

fn show(item: &Due, output: Output) {
    output.paragraph(0, item.item.as_str());
    let owner = item.owner.as_ref().map_or("unknown", |owner| owner.name());
    output.paragraph(4, &format!("owner: {owner}"));
    if let Some(answer) = &item.answered {
        output
            .paragraph(4, &format!("{} said on {}: {}; {}", answer.by.name(), answer.at, word(answer), answer.because));
    }
}

fn word(answer: &Answer) -> String {
    match answer.word {
        Word::Keep { until } => format!("keep until {until}"),
        Word::Remove => "remove".to_owned(),
        Word::AskOwner => "ask its owner".to_owned(),
    }
}

/// Runs `firebreak access answer`.
pub(super) fn answer(args: &AccessAnswerArgs, config: &Config, output: Output) -> Result<End> {
    let Some(about) = about(&args.item) else {
        bail!("`{}` is no item\nhint: write it as `firebreak access review` lists it, in quotes", args.item);
    };
    let at = World::offline().clock.now();
    let word = match (args.keep_until, args.remove, args.ask_owner) {
        (Some(until), ..) if until <= at => bail!("{until} is over: an answer must end in the future"),
        (Some(until), ..) => Word::Keep { until },
        (None, true, _) => Word::Remove,
        (None, false, _) => Word::AskOwner,
    };
    let because = args.because.trim().to_owned();
    if because.is_empty() {
        bail!("an answer needs a reason\nhint: say it with --because <reason>; whoever reviews next will want to know");
    }
    let answer = Answer { item: Text::new(&args.item), about, word, by: person(&args.by), at, because };
    let request = serde_json::to_string(&Request::Answer(answer.clone()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { open(config).await?.ask(ANSWER, &request).await })?;
    output.text(format!("answered as {}; the running process takes it up", args.by));
    output.object("answer", &answer);
    Ok(End::Done)
}
