//! A writer of JSON text that keeps the order in which fields are given, as platforms do. It is not a parser.

/// JSON being written. Fields go into the object that is open; items into the list that is open.
#[derive(Debug, Default)]
pub(crate) struct Json {
    out: Vec<u8>,
    comma: bool,
}

impl Json {
    /// Goes on writing after `out`.
    pub(crate) fn after(out: Vec<u8>) -> Json {
        Json { out, comma: false }
    }

    /// What was written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// What was written, as text: it is UTF-8 because only strings went in.
    pub(crate) fn into_text(self) -> String {
        String::from_utf8(self.out).unwrap_or_default()
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }

    fn string(&mut self, text: &str) {
        self.out.push(b'"');
        let mut from = 0;
        for (index, byte) in text.bytes().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.out.extend_from_slice(text.as_bytes().get(from..index).unwrap_or_default());
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                other => self.out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
            }
            from = index + 1;
        }
        self.out.extend_from_slice(text.as_bytes().get(from..).unwrap_or_default());
        self.out.push(b'"');
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.string(key);
        self.out.push(b':');
    }

    fn enclose(&mut self, open: u8, close: u8, inside: impl FnOnce(&mut Json)) {
        self.out.push(open);
        self.comma = false;
        inside(self);
        self.out.push(close);
        self.comma = true;
    }

    /// An object as the whole value or as an item.
    pub(crate) fn object(&mut self, inside: impl FnOnce(&mut Json)) {
        self.separate();
        self.enclose(b'{', b'}', inside);
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value);
    }

    /// The text, or null where there is none.
    pub(crate) fn text_or_null(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    pub(crate) fn number(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    /// A number with six places after the point.
    pub(crate) fn decimal(&mut self, key: &str, millionths: i64) {
        self.key(key);
        let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
        self.out.extend_from_slice(format!("{whole}.{rest:06}").as_bytes());
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(crate) fn null(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(b"null");
    }

    pub(crate) fn nested(&mut self, key: &str, inside: impl FnOnce(&mut Json)) {
        self.key(key);
        self.enclose(b'{', b'}', inside);
    }

    pub(crate) fn list(&mut self, key: &str, inside: impl FnOnce(&mut Json)) {
        self.key(key);
        self.enclose(b'[', b']', inside);
    }

    pub(crate) fn texts(&mut self, key: &str, items: &[&str]) {
        self.list(key, |json| items.iter().for_each(|item| json.item(item)));
    }

    /// A string as an item of a list.
    pub(crate) fn item(&mut self, value: &str) {
        self.separate();
        self.string(value);
    }

    /// An object whose fields are all strings; null where there are no fields.
    pub(crate) fn fields(&mut self, key: &str, fields: &[(&str, &str)]) {
        if fields.is_empty() {
            return self.null(key);
        }
        self.nested(key, |json| fields.iter().for_each(|(name, value)| json.text(name, value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json_in_the_given_order() {
        let mut json = Json::default();
        json.object(|json| {
            json.text("z", "a\"b\\c\n\u{1}é");
            json.nested("o", |json| json.null("n"));
            json.list("l", |json| {
                json.item("x");
                json.object(|json| json.flag("f", true));
            });
            json.decimal("d", 1_000_020);
            json.fields("none", &[]);
            json.number("i", -3);
        });
        let text = json.into_text();
        assert_eq!(
            text,
            r#"{"z":"a\"b\\c\n\u0001é","o":{"n":null},"l":["x",{"f":true}],"d":1.000020,"none":null,"i":-3}"#
        );
        let parsed: serde_json::Value = serde_json::from_str(&text).expect("valid");
        assert_eq!(parsed["z"], "a\"b\\c\n\u{1}é");
    }
}
