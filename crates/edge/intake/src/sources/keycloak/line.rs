//! Events that Keycloak's logging listener writes into a message: `type="LOGIN_ERROR", realmId="…", …`, without quotes in
//! older versions.

use crate::json;
use crate::reshape::put;
use crate::source::Refusal;
use firebreak_model::Json;
use sonic_rs::Object;

/// Fields of an event itself; all others are its details.
const OWN: &[&str] = &[
    "type",
    "realmId",
    "realmName",
    "clientId",
    "userId",
    "sessionId",
    "ipAddress",
    "error",
    "operationType",
    "resourceType",
    "resourcePath",
];

/// Whether the text is an event's.
pub(super) fn is_event(text: &str) -> bool {
    text.starts_with("type=") || text.starts_with("operationType=")
}

/// Writes the fields of the text into `event`, in place of the message.
pub(super) fn fields(text: &str, event: &mut Json) -> Result<(), Refusal> {
    let mut details = Object::new();
    for (name, value) in pairs(text)? {
        if value == "null" {
            continue;
        }
        if OWN.contains(&name) {
            put(event, name, value.as_str());
        } else {
            details.insert(name, value.as_str());
        }
    }
    if !details.is_empty() && json::at(event, &["details"]).is_none() {
        put(event, "details", details);
    }
    Ok(())
}

/// `name="value"` or `name=value`, with a comma and a space between them. In quotes, a backslash makes the next
/// character plain.
fn pairs(mut rest: &str) -> Result<Vec<(&str, String)>, Refusal> {
    let mut pairs = Vec::new();
    while !rest.trim().is_empty() {
        let cut = || Refusal::new("the event in `message` is cut off", "raise the limit on the length of log lines");
        let (name, after) = rest.split_once('=').ok_or_else(cut)?;
        let name = name.trim_start_matches([',', ' ']);
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted).ok_or_else(cut)?,
            None => after.split_once(", ").map_or((after.to_owned(), ""), |(value, after)| (value.to_owned(), after)),
        };
        if pairs.iter().any(|(earlier, _)| *earlier == name) {
            let hint = "two readers of this record may see two different values: find out who wrote it";
            return Err(Refusal::new("the event in `message` has a field twice", hint));
        }
        pairs.push((name, value));
        rest = after;
    }
    Ok(pairs)
}

fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_are_read_and_nothing_can_be_slipped_in() {
        let new = r#"type="LOGIN_ERROR", clientId="account", username="a\", type=\"LOGIN", code_id="x""#;
        let pairs_of = |text: &str| {
            pairs(text).map(|pairs| pairs.into_iter().map(|(n, v)| format!("{n}:{v}")).collect::<Vec<_>>())
        };
        assert_eq!(
            pairs_of(new).unwrap(),
            ["type:LOGIN_ERROR", "clientId:account", r#"username:a", type="LOGIN"#, "code_id:x"]
        );
        assert_eq!(pairs_of("type=LOGIN, userId=null, auth_type=code").unwrap().len(), 3);
        assert!(pairs_of("type=LOGIN, username=x, type=LOGOUT").unwrap_err().reason.contains("twice"));
        assert!(pairs_of(r#"type="LOGIN"#).unwrap_err().reason.contains("cut off"));
    }
}
