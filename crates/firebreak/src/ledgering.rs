//! The ledger of one installation: where it is, the key that signs it, and the record that the executor writes to.

use anyhow::{Context, Result, anyhow};
use firebreak_act::{Record, RecordError};
use firebreak_ledger::{Draft, Ledger, LedgerError, LedgerKey, VerifierKey};
use firebreak_world::World;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The name that checkpoints are signed under.
const ORIGIN: &str = "firebreak.local/ledger";

/// Other entries under one name, before we believe that something is wrong.
const VERSIONS_MAX: u32 = 1_000;

/// The installation's ledger, shared by the single writer and the executor.
pub struct Book {
    ledger: Mutex<Ledger>,
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
        Ok(Book { ledger: Mutex::new(ledger), _copy: None })
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
        Ok(Book { ledger: Mutex::new(ledger), _copy: Some(copy) })
    }

    /// Looks at what is on the disk, line by line.
    ///
    /// # Errors
    /// The first fault.
    pub fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a reader needs to check this ledger's bundles.
    pub fn verifier(&self) -> VerifierKey {
        self.with(|ledger| ledger.verifier())
    }

    /// Adds records, with one signed checkpoint over all of them where each has an id of its own.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add_all(&self, drafts: &[Draft]) -> Result<(), LedgerError> {
        match self.with(|ledger| ledger.append_batch(drafts)) {
            Err(LedgerError::IdTaken { .. }) => {
                drafts.iter().try_for_each(|draft| self.add(&draft.id, &draft.kind, &draft.body).map(|_| ()))
            }
            done => done.map(|_| ()),
        }
    }

    /// Adds a record. The same content under the same name is one entry; other content under a name that is taken becomes
    /// the next version of it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add(&self, id: &str, kind: &str, body: &Value) -> Result<u64, LedgerError> {
        self.with(|ledger| {
            let mut version = 1;
            loop {
                let name = if version == 1 { id.to_owned() } else { format!("{id}#{version}") };
                match ledger.append(&name, kind, body) {
                    Ok(receipt) => return Ok(receipt.index),
                    Err(LedgerError::IdTaken { .. }) if version < VERSIONS_MAX => version += 1,
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

impl Record for Book {
    fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError> {
        self.add(id, kind, body).map_err(|error| RecordError { id: id.to_owned(), reason: error.to_string() })
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
