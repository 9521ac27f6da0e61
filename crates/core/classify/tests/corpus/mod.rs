//! Generated corpora with known truth, and other scanners beside ours. Checksums are computed here in other ways than the scanner's, so
//! that a common error shows.

pub(crate) mod layouts;
pub(crate) mod peers;
pub(crate) mod values;

use std::ops::Range;

/// A deterministic source of numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn within(&mut self, range: Range<usize>) -> usize {
        range.start + self.below(range.end - range.start)
    }

    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// `length` characters of `alphabet`.
    pub(crate) fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| self.of(&alphabet)).collect()
    }

    pub(crate) fn digits(&mut self, length: usize) -> String {
        self.text("0123456789", length)
    }
}

/// One value that was put into a file.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its class, in the scanner's words.
    pub(crate) class: &'static str,
    /// The value.
    pub(crate) value: String,
}

/// One file of a corpus.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) planted: Vec<Planted>,
    lines: usize,
}

impl File {
    pub(crate) fn new(name: &str) -> File {
        File { name: name.to_owned(), text: String::new(), planted: Vec::new(), lines: 0 }
    }

    /// Appends a line in which `planted` stand.
    pub(crate) fn line(&mut self, text: &str, planted: &[(&'static str, &str)]) {
        let line = self.lines + 1;
        self.lines += text.matches('\n').count() + 1;
        self.text.push_str(text);
        self.text.push('\n');
        self.planted.extend(planted.iter().map(|(class, value)| Planted { line, class, value: (*value).to_owned() }));
    }
}

/// Whether `class` is one of secrets.
pub(crate) fn is_secret(class: &str) -> bool {
    ["provider_token", "private_key", "web_token", "url_password", "bearer_token", "password", "assigned_secret"]
        .contains(&class)
}
