//! Benchmarks: each is a bench target, of the program or of the peers beside it, and prints one JSON object as its last
//! line.

use crate::browser;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Each benchmark, and what tells cargo where it is. A name may stand here more than once: its parts run one after the other,
/// each prints an object of its own, and the keys are put together.
const BENCHES: [(&str, &[&str]); 11] = [
    ("spine", &["--package", "firebreak"]),
    ("respond", &["--package", "firebreak"]),
    ("guardrail", &["--package", "firebreak"]),
    // What the API takes; the browser's part comes after it.
    ("console", &["--package", "firebreak"]),
    ("month", &["--package", "firebreak-detect"]),
    ("graph", &["--package", "firebreak-graph"]),
    ("permission", &["--package", "firebreak-permission"]),
    ("exposure", &["--package", "firebreak-advisory"]),
    ("exposure", &["--package", "firebreak-fleet"]),
    ("classify", &["--package", "firebreak-classify"]),
    // Other engines want a newer compiler than they need.
    ("detect", &["--manifest-path", "peers/Cargo.toml", "--ignore-rust-version", "--features", "bench"]),
];

/// The benchmark of which a part runs in a browser and not by cargo.
const IN_BROWSER: &str = "console";

/// What a run of a benchmark leaves behind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Prints only the object.
    pub(crate) json: bool,
    /// Writes what was printed to `docs/<name>-benchmarks.md`.
    pub(crate) page: bool,
    /// Runs at a tenth of the size, where the benchmark knows that.
    pub(crate) quick: bool,
}

/// Runs the benchmark `name`.
pub(crate) fn run(root: &Path, name: &str, wanted: Wanted) -> Result<()> {
    let parts: Vec<&[&str]> = BENCHES.iter().filter(|(known, _)| *known == name).map(|(_, place)| *place).collect();
    if parts.is_empty() {
        let mut names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        names.dedup();
        bail!("no benchmark `{name}`\nhint: there are {}", names.join(", "));
    }
    if name == IN_BROWSER {
        browser::build(root)?;
    }
    let (mut text, mut objects) = (String::new(), Vec::new());
    let mut printed = parts.into_iter().map(|place| run_part(root, name, place, wanted)).collect::<Result<Vec<_>>>()?;
    if name == IN_BROWSER {
        printed.push(browser::run(root, name)?);
    }
    for printed in printed {
        let object = printed.lines().rfind(|line| line.starts_with('{')).context("the benchmark printed no object")?;
        objects.push(serde_json::from_str(object)?);
        text.push_str(&printed);
    }
    let value = together(objects)?;
    if wanted.json {
        println!("{value}");
    } else {
        print!("{text}");
    }
    if wanted.page {
        let path = root.join(format!("docs/{name}-benchmarks.md"));
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, page(&old, &text)?).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// What one part printed.
fn run_part(root: &Path, name: &str, place: &[&str], wanted: Wanted) -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .args(["bench", "--quiet"])
        .args(place)
        .args(["--bench", name])
        .args(if wanted.quick { &["--", "--quick"][..] } else { &[] })
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("starting cargo")?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        bail!("the benchmark stopped with {}\n{text}", output.status);
    }
    Ok(text)
}

/// The objects of all parts as one. Where two parts have a list or an object under one key (`peers`), those are joined.
pub(crate) fn together(objects: Vec<Value>) -> Result<Value> {
    let mut whole = serde_json::Map::new();
    for object in objects {
        let Value::Object(object) = object else { bail!("what the benchmark printed is not an object") };
        for (key, value) in object {
            match (whole.get_mut(&key), value) {
                (Some(Value::Array(have)), Value::Array(more)) => have.extend(more),
                (Some(Value::Object(have)), Value::Object(more)) => have.extend(more),
                (Some(_), _) => bail!("two parts of the benchmark measure `{key}`"),
                (None, value) => {
                    whole.insert(key, value);
                }
            }
        }
    }
    Ok(Value::Object(whole))
}

/// Where the page ends that people write, and the results begin.
const RESULTS: &str = "## Latest results";

/// The page with what was printed now in place of what was printed before.
fn page(old: &str, printed: &str) -> Result<String> {
    let head = old.split(RESULTS).next().unwrap_or_default();
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output().context("asking for the date")?;
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = cpu.lines().filter_map(|line| line.strip_prefix("model name")).collect();
    let model = models.first().map_or("unknown", |model| model.trim_start_matches([' ', '\t', ':']));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let machine = format!("{} x {model}; load {load} when it ended", models.len());
    let printed = printed.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n");
    let date = String::from_utf8(date.stdout)?;
    Ok(format!("{head}{RESULTS}\n\n{}, {machine}\n\n```text\n{}\n```\n", date.trim(), printed.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_one_object_and_measure_nothing_twice() {
        let object = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (a, b) = (object(r#"{"a":1,"peers":{"x":1}}"#), object(r#"{"b":2,"peers":{"y":2}}"#));
        assert_eq!(together(vec![a.clone(), b]).unwrap(), object(r#"{"a":1,"peers":{"x":1,"y":2},"b":2}"#));
        assert!(together(vec![a.clone(), a]).is_err());
    }

    #[test]
    fn a_page_keeps_its_words_and_changes_its_results() {
        let old = format!("# Words\n\n{RESULTS}\n\nold figures\n");
        let page = page(&old, "new figures\n{\"new\":1}\n").unwrap();
        assert!(page.starts_with("# Words\n\n## Latest results\n") && page.contains("new figures"), "{page}");
        assert!(!page.contains("old figures") && !page.contains("{\"new\""), "{page}");
    }
}
