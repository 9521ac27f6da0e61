//! How well the detectors judge other people's labelled events and logs of real accounts, in numbers. Measures only;
//! `real_logs.rs` says what is good enough.

pub(crate) mod labelled;
pub(crate) mod page;
pub(crate) mod techniques;

use crate::logs;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The folder of a corpus; says so where it is missing.
pub(crate) fn corpus(name: &str) -> Option<PathBuf> {
    let folder = logs::root().join("../shared/data").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: corpus absent");
    None
}

/// Everything that is scored.
pub(crate) struct Score {
    pub(crate) labelled: labelled::Labelled,
    pub(crate) account: techniques::Account,
    pub(crate) files: techniques::Files,
}

impl Score {
    /// The score of the detectors on disk; nothing where a corpus is missing.
    pub(crate) fn measure() -> Option<Score> {
        let mut run = logs::Run::new(logs::rules());
        Some(Score {
            labelled: labelled::measure(&mut run, &corpus("panther-analysis")?.join("rule-tests.dev.jsonl")),
            account: techniques::account(&mut run, &corpus("invictus-aws_dataset/CloudTrail")?),
            files: techniques::files(&mut run, &corpus("stratus-red-team")?),
        })
    }

    /// Techniques found and techniques done, in both corpora.
    pub(crate) fn techniques(&self) -> (usize, usize) {
        let found = self.account.done - self.account.silent.len() + self.files.named.len();
        (found, self.account.done + self.files.named.len() + self.files.missed.len())
    }

    /// The score as `cargo xtask score detect --json` prints it.
    pub(crate) fn json(&self) -> Value {
        let (found, total) = self.techniques();
        json!({
            "log_types": self.labelled.json(),
            "no_source": self.labelled.no_source,
            "no_log_type": self.labelled.no_log_type,
            "techniques_found": found,
            "techniques_total": total,
            "alerts_per_day_noise": self.account.noise_per_day(),
            "noise_alerts": self.account.noise.len(),
            "noise_log_minutes": self.account.minutes,
        })
    }
}
