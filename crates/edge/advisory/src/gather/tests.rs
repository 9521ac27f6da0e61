//! The same records from every kind of file, and files that try to give too much.

use super::*;
use crate::{Store, update};
use firebreak_world::MemoryDisk;
use std::io::Write;

const A: &str = r#"{"id":"MAL-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]}]}"#;
const B: &str = r#"{"id":"MAL-2","affected":[{"package":{"ecosystem":"npm","name":"b"},"versions":["2.0.0"]}]}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, body) in members {
        if name.len() > 100 {
            let line = format!(" path={name}\n");
            let length = (line.len() + 3).to_string();
            tar_member(&mut out, "pax", b'x', format!("{length}{line}").as_bytes());
        }
        tar_member(&mut out, &name[..name.len().min(100)], b'0', body);
    }
    out.extend([0; 1024]);
    out
}

fn tar_member(out: &mut Vec<u8>, name: &str, kind: u8, body: &[u8]) {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
    header[156] = kind;
    header[257..263].copy_from_slice(b"ustar\0");
    out.extend(header);
    out.extend(body);
    out.extend(vec![0; (512 - body.len() % 512) % 512]);
}

/// A zip archive; `method` 8 packs, and `large` writes the records for archives with more than 65,535 files.
fn zip(members: &[(&str, &[u8])], method: u16, large: bool) -> Vec<u8> {
    let (mut out, mut table) = (Vec::new(), Vec::new());
    for (name, body) in members {
        let packed = if method == 8 {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        } else {
            body.to_vec()
        };
        let offset = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend([0; 22]);
        out.extend((name.len() as u16).to_le_bytes());
        out.extend([0; 2]);
        out.extend(name.as_bytes());
        out.extend(&packed);
        table.extend(b"PK\x01\x02");
        table.extend([0; 6]);
        table.extend(method.to_le_bytes());
        table.extend([0; 8]);
        table.extend((packed.len() as u32).to_le_bytes());
        table.extend((body.len() as u32).to_le_bytes());
        table.extend((name.len() as u16).to_le_bytes());
        table.extend((if large { 12_u16 } else { 0 }).to_le_bytes());
        table.extend([0; 10]);
        table.extend(if large { u32::MAX } else { offset }.to_le_bytes());
        table.extend(name.as_bytes());
        if large {
            table.extend([1, 0, 8, 0]);
            table.extend(u64::from(offset).to_le_bytes());
        }
    }
    let (start, size) = (out.len() as u64, table.len() as u64);
    out.extend(table);
    if large {
        let end = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend([0; 28]);
        out.extend((members.len() as u64).to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend(b"PK\x06\x07\0\0\0\0");
        out.extend(end.to_le_bytes());
        out.extend([1, 0, 0, 0]);
    }
    out.extend(b"PK\x05\x06");
    out.extend([0; 6]);
    out.extend(if large { u16::MAX } else { members.len() as u16 }.to_le_bytes());
    out.extend((size as u32).to_le_bytes());
    out.extend(if large { u32::MAX } else { start as u32 }.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn gathered(files: &[(&str, &[u8])], limits: Limits) -> (Vec<String>, Vec<String>) {
    let disk = MemoryDisk::default();
    for (name, bytes) in files {
        disk.write(Path::new(name), bytes).unwrap();
    }
    let found = gather(&disk, &[PathBuf::from("/d")], limits, &mut |_| {});
    let ids = found.records.iter().map(|record| record.id.to_string()).collect();
    (ids, found.problems.iter().map(ToString::to_string).collect())
}

#[test]
fn every_kind_of_file_gives_the_same_records() {
    let long = format!("{}/MAL-2.json", "advisories/".repeat(12));
    let members: [(&str, &[u8]); 4] =
        [("MAL-1.json", A.as_bytes()), ("x/", b""), ("readme.md", b"# no record"), (&long, B.as_bytes())];
    let lines = format!("{A}\n{B}\n");
    let kinds: [(&str, Vec<u8>); 9] = [
        ("/d/all.zip", zip(&members, 8, false)),
        ("/d/stored.zip", zip(&members, 0, false)),
        ("/d/large.zip", zip(&members, 8, true)),
        ("/d/all.tar", tar(&members)),
        ("/d/all.tar.gz", gzip(&tar(&members))),
        ("/d/all.tgz", gzip(&tar(&members))),
        ("/d/all.ndjson", lines.clone().into_bytes()),
        ("/d/all.jsonl", lines.into_bytes()),
        ("/d/all.json.gz", gzip(format!("[{A},{B}]").as_bytes())),
    ];
    for (name, bytes) in kinds {
        let (ids, problems) = gathered(&[(name, &bytes)], Limits::default());
        assert_eq!(ids, ["MAL-1", "MAL-2"], "{name}");
        assert_eq!(problems, [""; 0], "{name}");
    }
    let (ids, problems) =
        gathered(&[("/d/1.json", A.as_bytes()), ("/d/b/2.json", B.as_bytes()), ("/d/x.md", b"x")], Limits::default());
    assert_eq!((ids.len(), problems.len()), (2, 0));
}

#[test]
fn a_problem_names_the_archive_the_member_and_the_path_in_it() {
    let bad = br#"{"id":"X-1","affected":[{"package":{}}]}"#;
    let (ids, problems) = gathered(
        &[("/d/all.zip", &zip(&[("o/X-1.json", bad), ("A.json", A.as_bytes())], 8, false))],
        Limits::default(),
    );
    assert_eq!(ids, ["X-1", "MAL-1"]);
    assert!(problems[0].starts_with("advisory: /d/all.zip!/o/X-1.json: `affected[0].package`: "), "{problems:?}");
}

#[test]
fn archives_that_give_too_much_are_left() {
    let small = Limits { document: 10_000, archive: 100_000, members: 50 };
    let bomb = format!("{}{}", A, " ".repeat(1_000_000));
    for (name, bytes) in [
        ("/d/x.zip", zip(&[("bomb.json", bomb.as_bytes()), ("a.json", A.as_bytes())], 8, false)),
        ("/d/x.tgz", gzip(&tar(&[("a.json", A.as_bytes()), ("bomb.json", bomb.as_bytes())]))),
        ("/d/x.json.gz", gzip(bomb.as_bytes())),
        ("/d/x.json", bomb.clone().into_bytes()),
        ("/d/x.ndjson", bomb.clone().into_bytes()),
    ] {
        let (ids, problems) = gathered(&[(name, &bytes)], small);
        assert!(ids.len() <= 1 && !problems.is_empty(), "{name}: {ids:?} {problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("more")), "{name}: {problems:?}");
    }
    let many: Vec<(&str, &[u8])> = vec![("a.json", A.as_bytes()); 51];
    for (name, bytes) in [("/d/x.zip", zip(&many, 0, false)), ("/d/x.tar", tar(&many))] {
        let (_, problems) = gathered(&[(name, &bytes)], small);
        assert!(problems[0].contains("more") && problems[0].contains("files"), "{name}: {problems:?}");
    }
}

#[test]
fn what_is_cut_or_changed_gives_problems_and_no_panic() {
    let members: [(&str, &[u8]); 2] = [("a.json", A.as_bytes()), ("b.json", B.as_bytes())];
    for (name, whole) in
        [("/d/x.zip", zip(&members, 8, true)), ("/d/x.tgz", gzip(&tar(&members))), ("/d/x.tar", tar(&members))]
    {
        for end in (1..whole.len()).step_by(7) {
            gathered(&[(name, &whole[..end])], Limits::default());
            let mut changed = whole.clone();
            changed[end] ^= 0xff;
            gathered(&[(name, &changed)], Limits::default());
        }
    }
    let (_, problems) = gathered(&[("/d/x.zip", b"PK\x03\x04 and nothing")], Limits::default());
    assert_eq!(problems.len(), 1);
}

#[test]
fn an_index_is_updated_with_what_is_newer() {
    let disk = MemoryDisk::default();
    let (index, feed) = (Path::new("/i/advisories.index"), PathBuf::from("/d"));
    let update =
        |anew| update(&disk, std::slice::from_ref(&feed), index, anew, Limits::default(), &mut |_| {}).unwrap();
    disk.write(Path::new("/d/a.json"), A.as_bytes()).unwrap();
    let first = update(false);
    assert_eq!((first.read, first.records, first.names, first.changed), (1, 1, 1, true));
    assert!(!update(false).changed);
    let newer = A.replace("2026-01-01", "2026-02-01").replace("1.0.0", "1.0.1");
    disk.write(Path::new("/d/a.json"), format!("[{newer},{B}]").as_bytes()).unwrap();
    assert_eq!(update(false).records, 2);
    // What is older changes nothing.
    disk.write(Path::new("/d/a.json"), A.as_bytes()).unwrap();
    assert!(!update(false).changed);
    let store = Store::open(&disk, index).unwrap();
    let found = |version| store.index().unwrap().look_up("npm", "a", Some(version)).unwrap().matches.len();
    assert_eq!((found("1.0.0"), found("1.0.1")), (0, 1));
    assert_eq!(update(true).records, 1, "anew, only what is there now");
    disk.write(index, b"something else").unwrap();
    assert!(crate::update(&disk, &[feed], index, false, Limits::default(), &mut |_| {}).is_err());
}
