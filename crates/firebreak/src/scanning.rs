//! Reading data stores: once for `firebreak classify`, and again and again beside `run`.
//!
//! What a store holds becomes a file of numbers in the first inventory directory, which is read like any other: the data map follows by
//! itself.

mod target;

pub(crate) use target::Target;

use crate::config::Config;
use crate::config::store::StoreConfig;
use crate::redaction;
use anyhow::{Context, Result, anyhow};
use firebreak_classify::{Classes, read_classes};
use firebreak_model::Fingerprinter;
use firebreak_stores::{Letters, Means, Options, Scan, ScanError, State, statement};
use firebreak_world::{RealPrograms, World};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it is looked whether to stop, or what is due.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// After so many bytes a scan tells how far it is.
const TOLD_EVERY: u64 = 16 << 20;
/// Each time that it has told so so often, its memory is kept.
const KEPT_EVERY: u64 = 16;

/// Where inventories of stores lie, below the inventory directory.
const FOLDER: &str = "stores";

/// Whether to stop, and how to wait without missing it.
#[derive(Clone)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// What ends when `stop` is set.
    pub fn by(stop: &Arc<AtomicBool>) -> Halt {
        Halt(Arc::clone(stop))
    }

    /// What goes on to the end.
    pub fn never() -> Halt {
        Halt(Arc::default())
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn wait(&self, duration: Duration) {
        let end = Instant::now() + duration;
        while !self.is_set() && Instant::now() < end {
            std::thread::sleep(LOOK_EVERY.min(end - Instant::now()));
        }
    }
}

/// What the owner calls a class of data, and the text that says so.
pub(crate) fn classes(store: &StoreConfig) -> Result<(String, Classes)> {
    let Some(path) = &store.classes else { return Ok((String::new(), Classes::all())) };
    let text = fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
    let custom = read_classes(&text).map_err(|error| anyhow!("`{}`: {error}", path.display()))?;
    Ok((text, Classes::all().with(custom)))
}

/// Who reads what is written in its pictures.
pub(crate) fn letters(store: &StoreConfig) -> Result<Option<Letters<'static>>> {
    let named = store.letters.as_deref().map(|program| Letters::new(&RealPrograms, program));
    named.transpose().map_err(|why| anyhow!("`letters`: {why}"))
}

/// How much of it is read.
pub(crate) fn options(store: &StoreConfig) -> Options {
    let mib = |number: Option<u32>| number.map(|number| u64::from(number) << 20);
    Options { budget: mib(store.budget_mib).unwrap_or(u64::MAX), rate: mib(store.rate_mib), ..Options::default() }
}

/// Why there is no scan, in words.
pub(crate) fn unscanned(error: ScanError, state: &Path) -> anyhow::Error {
    match error {
        ScanError::Unlisted(why) => anyhow!(why),
        ScanError::Lost(why) => anyhow!("{why}\nhint: run it again, and it goes on where it was"),
        ScanError::Stopped => anyhow!("it was stopped\nhint: run it again, and it goes on where it was"),
        ScanError::Unsaved(error) => anyhow!("`{}` cannot be written: {error}", state.display()),
    }
}

/// Reads what is new in one store. `tell` hears now and then how many documents are known, and how many bytes were read now.
///
/// # Errors
/// If it cannot be reached, or its state cannot be kept.
pub fn scan(
    config: &Config,
    store: &StoreConfig,
    halt: &Halt,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<(World, Scan)> {
    let target = Target::of(store)?;
    let world = target.world()?;
    let directory = config.data_directory();
    let scans = directory.join("scans");
    world.disk.make_directory(&scans).with_context(|| format!("making `{}`", scans.display()))?;
    let fingerprinter = redaction::of_installation(&world, config.fingerprint_key.as_deref(), &directory)?;
    let ((own, classes), letters) = (classes(store)?, letters(store)?);
    let mut open = target.open(store, &world, halt)?;
    // One state a store. Another version, other classes of the owner, or another who reads letters, read everything again.
    let path = scans.join(format!("{}.json", name(&target, store, &fingerprinter)));
    let own = format!("{own}{}", store.letters.as_deref().map(|program| format!("\0{program}")).unwrap_or_default());
    let reader = format!("{} {}", env!("CARGO_PKG_VERSION"), fingerprinter.fingerprint(own.as_bytes()));
    let mut state = remembered(&world, &path, &reader)?;
    let options = Options { save_every: TOLD_EVERY, ..options(store) };
    let (wait, stop) = (|duration| halt.wait(duration), || halt.is_set());
    let means = Means {
        options: &options,
        classes: &classes,
        fingerprinter: &fingerprinter,
        letters: letters.as_ref(),
        wait: &wait,
        stop: &stop,
    };
    let ((_, known), mut told) = (state.known(), 0_u64);
    let mut save = |state: &State| {
        let (documents, bytes) = state.known();
        tell(documents, bytes.saturating_sub(known));
        told += 1;
        // Told often, kept seldom: a large memory takes its time to write.
        if told.is_multiple_of(KEPT_EVERY) { world.disk.write(&path, &state.bytes()) } else { Ok(()) }
    };
    let scan = open.scan(&means, &mut state, &mut save);
    if !matches!(scan, Err(ScanError::Unlisted(_))) {
        let kept = world.disk.write(&path, &state.bytes());
        kept.map_err(|error| unscanned(ScanError::Unsaved(error), &path))?;
    }
    Ok((world, scan.map_err(|error| unscanned(error, &path))?))
}

/// What files about a store are called.
fn name(target: &Target, store: &StoreConfig, fingerprinter: &Fingerprinter) -> String {
    fingerprinter.fingerprint(target.state_name(store).as_bytes())
}

fn remembered(world: &World, path: &Path, reader: &str) -> Result<State> {
    match world.disk.read(path) {
        Ok(kept) => State::read(&kept, reader)
            .map_err(|why| anyhow!("`{}`: {why}\nhint: remove it, and everything is read again", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::new(reader)),
        Err(error) => Err(error).with_context(|| format!("reading `{}`", path.display())),
    }
}

/// Writes what a scan says as an inventory.
///
/// # Errors
/// If the disk refuses.
pub fn write(world: &World, file: &Path, scan: &Scan) -> Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        world.disk.make_directory(folder).with_context(|| format!("making `{}`", folder.display()))?;
    }
    let document = serde_json::to_vec_pretty(&statement(scan, world.clock.now()))?;
    world.disk.write(file, &document).with_context(|| format!("writing `{}`", file.display()))
}

/// Reads one configured store and keeps what it holds below `directory`.
///
/// # Errors
/// As [`scan`] and [`write`].
pub fn survey(config: &Config, store: &StoreConfig, directory: &Path, halt: &Halt) -> Result<PathBuf> {
    let (world, scan) = scan(config, store, halt, &mut |_, _| {})?;
    let fingerprinter =
        redaction::of_installation(&world, config.fingerprint_key.as_deref(), &config.data_directory())?;
    let file = directory.join(FOLDER).join(format!("{}.json", name(&Target::of(store)?, store, &fingerprinter)));
    write(&world, &file, &scan)?;
    Ok(file)
}

/// Reads every configured store when it is due, one after the other, until `stop`. `tell` hears what went wrong.
pub fn keep_scanning(config: &Config, stop: &Arc<AtomicBool>, tell: &dyn Fn(&str)) {
    if config.store.is_empty() {
        return;
    }
    let Some(directory) = config.inventory.paths.first() else {
        tell("no store is read: there is no directory for what they hold\nhint: name one in `inventory.paths`");
        return;
    };
    let halt = Halt::by(stop);
    let mut due: Vec<(Instant, &StoreConfig)> = config.store.iter().map(|each| (Instant::now(), each)).collect();
    while !halt.is_set() {
        for (at, each) in due.iter_mut().filter(|(at, _)| *at <= Instant::now()) {
            let surveyed = survey(config, each, directory, &halt);
            if let Some(error) = surveyed.err().filter(|_| !halt.is_set()) {
                tell(&format!("the store `{}` was not read: {error:#}", shown(&each.address)));
            }
            *at = Instant::now() + Duration::from_secs(u64::from(each.minutes()) * 60);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// An address without what may stand in it as a password.
fn shown(address: &str) -> String {
    match address.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, place)) => format!("{scheme}://{place}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_who_and_password() {
        assert_eq!(shown("postgres://app:hush@db.internal/hr"), "postgres://db.internal/hr");
        assert_eq!((shown("s3://payroll"), shown("/srv/a@b")), ("s3://payroll".to_owned(), "/srv/a@b".to_owned()));
    }

    #[test]
    fn a_configured_store_becomes_an_inventory_of_numbers_and_is_read_again_where_it_changed() {
        let root = tempfile::tempdir().expect("a directory");
        let (data, share) = (root.path().join("data"), root.path().join("share"));
        fs::create_dir_all(&share).expect("our own directory");
        fs::create_dir_all(&data).expect("our own directory");
        fs::write(share.join("people.csv"), "id,ssn\n1,219-09-9123\n").expect("our own file");
        let text = format!("data = {data:?}\n[[store]]\naddress = {share:?}\nname = \"share\"\n");
        let config = Config::parse(&text).expect("a configuration");
        let inventory = root.path().join("inventory");
        let file = survey(&config, &config.store[0], &inventory, &Halt::never()).expect("a scan");
        let said = fs::read_to_string(&file).expect("an inventory");
        assert!(said.contains("resource:file/share") && said.contains("\"ssn\"") && !said.contains("219-09"), "{said}");
        let (_, again) = scan(&config, &config.store[0], &Halt::never(), &mut |_, _| {}).expect("a scan");
        assert_eq!(again.resources[0].read, 0, "nothing changed");
        let stopped = Halt::by(&Arc::new(AtomicBool::new(true)));
        fs::write(share.join("more.csv"), "id,ssn\n1,457-55-5462\n").expect("our own file");
        let error = scan(&config, &config.store[0], &stopped, &mut |_, _| {}).err().expect("it was stopped");
        assert!(error.to_string().contains("stopped"), "{error}");
        for wrong in [
            "[[store]]\nname = \"a\"\n",
            "[[store]]\naddress = \"s3://abc\"\nrate_mib = 0\n",
            "[[store]]\naddress = \"s3://abc\"\nletters = \" \"\n",
        ] {
            assert!(Config::parse(wrong).is_err(), "{wrong}");
        }
    }
}
