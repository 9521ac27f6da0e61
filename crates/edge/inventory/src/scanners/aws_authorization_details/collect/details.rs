//! `GetAccountAuthorizationDetails`, every page, in the form in which the AWS CLI writes it.

use super::client::{Client, Refusal};
use super::{Gaps, PAGES_MAX};
use crate::json::text;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

const CALL: &str = "iam GetAccountAuthorizationDetails";

/// Lists of which each page has a part.
const LISTS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

/// Fields that hold a policy, percent-encoded.
const POLICIES: [&str; 3] = ["AssumeRolePolicyDocument", "PolicyDocument", "Document"];

/// Fields that are true or false.
const FLAGS: [&str; 2] = ["IsDefaultVersion", "IsAttachable"];

/// All pages. An error where not even the first is answered.
pub(super) async fn collect(client: &mut Client<'_>, gaps: &mut Gaps) -> Result<Value, Refusal> {
    let mut all: Map<String, Value> = LISTS.iter().map(|key| ((*key).to_owned(), Value::Array(Vec::new()))).collect();
    let mut marker: Option<String> = None;
    for page in 0..PAGES_MAX {
        let mut fields = vec![("MaxItems", "1000")];
        fields.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let answer = match client.query("iam", "2010-05-08", "GetAccountAuthorizationDetails", &fields).await {
            Ok(answer) => answer,
            Err(refusal) if page == 0 => return Err(refusal),
            Err(refusal) => {
                gaps.add(CALL, format!("page {}: {}", page + 1, refusal.reason));
                break;
            }
        };
        append(&mut all, &answer);
        let next = text(&answer, "Marker").filter(|_| text(&answer, "IsTruncated") == Some("true"));
        match next {
            None if text(&answer, "IsTruncated") == Some("true") => {
                gaps.add(CALL, "it says that there is more, and not where");
                break;
            }
            None => break,
            Some(next) if marker.as_deref() == Some(next) => {
                gaps.add(CALL, "the next page is the same page");
                break;
            }
            Some(next) => marker = Some(next.to_owned()),
        }
    }
    let mut document = Value::Object(all);
    plain(&mut document);
    Ok(document)
}

fn append(all: &mut Map<String, Value>, page: &Value) {
    for key in LISTS {
        if let (Some(Value::Array(have)), Some(Value::Array(more))) = (all.get_mut(key), page.get(key)) {
            have.extend(more.iter().cloned());
        }
    }
}

/// Policies as objects and flags as such, however deep. A policy that is no JSON stays text, and the scanner says so.
fn plain(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if POLICIES.contains(&name.as_str()) => {
                        let decoded = percent_decode_str(text).decode_utf8_lossy();
                        let parsed = serde_json::from_str(&decoded);
                        *field = parsed.unwrap_or_else(|_| Value::String(decoded.into_owned()));
                    }
                    Value::String(text) if FLAGS.contains(&name.as_str()) => *field = Value::Bool(text == "true"),
                    other => plain(other),
                }
            }
        }
        _ => {}
    }
}
