//! Arbitrary bytes as a document of any format: reading ends within the bounds, panics at nothing, and one text ends before the
//! next begins.
#![no_main]

use firebreak_document::{Limits, Sign, Sink, Text, read};

#[derive(Default)]
struct Count {
    open: bool,
    bytes: u64,
    pictures: u64,
}

impl Sink for Count {
    fn begin(&mut self, _: &Text<'_>) {
        assert!(!self.open);
        self.open = true;
    }

    fn feed(&mut self, bytes: &[u8]) {
        assert!(self.open);
        self.bytes += bytes.len() as u64;
    }

    fn end(&mut self) {
        assert!(self.open);
        self.open = false;
    }

    fn sign(&mut self, sign: &Sign<'_>) {
        assert!(!sign.why.is_empty());
    }

    fn reads_letters(&self) -> bool {
        true
    }

    fn letters(&mut self, picture: &[u8]) -> Result<Vec<u8>, String> {
        assert!(!self.open);
        self.pictures += 1;
        if picture.len() % 2 == 0 { Ok(picture.to_vec()) } else { Err("not read".to_owned()) }
    }
}

/// Names that decide where bytes do not.
const NAMES: &[&str] = &["a", "a.html", "a.json", "a.ipynb", "a.parquet", "a.tar", "a.eml", "a.pdf", "passport.jpg", "interview.mp4"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let limits = Limits { text: 4 << 20, unpacked: 4 << 20, held: 4 << 20, depth: 4, documents: 100, pictures: 10 };
    let mut sink = Count::default();
    let reading = read(NAMES[usize::from(*first) % NAMES.len()], &mut &*rest, &limits, &mut sink);
    assert!(!sink.open && sink.bytes == reading.text);
    assert!(reading.text <= limits.text && reading.unpacked <= limits.unpacked);
    assert!(sink.pictures <= limits.pictures);
});
