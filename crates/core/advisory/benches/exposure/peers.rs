//! Other programs over the same lockfiles and the same records, in the same run: what they meet, and how long they take.
//!
//! They are test tools, made under `.test-tools` at the versions below (all of them older than 14 days when they were written
//! down): osv-scanner by Go, pip-audit by pip. Where one cannot be made or run, the object says why, and no number.

use crate::database::Database;
use anyhow::{Context, Result, bail};
use firebreak_advisory::{Answer, Index, build, read};
use firebreak_package::formats;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const OSV_SCANNER: &str = "github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.2.4";
const PIP_AUDIT: &str = "pip-audit==2.10.0";
/// Lockfiles, and packages in each.
const LOCKS: usize = 20;
const PACKAGES: usize = 100;
const ROUNDS: usize = 5;

/// A package that was met, and its version.
type Met = BTreeSet<(String, String)>;

/// Runs ours and each peer over `LOCKS / scale` lockfiles, and gives the object `peers`.
pub(crate) fn run(database: &Database, scale: usize) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let records = database.documents_of("PyPI");
    std::fs::write(folder.join("records.json"), &records)?;
    let begun = Instant::now();
    let index = build(read("records.json", records.as_bytes()).records)?.bytes;
    let built = begun.elapsed().as_secs_f64();
    std::fs::write(folder.join("index"), &index)?;
    let locks = database.locks((LOCKS / scale).max(1), PACKAGES);
    for (number, lock) in locks.iter().enumerate() {
        let place = folder.join(format!("locks/{number:03}"));
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("requirements.txt"), lock)?;
    }
    let (ours, met) = audited(folder)?;
    if met.is_empty() {
        bail!("ours met nothing in {} lockfiles", locks.len());
    }
    affected(folder, &records, &met)?;
    println!(
        "lockfiles {ours:8.3} s   {} of {PACKAGES} packages, {} are affected; all of our process",
        locks.len(),
        met.len()
    );
    let mut peers = serde_json::Map::new();
    for (name, key, tool) in
        [("osv-scanner", "osv_scanner", by_go as fn() -> Result<PathBuf>), ("pip-audit", "pip_audit", by_pip)]
    {
        let said = match tool().and_then(|program| ask(name, folder, &program)) {
            Ok((seconds, theirs)) => {
                if theirs != met {
                    let (more, less) = (theirs.difference(&met).count(), met.difference(&theirs).count());
                    bail!(
                        "{name} met {more} packages more and {less} less than ours: {:?}",
                        theirs.symmetric_difference(&met).next()
                    );
                }
                println!("{name:<12} {seconds:5.2} s   {:.0} times ours; the same packages", seconds / ours);
                json!({"times": seconds / ours, "times_with_index": seconds / (ours + built), "seconds": seconds})
            }
            Err(why) => {
                println!("{name:<12} did not run: {why:#}");
                json!({"not_run": format!("{why:#}")})
            }
        };
        peers.insert(key.to_owned(), said);
    }
    Ok(Value::Object(peers))
}

/// What our process does: opens the index, reads the lockfiles, prints what is affected.
pub(crate) fn audit(folder: &Path) -> Result<()> {
    let index = std::fs::read(folder.join("index"))?;
    let index = Index::open(&index)?;
    for place in std::fs::read_dir(folder.join("locks"))? {
        let path = place?.path().join("requirements.txt");
        let bytes = std::fs::read(&path)?;
        let path = path.to_str().context("a path that is text")?;
        let listing = formats::read(&formats::Input { path, bytes: &bytes }).context("a lockfile is recognised")?;
        for package in &listing.packages {
            let found = index.look_up(package.ecosystem.word(), &package.name, Some(&package.version))?;
            if found.matches.iter().any(|one| one.answer == Answer::Affected) {
                println!("{}\t{}", package.name, package.version);
            }
        }
    }
    Ok(())
}

/// Median seconds of our process, and what it met.
fn audited(folder: &Path) -> Result<(f64, Met)> {
    let (mut took, mut met) = (Vec::new(), Met::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let output = Command::new(std::env::current_exe()?).arg("--audit").arg(folder).output()?;
        took.push(begun.elapsed().as_secs_f64());
        if !output.status.success() {
            bail!("our own process stopped: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let pair = |line: &str| line.split_once('\t').map(|(name, version)| (name.to_owned(), version.to_owned()));
        met = String::from_utf8(output.stdout)?.lines().filter_map(pair).collect();
    }
    took.sort_by(f64::total_cmp);
    Ok((took[ROUNDS / 2], met))
}

/// What pip-audit's service answers: for each affected package the places of the records that name it.
fn affected(folder: &Path, records: &str, met: &Met) -> Result<()> {
    let records: Vec<Value> = serde_json::from_str(records)?;
    let mut places: std::collections::BTreeMap<&str, Vec<usize>> = std::collections::BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        let name = record["affected"][0]["package"]["name"].as_str().unwrap_or_default();
        places.entry(name).or_default().push(at);
    }
    let answers: Vec<Value> =
        met.iter().map(|(name, version)| json!([name, version, places.get(name.as_str())])).collect();
    Ok(std::fs::write(folder.join("affected.json"), serde_json::to_vec(&answers)?)?)
}

fn ask(peer: &str, folder: &Path, program: &Path) -> Result<(f64, Met)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/exposure/peers.py");
    let output = Command::new("python3").arg(script).arg(peer).arg(folder).arg(program).stdin(Stdio::null()).output();
    let output = output.context("python3 does not start")?;
    if !output.status.success() {
        bail!("{}", last_line(&output.stderr));
    }
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
    let met = said["met"].as_array().into_iter().flatten().filter_map(pair).collect();
    Ok((said["seconds"].as_f64().context("it says no time")?, met))
}

/// A folder for tools, and whether what `pins` names is in it already.
fn place(name: &str, pins: &str) -> Result<(PathBuf, bool)> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).context("the package lies three folders deep")?;
    let place = root.join(".test-tools").join(name);
    std::fs::create_dir_all(&place)?;
    let made = std::fs::read_to_string(place.join("pins")).is_ok_and(|made| made == pins);
    Ok((place, made))
}

fn by_go() -> Result<PathBuf> {
    let (place, made) = place("osv-scanner", OSV_SCANNER)?;
    if !made {
        quietly(Command::new("go").args(["install", OSV_SCANNER]).env("GOBIN", &place))?;
        std::fs::write(place.join("pins"), OSV_SCANNER)?;
    }
    Ok(place.join("osv-scanner"))
}

fn by_pip() -> Result<PathBuf> {
    let (place, made) = place("pip-audit", PIP_AUDIT)?;
    if !made {
        quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place))?;
        quietly(Command::new(place.join("bin/python")).args(["-m", "pip", "install", "--quiet", PIP_AUDIT]))?;
        std::fs::write(place.join("pins"), PIP_AUDIT)?;
    }
    Ok(place.join("bin/pip-audit"))
}

fn quietly(command: &mut Command) -> Result<()> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{:?} does not start", command.get_program()))?;
    if !output.status.success() {
        bail!("{:?} stopped: {}", command.get_program(), last_line(&output.stderr));
    }
    Ok(())
}

fn last_line(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim().lines().last().unwrap_or_default().to_owned()
}
