//! JSON with line numbers; relaxed JSON (comments, commas at the end) for the tools that write it.

use super::{Fault, MAX_DEPTH, Node, Value};
use firebreak_model::Text;

/// Parses a JSON document.
pub(crate) fn json(text: &str) -> Result<Node, Fault> {
    Parser { text, at: 0, line: 1, relaxed: false }.document()
}

/// Parses JSON that may hold comments, and commas before a closing bracket (`bun.lock`).
pub(crate) fn relaxed_json(text: &str) -> Result<Node, Fault> {
    Parser { text, at: 0, line: 1, relaxed: true }.document()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    relaxed: bool,
}

impl Parser<'_> {
    fn document(mut self) -> Result<Node, Fault> {
        let node = self.value(0)?;
        match self.next_token()? {
            None => Ok(node),
            Some(_) => Err(self.fault("more after the end of the document")),
        }
    }

    fn fault(&self, reason: &str) -> Fault {
        Fault { line: Some(self.line), reason: reason.to_owned() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The first byte that is not space or a comment.
    fn next_token(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.peek() {
                Some(b'\n') => self.line = self.line.saturating_add(1),
                Some(b' ' | b'\t' | b'\r') => {}
                Some(b'/') if self.relaxed => {
                    self.comment()?;
                    continue;
                }
                byte => return Ok(byte),
            }
            self.at += 1;
        }
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2).ok_or_else(|| self.fault("a comment has no end"))?
        } else {
            return Err(self.fault("a value is expected"));
        };
        let lines = rest.bytes().take(length).filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at += length;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault("nested deeper than 128"));
        }
        let token = self.next_token()?;
        let line = self.line;
        let value = match token {
            Some(b'{') => Value::Map(self.map(depth)?),
            Some(b'[') => Value::List(self.list(depth)?),
            Some(b'"') => Value::Text(self.string()?),
            Some(_) => self.scalar()?,
            None => return Err(self.fault("the document ends early")),
        };
        Ok(Node { line, value })
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(Text, Node)>, Fault> {
        let mut fields = Vec::new();
        self.at += 1;
        loop {
            match self.next_token()? {
                Some(b'}') if fields.is_empty() || self.relaxed => break,
                Some(b'"') => {}
                _ => return Err(self.fault("a field's name is expected")),
            }
            let name = self.string()?;
            if self.next_token()? != Some(b':') {
                return Err(self.fault("`:` is expected after a field's name"));
            }
            self.at += 1;
            fields.push((name, self.value(depth + 1)?));
            match self.next_token()? {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.fault("`,` or `}` is expected")),
            }
        }
        self.at += 1;
        Ok(fields)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            if self.next_token()? == Some(b']') && (items.is_empty() || self.relaxed) {
                break;
            }
            items.push(self.value(depth + 1)?);
            match self.next_token()? {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.fault("`,` or `]` is expected")),
            }
        }
        self.at += 1;
        Ok(items)
    }

    /// `true`, `false`, `null` or a number.
    fn scalar(&mut self) -> Result<Value, Fault> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && word.parse::<f64>().is_ok() => {
                Value::Number(Text::new(word))
            }
            _ => return Err(self.fault("a value is expected")),
        };
        self.at += end;
        Ok(value)
    }

    fn string(&mut self) -> Result<Text, Fault> {
        self.at += 1;
        let rest = self.rest();
        let Some(stop) = rest.find(['"', '\\', '\n']) else { return Err(self.fault("a text has no end")) };
        if rest.as_bytes().get(stop) == Some(&b'"') {
            let text = Text::new(rest.get(..stop).unwrap_or_default());
            self.at += stop + 1;
            return Ok(text);
        }
        self.escaped()
    }

    /// A string with escapes, from its first letter.
    fn escaped(&mut self) -> Result<Text, Fault> {
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(stop) = rest.find(['"', '\\', '\n']) else { return Err(self.fault("a text has no end")) };
            text.push_str(rest.get(..stop).unwrap_or_default());
            let byte = rest.as_bytes().get(stop).copied();
            self.at += stop + 1;
            match byte {
                Some(b'"') => return Ok(Text::new(text)),
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.fault("a text has no end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let letter = self.peek().ok_or_else(|| self.fault("a text has no end"))?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four()?;
                let code = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
                    self.at += 2;
                    let second = self.four()?;
                    0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff)
                } else {
                    first
                };
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.fault("an escape that JSON does not have")),
        })
    }

    fn four(&mut self) -> Result<u32, Fault> {
        let digits = self.text.get(self.at..self.at + 4);
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.ok_or_else(|| self.fault("four hexadecimal digits are expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(plain).collect(),
            Value::Map(fields) => fields.iter().map(|(name, node)| (name.to_string(), plain(node))).collect(),
        }
    }

    #[test]
    fn lines_and_escapes() {
        let node = json("{\n \"a\": [1,\n  {\"b\\u00e9\\ud83d\\ude00\\n\": null}]\n}").unwrap();
        let inner = &node.get("a").unwrap().items()[1];
        assert_eq!(inner.line, 3);
        assert_eq!(inner.fields()[0].0, "bé😀\n");
    }

    #[test]
    fn relaxed_only_where_asked() {
        let text = "{ // c\n \"a\": [1, /* x\n */ 2,],\n}";
        assert!(json(text).is_err());
        assert_eq!(relaxed_json(text).unwrap().items_at("a")[1].line, 3);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_line() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "nul", "\"a", "\"a\nb\"", "1 2", "{\"a\":1,}", "\"\\x\"", "\"\\u12"]
        {
            assert!(json(text).is_err(), "{text}");
        }
        assert_eq!(json("{\n\"a\":\nx}").unwrap_err().line, Some(3));
        assert!(json(&"[".repeat(100_000)).unwrap_err().reason.contains("128"));
    }

    proptest! {
        #[test]
        fn agrees_with_another_parser(text in r#"[\[\]{},:"a0-9.e\\untrl \-]{0,40}"#) {
            if let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&text) {
                // Names that stand twice are kept here.
                let ours = json(&text).unwrap();
                prop_assert_eq!(plain(&ours), theirs);
            }
        }
    }
}
