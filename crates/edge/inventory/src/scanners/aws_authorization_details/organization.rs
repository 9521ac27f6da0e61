//! `organization.json`: the tree of an organisation with the policies attached at each level.

use crate::json::{list, text};
use crate::report::{Report, shown};
use firebreak_model::Text;
use firebreak_permission::aws::organization::{Level, Organization};
use firebreak_permission::aws::{Limits, Policy};
use serde_json::Value;
use std::sync::Arc;

/// How deep a tree is read; AWS allows five levels of units.
const MAX_DEPTH: usize = 8;

/// The organisation in `document`. `None` where it says that there is none. One whose tree is not told limits `account`
/// in ways that are not known.
pub(super) fn read(document: &Value, account: &str, report: &mut Report) -> Option<Organization> {
    if document.get("Organization").is_some_and(Value::is_null) {
        return None;
    }
    let about = document.get("Organization").unwrap_or(document);
    let mut organization = Organization {
        id: text(about, "Id").map(Text::new),
        management: text(about, "MasterAccountId").map(Text::new),
        ..Organization::default()
    };
    let roots = list(document, "Roots");
    if roots.is_empty() {
        if list(document, "incomplete").is_empty() {
            report.add("`organization.json` has no `Roots`", "see the scanner's page for its form");
        }
        return Some(unknown(Some(organization), account));
    }
    for root in roots {
        walk(root, &[], 0, &mut organization, report);
    }
    Some(organization)
}

/// An organisation of which no more is told than `about`: `account` is in it, and what limits it is not known.
pub(super) fn unknown(about: Option<Organization>, account: &str) -> Organization {
    let mut organization = about.unwrap_or_default();
    if organization.management.as_deref() != Some(account) {
        organization.management = None;
        organization.accounts.insert(Text::new(account), Vec::new());
    }
    organization
}

/// Everything below `item`, which lies below `above`.
fn walk(item: &Value, above: &[Level], depth: usize, organization: &mut Organization, report: &mut Report) {
    if depth > MAX_DEPTH {
        report.add("the organisation is nested too deep", "AWS allows five levels of units");
        return;
    }
    let levels: Vec<Level> = above.iter().cloned().chain([level(item, report)]).collect();
    for unit in list(item, "OrganizationalUnits") {
        walk(unit, &levels, depth + 1, organization, report);
    }
    for account in list(item, "Accounts") {
        if let Some(id) = text(account, "Id") {
            let own = levels.iter().cloned().chain([level(account, report)]).collect();
            organization.accounts.insert(Text::new(id), own);
        }
    }
}

fn level(item: &Value, report: &mut Report) -> Level {
    let mut level = Level { id: Text::new(text(item, "Id").unwrap_or_default()), ..Level::default() };
    for policy in list(item, "Policies") {
        let name = text(policy, "Name").or_else(|| text(policy, "Id")).unwrap_or("policy");
        let read = match policy.get("Content") {
            Some(content) => Policy::read(&shown(name), content, Limits::default()).0,
            None if name == "FullAWSAccess" || name == "RCPFullAWSAccess" => Policy::allow_all(name),
            None => Policy::missing(name),
        };
        match text(policy, "Type") {
            Some("SERVICE_CONTROL_POLICY") => level.service_control.get_or_insert_default().push(Arc::new(read)),
            Some("RESOURCE_CONTROL_POLICY") => level.resource_control.push(Arc::new(read)),
            _ => report.add(
                format!("`{}` has a type that is not read", shown(name)),
                "write SERVICE_CONTROL_POLICY or RESOURCE_CONTROL_POLICY",
            ),
        }
    }
    level
}
