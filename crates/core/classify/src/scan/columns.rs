//! Tables of text: a header far above says what stands in each column.

use super::context::Own;

/// How much of the beginning is looked at for a header, in bytes.
pub(crate) const HEAD: usize = 16 << 10;

/// A table whose header is known, and how far its rows were read.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    delimiter: u8,
    columns: Vec<Own>,
    /// The column at `at`, and whether a quote is open there.
    column: usize,
    quoted: bool,
    at: u64,
}

/// A header: its fields, and where its line ends.
pub(crate) struct Header<'a> {
    /// What separates fields.
    pub(crate) delimiter: u8,
    /// The fields, without quotes.
    pub(crate) fields: Vec<&'a [u8]>,
    end: usize,
}

/// The header with which `head` begins, if it begins with one: a line of names, and a second line with as many fields.
pub(crate) fn header(head: &[u8]) -> Option<Header<'_>> {
    let head = head.get(..HEAD.min(head.len()))?;
    let mut start = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    for _ in 0..4 {
        let rest = head.get(start..)?;
        let length = memchr::memchr(b'\n', rest)?;
        let line = rest.get(..length)?;
        start += length + 1;
        if line.iter().all(u8::is_ascii_whitespace) || line.starts_with(b"#") || line.starts_with(b"sep=") {
            continue;
        }
        let second = head.get(start..)?;
        let second = second.get(..memchr::memchr(b'\n', second).unwrap_or(second.len()))?;
        return [b'\t', b';', b'|', b','].into_iter().find_map(|delimiter| {
            let fields = fields(line, delimiter);
            let alike = fields.len() > 1 && self::fields(second, delimiter).len() == fields.len();
            (alike && fields.iter().all(|field| is_name(field))).then_some(Header { delimiter, fields, end: start })
        });
    }
    None
}

fn fields(line: &[u8], delimiter: u8) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            byte if *byte == delimiter && !quoted => {
                fields.push(line.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(line.get(start..).unwrap_or_default());
    fields.into_iter().map(trimmed).collect()
}

fn trimmed(field: &[u8]) -> &[u8] {
    let edge = |byte: &u8| !b" \t\r\"'".contains(byte);
    let start = field.iter().position(edge).unwrap_or(field.len());
    let end = field.iter().rposition(edge).map_or(start, |at| at + 1);
    field.get(start..end).unwrap_or_default()
}

/// Whether a field may be the name of a column: short, begins with a letter, no long numbers, no sentence.
fn is_name(field: &[u8]) -> bool {
    let digits = field.iter().filter(|byte| byte.is_ascii_digit()).count();
    field.len() <= 64 && digits <= 4 && !field.iter().any(|byte| b"@=<>{}".contains(byte))
}

impl Table {
    /// The table under `header`, whose columns say `columns`. `start` is where the header was read, in the whole stream.
    pub(crate) fn new(header: &Header<'_>, columns: Vec<Own>, start: u64) -> Table {
        Table { delimiter: header.delimiter, columns, column: 0, quoted: false, at: start + header.end as u64 }
    }

    /// Reads on to the place `at` of `text`, which begins at `base` of the stream, and says what heads its column.
    pub(crate) fn column_at(&mut self, text: &[u8], base: u64, at: usize) -> Option<Own> {
        let from = self.at.checked_sub(base)? as usize;
        let passed = text.get(from..at)?;
        for place in memchr::memchr3_iter(self.delimiter, b'\n', b'"', passed) {
            match passed.get(place) {
                Some(b'"') => self.quoted = !self.quoted,
                // A quote never spans a line here: one that was left open must not hide the rest.
                Some(b'\n') => (self.column, self.quoted) = (0, false),
                _ if !self.quoted => self.column += 1,
                _ => {}
            }
        }
        self.at = base + at as u64;
        self.columns.get(self.column).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_lines_of_names_over_lines_of_as_many_fields() {
        let names = |text: &'static str| {
            let header = header(text.as_bytes())?;
            Some(header.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names("\"id\",\"ssn\"\n1,2\n").unwrap(), ["id", "ssn"]);
        assert_eq!(names("id\tssn no\r\n1\t2\n").unwrap(), ["id", "ssn no"]);
        assert_eq!(names("Dear Ann, hello\nno fields here\n"), None);
        assert_eq!(names("1234567,ann@x.example\n1,2\n"), None);
    }

    #[test]
    fn a_place_knows_its_column() {
        let text = b"id,ssn\n1,\"a,b\"\n\"x,y\",2\n";
        let own = |word: &[u8]| Own { label: super::super::cue::Label::of(word), ..Own::default() };
        let header = header(text).unwrap();
        let mut table = Table::new(&header, vec![own(b"order"), own(b"ssn")], 0);
        assert_eq!(table.column_at(text, 0, 7), Some(own(b"order")));
        assert_eq!(table.column_at(text, 0, 12), Some(own(b"ssn")));
        assert_eq!(table.column_at(text, 0, 21), Some(own(b"ssn")));
    }
}
