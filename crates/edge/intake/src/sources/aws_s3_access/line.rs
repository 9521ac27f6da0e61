//! One line of an access log, as an object.

use crate::json;
use crate::parse;
use crate::source::Refusal;
use firebreak_model::{Json, Time};
use sonic_rs::{JsonContainerTrait, Object};

/// The fields in the order of a line.
pub(super) const FIELDS: &[&str] = &[
    "bucketowner",
    "bucket",
    "time",
    "remoteip",
    "requester",
    "requestid",
    "operation",
    "key",
    "requesturi",
    "httpstatus",
    "errorcode",
    "bytessent",
    "objectsize",
    "totaltime",
    "turnaroundtime",
    "referrer",
    "useragent",
    "versionid",
    "hostid",
    "signatureversion",
    "ciphersuite",
    "authenticationtype",
    "hostheader",
    "tlsversion",
    "accesspointarn",
    "aclrequired",
];

/// Fields that are numbers.
const NUMBERS: [&str; 5] = ["httpstatus", "bytessent", "objectsize", "totaltime", "turnaroundtime"];

/// The object that a line says: a row in JSON, or the fields of an access log.
pub(super) fn body(text: &str) -> Result<Json, Refusal> {
    if text.trim_start().starts_with('{') {
        return row(&parse::inner("the line", text.trim())?);
    }
    let mut body = Object::new();
    let mut rest = text.trim();
    for field in FIELDS {
        let Some((value, after)) = next(rest, field) else { break };
        rest = after;
        set(&mut body, field, value);
    }
    for field in ["bucket", "time", "operation"] {
        if body.get(&field).is_none() {
            return Err(refusal(field));
        }
    }
    Ok(body.into())
}

fn refusal(field: &str) -> Refusal {
    let hint = "check that the input is a server access log of S3, or rows of one in JSON";
    Refusal::new(format!("not a line of an S3 access log: it has no `{field}`"), hint)
}

/// A row in JSON, its names in lower case.
fn row(json: &Json) -> Result<Json, Refusal> {
    let mut body = Object::new();
    for (name, value) in json.as_object().into_iter().flat_map(|object| object.iter()) {
        let name = name.to_ascii_lowercase();
        let name = match name.as_str() {
            "bucket_name" => "bucket",
            "authtype" => "authenticationtype",
            "sigv" => "signatureversion",
            "request_uri" => "requesturi",
            other => other,
        };
        if body.get(&name).is_none() {
            body.insert(name, value.clone());
        }
    }
    let body = Json::from(body);
    json::text(&body, &["bucket"]).ok_or_else(|| refusal("bucket"))?;
    Ok(body)
}

/// The next field and what follows it. Times stand in brackets, texts of the client in quotes. The client may write
/// quotes of its own: the user agent, the last of the quoted fields, ends at the last quote of the line, the referrer
/// before the next quoted field, and others at a quote before a space.
fn next<'t>(text: &'t str, field: &str) -> Option<(&'t str, &'t str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    if let Some(inside) = text.strip_prefix('[') {
        return inside.split_once(']');
    }
    if let Some(inside) = text.strip_prefix('"') {
        let end = match field {
            "useragent" => inside.rfind('"'),
            "referrer" => inside.find("\" \""),
            _ => inside.find("\" "),
        };
        let end = end.or_else(|| inside.strip_suffix('"').map(str::len))?;
        return Some((inside.get(..end)?, inside.get(end + 1..)?));
    }
    Some(text.split_once(' ').unwrap_or((text, "")))
}

fn set(body: &mut Object, field: &str, value: &str) {
    if value == "-" || value.is_empty() {
        return;
    }
    if NUMBERS.contains(&field)
        && let Ok(number) = value.parse::<u64>()
    {
        body.insert(field, number);
        return;
    }
    match field {
        "time" => body.insert(field, moment(value).map_or_else(|| value.to_owned(), |time| time.to_string()).as_str()),
        _ => body.insert(field, value),
    };
}

/// `24/Mar/2026:11:32:16 +0000`, as other texts of times are.
fn moment(text: &str) -> Option<Time> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, zone) = text.split_once(' ')?;
    let mut parts = date.splitn(4, ['/', ':']);
    let (day, month, year, clock) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (hours, minutes) = (zone.get(..3)?, zone.get(3..)?);
    Time::parse(&format!("{year}-{month:02}-{day}T{clock}{hours}:{minutes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_a_client_do_not_move_the_fields_after_them() {
        let line = concat!(
            r#"owner evals [24/Mar/2026:11:32:16 +0000] 203.0.113.9 - 3E57427F3EXAMPLE REST.GET.OBJECT a.txt "GET /a"b.txt HTTP/1.1" "#,
            r#"200 - 2662 3462 70 10 "-" "agent "x" 1" - host= - - - evals.s3.amazonaws.com TLSv1.3 - -"#
        );
        let body = body(line).unwrap();
        assert_eq!(json::text(&body, &["requesturi"]), Some(r#"GET /a"b.txt HTTP/1.1"#));
        assert_eq!(json::count(&body, &["httpstatus"]), Some(200));
        assert_eq!(json::text(&body, &["time"]), Some("2026-03-24T11:32:16Z"));
        assert_eq!(json::text(&body, &["tlsversion"]), Some("TLSv1.3"));
        assert_eq!(json::at(&body, &["requester"]), None);
    }
}
