//! Pictures: what cameras and programs wrote beside them (EXIF, XMP, comments, PNG text), their size, and signs of a
//! photographed identity document. The picture itself is not looked at; who takes the texts may read its letters.

mod exif;

use super::Format;
use crate::bytes::{Bytes, stretch};
use crate::door::{At, Door};
use crate::names;
use std::io::Read;

/// Pictures.
pub(crate) static FORMAT: Format = Format { name: "image", knows: |head| kind(head.bytes).is_some(), read };

fn kind(head: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"\xff\xd8\xff", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF8", "gif"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"BM", "bmp"),
    ];
    let heif = head.get(4..8) == Some(b"ftyp")
        && [b"heic", b"heix", b"mif1", b"avif", b"msf1"].iter().any(|brand| head.get(8..12) == Some(brand.as_slice()));
    let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    // Two letters are few: a picture of Windows says its own length.
    let found = KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind);
    let found = found.filter(|kind| *kind != "bmp" || head.get(6..10) == Some(&[0; 4]));
    found.or(heif.then_some("heif")).or(webp.then_some("webp"))
}

/// What is known of a picture.
#[derive(Default)]
struct Picture {
    /// Lines of text: a name and what it says.
    lines: String,
    width: u32,
    height: u32,
}

impl Picture {
    fn line(&mut self, name: &str, text: &str) {
        let text = text.trim_matches(['\0', ' ', '\n']);
        if !text.is_empty() {
            self.lines.push_str(&format!("{name}: {text}\n"));
        }
    }

    /// Whether it is an icon: too small for a card or a page. A size that is not known is not small.
    fn small(&self) -> bool {
        (1..200).contains(&self.width.max(self.height))
    }
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        let kind = kind(whole).unwrap_or("image");
        let mut picture = Picture::default();
        match kind {
            "jpeg" => jpeg(whole, &mut picture),
            "png" => png(door, at, whole, &mut picture),
            "tiff" => exif::read(whole, &mut picture),
            _ => {}
        }
        if ["heif", "webp", "gif"].contains(&kind)
            && let Some(place) = memchr::memmem::find(whole, b"Exif\0\0")
        {
            exif::read(whole.get(place + 6..).unwrap_or_default(), &mut picture);
        }
        packets(whole, &mut picture);
        door.text(at, "image", picture.lines.as_bytes());
        signs(door, at, kind, &picture);
        if !picture.small() {
            door.letters(at, whole);
        }
        super::also(door, at, whole, "image");
    });
}

/// Whether it may show a passport, a card or a licence: by its name, and by a shape that such pictures have.
fn signs(door: &mut Door<'_>, at: &At, kind: &'static str, picture: &Picture) {
    let said = picture.lines.lines().find_map(names::identity);
    let Some(word) = names::identity(&at.name).or(said) else { return };
    let (long, short) = (picture.width.max(picture.height), picture.width.min(picture.height));
    // Cards are 1.59 to 1, open passports 1.42 to 1, phones 4 to 3 or 16 to 9; icons are small.
    let shaped = short >= 300 && (120..=180).contains(&(u64::from(long) * 100 / u64::from(short.max(1))));
    if !picture.small() {
        let size = if shaped { format!(", and it is {} by {}", picture.width, picture.height) } else { String::new() };
        door.sign(at, "identity_document", kind, shaped, format!("its name or title says `{word}`{size}"));
    }
}

/// Segments of a JPEG up to its scan.
fn jpeg(whole: &[u8], picture: &mut Picture) {
    let mut bytes = Bytes::from(whole, 2);
    while let (Some(0xff), Some(marker)) = (bytes.u8(), bytes.u8()) {
        if matches!(marker, 0xd9 | 0xda) {
            break;
        }
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            continue;
        }
        let Some(body) = bytes.be16().and_then(|length| bytes.take(usize::from(length).saturating_sub(2))) else {
            break;
        };
        match marker {
            0xe1 if body.starts_with(b"Exif\0\0") => exif::read(body.get(6..).unwrap_or_default(), picture),
            0xfe => picture.line("comment", &String::from_utf8_lossy(body)),
            0xed => iptc(body, picture),
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let mut frame = Bytes::from(body, 1);
                picture.height = frame.be16().unwrap_or(0).into();
                picture.width = frame.be16().unwrap_or(0).into();
            }
            _ => {}
        }
    }
}

/// Captions of the press: fields after `8BIM`.
fn iptc(body: &[u8], picture: &mut Picture) {
    let mut rest = body;
    while let Some(place) = memchr::memmem::find(rest, b"\x1c\x02") {
        let mut field = Bytes::from(rest, place + 3);
        let text = field.be16().and_then(|length| field.take(usize::from(length)));
        picture.line("caption", &String::from_utf8_lossy(text.unwrap_or_default()));
        rest = rest.get(place + 5..).unwrap_or_default();
    }
}

/// Chunks of a PNG.
fn png(door: &mut Door<'_>, at: &At, whole: &[u8], picture: &mut Picture) {
    let mut bytes = Bytes::from(whole, 8);
    while let (Some(length), Some(kind)) = (bytes.be32(), bytes.take(4)) {
        let body = stretch(bytes.rest(), 0, length as usize);
        match kind {
            b"IHDR" => {
                let mut header = Bytes::new(body);
                picture.width = header.be32().unwrap_or(0);
                picture.height = header.be32().unwrap_or(0);
            }
            b"tEXt" | b"zTXt" | b"iTXt" => comment(door, at, kind, body, picture),
            b"eXIf" => exif::read(body, picture),
            _ => {}
        }
        if bytes.take((length as usize).saturating_add(4)).is_none() {
            break;
        }
    }
}

fn comment(door: &mut Door<'_>, at: &At, kind: &[u8], body: &[u8], picture: &mut Picture) {
    let Some(end) = memchr::memchr(0, body) else { return };
    let (name, rest) = (crate::bytes::latin1(stretch(body, 0, end)), body.get(end + 1..).unwrap_or_default());
    let (packed, text) = match kind {
        b"zTXt" => (true, rest.get(1..).unwrap_or_default()),
        b"iTXt" => {
            let packed = rest.first() == Some(&1);
            // A language and a translated name stand before the text.
            let mut fields = rest.get(2..).unwrap_or_default().splitn(3, |byte| *byte == 0);
            (packed, fields.nth(2).unwrap_or_default())
        }
        _ => (false, rest),
    };
    let mut out = Vec::new();
    if packed {
        let mut reader = flate2::read::ZlibDecoder::new(text);
        door.within(at, &mut reader, |_, reader| {
            // An error is kept by the meter.
            let _ = reader.take(1 << 20).read_to_end(&mut out);
        });
    }
    picture.line(&name, &String::from_utf8_lossy(if packed { &out } else { text }));
}

/// What programs write as XMP: XML between two marks.
fn packets(whole: &[u8], picture: &mut Picture) {
    let Some(start) = memchr::memmem::find(whole, b"<x:xmpmeta") else { return };
    let rest = whole.get(start..).unwrap_or_default();
    let end = memchr::memmem::find(rest, b"</x:xmpmeta>").unwrap_or_else(|| rest.len().min(1 << 20));
    picture.line("xmp", &String::from_utf8_lossy(stretch(rest, 0, end)));
}
