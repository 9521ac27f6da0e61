//! The organisation: its tree, and which policies are attached where.
//!
//! Policies are asked for their targets, not targets for their policies: an organisation has many accounts and few policies.

use super::client::{Client, Refusal};
use super::{Gaps, PAGES_MAX};
use crate::json::{list, text};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

/// The two kinds of policies that limit what is permitted.
const TYPES: [&str; 2] = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"];

/// AWS allows five levels of units below the root.
const MAX_DEPTH: usize = 8;

/// The document. What an account that is in no organisation has is `null`; what may not be read is a gap.
pub(super) async fn collect(client: &mut Client<'_>, gaps: &mut Gaps) -> Value {
    let about = match call(client, "DescribeOrganization", &json!({})).await {
        Ok(answer) => answer.get("Organization").cloned().unwrap_or_default(),
        Err(refusal) if refusal.code == "AWSOrganizationsNotInUseException" => return json!({"Organization": null}),
        Err(refusal) => {
            gaps.add("organizations DescribeOrganization", refusal.reason);
            return json!({"Organization": {}});
        }
    };
    let mut attached: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let before = gaps.list.len();
    for kind in TYPES {
        policies(client, kind, &mut attached, gaps).await;
    }
    let mut roots = Vec::new();
    for root in pages(client, "ListRoots", &json!({}), "Roots", gaps).await {
        roots.push(level(client, root, &attached, 0, gaps).await);
    }
    if gaps.list.len() > before || roots.is_empty() {
        // Half a tree says that nothing limits what is missing from it.
        if roots.is_empty() && gaps.list.len() == before {
            gaps.add("organizations ListRoots", "it names no root");
        }
        return json!({"Organization": about});
    }
    json!({"Organization": about, "Roots": roots})
}

async fn call(client: &mut Client<'_>, name: &str, body: &Value) -> Result<Value, Refusal> {
    client.global_json("organizations", &format!("AWSOrganizationsV20161128.{name}"), body).await
}

/// Every item of a list; a gap where it is not answered.
async fn pages(client: &mut Client<'_>, name: &str, body: &Value, key: &str, gaps: &mut Gaps) -> Vec<Value> {
    let (mut all, mut body) = (Vec::new(), body.clone());
    for _ in 0..PAGES_MAX {
        let answer = match call(client, name, &body).await {
            Ok(answer) => answer,
            Err(refusal) => {
                gaps.add(format!("organizations {name}"), refusal.reason);
                break;
            }
        };
        all.extend(list(&answer, key).iter().cloned());
        let Some(next) = text(&answer, "NextToken") else { break };
        if text(&body, "NextToken") == Some(next) {
            gaps.add(format!("organizations {name}"), "the next page is the same page");
            break;
        }
        if let Some(fields) = body.as_object_mut() {
            fields.insert("NextToken".to_owned(), Value::String(next.to_owned()));
        }
    }
    all
}

/// The policies of one kind, by the id of what each is attached to.
async fn policies(client: &mut Client<'_>, kind: &str, attached: &mut BTreeMap<String, Vec<Value>>, gaps: &mut Gaps) {
    for policy in pages(client, "ListPolicies", &json!({"Filter": kind}), "Policies", gaps).await {
        let Some(id) = text(&policy, "Id") else { continue };
        let content = match call(client, "DescribePolicy", &json!({"PolicyId": id})).await {
            Ok(answer) => answer.get("Policy").and_then(|policy| text(policy, "Content")).map(str::to_owned),
            Err(refusal) => {
                gaps.add(format!("organizations DescribePolicy of {id}"), refusal.reason);
                None
            }
        };
        let written = json!({"Id": id, "Name": text(&policy, "Name"), "Type": kind, "Content": content});
        for target in pages(client, "ListTargetsForPolicy", &json!({"PolicyId": id}), "Targets", gaps).await {
            if let Some(target) = text(&target, "TargetId") {
                attached.entry(target.to_owned()).or_default().push(written.clone());
            }
        }
    }
}

/// A root or a unit with its policies and all below it.
fn level<'w>(
    client: &'w mut Client<'_>,
    item: Value,
    attached: &'w BTreeMap<String, Vec<Value>>,
    depth: usize,
    gaps: &'w mut Gaps,
) -> Pin<Box<dyn Future<Output = Value> + Send + 'w>> {
    Box::pin(async move {
        let id = text(&item, "Id").unwrap_or_default().to_owned();
        if depth > MAX_DEPTH {
            gaps.add("organizations ListOrganizationalUnitsForParent", "the organisation is nested too deep");
            return with_policies(&item, attached);
        }
        let parent = json!({"ParentId": id});
        let mut units = Vec::new();
        for unit in pages(client, "ListOrganizationalUnitsForParent", &parent, "OrganizationalUnits", gaps).await {
            units.push(level(client, unit, attached, depth + 1, gaps).await);
        }
        let accounts = pages(client, "ListAccountsForParent", &parent, "Accounts", gaps).await;
        let accounts: Vec<Value> = accounts.iter().map(|account| with_policies(account, attached)).collect();
        let mut own = with_policies(&item, attached);
        if let Some(fields) = own.as_object_mut() {
            fields.insert("OrganizationalUnits".to_owned(), Value::Array(units));
            fields.insert("Accounts".to_owned(), Value::Array(accounts));
        }
        own
    })
}

/// Its id and name, and the policies that are attached to it. E-mail addresses of accounts are not kept.
fn with_policies(item: &Value, attached: &BTreeMap<String, Vec<Value>>) -> Value {
    let mut own = Map::new();
    for key in ["Id", "Name"] {
        own.extend(text(item, key).map(|value| (key.to_owned(), Value::String(value.to_owned()))));
    }
    let policies = text(item, "Id").and_then(|id| attached.get(id)).cloned().unwrap_or_default();
    own.insert("Policies".to_owned(), Value::Array(policies));
    Value::Object(own)
}
