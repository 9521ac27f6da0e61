//! Documents that were made to harm their reader: time and memory stay bounded, and what was not read is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, unreachable_pub, reason = "a test")]

mod shown;

use firebreak_document::{Fault, Limits, Reading, Sign, Sink, Text, read};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use shown::shown;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

const SMALL: Limits =
    Limits { text: 4 << 20, unpacked: 8 << 20, held: 16 << 20, depth: 6, documents: 200, pictures: 20 };

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn faults(reading: &Reading) -> Vec<Fault> {
    reading.problems.iter().map(|problem| problem.fault).collect()
}

fn bounded(reading: &Reading, limits: &Limits) {
    assert!(reading.text <= limits.text && reading.unpacked <= limits.unpacked, "{reading:?}");
}

/// One file `times` times under other names in one archive, its content stored once: entries that lie over each other.
fn overlapping(content: &[u8], times: u32) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(content).unwrap();
    let packed = packer.finish().unwrap();
    let mut whole = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    whole.extend((packed.len() as u32).to_le_bytes());
    whole.extend((content.len() as u32).to_le_bytes());
    whole.extend(b"\x01\0\0\0a");
    whole.extend(&packed);
    let start = whole.len() as u32;
    for _ in 0..times {
        whole.extend(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
        whole.extend((packed.len() as u32).to_le_bytes());
        whole.extend((content.len() as u32).to_le_bytes());
        whole.extend(b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a");
    }
    let size = whole.len() as u32 - start;
    whole.extend(b"PK\x05\x06\0\0\0\0");
    whole.extend((times as u16).to_le_bytes());
    whole.extend((times as u16).to_le_bytes());
    whole.extend(size.to_le_bytes());
    whole.extend(start.to_le_bytes());
    whole.extend(b"\0\0");
    whole
}

#[test]
fn bombs_end_at_the_bound_and_say_so() {
    let zeros = vec![b'0'; 64 << 20];
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 100_000);
    for (name, bytes) in [("bomb.gz", bomb), ("bomb.zip", overlapping(&zeros[..1 << 20], 5_000))] {
        let (sink, reading) = shown(name, &bytes, &SMALL);
        bounded(&reading, &SMALL);
        assert!(sink.bytes <= SMALL.text && faults(&reading).contains(&Fault::Bound), "{name}: {reading:?}");
        assert!(!reading.complete());
    }
}

#[test]
fn a_bomb_that_holds_no_text_is_bounded_as_well() {
    let mut picture = b"\x1a\x45\xdf\xa3\x80".to_vec();
    picture.extend(b"\xec\x10\xff\xff\xff");
    picture.resize(64 << 20, 0);
    let (_, reading) = shown("video.webm.gz", &gzip(&picture), &SMALL);
    bounded(&reading, &SMALL);
    assert_eq!(reading.unpacked, SMALL.unpacked);
    assert!(faults(&reading).contains(&Fault::Bound), "{reading:?}");
}

#[test]
fn documents_in_documents_end_at_the_depth() {
    let mut bytes = b"the innermost\n".to_vec();
    for _ in 0..50 {
        bytes = gzip(&bytes);
    }
    let (sink, reading) = shown("a.gz", &bytes, &SMALL);
    assert!(!sink.text.contains("innermost"));
    assert_eq!(faults(&reading), [Fault::Bound]);
    let (_, reading) = shown("many.zip", &overlapping(b"x", 5_000), &SMALL);
    assert!(faults(&reading).contains(&Fault::Bound), "{reading:?}");
}

#[test]
fn loops_of_objects_and_pages_end() {
    let pdf = b"%PDF-1.4\n1 0 obj<</Type/Page/Parent 1 0 R/Contents[1 0 R 2 0 R 2 0 R]/Resources 3 0 R>>endobj
2 0 obj<</Length 3 0 R>>stream\nBT (once) Tj ET\nendstream endobj\n3 0 obj 3 0 R endobj\n4 0 obj<</V 4 0 R/T 4 0 R/Parent 4 0 R>>endobj\n";
    let (sink, _) = shown("loop.pdf", pdf, &SMALL);
    assert_eq!(sink.text.matches("once").count(), 1, "{}", sink.text);

    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats/sqlite/cases/tables/people.db");
    let mut database = fs::read(case).unwrap();
    // The last child of every inner page is the page itself.
    for page in 1..database.len() / 512 {
        if matches!(database[page * 512], 2 | 5) {
            database[page * 512 + 8..page * 512 + 12].copy_from_slice(&(page as u32 + 1).to_be_bytes());
        }
    }
    let (sink, reading) = shown("loop.db", &database, &SMALL);
    assert!(faults(&reading).contains(&Fault::Broken), "{reading:?}");
    assert!(sink.bytes < 100_000);
}

#[test]
fn streams_of_a_pdf_share_the_bound() {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&vec![b' '; 4 << 20]).unwrap();
    let packed = packer.finish().unwrap();
    let mut pdf = b"%PDF-1.4\n".to_vec();
    for number in 0..100 {
        writeln!(pdf, "{number} 0 obj<</Filter/FlateDecode/Length {}>>stream", packed.len()).unwrap();
        pdf.extend(&packed);
        pdf.extend(b"\nendstream endobj\n");
    }
    let (_, reading) = shown("bomb.pdf", &pdf, &SMALL);
    bounded(&reading, &SMALL);
    assert!(faults(&reading).contains(&Fault::Bound), "{reading:?}");
}

/// A document without an end of its own: `start`, then `part` again and again.
struct Endless {
    start: &'static [u8],
    part: &'static [u8],
    at: usize,
    left: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = buffer.len().min(usize::try_from(self.left).unwrap());
        for byte in &mut buffer[..room] {
            *byte = match self.start.split_first() {
                Some((first, rest)) => {
                    self.start = rest;
                    *first
                }
                None => {
                    self.at += 1;
                    self.part[(self.at - 1) % self.part.len()]
                }
            };
        }
        self.left -= room as u64;
        Ok(room)
    }
}

/// The largest piece and all of them.
#[derive(Default)]
struct Largest(usize, u64);

impl Sink for Largest {
    fn begin(&mut self, _: &Text<'_>) {}
    fn feed(&mut self, bytes: &[u8]) {
        self.0 = self.0.max(bytes.len());
        self.1 += bytes.len() as u64;
    }
    fn end(&mut self) {}
    fn sign(&mut self, _: &Sign<'_>) {}
}

#[test]
fn a_line_without_an_end_is_read_in_pieces_however_long() {
    for (name, start, part) in [
        ("line.txt", b"x".as_slice(), b"a".as_slice()),
        ("line.json", b"{\"key\": \"", b"\\u0041"),
        ("line.json", b"[{\"a\":1},", b"["),
        ("tag.html", b"<html><a href=\"", b"y"),
        ("comment.html", b"<html><!--", b"-"),
        ("script.html", b"<html><script>", b"</scrip"),
        ("entity.html", b"<html>", b"&amp"),
    ] {
        for (length, pieces) in [(1_u64 << 20, 1_u64 << 20), (4 << 20, 4 << 20)] {
            let mut sink = Largest::default();
            let mut input = Endless { start, part, at: 0, left: length };
            let reading = read(name, &mut input, &Limits::default(), &mut sink);
            assert!(sink.0 <= 300 << 10, "{name}: a piece of {} bytes", sink.0);
            assert!(sink.1 <= pieces * 2 + 100, "{name}: {} bytes of text", sink.1);
            assert!(sink.1 > 0 && input.left == 0, "{name}: {reading:?}");
        }
    }
}

#[test]
fn what_breaks_off_is_said() {
    let whole = gzip(&(0..100_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    let (_, reading) = shown("cut.gz", &whole[..whole.len() / 2], &SMALL);
    assert!(faults(&reading).contains(&Fault::Broken), "{reading:?}");
}

/// A number of seven bits a byte, as Thrift's compact protocol writes one with a sign.
fn thrift_int(number: u64) -> Vec<u8> {
    let (mut left, mut bytes) = (number << 1, Vec::new());
    loop {
        bytes.push(left as u8 & 0x7f | if left > 0x7f { 0x80 } else { 0 });
        left >>= 7;
        if left == 0 {
            return bytes;
        }
    }
}

/// A Parquet file with one column, whose one page says in a few bytes that two billion values are missing.
fn parquet_of_nothing() -> Vec<u8> {
    const MANY: u64 = i32::MAX as u64;
    // Levels in one run (their length, how often, the level 0), and no values.
    let run = thrift_int(MANY);
    let mut page = (run.len() as u32 + 1).to_le_bytes().to_vec();
    page.extend(run.iter().chain(&[0]));
    let size = thrift_int(page.len() as u64);
    let mut pages = [&[0x15, 0, 0x15], size.as_slice(), &[0x15], &size, &[0x2c, 0x15]].concat();
    pages.extend([thrift_int(MANY).as_slice(), &[0x15, 0, 0x15, 6, 0x15, 6, 0, 0], &page].concat());
    let mut end = vec![0x15, 2, 0x19, 0x2c];
    end.extend(b"\x48\x01r\x15\x02\0\x15\x02\x25\x02\x18\x01a\0");
    end.extend([&[0x16], thrift_int(MANY).as_slice(), &[0x19, 0x1c, 0x19, 0x1c, 0x3c, 0x15, 2]].concat());
    let length = thrift_int(pages.len() as u64);
    end.extend([&[0x35, 0, 0x16], thrift_int(MANY).as_slice(), &[0x26], &length, &[0x26, 8, 0, 0, 0, 0]].concat());
    let length = (end.len() as u32).to_le_bytes();
    [b"PAR1".as_slice(), &pages, &end, &length, b"PAR1"].concat()
}

#[test]
fn a_table_of_nothing_ends_at_the_bound() {
    let (sink, reading) = shown("nothing.parquet", &parquet_of_nothing(), &SMALL);
    bounded(&reading, &SMALL);
    assert_eq!(sink.bytes, SMALL.text, "{reading:?}");
    assert!(faults(&reading).contains(&Fault::Bound), "{reading:?}");
    let mut cut = parquet_of_nothing();
    cut.truncate(cut.len() - 1);
    assert_eq!(faults(&shown("cut.parquet", &cut, &SMALL).1), [Fault::Broken]);
}

/// A number as 7z writes large ones.
fn seven_number(number: u64) -> Vec<u8> {
    [&[0xff], number.to_le_bytes().as_slice()].concat()
}

/// The streams of an archive of 7z: `packed` bytes in one folder, packed by `method` with its properties, that unpack to `sizes`.
fn seven_streams(packed: u64, method: &[u8], properties: &[u8], sizes: &[u64]) -> Vec<u8> {
    let mut bytes = [&[6][..], &seven_number(0), &seven_number(1), &[9], &seven_number(packed), &[0]].concat();
    bytes.extend([&[7, 0x0b][..], &seven_number(1), &[0], &seven_number(1)].concat());
    let with = if properties.is_empty() { 0 } else { 0x20 };
    bytes.extend([&[with | method.len() as u8], method].concat());
    if with > 0 {
        bytes.extend([&seven_number(properties.len() as u64), properties].concat());
    }
    bytes.extend([&[0x0c][..], &seven_number(sizes.iter().sum()), &[0]].concat());
    bytes.extend([&[8, 0x0d][..], &seven_number(sizes.len() as u64), &[9]].concat());
    sizes.iter().skip(1).for_each(|size| bytes.extend(seven_number(*size)));
    bytes.extend([0, 0]);
    bytes
}

/// An archive of 7z whose list is `list`.
fn seven(packed: &[u8], list: &[u8]) -> Vec<u8> {
    let mut bytes = b"7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0".to_vec();
    bytes.extend((packed.len() as u64).to_le_bytes());
    bytes.extend((list.len() as u64).to_le_bytes());
    bytes.extend([0; 4]);
    [&bytes, packed, list].concat()
}

/// A list of files without names.
fn seven_files(streams: &[u8], count: u64) -> Vec<u8> {
    // As many bytes as so many names would take at least.
    let room = vec![0; count.min(1_000_000) as usize];
    [&[1, 4][..], streams, &[5], &seven_number(count), &[0x19], &seven_number(room.len() as u64), &room, &[0, 0]]
        .concat()
}

const SEVEN_DEFLATE: &[u8] = &[4, 1, 8];

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn bombs_of_7z_end_at_the_bound_and_say_so() {
    let packed = deflated(&vec![b'0'; 64 << 20]);
    let streams = |sizes: &[u64]| seven_streams(packed.len() as u64, SEVEN_DEFLATE, &[], sizes);
    for sizes in [vec![64 << 20], vec![1 << 20; 64], vec![1; 1_000]] {
        let bomb = seven(&packed, &seven_files(&streams(&sizes), sizes.len() as u64));
        let (sink, reading) = shown("bomb.7z", &bomb, &SMALL);
        bounded(&reading, &SMALL);
        assert!(sink.bytes > 0 && sink.bytes <= SMALL.text, "{reading:?}");
        assert!(faults(&reading).contains(&Fault::Bound), "{reading:?}");
    }
    // The list itself.
    let list = [&[0x17][..], &streams(&[1 << 30])].concat();
    let (sink, reading) = shown("list.7z", &seven(&packed, &list), &SMALL);
    bounded(&reading, &SMALL);
    assert!(sink.bytes <= SMALL.text && faults(&reading).contains(&Fault::Bound), "{reading:?}");
}

#[test]
fn a_window_of_7z_is_not_made_larger_than_may_be_held() {
    for (method, properties) in [(&[3, 1, 1][..], &[0x5d, 0xff, 0xff, 0xff, 0xff][..]), (&[0x21], &[40])] {
        let streams = seven_streams(10, method, properties, &[8 << 30]);
        let (_, reading) = shown("window.7z", &seven(&[0; 10], &seven_files(&streams, 1)), &SMALL);
        assert_eq!(faults(&reading), [Fault::Bound], "{reading:?}");
        assert!(reading.problems[0].what.contains("may be held"), "{reading:?}");
    }
    // One that does not say more than comes out is made as large as that.
    let streams = seven_streams(10, &[3, 1, 1], &[0x5d, 0xff, 0xff, 0xff, 0xff], &[10]);
    let (_, reading) = shown("small.7z", &seven(&[0; 10], &seven_files(&streams, 1)), &SMALL);
    assert!(!faults(&reading).contains(&Fault::Bound), "{reading:?}");
}

#[test]
fn a_list_of_7z_that_leads_to_itself_or_lies_ends() {
    // A list that says that it is packed, by copying, in itself.
    let length = 1 + seven_streams(0, &[0], &[], &[0]).len() as u64;
    let itself = [&[0x17][..], &seven_streams(length, &[0], &[], &[length])].concat();
    let mut whole = seven(&[], &itself);
    let (_, reading) = shown("loop.7z", &whole, &SMALL);
    assert!(faults(&reading).contains(&Fault::Bound), "{reading:?}");
    whole.truncate(60);
    assert!(faults(&shown("cut.7z", &whole, &SMALL).1).contains(&Fault::Broken));
    // More files than there are bytes; and folders whose files are longer than they.
    let streams = seven_streams(4, &[0], &[], &[4]);
    for count in [u64::MAX, 900_000, 0] {
        let (_, reading) = shown("many.7z", &seven(b"text", &seven_files(&streams, count)), &SMALL);
        assert!(faults(&reading).contains(&Fault::Broken), "{count}: {reading:?}");
    }
    let (_, reading) =
        shown("long.7z", &seven(b"text", &seven_files(&seven_streams(4, &[0], &[], &[9_000]), 1)), &SMALL);
    assert_eq!(faults(&reading), [Fault::Broken], "{reading:?}");
}

fn cases() -> Vec<(String, Vec<u8>)> {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
    let folders = |path: &Path| {
        let mut all: Vec<_> = fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    };
    let cases = folders(&formats).into_iter().flat_map(|format| folders(&format.join("cases")));
    let inputs = cases.flat_map(|case| folders(&case)).filter(|path| path.file_name().unwrap() != "expected.txt");
    inputs.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Whatever is changed in a good document, reading it ends within the bounds.
    #[test]
    fn changed_documents_are_read_within_the_bounds(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let cases = cases();
        let (name, mut bytes) = cases[which.index(cases.len())].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        let limits = Limits { text: 100_000, unpacked: 100_000, held: 100_000, depth: 4, documents: 50, pictures: 5 };
        let (sink, reading) = shown(&name, &bytes, &limits);
        bounded(&reading, &limits);
        prop_assert!(sink.bytes <= limits.text);
    }
}
