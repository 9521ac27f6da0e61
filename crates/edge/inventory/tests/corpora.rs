//! Reads records that others wrote, where they are at hand: nothing of a supported form may fail, and nothing may panic.

use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, ScanInput, Surroundings, scan_each};
use firebreak_model::{Fact, ObservationKind, Time};
use firebreak_world::{Disk, RealDisk, World};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data").join(name);
    path.is_dir().then_some(path)
}

#[allow(clippy::print_stdout)]
fn tell(line: &str) {
    println!("{line}");
}

fn scan(path: &Path, bytes: &[u8]) -> Option<Found> {
    let head = &bytes[..bytes.len().min(4096)];
    let scanner = SCANNERS.iter().find(|scanner| scanner.recognises(path, head))?;
    let (world, surroundings) = (World::offline(), Surroundings::default());
    let root = Path::new("/nowhere");
    let input = ScanInput { path, bytes, known: Time(0), surroundings: &surroundings, world: &world, root };
    Some(scanner.scan(&input))
}

#[test]
fn public_lockfiles_are_read() {
    let mut counts: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut failed = Vec::new();
    for name in ["ai-repo-lockfiles", "osv-scanner-fixtures"] {
        let Some(root) = corpus(name) else { return tell("skipped: corpus absent") };
        for file in RealDisk.list(&root).unwrap() {
            let bytes = RealDisk.read(&file.path).unwrap();
            let place = Path::new("lockfiles/host__x").join(file.path.file_name().unwrap());
            let Some(found) = scan(&place, &bytes) else { continue };
            // Those that were made to be broken, and empty documents, are refused, and leave a gap.
            if !found.problems.is_empty() {
                let path = file.path.display().to_string();
                let broken = path.contains("invalid") || path.contains("bad-purls") || bytes.trim_ascii() == b"{}";
                if !broken || found.evidence[0].gaps.is_empty() {
                    failed.push(format!("{}: {:?}", file.path.display(), found.problems));
                }
                continue;
            }
            let seen = &found.evidence[0].observations;
            let of = |kind: fn(&ObservationKind) -> bool| seen.iter().filter(|seen| kind(&seen.what)).count();
            let name = file.path.file_name().unwrap().to_str().unwrap().to_owned();
            let count = counts.entry(name).or_default();
            count.0 += 1;
            count.1 += of(|what| matches!(what, ObservationKind::Locked { .. }));
            count.2 += of(|what| matches!(what, ObservationKind::Unpinned { .. }));
        }
    }
    for (name, (files, locked, unpinned)) in &counts {
        tell(&format!("{name}: {files} files, {locked} locked, {unpinned} unpinned"));
    }
    assert_eq!(failed, Vec::<String>::new());
    assert!(counts["uv.lock"].1 > 500 && counts["poetry.lock"].1 > 200, "{counts:?}");
}

/// The names and versions that `grep` finds in uv's locks are those that the scanner finds.
#[test]
fn nothing_of_a_uv_lock_is_missed() {
    let Some(root) = corpus("ai-repo-lockfiles") else { return tell("skipped: corpus absent") };
    for file in RealDisk.list(&root).unwrap().iter().filter(|file| file.path.ends_with("uv.lock")) {
        let text = String::from_utf8(RealDisk.read(&file.path).unwrap()).unwrap();
        let local =
            text.lines().filter(|line| line.contains("source = { editable") || line.contains("source = { virtual"));
        let packages = text.lines().filter(|line| *line == "[[package]]").count() - local.count();
        let found = scan(Path::new("lockfiles/host__x/uv.lock"), text.as_bytes()).unwrap();
        let locked =
            found.evidence[0].observations.iter().filter(|seen| matches!(seen.what, ObservationKind::Locked { .. }));
        assert_eq!(locked.count(), packages, "{}", file.path.display());
    }
}

#[test]
fn public_accounts_are_read() {
    let (mut accounts, mut facts, mut problems) = (0, 0, BTreeMap::<String, usize>::new());
    for name in ["pathfinding-labs", "cloudsplaining"] {
        let Some(root) = corpus(name) else { return tell("skipped: corpus absent") };
        for file in RealDisk.list(&root).unwrap() {
            let bytes = RealDisk.read(&file.path).unwrap();
            let relative = file.path.strip_prefix(&root).unwrap();
            let Some(found) = scan(relative, &bytes).filter(|found| found.scope.starts_with("aws/")) else { continue };
            accounts += 1;
            facts += found.facts.len();
            let nodes = found.facts.iter().filter(|fact| matches!(fact, Fact::Node(_))).count();
            assert!(nodes >= 1, "{}", relative.display());
            for problem in found.problems {
                *problems.entry(problem.reason).or_default() += 1;
            }
        }
    }
    tell(&format!("{accounts} accounts, {facts} facts"));
    for (reason, count) in &problems {
        tell(&format!("  {count} x {reason}"));
    }
    assert!(accounts >= 70);
    let unexpected: Vec<_> = problems.keys().filter(|reason| !reason.starts_with("the text of policy")).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}

#[test]
fn a_directory_that_is_not_there_is_a_problem() {
    let found = scan_each(&World::offline(), Path::new("/nowhere/at/all"), Time(0));
    assert_eq!((found.len(), found[0].problems.len(), found[0].complete), (1, 1, false));
}

/// The inputs of all cases, for breaking.
static INPUTS: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let scanners = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scanners");
    let files = RealDisk.list(&scanners).unwrap();
    let inside = |path: &Path| {
        let text = path.to_str()?;
        text.split_once("/input/").map(|(_, relative)| PathBuf::from(relative))
    };
    let found = files.iter().filter_map(|file| Some((inside(&file.path)?, RealDisk.read(&file.path).ok()?)));
    found.filter(|(_, bytes)| bytes.len() < 20_000).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// No damage to a file makes a scanner fail.
    #[test]
    fn broken_files_are_problems(index in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in "[\\[\\]{}\",:0a@/*\\\\ \n-]{0,6}", cut in any::<bool>()) {
        let files = &*INPUTS;
        let (path, mut bytes) = files[index.index(files.len())].clone();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            }
            let at = at.min(bytes.len());
            bytes.splice(at..(at + with.len()).min(bytes.len()), with.bytes());
        }
        let _ = scan(&path, &bytes);
    }
}
