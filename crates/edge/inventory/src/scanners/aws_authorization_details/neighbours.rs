//! Other accounts of the same inventory, as far as resources and roles of this one let them in: both sides of a grant
//! between accounts are decided at once where both are known.

use super::{Documents, LISTS, members, running};
use crate::json::{list, text};
use crate::key::account_of;
use crate::report::Report;
use crate::scanner::ScanInput;
use firebreak_model::Text;
use firebreak_permission::aws::escalation;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// At most so many other accounts are read for one. What leads in from further ones stays undecided, and a problem says so.
pub(super) const MAX_NEIGHBOURS: usize = 256;

/// The accounts in `wanted` that the inventory holds: in the same document, or in a folder beside this one.
pub(super) fn read(
    wanted: &BTreeSet<Text>,
    document: &Value,
    input: &ScanInput<'_>,
    report: &mut Report,
) -> BTreeMap<Text, escalation::Account> {
    let mut found = BTreeMap::new();
    for id in wanted.iter().take(MAX_NEIGHBOURS) {
        if let Some(own) = part(document, id) {
            found.insert(id.clone(), account(id, &own, input, input.path.parent()));
            continue;
        }
        let Some(folder) = input.path.parent().and_then(Path::parent) else { continue };
        let folder = folder.join(&**id);
        // What is wrong with it is told where it is read for itself.
        let bytes = input.sibling(&folder.join("authorization-details.json"));
        let Some(other) = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else { continue };
        let whole = list(&other, "incomplete").is_empty() && !crate::json::flag(&other, "IsTruncated");
        if let Some(own) = part(&other, id).filter(|_| whole) {
            found.insert(id.clone(), account(id, &own, input, Some(&folder)));
        }
    }
    if wanted.len() > MAX_NEIGHBOURS {
        let reason =
            format!("{} other accounts are let in, more than the {MAX_NEIGHBOURS} that are read", wanted.len());
        report.add(reason, "whether those of the others may come in stays `may`");
    }
    found
}

/// What of `document` is about `account`; `None` where nothing is.
pub(super) fn part(document: &Value, account: &str) -> Option<Value> {
    let mut own = serde_json::Map::new();
    let mut some = false;
    for key in LISTS {
        let of_it = |item: &&Value| text(item, "Arn").and_then(account_of) == Some(account);
        let items: Vec<Value> = list(document, key).iter().filter(of_it).cloned().collect();
        some |= !items.is_empty();
        own.insert(key.to_owned(), items.into());
    }
    own.insert("Policies".to_owned(), list(document, "Policies").to_vec().into());
    some.then_some(Value::Object(own))
}

fn account(id: &Text, document: &Value, input: &ScanInput<'_>, folder: Option<&Path>) -> escalation::Account {
    let mut unheard = Report::new("aws_authorization_details", input.path);
    let beside = folder.map_or_else(|| Path::new("").to_owned(), Path::to_owned);
    let siblings = running::organization_of(input, &beside, id, &mut unheard);
    members::account(id, document, &Documents::of(document), siblings, input.known)
}

/// The accounts that find this one where they look for neighbours, and read it.
pub(super) fn readers(id: &str, document: &Value, input: &ScanInput<'_>, accounts: &[Text]) -> BTreeSet<Text> {
    let name = input.path.file_name().is_some_and(|name| name == "authorization-details.json");
    let folder = input.path.parent().and_then(Path::file_name).is_some_and(|folder| folder == id);
    let whole = list(document, "incomplete").is_empty() && !crate::json::flag(document, "IsTruncated");
    let beside = |other: &&Text| {
        let folder = input.path.parent().and_then(Path::parent).map(|above| above.join(&***other));
        folder.is_some_and(|folder| input.is_there(&folder.join("authorization-details.json")))
    };
    let others = accounts.iter().filter(|other| ***other != *id && name && folder && whole);
    others.filter(beside).cloned().collect()
}
