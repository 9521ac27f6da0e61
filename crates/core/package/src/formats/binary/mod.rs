//! Programs that carry a list of what they were built from: Go's build information, and Rust's from `cargo auditable`.

use crate::Ecosystem;
use crate::formats::lister::Lister;
use crate::formats::listing::{Algorithm, Hash, Listed, Source};
use crate::formats::tree;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use flate2::read::ZlibDecoder;
use std::io::Read;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "binary",
    kind: Kind::Installed,
    named: |_| false,
    headed: Some(|head| head.starts_with(b"\x7fELF")),
    read,
};

const GO: &[u8] = b"\xff Go buildinf:";
/// A list of `cargo auditable` is a few kilobytes; one that unpacks to more is refused.
const MAX_LIST: u64 = 16 << 20;

fn read(input: &Input<'_>, lister: &mut Lister) {
    let go = go_information(input.bytes);
    let rust = section(input.bytes, b".dep-v0");
    if let Some(text) = &go {
        go_modules(text, lister);
    }
    if let Some(packed) = rust {
        crates(packed, lister);
    }
    if go.is_none() && rust.is_none() {
        lister.gap("the program does not say what it was built from");
    }
}

/// Go's version and its list of modules, where the program has one (Go 1.18 and later write it in one place).
fn go_information(bytes: &[u8]) -> Option<(String, String)> {
    let at = bytes.chunks_exact(16).position(|chunk| chunk.starts_with(GO))? * 16;
    let header = bytes.get(at..at + 32)?;
    // Older programs hold pointers in place of the texts.
    if header.get(15)? & 2 == 0 {
        return Some((String::new(), String::new()));
    }
    let rest = bytes.get(at + 32..)?;
    let (version, rest) = counted(rest)?;
    let (modules, _) = counted(rest)?;
    // A marker of 16 bytes stands before and after the list.
    let modules = modules.get(16..modules.len().saturating_sub(16)).unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((text(version), text(modules)))
}

/// A text with its length before it, in seven bits a byte.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(length);
        }
    }
    None
}

fn go_modules((version, modules): &(String, String), lister: &mut Lister) {
    let toolchain = version.split(' ').next().unwrap_or_default().trim_start_matches("go");
    if version.is_empty() {
        return lister.gap("the program was built by a Go before 1.18, whose list is not read");
    }
    lister.add(Listed::new(Ecosystem::Go, "stdlib", toolchain));
    for line in modules.lines() {
        let mut fields = line.split('\t');
        let (kind, name, version, sum) = (fields.next(), fields.next(), fields.next(), fields.next());
        let (Some(kind @ ("dep" | "=>" | "mod")), Some(name), Some(version)) = (kind, name, version) else { continue };
        // What replaces a module stands on the line after it.
        if kind == "=>" {
            lister.listing.packages.pop();
        }
        // The program's own module has no version where it was built from a folder.
        if version == "(devel)" || version.is_empty() {
            continue;
        }
        let mut listed = Listed::new(Ecosystem::Go, name, version.trim_start_matches('v'));
        let sum = sum.and_then(|sum| sum.strip_prefix("h1:"));
        listed.hashes.extend(sum.and_then(|sum| Hash::base64(Algorithm::GoH1, sum)));
        listed.groups.extend((kind == "mod").then(|| Text::new("main")));
        lister.add(listed);
    }
    if modules.is_empty() {
        lister.gap("the program was built without a list of modules");
    }
}

fn crates(packed: &[u8], lister: &mut Lister) {
    let mut text = String::new();
    if ZlibDecoder::new(packed).take(MAX_LIST).read_to_string(&mut text).is_err() {
        return lister.broken(None, "the list of crates in section `.dep-v0` cannot be unpacked");
    }
    let document = match tree::json(&text) {
        Ok(document) => document,
        Err(fault) => return lister.broken(None, format!("the list of crates is not valid JSON: {}", fault.reason)),
    };
    for package in document.items_at("packages") {
        let (Some(name), Some(version)) = (package.text_at("name"), package.text_at("version")) else {
            lister.odd(None, "a crate lacks `name` or `version`");
            continue;
        };
        // The program itself, and members of its workspace.
        if package.flag("root") || package.text_at("source") == Some("local") {
            continue;
        }
        let mut listed = Listed::new(Ecosystem::of("crates.io"), name, version);
        listed.source = match package.text_at("source") {
            Some("crates.io" | "registry") => Source::Registry(None),
            _ => Source::Unknown,
        };
        let build = package.text_at("kind") == Some("build");
        listed.groups.extend(build.then(|| Text::new("build")));
        lister.add(listed);
    }
}

/// The section `name` of an ELF file (32 or 64 bits, little endian: what runs on servers today).
fn section<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let wide = match bytes.get(4..6)? {
        [2, 1] => true,
        [1, 1] => false,
        _ => return None,
    };
    let number = |bytes: &[u8], at: usize, size: usize| -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(size)?)?;
        let value = bytes.iter().rev().fold(0u64, |value, byte| (value << 8) | u64::from(*byte));
        usize::try_from(value).ok()
    };
    let (table, size, count, names) = if wide {
        (number(bytes, 40, 8)?, number(bytes, 58, 2)?, number(bytes, 60, 2)?, number(bytes, 62, 2)?)
    } else {
        (number(bytes, 32, 4)?, number(bytes, 46, 2)?, number(bytes, 48, 2)?, number(bytes, 50, 2)?)
    };
    let header = |index: usize| {
        let at = table.checked_add(index.checked_mul(size)?)?;
        bytes.get(at..at.checked_add(size)?)
    };
    let body = |header: &[u8]| {
        let (at, length) = if wide {
            (number(header, 24, 8)?, number(header, 32, 8)?)
        } else {
            (number(header, 16, 4)?, number(header, 20, 4)?)
        };
        bytes.get(at..at.checked_add(length)?)
    };
    let texts = body(header(names)?)?;
    (0..count).filter_map(header).find_map(|header| {
        let called = texts.get(number(header, 0, 4)?..)?;
        let called = called.split(|byte| *byte == 0).next()?;
        (called == name).then(|| body(header))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A small ELF file with one section.
    fn elf(name: &[u8], body: &[u8]) -> Vec<u8> {
        let mut names = vec![0];
        names.extend_from_slice(name);
        names.extend_from_slice(b"\0");
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let (body_at, names_at) = (bytes.len(), bytes.len() + body.len());
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(&names);
        let table = bytes.len() as u64;
        for (at, length, called) in [(body_at, body.len(), 1u32), (names_at, names.len(), 0)] {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&called.to_le_bytes());
            header[24..32].copy_from_slice(&(at as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(length as u64).to_le_bytes());
            bytes.extend_from_slice(&header);
        }
        bytes[40..48].copy_from_slice(&table.to_le_bytes());
        bytes[58..64].copy_from_slice(&[64, 0, 2, 0, 1, 0]);
        bytes
    }

    fn listing(bytes: &[u8]) -> crate::formats::Listing {
        FORMAT.read(&Input { path: "bin/tool", bytes })
    }

    #[test]
    fn crates_of_an_auditable_program() {
        let list = r#"{"packages":[{"name":"own","version":"0.1.0","source":"local","root":true},
            {"name":"serde","version":"1.0.0","source":"crates.io"},
            {"name":"cc","version":"1.1.0","source":"crates.io","kind":"build"}]}"#;
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(list.as_bytes()).unwrap();
        let found = listing(&elf(b".dep-v0", &packer.finish().unwrap()));
        let names: Vec<&str> = found.packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["serde", "cc"]);
        assert_eq!(found.packages[1].groups, ["build"]);
    }

    #[test]
    fn a_list_that_expands_without_end_is_refused() {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..64 {
            packer.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        let found = listing(&elf(b".dep-v0", &packer.finish().unwrap()));
        assert!(found.packages.is_empty() && found.problems.len() == 1);
    }

    #[test]
    fn modules_of_a_go_program() {
        let mut list = vec![b'0'; 16];
        list.extend_from_slice(
            b"path\texample.com/own\nmod\texample.com/own\t(devel)\t\n\
              dep\tgithub.com/a/b\tv1.2.3\th1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\
              dep\tgithub.com/old/c\tv1.0.0\n=>\tgithub.com/new/c\tv1.0.1\t\nbuild\t-compiler=gc\n",
        );
        list.extend_from_slice(&[b'1'; 16]);
        let mut bytes = b"\x7fELF\x02\x01\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend_from_slice(GO);
        bytes.extend_from_slice(&[8, 2]);
        bytes.resize(48, 0);
        bytes.push(8);
        bytes.extend_from_slice(b"go1.22.1");
        bytes.extend_from_slice(&[(list.len() & 0x7f) as u8 | 0x80, (list.len() >> 7) as u8]);
        bytes.extend_from_slice(&list);
        let found = listing(&bytes);
        let names: Vec<String> =
            found.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
        assert_eq!(names, ["stdlib 1.22.1", "github.com/a/b 1.2.3", "github.com/new/c 1.0.1"]);
        assert_eq!(found.packages[1].hashes.len(), 1);
    }

    #[test]
    fn every_cut_of_a_program_is_read_without_panic() {
        let bytes = elf(b".dep-v0", b"nothing");
        for end in 0..bytes.len() {
            listing(&bytes[..end]);
        }
    }
}
