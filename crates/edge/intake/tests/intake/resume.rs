//! Cursors: however files grow and whenever the process dies, every record arrives exactly once.

use crate::source;
use firebreak_intake::{Batch, Cursor, Inputs, Merged, Options, Reader, Watcher, keep, read_all};
use firebreak_world::{Disk, MemoryDisk, RealDisk, World};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn event(id: usize, second: usize) -> String {
    format!(
        r#"{{"eventTime":"2026-03-24T11:{:02}:{:02}Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","eventID":"{id:012}"}}"#,
        second / 60 % 60,
        second % 60
    )
}

/// How a file's records are written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Lines,
    Array,
    Envelope,
    Compressed,
    Log,
}

fn content(form: Form, ids: std::ops::Range<usize>) -> Vec<u8> {
    let events: Vec<String> = ids.clone().map(|id| event(id, id)).collect();
    match form {
        Form::Lines => (events.join("\n") + "\n").into_bytes(),
        Form::Array => format!("[{}]", events.join(",\n")).into_bytes(),
        Form::Envelope => format!(r#"{{"Records":[{}],"more":[1]}}"#, events.join(",")).into_bytes(),
        Form::Compressed => zstd::encode_all(events.join("\n").as_bytes(), 1).expect("compresses"),
        Form::Log => {
            let line = |id: usize| format!("2026-03-24T11:00:{:02}.0000000Z line {id:012}\n  and more\n", id % 60);
            ids.map(line).collect::<String>().into_bytes()
        }
    }
}

/// What one committed batch leaves behind: ids and cursors.
#[derive(Default)]
struct Store {
    ids: Vec<String>,
    quarantined: Vec<String>,
    cursors: BTreeMap<String, Cursor>,
    idle_polls: Option<u32>,
}

impl Store {
    fn commit(&mut self, batch: Batch) {
        assert_eq!(batch.read, (batch.events.len() + batch.quarantined.len()) as u64);
        self.ids.extend(batch.events.iter().map(|event| match event.source {
            "ci_log" => {
                let text = String::from_utf8(event.raw.to_vec()).expect("text");
                assert!(text.ends_with("and more"), "whole: {text}");
                text[34..46].to_owned()
            }
            _ => event.native_id.to_string(),
        }));
        self.quarantined.extend(batch.quarantined.iter().map(|quarantined| quarantined.problem.to_string()));
        for path in &batch.moved {
            self.cursors.remove(path);
        }
        for cursor in batch.cursors {
            let json = serde_json::to_string(&cursor).expect("plain data");
            let cursor: Cursor = serde_json::from_str(&json).expect("what we wrote");
            self.cursors.insert(cursor.path.clone(), cursor);
        }
    }

    fn watcher<'a>(&self, world: &World, name: &str, pattern: &Path) -> Watcher<'a> {
        let patterns = vec![pattern.to_string_lossy().into_owned()];
        let cursors = self.cursors.values().cloned().collect();
        let options = Options { idle_polls: self.idle_polls.unwrap_or(3), ..Options::default() };
        Watcher::new(world, source(name), patterns, cursors, options, &keep)
    }

    /// Polls until nothing comes any more, idle files included.
    fn drain(&mut self, watcher: &mut Watcher<'_>) {
        let mut quiet = 0;
        while quiet < 8 {
            let batch = watcher.poll(7);
            quiet = if batch.read == 0 { quiet + 1 } else { 0 };
            self.commit(batch);
        }
    }

    fn check(&self, count: usize) {
        assert_eq!(self.quarantined, Vec::<String>::new());
        let mut ids = self.ids.clone();
        ids.sort();
        let expected: Vec<String> = (0..count).map(|id| format!("{id:012}")).collect();
        assert_eq!(ids, expected);
    }
}

fn world(disk: Arc<dyn Disk>) -> World {
    World { disk, ..World::simulated(1) }
}

#[derive(Clone, Debug)]
enum Step {
    /// So many more bytes of file so and so.
    Grow(usize, usize),
    /// A poll of so many records, whose batch is committed.
    Poll(usize),
    /// A poll whose batch is lost: the process dies before it commits.
    Die(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_usize, 1..400_usize).prop_map(|(file, bytes)| Step::Grow(file, bytes)),
        3 => (1..9_usize).prop_map(Step::Poll),
        2 => (1..9_usize).prop_map(Step::Die),
    ];
    prop::collection::vec(step, 1..60)
}

fn run(forms: [Form; 3], steps: &[Step], name: &str) {
    let disk = Arc::new(MemoryDisk::default());
    let world = world(disk.clone());
    let folder = PathBuf::from("/logs").join(name).join("o/r/1");
    let mut files: Vec<(PathBuf, Vec<u8>)> = forms
        .iter()
        .enumerate()
        .map(|(number, form)| (folder.join(format!("{number}.log")), content(*form, number * 10..number * 10 + 10)))
        .collect();
    // A line of text may go on at any time; that a JSON record is not whole shows, and closing its file early is harmless.
    let idle_polls = if name == "ci_log" { 1_000 } else { 2 };
    let mut store = Store { idle_polls: Some(idle_polls), ..Store::default() };
    let mut watcher = store.watcher(&world, name, Path::new("/logs"));
    for step in steps {
        match step {
            Step::Grow(file, bytes) => {
                let (path, left) = &mut files[*file];
                let now: Vec<u8> = left.drain(..(*bytes).min(left.len())).collect();
                disk.append(path, &now).unwrap();
            }
            Step::Poll(max) => store.commit(watcher.poll(*max)),
            Step::Die(max) => {
                watcher.poll(*max);
                watcher = store.watcher(&world, name, Path::new("/logs"));
            }
        }
    }
    for (path, left) in &files {
        disk.append(path, left).unwrap();
    }
    store.drain(&mut watcher);
    store.idle_polls = Some(1);
    watcher = store.watcher(&world, name, Path::new("/logs"));
    store.drain(&mut watcher);
    store.quarantined.retain(|problem| !problem.contains("ends inside") && !problem.contains("cut off"));
    store.check(30);
}

fn form(name: &str) -> impl Strategy<Value = Form> + use<> {
    match name {
        "ci_log" => Just(Form::Log).boxed(),
        _ => prop_oneof![Just(Form::Lines), Just(Form::Array), Just(Form::Envelope), Just(Form::Compressed)].boxed(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_json_record_arrives_once(
        a in form("json"), b in form("json"), c in form("json"), steps in steps(),
    ) {
        run([a, b, c], &steps, "aws_cloudtrail");
    }

    #[test]
    fn every_log_record_arrives_once(steps in steps()) {
        run([Form::Log; 3], &steps, "ci_log");
    }
}

#[test]
fn rotation_goes_on_in_the_renamed_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let world = world(Arc::new(RealDisk));
    let mut store = Store::default();
    let mut watcher = store.watcher(&world, "aws_cloudtrail", folder.path());
    let (first, second) = (content(Form::Lines, 0..20), content(Form::Lines, 20..30));
    let cut = first.len() / 2 + 7;
    std::fs::write(&path, &first[..cut]).unwrap();
    store.commit(watcher.poll(3));
    watcher = store.watcher(&world, "aws_cloudtrail", folder.path());
    world.disk.append(&path, &first[cut..]).unwrap();
    std::fs::rename(&path, folder.path().join("audit.log.1")).unwrap();
    std::fs::write(&path, &second).unwrap();
    store.commit(watcher.poll(4));
    watcher = store.watcher(&world, "aws_cloudtrail", folder.path());
    store.drain(&mut watcher);
    store.check(30);
    assert_eq!(store.cursors.len(), 2);
}

#[test]
fn a_file_cut_short_is_read_anew() {
    let disk = Arc::new(MemoryDisk::default());
    let world = world(disk.clone());
    let path = Path::new("/logs/a.log");
    let mut store = Store::default();
    let mut watcher = store.watcher(&world, "aws_cloudtrail", Path::new("/logs"));
    disk.write(path, &content(Form::Lines, 0..10)).unwrap();
    store.drain(&mut watcher);
    disk.write(path, &content(Form::Lines, 10..14)).unwrap();
    store.drain(&mut watcher);
    disk.write(path, &content(Form::Lines, 14..40)).unwrap();
    store.drain(&mut watcher);
    store.check(40);
}

#[test]
fn a_last_line_without_its_line_break_is_taken_when_it_is_whole_or_the_file_stands_still() {
    let disk = Arc::new(MemoryDisk::default());
    let world = world(disk.clone());
    let path = Path::new("/logs/ci_log/o/r/1/job.log");
    let mut watcher = Store::default().watcher(&world, "ci_log", Path::new("/logs"));
    disk.write(path, b"2026-03-24T10:58:35.1Z one\n2026-03-24T10:58:36.1Z tw").unwrap();
    assert_eq!(watcher.poll(10).events.len(), 1);
    assert_eq!(watcher.poll(10).read, 0);
    disk.append(path, b"o\n continued").unwrap();
    let waits: Vec<u64> = (0..6).map(|_| watcher.poll(10).read).collect();
    assert_eq!(waits, [0, 0, 0, 1, 0, 0], "after three polls without growth");

    let path = Path::new("/logs/a.ndjson");
    let mut watcher = Store::default().watcher(&world, "aws_cloudtrail", path);
    disk.write(path, (event(0, 0) + "\n" + &event(1, 1)).as_bytes()).unwrap();
    assert_eq!(watcher.poll(10).events.len(), 2, "the second is whole without a line break");
}

#[test]
fn a_broken_file_is_reported_once_and_holds_up_no_other() {
    let disk = Arc::new(MemoryDisk::default());
    let world = world(disk.clone());
    let whole = content(Form::Compressed, 0..30);
    disk.write(Path::new("/logs/a.log.zst"), &whole[..whole.len() - 4]).unwrap();
    disk.write(Path::new("/logs/b.log"), &content(Form::Lines, 0..10)).unwrap();
    let mut store = Store::default();
    let mut watcher = store.watcher(&world, "aws_cloudtrail", Path::new("/logs"));
    store.drain(&mut watcher);
    assert_eq!(store.quarantined.len(), 1, "{:?}", store.quarantined);
    assert!(store.quarantined[0].contains("cut off"));
    assert!(store.ids.len() >= 10);
}

#[test]
fn inputs_are_files_directories_and_globs() {
    let disk = Arc::new(MemoryDisk::default());
    let world = world(disk.clone());
    for (path, ids) in [("/l/a/1.json", 0..2), ("/l/a/b/2.json.gz", 2..4), ("/l/3.log.1", 4..6), ("/l/LICENSE", 6..8)] {
        disk.write(Path::new(path), &content(Form::Lines, ids)).unwrap();
    }
    disk.write(Path::new("/l/CloudTrail-Digest/d.json"), b"{}").unwrap();
    disk.write(Path::new("/l/4.json.part"), b"{").unwrap();
    let source = source("aws_cloudtrail");
    let count = |patterns: &[&str]| {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let batch = read_all(&world, &patterns, source, Options::default(), &keep);
        (batch.events.len(), batch.quarantined.len())
    };
    assert_eq!(count(&["/l"]), (6, 0));
    assert_eq!(count(&["/l", "/l/a"]), (6, 0), "each file once");
    assert_eq!(count(&["/l/*.1"]), (2, 0));
    assert_eq!(count(&["/l/**/*.json*"]), (4, 0));
    assert_eq!(count(&["/l/LICENSE"]), (2, 0), "a file that is named is read");
    assert_eq!(count(&["/nowhere", "/l/*.xml"]), (0, 2));
    let inputs = Inputs::open(&world, &["/l".to_owned()], source);
    assert_eq!(inputs.skipped.len(), 3);
    let problem = Inputs::open(&world, &["/nowhere".to_owned()], source).problems[0].to_string();
    assert!(problem.contains("`/nowhere`: no such file\nhint: name a file"), "{problem}");
}

#[test]
fn many_files_are_merged_in_the_order_of_time() {
    let disk = Arc::new(MemoryDisk::default());
    let world = world(disk.clone());
    for file in 0..5 {
        let text: String = (0..20).map(|row| event(file * 20 + row, row * 5 + file) + "\n").collect();
        disk.write(Path::new(&format!("/l/{file}.json")), text.as_bytes()).unwrap();
    }
    disk.write(Path::new("/l/bad.json"), b"{\n").unwrap();
    let source = source("aws_cloudtrail");
    let inputs = Inputs::open(&world, &["/l".to_owned()], source);
    let mut merged = Merged::new(&world, inputs.clone(), source, Options::default(), &keep);
    let (mut times, mut read) = (Vec::new(), 0);
    loop {
        let batch = merged.next_batch(7);
        if batch.read == 0 {
            break;
        }
        read += batch.read;
        times.extend(batch.events.iter().map(|event| event.time));
    }
    assert_eq!((times.len(), read), (100, 101));
    assert!(times.is_sorted());
    let mut reader = Reader::new(&world, inputs, source, Options::default(), &keep);
    let mut in_turn = 0;
    while let batch @ Batch { read: 1.., .. } = reader.next_batch(7) {
        assert!(batch.read <= 7 && !batch.cursors.is_empty());
        in_turn += batch.read;
    }
    assert_eq!(in_turn, 101);
}
