//! Replaces the secrets of SQL statements, which are known by where they stand: `PASSWORD '…'`. It works on the bytes of a
//! record before anything else sees them, and reads them as the server's lexer does: a word inside a string, a name or a
//! comment is no keyword, so that nobody can make it hide the statement that follows. Secrets known by their own form are
//! the redaction's matter.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a secret's place.
const MASK: &[u8] = b"***";

/// Words after which a literal is a secret.
const WORDS: &[&str] = &[
    "password",
    "passphrase",
    "aws_secret_key",
    "aws_token",
    "azure_sas_token",
    "master_key",
    "secret_string",
    "oauth_client_secret",
    "oauth_refresh_token",
];

/// How the record writes text that holds quotation marks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// `\"`, and `\n` for a line break.
    Json,
    /// `""`.
    Csv,
}

/// The record without the literals that its statements give as passwords.
pub(crate) fn without_secrets(bytes: &[u8], form: Form) -> Cow<'_, [u8]> {
    if form == Form::Json && find(bytes, APOSTROPHE).is_some() {
        let plain = with_apostrophes(bytes);
        return Cow::Owned(masked(&plain, form).into_owned());
    }
    masked(bytes, form)
}

/// Some writers of JSON escape the mark that literals stand in.
const APOSTROPHE: &[u8] = b"\\u0027";

/// The same JSON with apostrophes as they are.
fn with_apostrophes(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let taken = match rest {
            [b'\\', ..] if rest.starts_with(APOSTROPHE) => {
                out.push(b'\'');
                at += APOSTROPHE.len();
                continue;
            }
            [b'\\', _, ..] => 2,
            _ => 1,
        };
        out.extend_from_slice(rest.get(..taken).unwrap_or(&[*byte]));
        at += taken;
    }
    out
}

fn masked(bytes: &[u8], form: Form) -> Cow<'_, [u8]> {
    let mut lexer = Lexer { bytes, form, searches: 64, masks: Vec::new() };
    lexer.statement(0..bytes.len());
    if lexer.masks.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut kept = 0;
    for mask in lexer.masks {
        out.extend_from_slice(bytes.get(kept..mask.start).unwrap_or_default());
        out.extend_from_slice(MASK);
        kept = mask.end;
    }
    out.extend_from_slice(bytes.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

struct Lexer<'r> {
    bytes: &'r [u8],
    form: Form,
    /// How many more searches may come to nothing: a record of nothing but opening marks must not cost its square.
    searches: u32,
    /// What to replace, in order.
    masks: Vec<Range<usize>>,
}

impl Lexer<'_> {
    fn from(&self, at: usize, end: usize) -> &[u8] {
        self.bytes.get(at..end).unwrap_or_default()
    }

    fn statement(&mut self, range: Range<usize>) {
        let (mut at, end) = (range.start, range.end);
        while at < end {
            let rest = self.from(at, end);
            at = match rest {
                [b'\'', ..] => self.string(at + 1, end, false),
                [b'-', b'-', ..] => at + self.line_end(rest),
                [b'/', b'*', ..] => at + find(rest, b"*/").map_or(self.text_end(rest), |found| found + 2),
                [b'$', ..] => self.dollar(at, end),
                [b'"' | b'\\', ..] if rest.starts_with(self.mark()) => self.name_end(at..end) + at,
                // What an escape stands for is no part of a word.
                [b'\\', _, ..] if self.form == Form::Json => at + 2,
                [first, ..] if first.is_ascii_alphabetic() || *first == b'_' => self.word(at, end),
                _ => at + 1,
            };
        }
    }

    /// The quotation mark of a name as this form writes it.
    fn mark(&self) -> &'static [u8] {
        match self.form {
            Form::Plain => b"\"",
            Form::Json => b"\\\"",
            Form::Csv => b"\"\"",
        }
    }

    /// A name in quotation marks. One that does not end is a mark like any other.
    fn name_end(&mut self, rest: Range<usize>) -> usize {
        let mark = self.mark();
        let inner = rest.start + mark.len()..rest.end;
        let found = self.search(inner.clone(), mark);
        let inner = self.from(inner.start, inner.end);
        match found.filter(|found| self.text_end(inner.get(..*found).unwrap_or_default()) >= *found) {
            Some(found) => found + 2 * mark.len(),
            None => mark.len(),
        }
    }

    /// Where `needle` stands in the range, as long as searches may come to nothing.
    fn search(&mut self, range: Range<usize>, needle: &[u8]) -> Option<usize> {
        if self.searches == 0 {
            return None;
        }
        let found = find(self.from(range.start, range.end), needle);
        self.searches -= u32::from(found.is_none());
        found
    }

    /// Where the text that a record's field holds ends at the latest.
    fn text_end(&self, rest: &[u8]) -> usize {
        let mut at = 0;
        while let Some(byte) = rest.get(at) {
            at += match (self.form, byte) {
                (Form::Json, b'\\') => 2,
                (Form::Csv, b'"') if rest.get(at + 1) == Some(&b'"') => 2,
                (Form::Json | Form::Csv, b'"') => return at,
                _ => 1,
            };
        }
        rest.len()
    }

    /// Where a comment ends: with its line, or with the text that holds it.
    fn line_end(&self, rest: &[u8]) -> usize {
        let mut at = 0;
        while let Some(byte) = rest.get(at) {
            at += match (self.form, byte, rest.get(at + 1)) {
                (_, b'\n', _) | (Form::Json, b'\\', Some(b'n')) => return at,
                (Form::Json, b'\\', _) | (Form::Csv, b'"', Some(b'"')) => 2,
                (Form::Json | Form::Csv, b'"', _) => return at,
                _ => 1,
            };
        }
        rest.len()
    }

    /// Passes a literal from behind its first quotation mark. A password in a connection string within it is replaced.
    fn string(&mut self, from: usize, end: usize, escapes: bool) -> usize {
        let inner = self.string_end(from, end, escapes);
        let text = self.from(from, inner);
        let found = find(&text.to_ascii_lowercase(), b"password=").map(|found| found + b"password=".len());
        if let Some(start) = found {
            let value = text.get(start..).unwrap_or_default();
            let length = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
            if length > 0 {
                self.masks.push(from + start..from + start + length);
            }
        }
        (inner + 1).min(end)
    }

    /// Where a literal ends: a doubled quotation mark stands for one, and the text that holds it ends it.
    fn string_end(&self, from: usize, end: usize, escapes: bool) -> usize {
        let rest = self.from(from, end);
        let mut at = 0;
        while let Some(byte) = rest.get(at) {
            at += match (byte, rest.get(at + 1)) {
                (b'\'', Some(b'\'')) => 2,
                (b'\'', _) => return from + at,
                (b'\\', Some(b'\\')) if self.form == Form::Json => match (escapes, rest.get(at + 2)) {
                    (true, Some(_)) => 3,
                    _ => 2,
                },
                (b'\\', Some(_)) if escapes || self.form == Form::Json => 2,
                (b'"', Some(b'"')) if self.form == Form::Csv => 2,
                (b'"', _) if self.form != Form::Plain => return from + at,
                _ => 1,
            };
        }
        end
    }

    /// Passes a literal between two equal dollar tags; what it holds may be statements.
    fn dollar(&mut self, at: usize, end: usize) -> usize {
        match self.dollar_inner(at, end) {
            Some((inner, behind)) => {
                self.statement(inner);
                behind
            }
            None => at + 1,
        }
    }

    fn dollar_inner(&mut self, at: usize, end: usize) -> Option<(Range<usize>, usize)> {
        const TAG_BYTES_MAX: usize = 64;
        let rest = self.from(at, end);
        let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
        let tag_end = rest.iter().skip(1).take(TAG_BYTES_MAX).position(ends)? + 1;
        let tag = rest.get(..=tag_end).filter(|tag| tag.ends_with(b"$"))?;
        let (from, tag) = (at + tag.len(), tag.to_vec());
        let found = self.search(from..end, &tag)?;
        Some((from..from + found, from + found + tag.len()))
    }

    /// Passes a word, and the literal behind it where the word says that this is a secret.
    fn word(&mut self, at: usize, end: usize) -> usize {
        let rest = self.from(at, end);
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = rest.iter().take_while(|byte| in_word(byte)).count();
        let behind = at + length;
        let word = self.from(at, behind);
        if !WORDS.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes())) {
            return behind;
        }
        let from = self.skip(behind, end);
        let (from, escapes) = match self.from(from, end) {
            [b'E' | b'e', b'\'', ..] => (from + 1, true),
            _ => (from, false),
        };
        match self.from(from, end) {
            [b'\'', ..] => {
                let inner = self.string_end(from + 1, end, escapes);
                self.masks.push(from + 1..inner);
                (inner + 1).min(end)
            }
            [b'$', ..] => match self.dollar_inner(from, end) {
                Some((inner, after)) => {
                    self.masks.push(inner);
                    after
                }
                None => from + 1,
            },
            _ => behind,
        }
    }

    /// Skips white space, also where JSON escapes it, and an equals sign.
    fn skip(&self, mut at: usize, end: usize) -> usize {
        loop {
            at += match self.from(at, end) {
                [b'=', ..] => 1,
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                [b'\\', b'n' | b't' | b'r', ..] if self.form == Form::Json => 2,
                _ => return at,
            };
        }
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str, form: Form) -> String {
        String::from_utf8(without_secrets(text.as_bytes(), form).into_owned()).unwrap()
    }

    #[test]
    fn literals_after_password_are_gone_however_they_are_written() {
        for (text, without) in [
            ("CREATE ROLE x PASSWORD 'hunter2' LOGIN", "CREATE ROLE x PASSWORD '***' LOGIN"),
            ("alter user x with encrypted password'hunter2';", "alter user x with encrypted password'***';"),
            ("PASSWORD = E'hunt\\'er2' x", "PASSWORD = E'***' x"),
            ("PASSWORD 'hunt''er2', 'kept'", "PASSWORD '***', 'kept'"),
            ("PASSWORD 'a\\' , 'kept'", "PASSWORD '***' , 'kept'"),
            ("PASSWORD $a$hunter2$a$ x", "PASSWORD $a$***$a$ x"),
            ("PASSWORD 'hunter2", "PASSWORD '***"),
            (
                "DO $$ ALTER ROLE a PASSWORD 'b' $$; PASSWORD 'b'",
                "DO $$ ALTER ROLE a PASSWORD '***' $$; PASSWORD '***'",
            ),
            ("CONNECTION 'host=h password=hunter2 port=1'", "CONNECTION 'host=h password=*** port=1'"),
        ] {
            assert_eq!(left(text, Form::Plain), without);
        }
        let json = r#"{"q":"ALTER USER \"a'b\"\nPASSWORD\n'hunter2'","x":"it's"}"#;
        assert_eq!(left(json, Form::Json), r#"{"q":"ALTER USER \"a'b\"\nPASSWORD\n'***'","x":"it's"}"#);
        assert_eq!(left(r#"{"q":"PASSWORD \u0027x\u0027 \\u0027"}"#, Form::Json), r#"{"q":"PASSWORD '***' \\u0027"}"#);
        let csv = r#"1,"ALTER USER ""a'b"" PASSWORD 'x""y'","it's""#;
        assert_eq!(left(csv, Form::Csv), r#"1,"ALTER USER ""a'b"" PASSWORD '***'","it's""#);
    }

    #[test]
    fn nothing_else_can_be_hidden_behind_the_word() {
        for same in [
            "ALTER ROLE x PASSWORD NULL",
            "/* password '*/ COPY x TO PROGRAM 'id'",
            "-- password '\nCOPY x TO PROGRAM 'id'",
            "SELECT 'password '; COPY x TO PROGRAM 'id'",
            "SELECT 1 AS \"password '\"; COPY x TO PROGRAM 'id'",
            "password authentication failed for user \"x\"",
            "$",
            "'",
            "\"",
            "--",
            "/*",
            "",
        ] {
            assert_eq!(left(same, Form::Plain), same);
        }
        let dollars = left("SELECT $$ password ' $$; COPY x TO PROGRAM 'id'", Form::Plain);
        assert!(dollars.ends_with("$$; COPY x TO PROGRAM 'id'"), "{dollars}");
        let cut = r#"{"q":"PASSWORD 'x","user":"y"}"#;
        assert_eq!(left(cut, Form::Json), r#"{"q":"PASSWORD '***","user":"y"}"#, "a text ends what is in it");
        for opening in ["$a$ $b$ ", "\\\" ", "-- x", "'"] {
            let many = opening.repeat(100_000);
            assert_eq!(left(&many, Form::Json).len(), many.len());
        }
        assert_eq!(left(r#""PASSWORD 'x","y""#, Form::Csv), r#""PASSWORD '***","y""#);
    }
}
