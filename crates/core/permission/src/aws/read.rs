//! Reads policy documents. What cannot be read is never dropped: it becomes a statement, or a policy, that "may".

mod json;

use super::condition::Condition;
use super::glob::Glob;
use super::policy::{Effect, Listed, Named, Policy, Statement};
use super::principal::is_account;
use super::template::{Reading, Template};
use firebreak_model::{Position, Problem, Text};
use serde_json::{Map, Value};

/// How much of a policy is read. Beyond a limit it "may", and a problem says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a document.
    pub bytes: usize,
    /// Statements of a policy.
    pub statements: usize,
    /// Actions, resources, principals and condition values of one statement.
    pub items: usize,
    /// Bytes of one action, resource, principal or condition value.
    pub item_bytes: usize,
    /// Problems that are reported of one policy.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 1 << 20, statements: 10_000, items: 200_000, item_bytes: 2_048, problems: 64 }
    }
}

/// What is read and what was met on the way.
struct Reader<'a> {
    name: &'a str,
    limits: Limits,
    variables: bool,
    problems: Vec<Problem>,
    hidden: usize,
}

impl Policy {
    /// Reads a document from text: JSON, or JSON with percent encoding, as the API answers. Keys that a block has twice
    /// are found.
    pub fn parse(name: &str, text: &str, limits: Limits) -> (Policy, Vec<Problem>) {
        let reader = Reader::new(name, limits);
        if text.len() > limits.bytes {
            let reason = format!("the policy has {} bytes, more than the {} that are read", text.len(), limits.bytes);
            return reader.unreadable(&reason);
        }
        let decoded = text.trim_start().starts_with('%').then(|| json::percent_decoded(text));
        match json::parse(decoded.as_deref().unwrap_or(text)) {
            Ok(document) => reader.policy(&document),
            Err(reason) => reader.unreadable(&format!("the policy is not JSON ({reason})")),
        }
    }

    /// Reads a document that is JSON already, or JSON in a string.
    pub fn read(name: &str, document: &Value, limits: Limits) -> (Policy, Vec<Problem>) {
        match document {
            Value::String(text) => Policy::parse(name, text, limits),
            document => Reader::new(name, limits).policy(document),
        }
    }
}

impl Reader<'_> {
    fn new(name: &str, limits: Limits) -> Reader<'_> {
        Reader { name, limits, variables: false, problems: Vec::new(), hidden: 0 }
    }

    fn problem(&mut self, statement: Option<usize>, reason: String) {
        if self.problems.len() >= self.limits.problems {
            self.hidden += 1;
            return;
        }
        let record = statement.and_then(|at| u64::try_from(at).ok());
        self.problems.push(Problem {
            source: Text::new_static("aws_policy"),
            position: Position { input: self.name.to_owned(), record, ..Position::default() },
            reason,
            hint: "what it grants or refuses counts as undecided; export the policy again or correct it".to_owned(),
        });
    }

    fn unreadable(mut self, reason: &str) -> (Policy, Vec<Problem>) {
        self.problem(None, reason.to_owned());
        let policy = Policy { unread: Some(Text::new(reason)), unread_denies: true, ..Policy::empty(self.name) };
        (policy, self.problems)
    }

    fn policy(mut self, document: &Value) -> (Policy, Vec<Problem>) {
        let Some(fields) = document.as_object() else { return self.unreadable("the policy is not an object") };
        let mut unread = None;
        // Without a version it is the old one, which has no variables.
        self.variables = fields.get("Version").and_then(Value::as_str) == Some("2012-10-17");
        let items = match fields.get("Statement") {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return self.unreadable("the policy has no list of statements"),
        };
        if let Some(strange) = strange(fields, &["Version", "Id", "Statement"]) {
            let reason = format!("the policy has an element `{}` that policies do not have", shown(strange));
            unread = Some(Text::new(&reason));
            self.problem(None, reason);
        }
        if items.len() > self.limits.statements {
            let (is, max) = (items.len(), self.limits.statements);
            let reason = format!("the policy has {is} statements, more than the {max} that are read");
            unread = Some(Text::new(&reason));
            self.problem(None, reason);
        }
        let read = items.iter().take(self.limits.statements).enumerate();
        let statements = read.map(|(at, item)| self.statement(at, item)).collect();
        let unread_denies = unread.is_some();
        let policy = Policy { unread, unread_denies, ..Policy::of(self.name, statements) };
        if self.hidden > 0 {
            self.limits.problems += 1;
            let hidden = self.hidden;
            self.problem(None, format!("the policy has {hidden} more problems"));
        }
        (policy, self.problems)
    }

    fn statement(&mut self, at: usize, item: &Value) -> Statement {
        let mut statement = Statement {
            id: Text::new(format!("statement {at}")),
            effect: Effect::Unread,
            principals: Listed::Unread,
            actions: Listed::Unread,
            resources: Listed::Unread,
            conditions: Vec::new(),
            unread: None,
        };
        let Some(fields) = item.as_object() else {
            self.doubt(&mut statement, at, "the statement is not an object".to_owned());
            return statement;
        };
        if let Some(id) = fields.get("Sid").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            statement.id = Text::new(shown(id));
        }
        statement.effect = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => Effect::Unread,
        };
        if statement.effect == Effect::Unread {
            self.doubt(&mut statement, at, "the statement neither allows nor denies".to_owned());
        }
        if let Some(strange) = strange(fields, &ELEMENTS) {
            let reason = format!("the statement has an element `{}` that cannot be read", shown(strange));
            self.doubt(&mut statement, at, reason);
        }
        self.elements(&mut statement, at, fields);
        statement
    }

    fn elements(&mut self, statement: &mut Statement, at: usize, fields: &Map<String, Value>) {
        let mut left = self.limits.items;
        let resource = Reading { wildcards: true, variables: self.variables, fold: false };
        let bytes = self.limits.item_bytes;
        let fits = |text: &&str| text.len() <= bytes;
        statement.actions = listed(fields, "Action", &mut left, |value| {
            texts(value)?.map(|text| text.filter(fits).map(|text| Glob::new(&text.to_ascii_lowercase()))).collect()
        });
        statement.resources = listed(fields, "Resource", &mut left, |value| {
            texts(value)?.map(|text| text.filter(fits).map(|text| Template::read(text, resource))).collect()
        });
        statement.principals = listed(fields, "Principal", &mut left, |value| named(value, bytes));
        for (name, unread) in [
            ("Action", matches!(statement.actions, Listed::Unread | Listed::Missing)),
            ("Resource", matches!(statement.resources, Listed::Unread)),
            ("Principal", matches!(statement.principals, Listed::Unread)),
        ] {
            if unread {
                self.doubt(statement, at, format!("the statement's `{name}` cannot be read"));
            }
        }
        self.conditions(statement, at, fields, left);
    }

    fn conditions(&mut self, statement: &mut Statement, at: usize, fields: &Map<String, Value>, mut left: usize) {
        let operators = match fields.get("Condition") {
            Some(Value::Object(operators)) => operators,
            None => return,
            Some(_) => return self.doubt(statement, at, "the statement's `Condition` cannot be read".to_owned()),
        };
        for (operator, keys) in operators {
            let Some(keys) = keys.as_object() else {
                self.doubt(statement, at, format!("the condition `{}` cannot be read", shown(operator)));
                continue;
            };
            for (key, values) in keys {
                let count = values.as_array().map_or(1, Vec::len);
                let Some(rest) = left.checked_sub(count) else {
                    self.doubt(statement, at, "the statement has more values than are read".to_owned());
                    return;
                };
                left = rest;
                match Condition::read(operator, key, values, self.variables, self.limits.item_bytes) {
                    Ok(condition) => {
                        if let Some(unread) = condition.unread() {
                            let (operator, key) = (shown(operator), shown(key));
                            self.problem(Some(at), format!("the condition `{operator}` of `{key}` {unread}"));
                        }
                        statement.conditions.push(condition);
                    }
                    Err(reason) => self.doubt(statement, at, reason),
                }
            }
        }
    }

    fn doubt(&mut self, statement: &mut Statement, at: usize, reason: String) {
        statement.unread.get_or_insert_with(|| Text::new(&reason));
        self.problem(Some(at), reason);
    }
}

/// The elements that a statement may have.
const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

fn strange<'a>(fields: &'a Map<String, Value>, known: &[&str]) -> Option<&'a str> {
    fields.keys().map(String::as_str).find(|key| !known.contains(key))
}

/// One element and its contrary; both at once cannot be read.
fn listed<T>(
    fields: &Map<String, Value>,
    key: &str,
    left: &mut usize,
    mut read: impl FnMut(&Value) -> Option<Vec<T>>,
) -> Listed<T> {
    let not = match key {
        "Action" => "NotAction",
        "Resource" => "NotResource",
        _ => "NotPrincipal",
    };
    let (value, but) = match (fields.get(key), fields.get(not)) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Listed::Missing,
        (Some(_), Some(_)) => return Listed::Unread,
    };
    let count = value.as_array().map_or(1, Vec::len);
    let Some(rest) = left.checked_sub(count) else { return Listed::Unread };
    *left = rest;
    match read(value) {
        Some(items) if items.is_empty() => Listed::Unread,
        Some(items) if but => Listed::AllBut(items.into()),
        Some(items) => Listed::These(items.into()),
        None => Listed::Unread,
    }
}

/// A string or a list of strings; each that is no string is `None`.
fn texts(value: &Value) -> Option<impl Iterator<Item = Option<&str>>> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one @ Value::String(_) => std::slice::from_ref(one),
        _ => return None,
    };
    Some(items.iter().map(Value::as_str))
}

fn named(value: &Value, bytes: usize) -> Option<Vec<Named>> {
    match value {
        Value::String(text) if text == "*" => Some(vec![Named::Everyone]),
        Value::Object(kinds) => {
            let mut all = Vec::new();
            for (kind, value) in kinds {
                for text in texts(value)? {
                    let text = text.filter(|text| text.len() <= bytes)?;
                    all.push(match kind.as_str() {
                        "AWS" => aws(text),
                        "Service" => Named::Service(Text::new(text)),
                        "Federated" => Named::Federated(Text::new(text)),
                        "CanonicalUser" => Named::Canonical(Text::new(text)),
                        _ => return None,
                    });
                }
            }
            Some(all)
        }
        _ => None,
    }
}

fn aws(text: &str) -> Named {
    let account = text.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next());
    match text {
        "*" => Named::Everyone,
        text if is_account(text) => Named::Account(Text::new(text)),
        text if text.starts_with("arn:") => match account {
            Some(account) if is_account(account) && text.contains(":iam::") => Named::Account(Text::new(account)),
            // The platform takes no wildcard in a part of a principal.
            _ if text.contains(['*', '?']) => Named::Unread(Text::new(text)),
            _ => Named::Arn(Text::new(text)),
        },
        text if text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) => {
            Named::Id(Text::new(text))
        }
        text => Named::Unread(Text::new(text)),
    }
}

/// Text from a policy as messages show it: short and in one line.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(120).map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect();
    if text.chars().nth(120).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests;
