//! PDF: text of pages, form fields, notes, titles and attached files. Objects are found where they stand, not by the
//! tables that say where they should be, so that damaged files, older states of a file and loops all end the same way.

mod content;
mod font;
mod lzw;
mod object;
mod picture;

use super::{Format, Head};
use crate::Fault;
use crate::door::{At, Door};
use content::Page;
use font::Font;
use object::{Dict, Objects, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::rc::Rc;

/// PDF.
pub(crate) static FORMAT: Format = Format { name: "pdf", knows, read };

/// The longest stream that is unpacked, in bytes.
const MAX_STREAM: u64 = 64 << 20;
/// Streams that pages name, all together.
const MAX_PARTS: usize = 4_000_000;

fn knows(head: &Head<'_>) -> bool {
    let start = crate::bytes::stretch(head.bytes, 0, 1_024);
    // Some bytes may stand before it, but not another document.
    memchr::memmem::find(start, b"%PDF-").is_some_and(|at| at == 0 || start.get(..at).is_some_and(blank))
}

fn blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0 || *byte >= 0x80)
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        read_whole(door, at, whole);
        super::also(door, at, whole, "pdf");
    });
}

/// Reads the document `whole`.
pub(crate) fn read_whole(door: &mut Door<'_>, at: &At, whole: &[u8]) {
    let mut file = File {
        whole,
        objects: Objects::find(whole),
        read: BTreeSet::new(),
        fonts: BTreeMap::new(),
        parts: MAX_PARTS,
        lost: 0,
        unknown: 0,
        unread_pictures: 0,
    };
    if file.objects.dicts().any(|dict| dict.contains_key("Encrypt")) {
        return door.problem(at, Fault::Encrypted, "it is encrypted");
    }
    file.unfold(door, at);
    if file.objects.dicts().any(|dict| dict.contains_key("Encrypt")) {
        return door.problem(at, Fault::Encrypted, "it is encrypted");
    }
    if file.objects.is_empty() {
        return door.problem(at, Fault::Broken, "no object of a PDF is in it");
    }
    file.pages(door, at);
    file.others(door, at);
    file.fields(door, at);
    if file.objects.full {
        door.problem(at, Fault::Bound, "it has more objects than are read");
    }
    if file.unknown > 0 {
        door.problem(at, Fault::Unknown, format!("{} streams are packed in a way that is not read", file.unknown));
    }
    door.lost_letters(at, file.unread_pictures);
    if file.lost > 0 {
        let what = format!("{} characters are glyphs of a font that does not say which letters they are", file.lost);
        door.problem(at, Fault::Encoding, what);
    }
}

struct File<'w> {
    whole: &'w [u8],
    objects: Objects,
    /// Streams that were read: each once, however many pages show it.
    read: BTreeSet<usize>,
    /// Fonts by the stream that tells their letters, and whether their codes are wide.
    fonts: BTreeMap<(Option<usize>, bool), Rc<Font>>,
    /// Parts of pages that may still be looked up.
    parts: usize,
    lost: u64,
    unknown: u64,
    /// Pictures in a packing that no file of a picture has.
    unread_pictures: u64,
}

impl File<'_> {
    /// Adds the objects that are packed in streams of objects.
    fn unfold(&mut self, door: &mut Door<'_>, at: &At) {
        for place in 0..self.objects.len() {
            let packed = self.objects.dict(place).is_some_and(|dict| dict.is("Type", "ObjStm"));
            if packed {
                self.read.insert(place);
                let Some(bytes) = self.stream(door, at, place) else { continue };
                let first = self.objects.dict(place).and_then(|dict| dict.number("First")).unwrap_or(0);
                self.objects.unfold(&bytes, first);
            }
        }
    }

    /// The content of the stream at `place`, unpacked; none where it has none or nothing here unpacks it.
    fn stream(&mut self, door: &mut Door<'_>, at: &At, place: usize) -> Option<Vec<u8>> {
        let range = self.objects.stream(place)?;
        let dict = self.objects.dict(place)?;
        let (filters, predicted, early) = (filters(dict), dict.predictor(), dict.early_change());
        let picture = dict.is("Subtype", "Image");
        let mut bytes = self.whole.get(range)?.to_vec();
        for filter in filters.iter().take(8) {
            bytes = match filter.as_str() {
                "FlateDecode" | "Fl" => inflated(door, at, &bytes),
                "LZWDecode" | "LZW" => {
                    let block = lzw::unpacked(&bytes, early, MAX_STREAM as usize + 1);
                    counted(door, at, &mut block.as_slice())
                }
                "ASCIIHexDecode" | "AHx" => object::hex(&bytes),
                "ASCII85Decode" | "A85" => object::ascii85(&bytes),
                // A file of a picture as it is.
                "DCTDecode" | "DCT" | "JPXDecode" if picture => return Some(bytes),
                _ => {
                    self.unknown += 1;
                    return None;
                }
            };
        }
        Some(match predicted {
            Some(columns) => object::unpredicted(&bytes, columns),
            None => bytes,
        })
    }

    fn pages(&mut self, door: &mut Door<'_>, at: &At) {
        let mut number = 0;
        for place in 0..self.objects.len() {
            let Some(dict) = self.objects.dict(place).filter(|dict| dict.is("Type", "Page")) else { continue };
            number += 1;
            let contents: Vec<usize> = match dict.get("Contents").map(|value| self.objects.resolved(value)) {
                Some(Value::List(all)) => all.iter().filter_map(|one| self.objects.place(one)).collect(),
                _ => dict.get("Contents").and_then(|one| self.objects.place(one)).into_iter().collect(),
            };
            if contents.len() > self.parts {
                return door.problem(at, Fault::Bound, format!("its pages name more than {MAX_PARTS} streams"));
            }
            self.parts -= contents.len();
            let resources = self.objects.inherited(place, "Resources");
            let mut bytes = Vec::new();
            for content in contents {
                if self.read.insert(content) && bytes.len() as u64 <= MAX_STREAM {
                    bytes.extend(self.stream(door, at, content).unwrap_or_default());
                    bytes.push(b'\n');
                }
            }
            self.show(door, &at.inner(&format!("page {number}")), &bytes, &resources);
        }
    }

    /// Streams that no page names: forms, older states, attached files, data of forms.
    fn others(&mut self, door: &mut Door<'_>, at: &At) {
        for place in 0..self.objects.len() {
            if self.objects.stream(place).is_none() || self.read.contains(&place) {
                continue;
            }
            if door.spent() {
                return door.problem(at, Fault::Bound, "the rest of its streams was not read");
            }
            let Some(dict) = self.objects.dict(place) else { continue };
            if dict.is("Subtype", "Image") {
                self.picture(door, at, place);
                continue;
            }
            // Fonts hold no text; what maps letters is read with its font.
            let passed = dict.is("Type", "XRef")
                || ["Length1", "FunctionType", "ShadingType", "PatternType", "CMapName"]
                    .iter()
                    .any(|key| dict.contains_key(*key))
                || dict
                    .get("Subtype")
                    .and_then(Value::name)
                    .is_some_and(|name| name.contains("Type1C") || name == "OpenType");
            let (form, attached) = (dict.is("Subtype", "Form"), dict.is("Type", "EmbeddedFile"));
            let resources = dict.get("Resources").map(|value| self.objects.resolved(value).clone());
            if passed {
                continue;
            }
            self.read.insert(place);
            let Some(bytes) = self.stream(door, at, place) else { continue };
            let inner = at.inner(&format!("object {}", self.objects.number(place)));
            let drawn = memchr::memmem::find(&bytes, b"Tj").or(memchr::memmem::find(&bytes, b"TJ")).is_some();
            if attached || bytes.trim_ascii_start().starts_with(b"<") {
                door.document(&inner, &mut bytes.as_slice());
            } else if form || drawn {
                self.show(door, &inner, &bytes, &resources.unwrap_or(Value::Null));
            }
        }
    }

    /// The text that a stream of drawing draws.
    fn show(&mut self, door: &mut Door<'_>, at: &At, bytes: &[u8], resources: &Value) {
        let fonts =
            resources.dict().and_then(|dict| dict.get("Font")).map(|fonts| self.objects.resolved(fonts).clone());
        let fonts = fonts.as_ref().and_then(Value::dict);
        let mut page = Page::new(bytes);
        while let Some(name) = page.next_font() {
            let number = fonts.and_then(|fonts| fonts.get(&name)).and_then(Value::reference);
            let font = number.map(|number| self.font(door, at, number));
            page.with(font);
        }
        let (text, lost) = page.finish();
        self.lost += lost;
        door.text(at, "pdf", &text);
    }

    fn font(&mut self, door: &mut Door<'_>, at: &At, number: u32) -> Rc<Font> {
        let dict = self.objects.at(number).and_then(|place| self.objects.dict(place)).cloned().unwrap_or_default();
        let wide = dict.is("Subtype", "Type0");
        let letters = dict.get("ToUnicode").and_then(|value| self.objects.place(value));
        if let Some(font) = self.fonts.get(&(letters, wide)) {
            return Rc::clone(font);
        }
        let map = letters.and_then(|place| {
            self.read.insert(place);
            self.stream(door, at, place)
        });
        let font = Rc::new(Font::new(wide, map.as_deref()));
        self.fonts.insert((letters, wide), Rc::clone(&font));
        font
    }

    /// Fields with their names, notes, titles, addresses: strings of dictionaries.
    fn fields(&mut self, door: &mut Door<'_>, at: &At) {
        let mut lines = String::new();
        self.objects.dicts().for_each(|dict| told(dict, &self.objects, &mut lines, 0));
        door.text(&at.inner("fields"), "pdf", lines.as_bytes());
    }
}

const TOLD: &[&str] =
    &["Title", "Author", "Subject", "Keywords", "Contents", "URI", "TU", "DV", "RC", "Alt", "ActualText", "UF"];

fn told(dict: &Dict, objects: &Objects, lines: &mut String, depth: usize) {
    let string = |key: &str| dict.get(key).map(|value| objects.resolved(value)).and_then(Value::string);
    let value = dict.get("V").map(|value| objects.resolved(value));
    if let Some(value) = value.and_then(|value| value.string().or_else(|| value.name().map(str::to_owned))) {
        // A field whose name its parent has is called by that.
        let parent = dict.get("Parent").and_then(|parent| objects.resolved(parent).dict());
        let name = string("T").or_else(|| parent?.get("T")?.string()).unwrap_or_else(|| "value".to_owned());
        lines.push_str(&format!("{name}: {value}\n"));
    }
    for key in TOLD {
        if let Some(text) = string(key) {
            lines.push_str(&format!("{key}: {text}\n"));
        }
    }
    if depth < 16 {
        dict.values().for_each(|value| inside(value, objects, lines, depth + 1));
    }
}

fn inside(value: &Value, objects: &Objects, lines: &mut String, depth: usize) {
    match value {
        Value::Dict(dict) => told(dict, objects, lines, depth),
        Value::List(all) if depth < 16 => all.iter().for_each(|one| inside(one, objects, lines, depth + 1)),
        _ => {}
    }
}

/// What zlib packed, as far as it goes.
/// In which packings a stream lies, the outermost first.
fn filters(dict: &Dict) -> Vec<String> {
    match dict.get("Filter") {
        Some(Value::Name(name)) => vec![name.clone()],
        Some(Value::List(all)) => all.iter().filter_map(|one| one.name().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn inflated(door: &mut Door<'_>, at: &At, bytes: &[u8]) -> Vec<u8> {
    counted(door, at, &mut flate2::read::ZlibDecoder::new(bytes))
}

/// What comes out of `reader`, counted against the bound of the whole document.
fn counted(door: &mut Door<'_>, at: &At, reader: &mut dyn Read) -> Vec<u8> {
    let mut out = Vec::new();
    let mut long = false;
    door.within(at, reader, |_, reader| {
        // An error is kept by the meter.
        let _ = reader.take(MAX_STREAM + 1).read_to_end(&mut out);
        long = out.len() as u64 > MAX_STREAM;
    });
    if long {
        door.problem(
            at,
            Fault::Bound,
            format!("a stream unpacks to more than {MAX_STREAM} bytes: only its beginning was read"),
        );
    }
    out
}
