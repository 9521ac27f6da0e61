//! How an operation ended. Long ones are recorded when they begin too: the beginning says nothing about the end.

use crate::json;
use firebreak_model::{Json, Outcome};

/// The outcome of a record.
pub(super) fn of(event: &Json) -> Outcome {
    let signature: [&[&str]; 5] = [
        &["resultSignature"],
        &["subStatus", "value"],
        &["subStatus"],
        &["ActivitySubstatusValue"],
        &["properties", "statusCode"],
    ];
    let signature = signature.iter().find_map(|path| json::id(event, path)).unwrap_or_default();
    let code = json::count(event, &["statusCode"])
        .or_else(|| json::count(event, &["properties", "httpStatusCode"]))
        .or_else(|| signature.parse().ok());
    let result: [&[&str]; 5] = [
        &["resultType"],
        &["status"],
        &["ActivityStatusValue"],
        &["properties", "metricResponseType"],
        &["resultDescription"],
    ];
    let result = json::text_of(event, &result).unwrap_or_default().to_ascii_lowercase();
    let denied = matches!(code, Some(401 | 403)) || is_denial(&signature) || is_denial(&result);
    let status = json::text(event, &["statusText"]).unwrap_or_default();
    match result.as_str() {
        _ if denied || is_denial(status) => Outcome::Denied,
        "" => match code {
            Some(100..400) => Outcome::Success,
            Some(_) => Outcome::Failure,
            None => Outcome::Unknown,
        },
        "start" | "started" | "accept" | "accepted" | "active" | "in progress" => Outcome::Unknown,
        "0" => Outcome::Success,
        _ if result.contains("success") || result.starts_with("succe") => Outcome::Success,
        _ if result.contains("fail") || result.contains("error") || code.is_some_and(|code| code >= 400) => {
            Outcome::Failure
        }
        _ => Outcome::Unknown,
    }
}

/// Whether a word says that the caller lacked authority.
fn is_denial(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let says = |part: &str| word.contains(part);
    says("forbidden") || says("unauthorized") || says("authorization") || says("denied") || says("authenticationfail")
}
