//! Secrets are replaced by keyed fingerprints before a record is parsed, kept or shown. The key belongs to one
//! installation.

use anyhow::{Context, Result, anyhow};
use firebreak_classify::redact;
use firebreak_model::Fingerprinter;
use firebreak_world::World;
use secrecy::ExposeSecret;
use std::borrow::Cow;
use std::path::Path;

/// A fingerprinter with a key of this run alone: for commands that keep nothing.
pub fn for_this_run(world: &World) -> Fingerprinter {
    let mut key = [0; 32];
    world.random.fill(&mut key);
    Fingerprinter::new(key)
}

/// The fingerprinter of an installation: the key that `reference` names, or one made once and kept in `directory`.
///
/// # Errors
/// If the key cannot be read or is not 64 hexadecimal digits.
pub fn of_installation(world: &World, reference: Option<&str>, directory: &Path) -> Result<Fingerprinter> {
    let own = directory.join("fingerprint.key");
    let text = match reference {
        Some(reference) => world.secrets.secret(reference)?.expose_secret().to_owned(),
        None => match world.disk.read(&own) {
            Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(world, &own)?,
            Err(error) => return Err(error).with_context(|| format!("reading `{}`", own.display())),
        },
    };
    let key = key(text.trim()).ok_or_else(|| {
        anyhow!("the fingerprint key is not 64 hexadecimal digits\nhint: `openssl rand -hex 32` makes one")
    })?;
    Ok(Fingerprinter::new(key))
}

fn make(world: &World, path: &Path) -> Result<String> {
    let mut key = [0_u8; 32];
    world.random.fill(&mut key);
    let text = hex::encode(key);
    world.disk.write(path, text.as_bytes()).with_context(|| format!("writing `{}`", path.display()))?;
    Ok(text)
}

fn key(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (place, slot) in key.iter_mut().enumerate() {
        *slot = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}

/// The redaction that intake applies to every record.
pub fn redaction(fingerprinter: Fingerprinter) -> impl for<'r> Fn(&'r [u8]) -> Cow<'r, [u8]> + Send + Sync {
    move |bytes: &[u8]| redact(bytes, &fingerprinter).bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_makes_its_key_once() {
        let directory = tempfile::tempdir().unwrap();
        let world = World::offline();
        let first = of_installation(&world, None, directory.path()).unwrap();
        let again = of_installation(&world, None, directory.path()).unwrap();
        assert_eq!(first.fingerprint(b"secret"), again.fingerprint(b"secret"));
    }

    #[test]
    fn a_damaged_key_is_an_error_and_not_another_key() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("fingerprint.key"), "abc").unwrap();
        assert!(of_installation(&World::offline(), None, directory.path()).is_err());
    }
}
