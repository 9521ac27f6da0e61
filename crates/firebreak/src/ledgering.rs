//! The ledger of one installation: where it is, the key that signs it, and the record that the executor writes to.

use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;
use firebreak_act::{Record, RecordError};
use firebreak_ledger::{Draft, Ledger, LedgerError, LedgerKey, VerifierKey};
use firebreak_world::World;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The name that checkpoints are signed under.
const ORIGIN: &str = "firebreak.local/ledger";

/// Other entries under one name, before we believe that something is wrong.
const VERSIONS_MAX: u32 = 1_000;

/// Where nothing was written for so long, the face that readers of tiles see is brought up to date; and at the latest after
/// [`SHOWN_WITHIN`].
const QUIET: Duration = Duration::from_secs(1);
/// See [`QUIET`].
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// The ledger could not be written.
#[derive(Clone, Debug)]
pub struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// How long entries that nothing waits for may wait for others, so that both are written with one sync: what was decided, and
/// the intents of the steps that follow from it.
const COMPANY_WITHIN: Duration = Duration::from_millis(5);

/// Entries that were brought.
struct Bundle {
    drafts: Vec<Draft>,
    /// Whether nothing waits for them.
    patient: bool,
    written: oneshot::Sender<Result<Vec<u64>, Refused>>,
}

/// The installation's ledger, shared by the single writer and the executor. A thread of its own writes it: what is brought
/// while it writes goes into the next batch, with one signed checkpoint and one sync for all.
pub struct Book {
    ledger: Arc<Mutex<Ledger>>,
    bundles: Option<Sender<Bundle>>,
    clerk: Option<JoinHandle<()>>,
    /// Where a copy lies: removed with it.
    _copy: Option<tempfile::TempDir>,
}

/// Where the public key lies that readers need.
pub fn public_key_file(data: &Path) -> PathBuf {
    data.join("ledger.pub")
}

impl Book {
    /// Opens the ledger below `data`, or begins one with a fresh key.
    ///
    /// # Errors
    /// If the disk refuses or what was promised is damaged.
    pub fn open(world: &World, data: &Path) -> Result<Book> {
        let directory = data.join("ledger");
        world.disk.make_directory(&directory)?;
        let key = signing_key(world, data)?;
        let ledger = Ledger::open(world.clone(), &directory, key)?;
        Ok(Book::of(world, ledger, None))
    }

    fn of(world: &World, ledger: Ledger, copy: Option<tempfile::TempDir>) -> Book {
        let (bundles, brought) = channel();
        let ledger = Arc::new(Mutex::new(ledger));
        let clerk = Clerk { world: world.clone(), ledger: Arc::clone(&ledger), fault: None };
        let clerk = std::thread::spawn(move || clerk.keep(&brought));
        Book { ledger, bundles: Some(bundles), clerk: Some(clerk), _copy: copy }
    }

    /// Opens a copy of the ledger below `data`, to read it while another process may be writing: opening carries on or
    /// cuts off what a writer has begun, which nobody but the writer may do.
    ///
    /// # Errors
    /// If the disk refuses, the key is not there or what was promised is damaged.
    pub fn copy(world: &World, data: &Path) -> Result<Book> {
        let copy = tempfile::tempdir().context("making a directory for a copy of the ledger")?;
        // Records last: whatever the notes that were copied before promise is then there.
        for name in ["checkpoint", "checkpoints.ndjson", "records.ndjson"] {
            match world.disk.read(&data.join("ledger").join(name)) {
                Ok(bytes) => world.disk.write(&copy.path().join(name), &bytes)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("reading the ledger's `{name}`")),
            }
        }
        let key = known_key(world, data)?.with_context(|| {
            format!("no signing key in `{}`\nhint: verify an exported bundle instead", data.display())
        })?;
        let ledger = Ledger::open(world.clone(), copy.path(), key)?;
        Ok(Book::of(world, ledger, Some(copy)))
    }

    /// Looks at what is on the disk, line by line.
    ///
    /// # Errors
    /// The first fault.
    pub fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut locked(&self.ledger))
    }

    /// What a reader needs to check this ledger's bundles.
    pub fn verifier(&self) -> VerifierKey {
        self.with(|ledger| ledger.verifier())
    }

    /// Brings records, which are written from now on in the order in which they are brought, and gives their places once they
    /// are durable. The same content under the same name is one entry; other content under a name that is taken becomes the
    /// next version of it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add_all(&self, drafts: Vec<Draft>) -> impl Future<Output = Result<Vec<u64>, Refused>> + use<> {
        self.bring(drafts, false)
    }

    /// The same for records that nothing waits for: they are written a few milliseconds later, with what is brought until then.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add_in_time(&self, drafts: Vec<Draft>) -> impl Future<Output = Result<Vec<u64>, Refused>> + use<> {
        self.bring(drafts, true)
    }

    fn bring(&self, drafts: Vec<Draft>, patient: bool) -> impl Future<Output = Result<Vec<u64>, Refused>> + use<> {
        let (written, answer) = oneshot::channel();
        if let Some(bundles) = self.bundles.as_ref().filter(|_| !drafts.is_empty()) {
            // Where nobody takes it there is no answer either.
            let _ = bundles.send(Bundle { drafts, patient, written });
        } else {
            let _ = written.send(Ok(Vec::new()));
        }
        async move { answer.await.unwrap_or_else(|_| Err(Refused("nobody writes the ledger any longer".to_owned()))) }
    }

    /// Adds a record, as [`Book::add_all`] does.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn add(&self, id: &str, kind: &str, body: &Value) -> Result<u64, Refused> {
        let draft = Draft { id: id.to_owned(), kind: kind.to_owned(), body: body.clone() };
        let places = self.add_all(vec![draft]).await?;
        places.first().copied().ok_or_else(|| Refused("the ledger gave no place".to_owned()))
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.bundles = None;
        if let Some(clerk) = self.clerk.take() {
            // One that panicked wrote nothing more: what it had promised is on the disk.
            let _ = clerk.join();
        }
    }
}

#[async_trait]
impl Record for Book {
    async fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError> {
        self.add(id, kind, body).await.map_err(|error| RecordError { id: id.to_owned(), reason: error.to_string() })
    }
}

fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who writes.
struct Clerk {
    world: World,
    ledger: Arc<Mutex<Ledger>>,
    /// Why nothing more is written.
    fault: Option<Refused>,
}

impl Clerk {
    /// Writes what is brought until nobody brings anything any more.
    fn keep(mut self, brought: &Receiver<Bundle>) {
        let mut shown = Instant::now();
        loop {
            match brought.recv_timeout(QUIET) {
                Ok(first) => {
                    self.write(together(first, brought));
                    if shown.elapsed() < SHOWN_WITHIN {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.show(),
            }
            self.show();
            shown = Instant::now();
        }
    }

    /// Writes all of them with one checkpoint, and tells each.
    fn write(&mut self, bundles: Vec<Bundle>) {
        let sizes: Vec<usize> = bundles.iter().map(|bundle| bundle.drafts.len()).collect();
        let (drafts, waiting): (Vec<Vec<Draft>>, Vec<_>) =
            bundles.into_iter().map(|bundle| (bundle.drafts, bundle.written)).unzip();
        let written = match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => promise(&mut locked(&self.ledger), drafts.into_iter().flatten().collect())
                .map_err(|error| Refused(error.to_string())),
        };
        let mut places = written.as_ref().map(|places| places.iter().copied()).map_err(Clone::clone);
        for (written, size) in waiting.into_iter().zip(sizes) {
            let own = places.as_mut().map(|places| places.take(size).collect()).map_err(|error| error.clone());
            // Whoever does not wait any longer does not want to know.
            let _ = written.send(own);
        }
    }

    /// Brings what readers of tiles see up to date. Others may write meanwhile.
    fn show(&mut self) {
        let face = locked(&self.ledger).face();
        let Some(face) = face else { return };
        match face.write(&self.world) {
            Ok(()) => locked(&self.ledger).shown(&face),
            Err(error) => self.fault = Some(Refused(error.to_string())),
        }
    }
}

/// What is brought by now; where nothing waits for any of it, what comes soon as well.
fn together(first: Bundle, brought: &Receiver<Bundle>) -> Vec<Bundle> {
    let until = Instant::now() + COMPANY_WITHIN;
    let mut bundles = vec![first];
    loop {
        bundles.extend(brought.try_iter());
        if !bundles.iter().all(|bundle| bundle.patient) {
            return bundles;
        }
        match brought.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(more) => bundles.push(more),
            Err(_) => return bundles,
        }
    }
}

/// Adds records, with one checkpoint over all of them where each name stands for one thing.
fn promise(ledger: &mut Ledger, drafts: Vec<Draft>) -> Result<Vec<u64>, LedgerError> {
    match ledger.promise(&drafts) {
        Err(LedgerError::IdTaken { .. }) => drafts.into_iter().map(|draft| promise_one(ledger, draft)).collect(),
        done => done.map(|receipts| receipts.into_iter().map(|receipt| receipt.index).collect()),
    }
}

/// Adds a record. What finds its name taken becomes the next version of it.
fn promise_one(ledger: &mut Ledger, mut draft: Draft) -> Result<u64, LedgerError> {
    let (name, mut version) = (draft.id.clone(), 1);
    loop {
        match ledger.promise(std::slice::from_ref(&draft)) {
            Err(LedgerError::IdTaken { .. }) if version < VERSIONS_MAX => version += 1,
            Err(error) => return Err(error),
            Ok(receipts) => return receipts.first().map(|one| one.index).ok_or(LedgerError::Stopped),
        }
        draft.id = format!("{name}#{version}");
    }
}

/// The key that is in `data`, if there is one.
fn known_key(world: &World, data: &Path) -> Result<Option<LedgerKey>> {
    let path = data.join("ledger.key");
    let seed: [u8; 32] = match world.disk.read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            anyhow!("`{}` is not a signing key of 32 bytes\nhint: restore it from a backup", path.display())
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading `{}`", path.display())),
    };
    LedgerKey::from_seed(&seed, ORIGIN).context("the ledger's origin is a name").map(Some)
}

/// The key that signs for the installation in `data`; a fresh one where there is none, its public face beside it.
///
/// # Errors
/// If the disk refuses or the key is damaged.
pub fn signing_key(world: &World, data: &Path) -> Result<LedgerKey> {
    let key = match known_key(world, data)? {
        Some(key) => key,
        None => {
            let seed = LedgerKey::generate_seed(world.random.as_ref());
            world.disk.write(&data.join("ledger.key"), seed.as_ref()).context("writing the ledger's key")?;
            LedgerKey::from_seed(&seed, ORIGIN).context("the ledger's origin is a name")?
        }
    };
    world.disk.write(&public_key_file(data), format!("{}\n", key.verifier()).as_bytes())?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(id: &str, body: Value) -> Draft {
        Draft { id: id.to_owned(), kind: "step".to_owned(), body }
    }

    #[tokio::test]
    async fn the_same_is_one_entry_other_content_a_version_and_what_is_promised_is_shown_in_the_end() {
        let (world, folder) = (World::offline(), tempfile::tempdir().expect("a directory"));
        let book = Book::open(&world, folder.path()).expect("a ledger");
        let first = book.add_all(vec![draft("a", json!(1)), draft("b", json!(1)), draft("a", json!(2))]);
        let second = book.add_all(vec![draft("a", json!(1)), draft("a", json!(3))]);
        // Nobody needs to wait for what was brought: it is written in order all the same.
        assert_eq!(second.await.expect("written"), [0, 3]);
        assert_eq!(first.await.expect("written"), [0, 1, 2]);
        let id = |index| book.with(|ledger| ledger.record(index)).expect("a record").id;
        assert_eq!([id(0), id(1), id(2), id(3)], ["a", "b", "a#2", "a#3"]);
        assert_eq!(book.add("a", "step", &json!(2)).await.expect("written"), 2, "the same version again");
        assert_eq!(book.add_all(Vec::new()).await.expect("nothing to write"), [0; 0]);
        drop(book);
        let key = signing_key(&world, folder.path()).expect("a key");
        let ledger = Ledger::open(world, &folder.path().join("ledger"), key).expect("a ledger");
        assert_eq!(ledger.check().expect("whole, with its tiles").entries, 4);
    }
}
