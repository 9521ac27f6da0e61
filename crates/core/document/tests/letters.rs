//! Who reads letters is given each picture whole, wherever it lies, and what cannot be given is counted.

#![allow(clippy::unwrap_used, reason = "a test")]

use firebreak_document::{Fault, Limits, Reading, Sign, Sink, Text, read};

/// Reads letters, if it does: what it was given, and the texts that came.
#[derive(Default)]
struct Reads {
    reads: bool,
    given: Vec<Vec<u8>>,
    texts: Vec<String>,
}

impl Sink for Reads {
    fn begin(&mut self, text: &Text<'_>) {
        self.texts.push(format!("{} ({}): ", text.place, text.format));
    }
    fn feed(&mut self, bytes: &[u8]) {
        self.texts.last_mut().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
    }
    fn end(&mut self) {}
    fn sign(&mut self, _: &Sign<'_>) {}
    fn reads_letters(&self) -> bool {
        self.reads
    }
    fn letters(&mut self, picture: &[u8]) -> Result<Vec<u8>, String> {
        assert!(self.reads, "nobody else is asked");
        self.given.push(picture.to_vec());
        if self.given.len() > 2 { Err("it is tired".to_owned()) } else { Ok(b"ssn 219-09-9123".to_vec()) }
    }
}

fn reading(name: &str, bytes: &[u8], reads: bool) -> (Reads, Reading) {
    let mut sink = Reads { reads, ..Reads::default() };
    let reading = read(name, &mut &*bytes, &Limits::default(), &mut sink);
    (sink, reading)
}

/// The beginning of a JPEG of this size: as much as is looked at here.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let [[w1, w2], [h1, h2]] = [width.to_be_bytes(), height.to_be_bytes()];
    vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, h1, h2, w1, w2, 1, 1, 0x11, 0, 0xff, 0xd9]
}

/// A PDF with these pictures, each in its packing.
fn pdf(pictures: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n1 0 obj\n<< /Type /Page >>\nendobj\n".to_vec();
    for (at, (more, picture)) in pictures.iter().enumerate() {
        let length = picture.len();
        let head = format!("{} 0 obj\n<< /Subtype /Image {more} /Length {length} >>\nstream\n", at + 2);
        bytes.extend([head.as_bytes(), picture, b"\nendstream\nendobj\n"].concat());
    }
    bytes
}

#[test]
fn a_picture_is_given_whole_and_its_letters_are_a_text() {
    let picture = jpeg(1200, 800);
    let (sink, told) = reading("IMG_1.jpg", &picture, true);
    assert_eq!((sink.given, sink.texts), (vec![picture.clone()], vec![" (letters): ssn 219-09-9123".to_owned()]));
    assert!(told.complete());
    let (sink, told) = reading("IMG_1.jpg", &picture, false);
    assert!(sink.texts.is_empty() && told.complete());
    // An icon is no page.
    assert!(reading("IMG_2.jpg", &jpeg(64, 64), true).0.given.is_empty());
}

#[test]
fn pictures_of_a_pdf_are_given_and_what_cannot_be_is_counted() {
    let page = jpeg(1200, 800);
    let whole = pdf(&[
        ("/Width 1200 /Filter /DCTDecode", &page),
        ("/Width 1200 /Filter /JPXDecode", b"\0\0\0\x0cjP  a picture"),
        ("/Width 1200 /Filter [/ASCIIHexDecode /DCTDecode]", hex(&page).as_bytes()),
        ("/Width 1200 /Filter /CCITTFaxDecode", b"a fax"),
        ("/Width 1200 /ImageMask true /Filter /CCITTFaxDecode", b"a mask"),
        ("/Width 32 /Filter /FlateDecode", b"an icon"),
    ]);
    let (sink, told) = reading("scan.pdf", &whole, true);
    assert_eq!(sink.given, [page.clone(), b"\0\0\0\x0cjP  a picture".to_vec(), page]);
    assert_eq!(sink.texts, ["picture 2 (letters): ssn 219-09-9123", "picture 3 (letters): ssn 219-09-9123"]);
    let problems: Vec<_> = told.problems.iter().map(|one| (one.fault, one.to_string())).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.contains(&(Fault::Letters, "picture 4: it is tired".to_owned())), "{problems:?}");
    assert!(problems.iter().any(|(fault, says)| *fault == Fault::Letters && says.starts_with("1 pictures are packed")));
    assert!(reading("scan.pdf", &whole, false).1.complete(), "without it nothing was promised");
    let mut sink = Reads { reads: true, ..Reads::default() };
    let bounded = read("scan.pdf", &mut &*whole, &Limits { pictures: 1, ..Limits::default() }, &mut sink);
    assert_eq!(sink.given.len(), 1);
    assert!(bounded.problems.iter().any(|one| one.fault == Fault::Bound && one.place == "picture 3"), "{bounded:?}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + ">"
}
