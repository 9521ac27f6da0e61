//! A file system with planted values: counts, what a change costs, and that no value is written anywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use firebreak_classify::Classes;
use firebreak_model::{Fingerprinter, Time};
use firebreak_stores::stores::files::files;
use firebreak_stores::{Letters, Means, Options, Scan, Scanned, State, statement};
use firebreak_world::{RealPrograms, RealTree};
use std::fs;
use std::path::Path;

const PLANTED: [&str; 3] = ["219-09-9123", "457-55-5462", "ana.ruiz.planted@corp.example"];

struct Run {
    scan: Scan,
    scanned: Scanned,
    saved: usize,
    written: Vec<u8>,
}

fn run(root: &Path, state: &mut State, options: &Options) -> Run {
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    let (mut saved, mut written) = (0, Vec::new());
    let mut save = |state: &State| {
        saved += 1;
        written.extend(state.bytes());
        Ok(())
    };
    let means =
        Means { options, classes: &classes, fingerprinter: &key, letters: None, wait: &|_| {}, stop: &|| false };
    let scan = files(&RealTree, root, "resource:file/share").scan(&means, state, &mut save).unwrap();
    written.extend(serde_json::to_vec(&scan).unwrap());
    written.extend(statement(&scan, Time(0)).to_string().into_bytes());
    Run { scanned: scan.resources[0].clone(), scan, saved, written }
}

fn records(scanned: &Scanned, class: &str) -> u64 {
    scanned.held.iter().find(|held| held.class == class).map_or(0, |held| held.estimate.records)
}

/// A share with `count` files, every fifth of which holds a number of social security.
fn share(count: usize) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for at in 0..count {
        let folder = root.path().join(format!("team{}", at % 4));
        fs::create_dir_all(&folder).unwrap();
        let text = match at % 5 {
            0 => format!("id,ssn\n{at},219-09-9123\n"),
            _ => format!("meeting notes {at}\n"),
        };
        fs::write(folder.join(format!("{at}.csv")), text).unwrap();
    }
    root
}

#[test]
fn planted_values_are_counted_and_written_nowhere() {
    let root = tempfile::tempdir().unwrap();
    let [first, second, mail] = PLANTED;
    fs::write(root.path().join(format!("{mail}.csv")), format!("name,ssn\na,{first}\nb,{second}\nc,{first}\n"))
        .unwrap();
    fs::write(root.path().join("mail.txt"), format!("write to {mail}\n")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.path().join("link")).unwrap();
    let mut state = State::new("1");
    let run = run(root.path(), &mut state, &Options::default());
    assert_eq!((run.scanned.documents, run.scanned.read, records(&run.scanned, "ssn")), (2, 2, 2));
    assert_eq!(records(&run.scanned, "email"), 1);
    let written = String::from_utf8(run.written).unwrap();
    for value in PLANTED {
        assert!(!written.contains(value) && !written.contains(&value.replace('-', "")), "{value} was written");
    }
    assert!(State::read(&state.bytes(), "1").unwrap() == state);
    assert!(State::read(&state.bytes(), "2").unwrap() == State::new("2"), "another reader reads all again");
    assert!(State::read(b"{}", "1").is_err());
}

#[test]
fn a_column_of_states_says_whose_records_they_are() {
    let root = tempfile::tempdir().unwrap();
    let mut text = "name,ssn,city,state\n".to_owned();
    for at in 1..=300 {
        text.push_str(&format!("p{at},219-09-{at:04},x,{}\n", if at % 3 == 0 { "CA" } else { "NY" }));
    }
    fs::write(root.path().join("people.csv"), text).unwrap();
    fs::write(root.path().join("note.txt"), "ssn 457-55-5462\n").unwrap();
    let run = run(root.path(), &mut State::new("1"), &Options::default());
    let ssn = run.scanned.held.iter().find(|held| held.class == "ssn").unwrap();
    let of: Vec<(&str, u64)> = ssn.residents.iter().map(|of| (&*of.residency, of.estimate.records)).collect();
    assert_eq!((ssn.estimate.records, of), (301, vec![("US-CA", 100), ("US-NY", 200), ("unknown", 1)]));
    let statement = statement(&run.scan, Time(0));
    assert_eq!(statement["stores"][0]["holdings"].as_array().unwrap().len(), 3, "{statement}");
}

#[test]
fn a_rescan_reads_what_changed() {
    let root = share(200);
    let mut state = State::new("1");
    let first = run(root.path(), &mut state, &Options::default());
    assert_eq!((first.scanned.read, records(&first.scanned, "ssn")), (200, 40));
    let again = run(root.path(), &mut state, &Options::default());
    assert_eq!((again.scanned.read, again.scanned.bytes_read, records(&again.scanned, "ssn")), (0, 0, 40));
    for at in 1..4 {
        fs::write(root.path().join(format!("team{at}/{at}.csv")), "id,ssn\n1,457-55-5462\n").unwrap();
    }
    fs::remove_file(root.path().join("team0/0.csv")).unwrap();
    let changed = run(root.path(), &mut state, &Options::default());
    assert_eq!((changed.scanned.read, changed.scanned.documents, records(&changed.scanned, "ssn")), (3, 199, 42));
}

#[test]
fn a_scan_that_was_killed_goes_on_where_it_was() {
    let root = share(100);
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    let options = Options { save_every: 1, ..Options::default() };
    let (mut kept, mut saves) = (Vec::new(), 0);
    let means = Means {
        options: &options,
        classes: &classes,
        fingerprinter: &key,
        letters: None,
        wait: &|_| {},
        stop: &|| false,
    };
    let mut store = files(&RealTree, root.path(), "resource:file/share");
    let killed = store.scan(&means, &mut State::new("1"), &mut |state| {
        saves += 1;
        if saves > 30 {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        kept = state.bytes();
        Ok(())
    });
    assert!(killed.is_err());
    let mut state = State::read(&kept, "1").unwrap();
    let rest = run(root.path(), &mut state, &options);
    assert_eq!((rest.scanned.read, records(&rest.scanned, "ssn")), (70, 20));
    assert!(rest.saved > 1);
}

#[test]
fn a_budget_gives_an_interval_and_says_what_was_not_read() {
    let root = share(400);
    let mut state = State::new("1");
    let whole = run(root.path(), &mut state, &Options::default());
    let options = Options { budget: whole.scanned.bytes / 4, ..Options::default() };
    let part = run(root.path(), &mut State::new("1"), &options);
    assert!(part.scanned.sampled > 80 && part.scanned.sampled < 120, "{:?}", part.scanned);
    let held = part.scanned.held.iter().find(|held| held.class == "ssn").unwrap().estimate;
    assert!((held.records_between.low..=held.records_between.high).contains(&80), "{held:?}");
    assert!((held.documents_between.low..=held.documents_between.high).contains(&80), "{held:?}");
    assert!(held.records_between.low < held.records_between.high);
    assert!(part.scanned.gaps.iter().any(|gap| gap.what.contains("not in the sample")));
    let statement = statement(&part.scan, Time(0));
    assert_eq!(statement["complete"], false);
    // The same files are chosen again: what did not change is not read again.
    let mut state = State::new("1");
    run(root.path(), &mut state, &options);
    assert_eq!(run(root.path(), &mut state, &options).scanned.read, 0);
}

/// Tables that a warehouse unloaded: CSV with a header, and lines of JSON, packed.
#[test]
fn what_a_warehouse_exports_is_read_with_its_columns() {
    let root = tempfile::tempdir().unwrap();
    let packed = |name: &str, text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, text.as_bytes()).unwrap();
        fs::write(root.path().join(name), packer.finish().unwrap()).unwrap();
    };
    // Without a column's name nine digits are any number.
    packed("people-0.csv.gz", "id,ssn,home_state\n1,219099123,CA\n2,457555462,NY\n3,219099124,CA\n");
    packed("people-1.json.gz", "{\"id\": 1, \"ssn\": \"219099125\"}\n{\"id\": 2, \"ssn\": \"457555463\"}\n");
    packed("bare.csv.gz", "1,219099126\n2,457555464\n");
    let run = run(root.path(), &mut State::new("1"), &Options::default());
    assert_eq!(records(&run.scanned, "ssn"), 5, "{:?}", run.scanned);
    assert!(run.scan.is_whole(), "{:?}", run.scanned.gaps);
    let ssn = run.scanned.held.iter().find(|held| held.class == "ssn").unwrap();
    let of: Vec<(&str, u64)> = ssn.residents.iter().map(|of| (&*of.residency, of.estimate.records)).collect();
    assert_eq!(of, [("US-CA", 2), ("US-NY", 1), ("unknown", 2)]);
}

#[test]
fn what_is_written_in_a_picture_counts_where_a_program_reads_it_and_is_a_gap_where_that_fails() {
    let root = tempfile::tempdir().unwrap();
    let [number, ..] = PLANTED;
    // No reader of pictures looks at what follows their end.
    let picture = [b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82".as_slice(), b"ssn: ", number.as_bytes()].concat();
    fs::write(root.path().join("IMG_0041.png"), picture).unwrap();
    let read_by = |command: Option<&str>| {
        let (classes, key, options) = (Classes::all(), Fingerprinter::new([7; 32]), Options::default());
        let letters = command.map(|command| Letters::new(&RealPrograms, command).unwrap());
        let (wait, stop, letters) = (&|_| {}, &|| false, letters.as_ref());
        let means = Means { options: &options, classes: &classes, fingerprinter: &key, letters, wait, stop };
        let scan =
            files(&RealTree, root.path(), "resource:file/share").scan(&means, &mut State::new("1"), &mut |_| Ok(()));
        scan.unwrap().resources.remove(0)
    };
    let unread = |scanned: &Scanned| scanned.gaps.iter().any(|gap| gap.what.contains("written in a picture"));
    let (nobody, somebody, failing) = (read_by(None), read_by(Some("tail -c 16")), read_by(Some("false")));
    assert_eq!((records(&nobody, "ssn"), unread(&nobody)), (0, false));
    assert_eq!((records(&somebody, "ssn"), unread(&somebody)), (1, false));
    assert_eq!((records(&failing, "ssn"), unread(&failing)), (0, true));
}
