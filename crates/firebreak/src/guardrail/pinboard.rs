//! The definitions of tools that the guardrail has seen, kept over restarts.

use anyhow::{Context, Result};
use firebreak_guardrail::{Changed, Exchange, Pins};
use firebreak_world::World;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Pins, and the file that holds them.
#[derive(Debug)]
pub struct Pinboard {
    pins: Mutex<Pins>,
    file: PathBuf,
}

impl Pinboard {
    /// The pins that `file` holds; none where there is no such file yet.
    ///
    /// # Errors
    /// If it is there and cannot be read: pinning anew would take every change for the first.
    pub fn open(world: &World, file: &Path) -> Result<Pinboard> {
        let pins = match world.disk.meta(file) {
            Err(_) => Pins::default(),
            Ok(_) => {
                let bytes = world.disk.read(file).with_context(|| format!("reading `{}`", file.display()))?;
                let hint = "hint: restore it, or remove it to pin every tool anew";
                serde_json::from_slice(&bytes).with_context(|| format!("`{}` holds no pins\n{hint}", file.display()))?
            }
        };
        Ok(Pinboard { pins: Mutex::new(pins), file: file.to_path_buf() })
    }

    /// The tools of `exchange` whose definitions are other than they were.
    pub fn changed(&self, exchange: &Exchange) -> Vec<Changed> {
        if exchange.tools.is_empty() { Vec::new() } else { self.lock().changed(&exchange.caller, &exchange.tools) }
    }

    /// Pins the tools of an exchange that went on. Each change is told once; one that is refused, each time.
    pub fn pin(&self, world: &World, exchange: &Exchange) {
        if exchange.tools.is_empty() {
            return;
        }
        let mut pins = self.lock();
        if !pins.pin(&exchange.caller, &exchange.tools) {
            return;
        }
        let text = serde_json::to_vec(&*pins).unwrap_or_default();
        if let Err(error) = world.disk.write(&self.file, &text) {
            tracing::error!(
                "`{}` cannot be written: {error}; after a restart changed tools are pinned anew",
                self.file.display()
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
