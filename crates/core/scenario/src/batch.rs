//! Records of one log file: written in any order, read in the order of time.

use crate::clock::At;
use crate::json::Json;

/// Records that will go into one file.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    records: Vec<(At, usize, usize)>,
}

impl Batch {
    /// Adds the record that happened at `at`.
    pub(crate) fn add(&mut self, at: At, write: impl FnOnce(&mut Json)) {
        let from = self.bytes.len();
        let mut json = Json::after(std::mem::take(&mut self.bytes));
        json.object(write);
        self.bytes = json.into_bytes();
        self.records.push((at, from, self.bytes.len()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records in the order of time, with `between` after each but the last.
    fn joined(mut self, before: &[u8], between: &[u8], after: &[u8]) -> Vec<u8> {
        // A stable sort: records of the same instant stay in the order in which they were written.
        self.records.sort_by_key(|(at, _, _)| *at);
        let mut out = Vec::with_capacity(self.bytes.len() + self.records.len() * between.len() + 64);
        out.extend_from_slice(before);
        for (index, (_, from, to)) in self.records.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(between);
            }
            out.extend_from_slice(self.bytes.get(*from..*to).unwrap_or_default());
        }
        out.extend_from_slice(after);
        out
    }

    /// One record a line.
    pub(crate) fn lines(self) -> Vec<u8> {
        self.joined(b"", b"\n", b"\n")
    }

    /// `{"Records":[…]}`, as CloudTrail writes.
    pub(crate) fn cloudtrail(self) -> Vec<u8> {
        self.joined(b"{\"Records\":[", b",", b"]}")
    }

    /// A JSON array, as Okta's API answers.
    pub(crate) fn array(self) -> Vec<u8> {
        self.joined(b"[", b",\n", b"]\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_in_the_order_of_time() {
        let mut batch = Batch::default();
        for (at, name) in [(3, "c"), (1, "a"), (2, "b"), (1, "a2")] {
            batch.add(At(at), |json| json.text("n", name));
        }
        let text = String::from_utf8(batch.lines()).expect("text");
        assert_eq!(text, "{\"n\":\"a\"}\n{\"n\":\"a2\"}\n{\"n\":\"b\"}\n{\"n\":\"c\"}\n");
    }
}
