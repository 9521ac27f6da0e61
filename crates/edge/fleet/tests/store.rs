//! The fleet's files: killed at any moment, merged beside readers, opened again.

use firebreak_fleet::{Had, Query, Statement, Sure, Thing, Wanted};
use firebreak_fleet_store::{View, Writer};
use firebreak_model::{Interval, NodeKey, Text, Time};
use firebreak_world::{Disk, FileMeta, MemoryDisk, World};
use proptest::prelude::*;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const PLACE: &str = "/data/fleet";

fn batch(number: u32) -> Vec<Statement> {
    let environment = NodeKey::environment("host", &format!("h{number}"));
    let (from, seen) = (Time::from_seconds(10), Time::from_seconds(20));
    let had = Had {
        environment: environment.clone(),
        thing: Thing::package("PyPI", "litellm", "1.82.8"),
        from,
        to: None,
        seen,
        sure: Sure::Seen,
        evidence: Text::new(format!("h{number}.json packages[0]")),
    };
    vec![Statement::Ran { environment, run: Interval::since(from) }, Statement::Had(had)]
}

fn who(view: &View) -> Vec<String> {
    let fleet = view.fleet().expect("whole");
    let what = Wanted::parse("litellm@1.82.8").expect("a package");
    let answer = fleet.who(&Query { what, from: Time::MIN, to: Time::MAX }).expect("whole");
    answer.had.iter().map(|one| one.environment.to_owned()).collect()
}

fn hosts(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    let mut hosts: Vec<String> = numbers.map(|number| format!("environment:host/h{number}")).collect();
    hosts.sort();
    hosts
}

#[test]
fn readers_keep_what_they_have_while_it_is_merged_away() {
    for world in [World::simulated(1), World::offline()] {
        let real = tempfile::tempdir().expect("a directory");
        let place = real.path().join("fleet");
        let mut writer = Writer::open(&world, &place).expect("it opens");
        for number in 0..3 {
            writer.add(batch(number), Time::from_seconds(30)).expect("written");
        }
        let before = View::open(&world, &place).expect("it opens");
        let compaction = writer.everything().expect("three segments");
        let done = compaction.run(&world).expect("merged");
        // What comes while a merge runs is not lost.
        writer.add(batch(3), Time::from_seconds(40)).expect("written");
        writer.swap(done).expect("swapped");
        assert_eq!(who(&before), hosts(0..3));
        let after = writer.view().expect("it opens");
        assert_eq!((who(&after), after.size().0), (hosts(0..4), 2));
        assert_eq!(world.disk.list(&place).expect("a directory").len(), 3, "two segments and the manifest");
    }
}

#[test]
fn many_small_batches_stay_few_files() {
    let world = World::simulated(1);
    let mut writer = Writer::open(&world, Path::new(PLACE)).expect("it opens");
    for number in 0..100 {
        writer.add(batch(number % 50), Time::from_seconds(30)).expect("written");
        writer.compact().expect("merged");
    }
    let view = writer.view().expect("it opens");
    assert_eq!(who(&view), hosts(0..50));
    assert!(view.size().0 < 8, "{:?}", view.size());
}

#[test]
fn what_is_forgotten_is_gone_from_the_disk_and_no_answer_says_no_of_it() {
    let world = World::simulated(1);
    let mut writer = Writer::open(&world, Path::new(PLACE)).expect("it opens");
    assert!(writer.forgetting(Time::from_seconds(100)).is_none(), "there is nothing");
    let ended = |number: u32, to: i64| {
        batch(number).into_iter().map(move |one| match one {
            Statement::Had(had) => Statement::Had(Had { to: Some(Time::from_seconds(to)), ..had }),
            Statement::Ran { environment, run } => {
                Statement::Ran { environment, run: Interval { to: Time::from_seconds(to), ..run } }
            }
            other => other,
        })
    };
    writer.add(ended(1, 50).chain(ended(2, 200)), Time::from_seconds(300)).expect("written");
    let done = writer.forgetting(Time::from_seconds(100)).expect("more").run(&world).expect("merged");
    // What comes meanwhile stays, and what it says of the time before is known.
    writer.add(ended(3, 60), Time::from_seconds(310)).expect("written");
    writer.swap(done).expect("swapped");
    assert!(writer.forgetting(Time::from_seconds(100)).is_none(), "that is forgotten");
    for view in [writer.view(), Writer::open(&world, Path::new(PLACE)).and_then(|writer| writer.view())] {
        let view = view.expect("it opens");
        assert_eq!((who(&view), view.since()), (hosts(2..4), Some(Time::from_seconds(100))));
        let fleet = view.fleet().expect("whole");
        let what = Wanted::parse("numpy").expect("a package");
        let asked = |from: i64| {
            let query = Query { what: what.clone(), from: Time::from_seconds(from), to: Time::from_seconds(150) };
            let answer = fleet.who(&query).expect("whole");
            (answer.untold.len(), answer.forgotten.is_some())
        };
        assert_eq!((asked(100), asked(99)), ((1, false), (2, true)));
    }
    let held = |path: &Path| String::from_utf8_lossy(&world.disk.read(path).expect("a file")).contains("host/h1");
    let files = world.disk.list(Path::new(PLACE)).expect("a directory");
    assert!(files.len() == 3 && !files.iter().any(|file| held(&file.path)));
    // A merge of some keeps that in mind.
    for number in 4..12 {
        writer.add(batch(number), Time::from_seconds(320)).expect("written");
        writer.compact().expect("merged");
    }
    assert_eq!(writer.view().expect("it opens").since(), Some(Time::from_seconds(100)));
}

#[test]
fn a_file_that_is_cut_or_changed_is_named() {
    let world = World::simulated(1);
    let place = Path::new(PLACE);
    Writer::open(&world, place).expect("it opens").add(batch(1), Time(1)).expect("written");
    let file = place.join("segment-00000001.fleet");
    world.disk.truncate(&file, 100).expect("there");
    let error = View::open(&world, place).expect_err("it is cut").to_string();
    assert!(error.contains("segment-00000001.fleet") && error.contains("hint"), "{error}");
    world.disk.write(&place.join("manifest"), b"something else").expect("there");
    assert!(Writer::open(&world, place).is_err(), "nothing is removed for a manifest that nobody can read");
    assert!(world.disk.meta(&file).is_ok());
}

/// A disk that dies after so many writes, and leaves half of what it was writing under the temporary name.
struct DyingDisk {
    inner: MemoryDisk,
    left: AtomicI64,
}

impl DyingDisk {
    fn alive(&self) -> io::Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 { Ok(()) } else { Err(io::Error::other("killed")) }
    }
}

impl Disk for DyingDisk {
    fn open(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        self.inner.open(path, offset)
    }
    fn meta(&self, path: &Path) -> io::Result<FileMeta> {
        self.inner.meta(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<FileMeta>> {
        self.inner.list(directory)
    }
    fn is_directory(&self, path: &Path) -> bool {
        self.inner.is_directory(path)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        self.alive()?;
        self.inner.write(Path::new(&part), &bytes[..bytes.len() / 2])?;
        self.alive()?;
        self.inner.remove(Path::new(&part))?;
        self.inner.write(path, bytes)
    }
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.inner.append(path, bytes)
    }
    fn truncate(&self, path: &Path, size: u64) -> io::Result<()> {
        self.inner.truncate(path, size)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.alive()?;
        self.inner.remove(path)
    }
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.make_directory(path)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn killed_at_any_moment_it_holds_what_it_promised(lives in prop::collection::vec(0i64..40, 1..6)) {
        let disk = Arc::new(DyingDisk { inner: MemoryDisk::default(), left: AtomicI64::new(0) });
        let mut world = World::simulated(1);
        world.disk = disk.clone();
        let (mut promised, mut begun) = (0, 0);
        for life in lives {
            disk.left.store(life, Ordering::SeqCst);
            let Ok(mut writer) = Writer::open(&world, Path::new(PLACE)) else { continue };
            let first = promised;
            for number in first..first + 12 {
                begun = begun.max(number + 1);
                if writer.add(batch(number), Time::from_seconds(30)).is_err() {
                    break;
                }
                promised = number + 1;
                if writer.compact().is_err() {
                    break;
                }
            }
            // Someone who reads right after the kill, before any writer has cleaned up.
            let found = who(&View::open(&world, Path::new(PLACE)).expect("readable"));
            prop_assert!((promised..=begun).any(|number| found == hosts(0..number)), "{found:?} of {promised}");
        }
        disk.left.store(i64::MAX, Ordering::SeqCst);
        let writer = Writer::open(&world, Path::new(PLACE)).expect("it opens");
        let view = writer.view().expect("it opens");
        let files = world.disk.list(Path::new(PLACE)).expect("a directory").len();
        let manifest = usize::from(world.disk.meta(&Path::new(PLACE).join("manifest")).is_ok());
        prop_assert_eq!(files, view.size().0 + manifest, "no orphan is left");
    }
}
