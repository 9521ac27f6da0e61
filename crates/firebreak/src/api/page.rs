//! Lists, a page at a time. A cursor names the last item that was seen, so that nothing is lost or doubled while things
//! are added.

use super::call::{Answer, Call, Reply};
use super::problem::Problem;
use serde_json::{Value, json};

/// Items on a page where nobody says how many, and at most.
const USUAL: usize = 100;
pub(crate) const MOST: usize = 500;

const HINT: &str = "leave `cursor` out to begin anew";

/// Text as a cursor: whatever it holds, it is safe in an address.
pub(crate) fn cursor(text: &str) -> String {
    hex::encode(text)
}

/// The text in the cursor of a call.
///
/// # Errors
/// If it is none of ours.
pub(crate) fn seen(call: &Call) -> Result<Option<String>, Problem> {
    let Some(text) = call.filter("cursor") else { return Ok(None) };
    let wrong = || Problem::conflict("`cursor` is none that was given".to_owned(), HINT);
    let bytes = hex::decode(text).map_err(|_| wrong())?;
    String::from_utf8(bytes).map(Some).map_err(|_| wrong())
}

/// How many items a call wants.
///
/// # Errors
/// If it says no number that is allowed.
pub(crate) fn limit(call: &Call) -> Result<usize, Problem> {
    call.number("limit", USUAL, MOST)
}

/// A page of `items`, each with the name by which a cursor finds it.
///
/// # Errors
/// If the cursor or the limit is none.
pub(crate) fn page(kind: &str, items: Vec<(String, Value)>, call: &Call) -> Answer {
    let (total, limit) = (items.len(), limit(call)?);
    let from = match seen(call)? {
        None => 0,
        Some(last) => {
            let place = items.iter().position(|(name, _)| *name == last);
            place.ok_or_else(|| Problem::conflict("what `cursor` names is gone".to_owned(), HINT))? + 1
        }
    };
    let mut rest = items.into_iter().skip(from);
    let shown: Vec<(String, Value)> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some()).map(|(name, _)| cursor(name));
    let shown: Vec<Value> = shown.into_iter().map(|(_, item)| item).collect();
    Ok(listed(kind, shown, next, Some(total)))
}

/// A page that was made otherwise.
pub(crate) fn listed(kind: &str, items: Vec<Value>, next: Option<String>, total: Option<usize>) -> Reply {
    Reply::Object(200, json!({"items": items, "next": next, "total": total, "kind": kind}))
}
