//! TOML with line numbers.

use super::{Fault, Lines, Node, Value};
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use firebreak_model::Text;

/// Parses a TOML document. The parser limits nesting itself (80 levels a key and a value).
pub(crate) fn toml(text: &str) -> Result<Node, Fault> {
    let lines = Lines::new(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(Node { line: 1, value: map(table.get_ref(), &lines) }),
        Err(error) => {
            let line = error.span().map(|span| lines.of(span.start));
            Err(Fault { line, reason: error.message().lines().next().unwrap_or_default().to_owned() })
        }
    }
}

fn map(table: &DeTable<'_>, lines: &Lines) -> Value {
    let field = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (Text::new(name), node(value, lines))
    };
    Value::Map(table.iter().map(field).collect())
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let line = lines.of(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(Text::new(text)),
        DeValue::Integer(number) => Value::Number(Text::new(number.as_str())),
        DeValue::Float(number) => Value::Number(Text::new(number.as_str())),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Number(Text::new(time.to_string())),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => map(table, lines),
    };
    Node { line, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_text() {
        let node = toml("a = 1\n[[p]]\nname = \"x\"\n\n[[p]]\nname = \"y\"\nwhen = 2026-03-24\n").unwrap();
        let second = &node.items_at("p")[1];
        assert_eq!((second.line, second.get("name").unwrap().line), (5, 6));
        assert_eq!(second.get("when").unwrap().word(), Some("2026-03-24"));
        assert_eq!(toml("a = 1\nb = \n").unwrap_err().line, Some(2));
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(toml(&format!("a = {}", "[".repeat(100_000))).is_err());
        assert!(toml(&format!("[{}]", vec!["a"; 100_000].join("."))).is_err());
    }
}
