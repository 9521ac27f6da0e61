//! `firebreak access apply`: asks the running process to put a proposal in place.

use super::proposals::{self, Before, Proposed};
use crate::cli::AccessApplyArgs;
use crate::commands::End;
use crate::commands::wish;
use crate::config::Config;
use crate::live::person;
use crate::output::Output;
use anyhow::{Result, bail};
use firebreak_contain::change::{Purpose, Watch, Wish};
use firebreak_model::{Action, NodeKey, Text, Time};
use firebreak_permission::aws::least::Loss;
use firebreak_world::World;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Runs the command.
pub(super) fn run(args: &AccessApplyArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let proposals = proposals::read(&world, &args.proposals)?;
    let arn = args.identity.strip_prefix("identity:aws/").unwrap_or(&args.identity);
    let Some(proposed) = proposals.identities.iter().find(|one| &*one.arn == arn) else {
        bail!("nothing is proposed for `{arn}` there\nhint: `proposals.json` names for whom something is");
    };
    wish::leave(&wanted(proposed, &args.by, world.clock.now())?, config, output)
}

/// What is asked for.
fn wanted(proposed: &Proposed, by: &str, at: Time) -> Result<Wish> {
    let Proposed { arn, before, documents, absent, beside, refused, calls, last, .. } = proposed;
    let Some(kind @ ("user" | "role")) = arn.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()) else {
        bail!(
            "`{arn}` is no user and no role\nhint: give each member of a group what it needs, or change the group by hand"
        );
    };
    if arn.contains(":role/aws-reserved/") {
        bail!("IAM Identity Center keeps the policies of `{arn}`\nhint: write the document into its permission set");
    }
    if !proposed.fits {
        bail!("the proposal for `{arn}` does not fit into the policies that IAM lets one {kind} have");
    }
    let account = arn.split(':').nth(4).unwrap_or_default();
    let replaces = before.iter().map(|policy| match policy {
        Before { name, arn: Some(arn), .. } => json!({"name": name, "arn": arn}),
        Before { name, document, .. } => json!({"name": name, "document": document}),
    });
    let parameters = [
        ("account", account.to_owned()),
        ("documents", json!(documents).to_string()),
        ("replaces", serde_json::Value::from_iter(replaces).to_string()),
        ("stays", json!(absent).to_string()),
    ];
    let target = NodeKey::identity("aws", arn);
    let action = Action {
        name: Text::new_static("aws_policy/narrow"),
        target: target.clone(),
        parameters: parameters
            .iter()
            .map(|(name, value)| (Text::new_static(name), Text::new(value)))
            .collect::<BTreeMap<_, _>>(),
    };
    let loss = Loss {
        arn: arn.clone(),
        before: before.iter().map(|policy| policy.document.clone()).collect(),
        after: documents.clone(),
        beside: beside.clone(),
    };
    let watch = Watch {
        identities: BTreeSet::from([target.clone()]),
        // The running process sets the time by its own configuration.
        seconds: 0,
        refused_before: refused.clone(),
        loss: serde_json::to_value(loss)?,
    };
    let mut gaps = Vec::new();
    if !absent.is_empty() {
        gaps.push(format!("{} of its policies stay as they are: the export lacks their text", absent.len()));
    }
    Ok(Wish {
        title: format!("narrow the policies of {arn}"),
        purpose: Purpose::Narrow,
        subject: target,
        by: person(by),
        at,
        actions: vec![wish::asked(action, (*calls > 0).then_some((*calls, 1, *last)))?],
        gaps,
        watch: Some(watch),
    })
}
