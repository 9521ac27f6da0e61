//! `firebreak reach --aws-account`: what an identity of one AWS account reaches, from that account's files alone.

use crate::account::{Account, AccountReach, Reached, Step};
use crate::commands::End;
use crate::commands::show_problems;
use crate::output::{Output, count};
use anyhow::{Result, anyhow, bail};
use firebreak_inventory::scan_aws_account;
use firebreak_model::NodeKey;
use firebreak_world::World;
use std::path::Path;

/// How many identities and resources are shown in full as text.
const SHOWN: usize = 20;

/// Runs the command.
pub(super) fn run(path: &Path, from: &[String], output: Output) -> Result<End> {
    let [from] = from else {
        bail!("an account is asked from one identity at a time\nhint: give --from once");
    };
    let world = World::offline();
    let found = scan_aws_account(&world, path, world.clock.now()).map_err(|error| anyhow!(error))?;
    show_problems(&found.problems);
    let account = Account::new(&found.facts);
    let key = NodeKey::parse(from).unwrap_or_else(|| NodeKey::identity("aws", from));
    let mut reach = account.reach(&key).ok_or_else(|| unknown(&account, from))?;
    reach.gaps = gaps(path, &found.problems);
    show(&reach, output);
    output.object("account_reach", &reach);
    Ok(End::Done)
}

/// What the files do not tell.
fn gaps(path: &Path, problems: &[firebreak_model::Problem]) -> Vec<String> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
    let files = [
        (
            "resources.json",
            "what runs in the account: where a way needs something that runs as a role, any role may be it",
        ),
        ("organization.json", "whether an organisation's policies limit the account: taken as not"),
        ("credential-report.csv", "which users have passwords and access keys: taken so that they can be made"),
        ("resource-policies.json", "what the policies of buckets, keys and other resources say: taken as having none"),
    ];
    let missing = files.iter().filter(|(name, _)| !folder.join(name).exists());
    let missing = missing.map(|(name, what)| format!("no `{name}` beside the export: not known {what}"));
    missing.chain(problems.iter().map(|problem| problem.reason.clone())).collect()
}

/// An identity that the file does not hold is not safe: it is unknown.
fn unknown(account: &Account<'_>, from: &str) -> anyhow::Error {
    let name = from.rsplit('/').next().unwrap_or(from);
    let shared = |arn: &&str| {
        let own = arn.rsplit('/').next().unwrap_or(arn);
        let ahead = own.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let behind = own.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
        std::cmp::Reverse(ahead + behind)
    };
    let mut near: Vec<&str> = account.identities().collect();
    near.sort_by_key(|arn| (shared(arn), *arn));
    let near: Vec<String> = near.into_iter().take(3).map(|arn| format!("`{arn}`")).collect();
    anyhow!(
        "the account does not know `{from}`: what it reaches is unknown, not nothing\nhint: it holds {}",
        near.join(", ")
    )
}

fn show(reach: &AccountReach, output: Output) {
    let admin = match reach.admin {
        "yes" => "becomes an administrator of its account",
        "may" => "may become an administrator of its account",
        _ => "does not become an administrator of its account",
    };
    output.paragraph(0, &format!("{} {admin}", reach.from));
    for account in &reach.administers {
        output.text("");
        output.text(format!("administrators of {} ({}):", account.account, account.answer));
        path(&account.path, output);
    }
    list("identity", "identities", &reach.principals, output);
    list("resource", "resources", &reach.resources, output);
    for gap in &reach.gaps {
        output.text("");
        output.paragraph(0, gap);
    }
}

fn list(one: &str, many: &str, reached: &[Reached], output: Output) {
    output.text("");
    let what = if reached.len() == 1 { one } else { many };
    output.text(format!("{} {what} within reach", count(reached.len() as u64)));
    for one in reached.iter().take(SHOWN) {
        output.text("");
        output.paragraph(0, &format!("{} ({})", one.arn, one.answer));
        path(&one.path, output);
    }
    if reached.len() > SHOWN {
        output.text(format!("and {} more; --json has all", count((reached.len() - SHOWN) as u64)));
    }
}

fn path(steps: &[Step], output: Output) {
    for step in steps {
        output.paragraph(2, &step.says);
        output.paragraph(6, &step.evidence);
        for doubt in &step.undecided {
            output.paragraph(6, &format!("undecided: {doubt}"));
        }
    }
}
