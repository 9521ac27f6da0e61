//! Lines of a text that is a table: which row a place is in, and where the person of that row lives.

use crate::residency::Residence;
use std::collections::VecDeque;

/// Bytes of one line whose fields are looked at.
const LINE_BYTES: usize = 64 << 10;
/// Rows by which it is decided whether columns tell of residence.
const SAMPLE: usize = 500;

/// Lines that were read, and that no finding has passed yet.
pub(crate) struct Lines {
    residence: Option<Residence>,
    delimiter: u8,
    /// What of the current line was read.
    line: Vec<u8>,
    at: u64,
    ends: VecDeque<(u64, Option<String>)>,
    /// How many were passed.
    row: u64,
}

impl Lines {
    /// The lines of a text that begins with `head`. `None` where nothing depends on them: it is no table of `rows`, and no column says where
    /// people live.
    pub(crate) fn of(head: &[u8], rows: bool) -> Option<Lines> {
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        // The last one may be cut.
        let mut sample: Vec<&[u8]> = lines.take(SAMPLE).collect();
        if sample.len() > 1 && sample.len() < SAMPLE {
            sample.pop();
        }
        let delimiter = if rows { Some(b'\t') } else { delimiter(first, &sample) };
        let residence = delimiter.and_then(|delimiter| {
            let names: Vec<String> = fields(first, delimiter).into_iter().flatten().collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let sample: Vec<Vec<Option<String>>> = sample.iter().map(|line| fields(line, delimiter)).collect();
            Residence::of(&names, sample.as_slice())
        });
        (rows || residence.is_some()).then(|| Lines {
            residence,
            delimiter: delimiter.unwrap_or(b'\t'),
            line: Vec::new(),
            at: 0,
            ends: VecDeque::new(),
            row: 0,
        })
    }

    /// More of the text.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LINE_BYTES.saturating_sub(self.line.len()).min(piece.len());
            if self.residence.is_some() {
                self.line.extend_from_slice(piece.get(..room).unwrap_or_default());
            }
            self.at += piece.len() as u64;
            if pieces.peek().is_some() {
                self.end();
                self.at += 1;
            }
        }
    }

    /// The current line ends, with its text or with a line end.
    pub(crate) fn end(&mut self) {
        let fields = fields(&std::mem::take(&mut self.line), self.delimiter);
        let home = self.residence.as_ref().and_then(|residence| residence.home(std::slice::from_ref(&fields), 0));
        self.ends.push_back((self.at, home));
    }

    /// The row of the place `start`, and where its person lives. Places are asked for in their order.
    pub(crate) fn row(&mut self, start: u64) -> (u64, Option<&str>) {
        while self.ends.front().is_some_and(|(end, _)| *end < start) {
            self.ends.pop_front();
            self.row += 1;
        }
        (self.row, self.ends.front().and_then(|(_, home)| home.as_deref()))
    }
}

/// What separates the fields of a header, which the lines under it have as many of.
fn delimiter(header: &[u8], lines: &[&[u8]]) -> Option<u8> {
    [b'\t', b';', b'|', b','].into_iter().find(|delimiter| {
        let count = fields(header, *delimiter).len();
        count > 1 && lines.first().is_some_and(|line| fields(line, *delimiter).len() == count)
    })
}

/// The fields of a line, without quotes. A quote never spans a line here.
fn fields(line: &[u8], delimiter: u8) -> Vec<Option<String>> {
    let mut fields = vec![Vec::new()];
    let mut quoted = false;
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            byte if *byte == delimiter && !quoted => fields.push(Vec::new()),
            byte => fields.last_mut().into_iter().for_each(|field| field.push(*byte)),
        }
    }
    fields.into_iter().map(|field| Some(String::from_utf8_lossy(field.trim_ascii()).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_its_row_however_the_text_is_cut() {
        let text = b"id;state;city\n1;\"CA\";Oakland\n2;NY;Albany\r\n3;;";
        for size in [1, 3, 100] {
            let mut lines = Lines::of(text, false).unwrap();
            text.chunks(size).for_each(|part| lines.feed(part));
            lines.end();
            assert_eq!(lines.row(14), (1, Some("US-CA")));
            assert_eq!(lines.row(20), (1, Some("US-CA")));
            assert_eq!(lines.row(30), (2, Some("US-NY")));
            assert_eq!(lines.row(text.len() as u64), (3, None));
        }
    }

    #[test]
    fn what_says_nothing_of_homes_is_not_followed() {
        assert!(Lines::of(b"id,ssn\n1,2\n2,3\n", false).is_none());
        assert!(Lines::of(b"Dear state, country\nnothing\n", false).is_none());
        assert!(Lines::of(b"id\tssn\n1\t2\n", true).is_some());
    }
}
