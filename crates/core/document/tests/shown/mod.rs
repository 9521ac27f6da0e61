//! A reading as text, for tests.

use firebreak_document::{Limits, Reading, Sign, Sink, Text, read};

/// Writes down what a document gives.
#[derive(Default)]
pub struct Shown {
    pub text: String,
    /// Bytes of text that came, whether they are kept or not.
    pub bytes: u64,
    /// Whether only their number is kept.
    pub counted: bool,
    open: bool,
}

impl Sink for Shown {
    fn begin(&mut self, text: &Text<'_>) {
        assert!(!self.open, "one text ends before the next begins");
        self.open = true;
        let rows = if text.rows { ", rows" } else { "" };
        self.text.push_str(&format!("== {} ({}{rows})\n", text.place, text.format));
    }

    fn feed(&mut self, bytes: &[u8]) {
        assert!(self.open);
        self.bytes += bytes.len() as u64;
        if !self.counted {
            self.text.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    fn end(&mut self) {
        assert!(std::mem::take(&mut self.open));
        self.text.push_str("\n--\n");
    }

    fn sign(&mut self, sign: &Sign<'_>) {
        let sure = if sign.sure { "sure" } else { "may be" };
        self.text.push_str(&format!("sign {}: {sure} {} ({}): {}\n", sign.place, sign.class, sign.kind, sign.why));
    }
}

/// What `bytes`, called `name`, give.
pub fn shown(name: &str, bytes: &[u8], limits: &Limits) -> (Shown, Reading) {
    let mut sink = Shown::default();
    let reading = read(name, &mut &*bytes, limits, &mut sink);
    assert!(!sink.open, "the last text ends");
    (sink, reading)
}
