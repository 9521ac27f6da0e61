//! Texts with named fields: `{severity}: {title}`. A value is never read as a template, and goes in as its target
//! escapes it.
//!
//! There are no loops, no conditions and no expressions: what a text can do is say something.

use crate::notice::{Notice, word};

/// What a field may be called.
pub const FIELDS: &[&str] = &["id", "incident", "severity", "title", "text", "plan", "needed", "have", "at", "link"];

/// A text with its fields found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<Piece>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Words(String),
    Field(&'static str),
}

impl Template {
    /// Reads `text`. Two braces stand for one.
    ///
    /// # Errors
    /// Where a brace is not closed or a field does not exist.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut pieces, mut words, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            words.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                words.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                words.push('}');
                rest = after;
            } else {
                let inner = brace.strip_prefix('{').and_then(|inner| inner.split_once('}'));
                let Some((name, after)) = inner else {
                    return Err(format!("`{text}` has a brace that is not closed\nhint: write `{{{{` for a brace"));
                };
                let Some(field) = FIELDS.iter().find(|field| **field == name) else {
                    return Err(format!("no field `{name}`\nhint: there are {}", FIELDS.join(", ")));
                };
                pieces.push(Piece::Words(std::mem::take(&mut words)));
                pieces.push(Piece::Field(field));
                rest = after;
            }
        }
        words.push_str(rest);
        pieces.push(Piece::Words(words));
        pieces.retain(|piece| *piece != Piece::Words(String::new()));
        Ok(Template(pieces))
    }

    /// The text of `notice`, each value as `escape` writes it.
    pub fn fill(&self, notice: &Notice, link: Option<&str>, escape: &dyn Fn(&str) -> String) -> String {
        let value = |field: &str| match field {
            "id" => notice.id.clone(),
            "incident" => notice.incident.clone().unwrap_or_default(),
            "severity" => word(notice.severity).to_owned(),
            "title" => notice.title.clone(),
            "text" => notice.text.clone(),
            "plan" => notice.ask.as_ref().map(|ask| ask.plan.clone()).unwrap_or_default(),
            "needed" => notice.ask.as_ref().map(|ask| ask.needed.to_string()).unwrap_or_default(),
            "have" => notice.ask.as_ref().map(|ask| ask.have.to_string()).unwrap_or_default(),
            "at" => notice.at.to_string(),
            _ => link.unwrap_or_default().to_owned(),
        };
        let filled = self.0.iter().map(|piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Field(field) => escape(&value(field)),
        });
        filled.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{Severity, Time};

    fn notice(title: &str) -> Notice {
        let id = "n".to_owned();
        Notice {
            id,
            incident: None,
            severity: Severity::High,
            title: title.into(),
            text: String::new(),
            at: Time(0),
            ask: None,
        }
    }

    #[test]
    fn a_value_is_data_and_never_a_template() {
        let template = Template::parse("{severity} {{x}}: {title}").unwrap();
        let shout = |value: &str| value.replace('<', "&lt;");
        assert_eq!(template.fill(&notice("{text} <b> {{"), None, &shout), "high {x}: {text} &lt;b> {{");
    }

    #[test]
    fn what_is_no_field_is_an_error_that_names_those_there_are() {
        for bad in ["{titel}", "{", "}", "a {title", "{}"] {
            let error = Template::parse(bad).unwrap_err();
            assert!(error.contains("\nhint: "), "{error}");
        }
    }
}
