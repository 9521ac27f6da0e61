//! The policies of an AWS user or role are narrowed to what a proposal has.

use super::{Refused, asked};
use crate::access::{Before, Proposed};
use firebreak_contain::change::{Purpose, Watch, Wish};
use firebreak_model::{Action, NodeKey, Text, Time};
use firebreak_permission::aws::least::Loss;
use serde_json::json;
use std::collections::BTreeSet;

/// Why nothing can be asked for, of whom that is known before.
///
/// # Errors
/// Where it is neither user nor role, where others keep its policies, or the proposal does not fit.
pub fn possible(proposed: &Proposed) -> Result<(), Refused> {
    let arn = &proposed.arn;
    let Some(kind @ ("user" | "role")) = arn.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()) else {
        let hint = "give each member of a group what it needs, or change the group by hand";
        return Err(Refused::new(format!("`{arn}` is no user and no role"), hint));
    };
    if arn.contains(":role/aws-reserved/") {
        let reason = format!("IAM Identity Center keeps the policies of `{arn}`");
        return Err(Refused::new(reason, "write the document into its permission set"));
    }
    if !proposed.fits {
        let reason = format!("the proposal for `{arn}` does not fit into the policies that IAM lets one {kind} have");
        return Err(Refused::new(reason, "narrow it by hand, or let AWS raise the quota of its policies"));
    }
    Ok(())
}

/// What is asked for.
///
/// # Errors
/// As [`possible`].
pub fn wish(proposed: &Proposed, by: NodeKey, at: Time) -> Result<Wish, Refused> {
    possible(proposed)?;
    let Proposed { arn, before, documents, absent, refused, calls, last, .. } = proposed;
    let mut gaps = Vec::new();
    if !absent.is_empty() {
        gaps.push(format!("{} of its policies stay as they are: the export lacks their text", absent.len()));
    }
    let target = NodeKey::identity("aws", arn);
    let loss = Loss {
        arn: arn.clone(),
        before: before.iter().map(|policy| policy.document.clone()).collect(),
        after: documents.clone(),
        beside: proposed.beside.clone(),
    };
    let watch = Watch {
        identities: BTreeSet::from([target.clone()]),
        // The running process sets the time by its own configuration.
        seconds: 0,
        refused_before: refused.clone(),
        loss: json!(loss),
    };
    Ok(Wish {
        title: format!("narrow the policies of {arn}"),
        purpose: Purpose::Narrow,
        subject: target,
        by,
        at,
        actions: vec![asked(action(proposed), (*calls > 0).then_some((*calls, 1, *last)))?],
        gaps,
        watch: Some(watch),
    })
}

/// What `aws_policy/narrow` is told.
fn action(proposed: &Proposed) -> Action {
    let replaces = proposed.before.iter().map(|policy| match policy {
        Before { name, arn: Some(arn), .. } => json!({"name": name, "arn": arn}),
        Before { name, document, .. } => json!({"name": name, "document": document}),
    });
    let parameters = [
        ("account", proposed.arn.split(':').nth(4).unwrap_or_default().to_owned()),
        ("documents", json!(proposed.documents).to_string()),
        ("replaces", serde_json::Value::from_iter(replaces).to_string()),
        ("stays", json!(proposed.absent).to_string()),
    ];
    let parameters = parameters.iter().map(|(name, value)| (Text::new_static(name), Text::new(value)));
    Action {
        name: Text::new_static("aws_policy/narrow"),
        target: NodeKey::identity("aws", &proposed.arn),
        parameters: parameters.collect(),
    }
}
