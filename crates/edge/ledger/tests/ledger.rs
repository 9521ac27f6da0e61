//! The ledger as its users and its readers see it: receipts, kills, damage, and two verifiers that agree.

use firebreak_ledger::{Draft, Ledger, LedgerError, LedgerKey, tree, verify_bundle};
use firebreak_world::{Disk, FileMeta, MemoryDisk, World};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DIRECTORY: &str = "/ledger";

fn key() -> LedgerKey {
    LedgerKey::from_seed(&[42; 32], "firebreak.example/meridian").expect("a name")
}

fn open(world: &World) -> Result<Ledger, LedgerError> {
    Ledger::open(world.clone(), Path::new(DIRECTORY), key())
}

fn draft(number: u64) -> Draft {
    let body = json!({"step": number, "target": "credential:aws/AKIAIOSFODNN7EXAMPLE", "share": 0.1, "é": "“ok”\n"});
    Draft { id: format!("step-{number}"), kind: "intent".to_owned(), body }
}

fn drafts(numbers: std::ops::Range<u64>) -> Vec<Draft> {
    numbers.map(draft).collect()
}

fn filled(world: &World, batches: &[u64]) -> Ledger {
    let mut ledger = open(world).expect("a ledger");
    let mut from = 0;
    for batch in batches {
        ledger.append_batch(&drafts(from..from + batch)).expect("a batch");
        from += batch;
    }
    ledger
}

#[test]
fn the_same_id_is_the_same_record_and_never_another() {
    let world = World::simulated(1);
    let mut ledger = open(&world).unwrap();
    let first = ledger.append("a", "intent", &json!({"x": 1, "y": 2})).unwrap();
    assert_eq!(ledger.append("a", "intent", &json!({"y": 2, "x": 1})).unwrap(), first);
    let taken = ledger.append("a", "intent", &json!({"x": 2})).unwrap_err();
    assert!(matches!(taken, LedgerError::IdTaken { index: 0, .. }), "{taken}");
    let twice = [draft(1), draft(2), draft(1)];
    let receipts = ledger.append_batch(&twice).unwrap();
    assert_eq!((receipts[0], ledger.size()), (receipts[2], 3));
    // A batch with a taken id adds nothing at all.
    let mut bad = vec![draft(7), draft(1)];
    bad[1].kind = "other".to_owned();
    assert!(ledger.append_batch(&bad).is_err());
    assert_eq!((ledger.size(), ledger.receipt("step-7")), (3, None));
    drop(ledger);
    let mut again = open(&world).unwrap();
    assert_eq!(again.append("a", "intent", &json!({"x": 1, "y": 2})).unwrap(), first);
    assert_eq!(again.size(), 3);
}

#[test]
fn records_come_back_and_proofs_hold() {
    let ledger = filled(&World::simulated(2), &[1, 5, 300]);
    let record = ledger.record(17).unwrap();
    assert_eq!((record.id.as_str(), &record.body), ("step-17", &draft(17).body));
    let (size, root) = (ledger.size(), ledger.root());
    let receipt = ledger.receipt("step-17").unwrap();
    let proof = ledger.inclusion_proof(17, size).unwrap();
    assert!(tree::is_included(&receipt.leaf_hash, 17, size, &proof, &root));
    let older = filled(&World::simulated(2), &[1, 5]);
    let proof = ledger.consistency_proof(6, size).unwrap();
    assert!(tree::is_consistent(6, &older.root(), size, &root, &proof));
    assert!(!tree::is_consistent(5, &older.root(), size, &root, &proof));
    assert_eq!(ledger.check().unwrap().entries, 306);
}

#[test]
fn an_empty_ledger_verifies() {
    let ledger = open(&World::simulated(3)).unwrap();
    let verified = verify_bundle(&ledger.export_bundle().unwrap(), &ledger.verifier()).unwrap();
    assert_eq!((verified.entries, verified.checkpoints), (0, 0));
    assert_eq!(ledger.check().unwrap().entries, 0);
}

#[test]
fn withheld_records_hide_and_the_rest_verifies() {
    let ledger = filled(&World::simulated(4), &[5]);
    let bundle = ledger.export_withholding(&BTreeSet::from([1, 3])).unwrap();
    let verified = verify_bundle(&bundle, &ledger.verifier()).unwrap();
    assert_eq!((verified.entries, verified.withheld, verified.root), (5, 2, ledger.root()));
    let text = String::from_utf8(bundle).unwrap();
    assert!(text.contains("step-2") && !text.contains("step-3"));
}

#[test]
fn a_bundle_of_another_key_or_a_cut_one_is_refused() {
    let ledger = filled(&World::simulated(5), &[2, 2]);
    let bundle = ledger.export_bundle().unwrap();
    let other = LedgerKey::from_seed(&[43; 32], "firebreak.example/meridian").unwrap();
    assert!(verify_bundle(&bundle, &other.verifier()).is_err());
    for end in 0..bundle.len() {
        assert!(verify_bundle(&bundle[..end], &ledger.verifier()).is_err(), "cut at {end}");
    }
}

/// The line that holds byte `place`, and the record of that line if it is one's.
fn line_at(bundle: &[u8], place: usize, records: usize) -> (u64, Option<u64>) {
    let start = bundle[..place].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let number = bundle[..start].iter().filter(|byte| **byte == b'\n').count();
    (start as u64, (1..=records).contains(&number).then(|| number as u64 - 1))
}

#[test]
fn each_flipped_byte_of_a_bundle_is_found_and_located() {
    let ledger = filled(&World::simulated(6), &[3, 1]);
    let verifier = ledger.verifier();
    let mut bundle = ledger.export_withholding(&BTreeSet::from([2])).unwrap();
    assert!(verify_bundle(&bundle, &verifier).is_ok());
    for place in 0..bundle.len() {
        for mask in [1, 0x20, 0x80] {
            bundle[place] ^= mask;
            let fault = verify_bundle(&bundle, &verifier).expect_err("damage");
            bundle[place] ^= mask;
            let (line, record) = line_at(&bundle, place, 4);
            // The size in the header decides what each later line is taken for.
            if line > 0 {
                assert_eq!(fault.entry, record, "byte {place}: {fault}");
                assert_eq!(fault.offset, Some(line), "byte {place}: {fault}");
            }
        }
    }
}

#[test]
fn each_flipped_byte_on_disk_is_found_and_the_file_named() {
    let world = World::simulated(7);
    let ledger = filled(&world, &[2, 257]);
    ledger.check().unwrap();
    for file in world.disk.list(Path::new(DIRECTORY)).unwrap() {
        let good = world.disk.read(&file.path).unwrap();
        let name = file.path.strip_prefix(DIRECTORY).unwrap().to_str().unwrap().to_owned();
        let step = if good.len() > 3000 { 97 } else { 1 };
        for place in (0..good.len()).step_by(step) {
            let mut bad = good.clone();
            bad[place] ^= 1;
            world.disk.write(&file.path, &bad).unwrap();
            match ledger.check().expect_err("damage") {
                LedgerError::Damaged(fault) => assert_eq!(fault.file.as_deref(), Some(name.as_str()), "{fault}"),
                other => panic!("{name}, byte {place}: {other}"),
            }
        }
        world.disk.write(&file.path, &good).unwrap();
    }
    world.disk.write(&Path::new(DIRECTORY).join("tile/0/009"), b"x").unwrap();
    assert!(ledger.check().is_err());
}

#[test]
fn promised_records_that_are_damaged_are_never_repaired_in_silence() {
    let world = World::simulated(8);
    filled(&world, &[4]);
    let path = Path::new(DIRECTORY).join("records.ndjson");
    let good = world.disk.read(&path).unwrap();
    for place in (0..good.len()).step_by(13) {
        let mut bad = good.clone();
        bad[place] ^= 1;
        world.disk.write(&path, &bad).unwrap();
        let error = open(&world).expect_err("damage");
        assert!(matches!(error, LedgerError::Damaged(_)), "{error}");
        assert_eq!(world.disk.read(&path).unwrap(), bad, "the evidence is left as it is");
    }
    world.disk.write(&path, &good[..good.len() - 5]).unwrap();
    assert!(matches!(open(&world), Err(LedgerError::Damaged(_))));
}

/// A disk that dies after so many bytes or calls: what was written until then stays, a part of a write too.
struct DyingDisk {
    inner: MemoryDisk,
    left: AtomicI64,
}

impl DyingDisk {
    fn spend(&self, cost: i64) -> io::Result<i64> {
        let left = self.left.fetch_sub(cost, Ordering::SeqCst);
        if left <= 0 { Err(io::Error::other("killed")) } else { Ok(left) }
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
        self.spend(40)?;
        self.inner.write(path, bytes)
    }
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let left = usize::try_from(self.spend(bytes.len() as i64)?).unwrap_or(0);
        self.inner.append(path, &bytes[..bytes.len().min(left)])?;
        if left < bytes.len() { Err(io::Error::other("killed")) } else { Ok(()) }
    }
    fn truncate(&self, path: &Path, size: u64) -> io::Result<()> {
        self.spend(40)?;
        self.inner.truncate(path, size)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.spend(40)?;
        self.inner.remove(path)
    }
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.make_directory(path)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_kill_loses_nothing_promised_and_doubles_nothing(budget in 1i64..12_000, second in 1i64..4_000) {
        let mut world = World::simulated(9);
        let disk = Arc::new(DyingDisk { inner: MemoryDisk::default(), left: AtomicI64::new(budget) });
        world.disk = disk.clone();
        let mut promised = Vec::new();
        for budget in [None, Some(second), Some(i64::MAX)] {
            if let Some(budget) = budget {
                disk.left.store(budget, Ordering::SeqCst);
            }
            let Ok(mut ledger) = open(&world) else {
                prop_assert!(disk.left.load(Ordering::SeqCst) <= 0, "only the kill may stop it");
                continue;
            };
            for (id, receipt) in &promised {
                let id: &String = id;
                prop_assert_eq!(ledger.receipt(id), Some(*receipt));
            }
            for from in (0..12).step_by(3) {
                // With its face or without: what is promised is kept.
                let add = if (second + from as i64) % 2 == 0 { Ledger::promise } else { Ledger::append_batch };
                match add(&mut ledger, &drafts(from..from + 3)) {
                    Ok(receipts) => promised.extend((from..from + 3).map(|n| format!("step-{n}")).zip(receipts)),
                    Err(_) => break,
                }
            }
        }
        let ledger = open(&world).expect("it opens");
        prop_assert_eq!(ledger.size(), 12);
        prop_assert_eq!(ledger.check().expect("it is whole").entries, 12);
        prop_assert!(verify_bundle(&ledger.export_bundle().expect("bytes"), &ledger.verifier()).is_ok());
    }
}

#[test]
fn twenty_thousand_records_on_a_real_disk_are_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(World::offline(), folder.path(), key()).unwrap();
    for from in (0..20_000).step_by(4_000) {
        ledger.append_batch(&drafts(from..from + 4_000)).unwrap();
    }
    assert_eq!(ledger.check().unwrap().entries, 20_000);
    drop(ledger);
    let ledger = Ledger::open(World::offline(), folder.path(), key()).unwrap();
    assert_eq!(ledger.size(), 20_000);
}

/// Runs the Python verifier over all of `bundles` at once: whether each verifies.
fn oracle(bundles: &[Vec<u8>], verifier: &str) -> Option<Vec<bool>> {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/verify_bundle.py");
    let mut program = format!(
        "import sys, io, contextlib\nsys.path.insert(0, {:?})\nimport verify_bundle\n",
        script.parent().unwrap().display().to_string()
    );
    for (number, bundle) in bundles.iter().enumerate() {
        let path = folder.path().join(format!("{number}.ndjson"));
        std::fs::write(&path, bundle).unwrap();
        program += &format!("verify_bundle.main({:?}, {verifier:?})\n", path.display().to_string());
    }
    let run = std::process::Command::new("python3").args(["-B", "-c", &program]).output().ok()?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let answers = String::from_utf8(run.stdout).unwrap();
    Some(answers.lines().map(|line| line.contains("\"verified\": true")).collect())
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
fn two_verifiers_agree_on_good_and_damaged_bundles() {
    let ledger = filled(&World::simulated(11), &[2, 3]);
    let whole = ledger.export_bundle().unwrap();
    let mut bundles = vec![
        whole.clone(),
        ledger.export_withholding(&BTreeSet::from([0, 4])).unwrap(),
        whole[..whole.len() - 1].to_vec(),
    ];
    for place in (0..whole.len()).step_by(7) {
        let mut bad = whole.clone();
        bad[place] ^= 1 << (place % 8);
        bundles.push(bad);
    }
    let Some(theirs) = oracle(&bundles, &ledger.verifier().to_string()) else {
        println!("skipped: python3 absent");
        return;
    };
    let ours: Vec<bool> = bundles.iter().map(|bundle| verify_bundle(bundle, &ledger.verifier()).is_ok()).collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours.iter().filter(|good| **good).count(), 2);
}
