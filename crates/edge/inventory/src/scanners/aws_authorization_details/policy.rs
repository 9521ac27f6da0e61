//! Policy statements, reduced to what is decided here: what they name, and which of their conditions stay undecided.

use super::glob;
use crate::json::{text, texts};
use crate::report::{Report, shown};
use firebreak_model::Text;
use serde_json::Value;

/// Actions or resources: those that are listed, or all but those.
#[derive(Clone, Debug)]
pub(super) enum Names {
    /// `Action`, `Resource`.
    These(Vec<String>),
    /// `NotAction`, `NotResource`.
    AllBut(Vec<String>),
}

impl Names {
    fn of(statement: &Value, key: &str) -> Option<Names> {
        let own = |key: &str| -> Vec<String> { texts(statement.get(key)).into_iter().map(str::to_owned).collect() };
        let these = own(key);
        if !these.is_empty() {
            return Some(Names::These(these));
        }
        let but = own(&format!("Not{key}"));
        (!but.is_empty()).then_some(Names::AllBut(but))
    }

    /// Whether `name` is among them.
    pub(super) fn include(&self, name: &str) -> bool {
        match self {
            Names::These(patterns) => patterns.iter().any(|pattern| glob::matches(pattern, name)),
            Names::AllBut(patterns) => !patterns.iter().any(|pattern| glob::matches(pattern, name)),
        }
    }

    /// Whether they certainly include everything that `pattern` matches.
    pub(super) fn cover(&self, pattern: &str) -> bool {
        match self {
            Names::These(patterns) => patterns.iter().any(|outer| glob::covers(outer, pattern)),
            // Not certain where the exception and the pattern may share a text: then it is not covered.
            Names::AllBut(patterns) => patterns.iter().all(|but| !may_overlap(but, pattern)),
        }
    }

    /// Whether they may include something that `pattern` matches.
    pub(super) fn may_include(&self, pattern: &str) -> bool {
        match self {
            Names::These(patterns) => patterns.iter().any(|own| may_overlap(own, pattern)),
            Names::AllBut(patterns) => !patterns.iter().any(|but| glob::covers(but, pattern)),
        }
    }
}

/// Whether a text may match both patterns: no only where their fixed beginnings differ.
pub(super) fn may_overlap(a: &str, b: &str) -> bool {
    if !glob::is_pattern(a) {
        return glob::matches(b, a);
    }
    if !glob::is_pattern(b) {
        return glob::matches(a, b);
    }
    let fixed = |pattern: &str| pattern.split(['*', '?']).next().unwrap_or_default().to_owned();
    glob::can_begin(a, &fixed(b)) && glob::can_begin(b, &fixed(a))
}

/// One statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Allow, not Deny.
    pub(super) allow: bool,
    /// What may be done. Service and action in lower case: IAM does not tell cases apart.
    pub(super) actions: Names,
    /// The actions as they were written, for people to read.
    pub(super) written: Vec<String>,
    /// On what. Policy variables are read as `*`.
    pub(super) resources: Names,
    /// What would have to be decided for it to apply, in words.
    pub(super) undecided: Vec<Text>,
    /// Where it stands: policy and statement.
    pub(super) place: String,
}

/// The statements of an identity policy. `place` names the policy.
pub(super) fn statements(document: &Value, place: &str, report: &mut Report) -> Vec<Statement> {
    // Some exports keep the document as text, as the API encodes it.
    let decoded = document.as_str().and_then(|text| serde_json::from_str::<Value>(&percent_decoded(text)).ok());
    let document = decoded.as_ref().unwrap_or(document);
    let items = match document.get("Statement") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => {
            report.add(format!("policy `{}` has no statement", shown(place)), "export the account again");
            return Vec::new();
        }
    };
    items.iter().enumerate().filter_map(|(at, item)| statement(item, at, place, report)).collect()
}

fn statement(item: &Value, at: usize, place: &str, report: &mut Report) -> Option<Statement> {
    let place = format!("{place} {}", text(item, "Sid").map_or_else(|| format!("statement {at}"), str::to_owned));
    let allow = match text(item, "Effect") {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => {
            report.add(format!("`{}` neither allows nor denies", shown(&place)), "export the account again");
            return None;
        }
    };
    let Some(actions) = Names::of(item, "Action") else {
        report.add(format!("`{}` names no action", shown(&place)), "export the account again");
        return None;
    };
    let written = match &actions {
        Names::These(these) => these.clone(),
        Names::AllBut(but) => vec![format!("all but {}", but.join(", "))],
    };
    // A trust policy names no resource: it is about its own role.
    let resources = Names::of(item, "Resource").unwrap_or(Names::These(vec!["*".to_owned()]));
    let mut undecided = conditions(item);
    let (resources, variables) = without_variables(resources);
    undecided.extend(variables);
    Some(Statement { allow, actions: lower_case(actions), written, resources, undecided, place })
}

fn lower_case(names: Names) -> Names {
    let lower = |names: Vec<String>| names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
    match names {
        Names::These(names) => Names::These(lower(names)),
        Names::AllBut(names) => Names::AllBut(lower(names)),
    }
}

/// Each `${…}` as `*`, and what that leaves undecided. A variable under `NotResource` is dropped: fewer exceptions are
/// the wider reading.
fn without_variables(names: Names) -> (Names, Vec<Text>) {
    let mut undecided = Vec::new();
    let mut plain = |name: &String| -> Option<String> {
        let mut rest = name.as_str();
        let mut out = String::new();
        while let Some((head, tail)) = rest.split_once("${") {
            let (variable, after) = tail.split_once('}').unwrap_or((tail, ""));
            undecided.push(Text::new(format!("policy variable `{}` has a matching value", shown(variable))));
            out.push_str(head);
            out.push('*');
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    };
    let names = match names {
        Names::These(names) => Names::These(names.iter().filter_map(&mut plain).collect()),
        Names::AllBut(names) => {
            let fixed = names.into_iter().filter(|name| !name.contains("${"));
            Names::AllBut(fixed.collect())
        }
    };
    (names, undecided)
}

/// Each condition as `Operator key = values`, at most three values each.
pub(super) fn conditions(item: &Value) -> Vec<Text> {
    let operators = item.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let mut undecided = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let mut shown_values: Vec<String> = texts(Some(values)).into_iter().take(3).map(shown).collect();
            if shown_values.is_empty() {
                shown_values.push(shown(&values.to_string()));
            }
            undecided.push(Text::new(format!("{operator} `{}` is {}", shown(key), shown_values.join(" or "))));
        }
    }
    undecided
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let decoded = (*byte == b'%').then(|| tail.get(..2)).flatten();
        let decoded = decoded.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match decoded {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_read_the_safe_way() {
        let but = Names::AllBut(vec!["iam:*".to_owned()]);
        assert!(but.include("s3:getobject") && !but.include("iam:getuser"));
        assert!(but.cover("s3:*") && !but.cover("*") && but.may_include("*") && !but.may_include("iam:get*"));
        assert!(may_overlap("s3:get*", "s3:*") && !may_overlap("s3:get*", "s3:put*") && may_overlap("*x", "y*"));
    }

    #[test]
    fn a_document_may_be_text() {
        let document = Value::String("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D".to_owned());
        let mut report = Report::new("test", std::path::Path::new("x"));
        let read = statements(&document, "p", &mut report);
        assert!(read[0].allow && read[0].actions.cover("s3:getobject") && report.finish().is_empty());
    }
}
