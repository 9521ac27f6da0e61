//! Other programs, asked the same questions in the same run: the environment they need, and what they answer.
//!
//! They are test tools: each runs as a process of its own from a virtual environment under `.test-tools`, which this module
//! makes with pip at the versions below (all of them older than 14 days when they were written down). Where that fails, the rest of
//! the benchmark stands without them.

use crate::handout;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is installed, without what these say that they need beyond it.
const PINS: [&str; 7] = [
    "igraph==1.0.0",
    "texttable==1.7.0",
    "rustworkx==0.18.1",
    "networkx==3.6.1",
    "scipy==1.17.1",
    "numpy==2.4.6",
    "ortools==9.15.6755",
];

/// The environment in which peers run.
pub(crate) struct Peers {
    python: PathBuf,
    script: PathBuf,
}

/// One answer to one set of sources.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) milliseconds: f64,
    /// Nodes reached, or cost; `None` if the peer gave up.
    pub(crate) value: Option<u64>,
    pub(crate) uncuttable: u64,
}

impl Peers {
    /// Makes the environment unless it is there already.
    pub(crate) fn prepare() -> Result<Peers> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = package.ancestors().nth(3).context("the package lies three folders deep")?;
        let place = root.join(".test-tools/graph-peers");
        let peers = Peers { python: place.join("bin/python"), script: package.join("benches/graph/peers.py") };
        let stamp = place.join("pins");
        let pins = PINS.join("\n");
        if std::fs::read_to_string(&stamp).is_ok_and(|made| made == pins) {
            return Ok(peers);
        }
        quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place))?;
        let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"];
        quietly(Command::new(&peers.python).args(install).args(PINS))?;
        std::fs::write(&stamp, pins)?;
        Ok(peers)
    }

    /// Asks one peer one question about every set of sources, over the estate in `folder`.
    pub(crate) fn ask(&self, peer: &str, question: &str, folder: &Path, sets: &[Vec<u32>]) -> Result<Vec<Answer>> {
        let flat: Vec<u32> =
            sets.iter().flat_map(|set| std::iter::once(set.len() as u32).chain(set.iter().copied())).collect();
        handout::array(&folder.join("sets"), &flat)?;
        let mut command = Command::new(&self.python);
        let output = command.arg(&self.script).args([peer, question]).arg(folder).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("{peer} could not answer `{question}`: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let text = String::from_utf8(output.stdout)?;
        let answer: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
        let answers = answer["answers"].as_array().context("no answers")?;
        let read = |answer: &Value| Answer {
            milliseconds: answer["ms"].as_f64().unwrap_or(f64::NAN),
            value: answer["value"].as_u64(),
            uncuttable: answer["uncuttable"].as_u64().unwrap_or_default(),
        };
        Ok(answers.iter().map(read).collect())
    }
}

fn quietly(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} stopped: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
