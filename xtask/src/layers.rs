//! Which crate may use which: the table of ARCHITECTURE.md, checked against the manifests.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Crate folder, and the firebreak crates that it may name in `[dependencies]`.
const ALLOWED: [(&str, &[&str]); 30] = [
    ("core/model", &[]),
    ("core/policy", &["model"]),
    ("core/graph", &["model"]),
    ("core/permission", &["model"]),
    ("core/detect", &["model"]),
    ("core/package", &["model"]),
    ("core/advisory", &["model", "package"]),
    ("core/fleet", &["model", "package"]),
    ("core/exposure", &["model", "package"]),
    ("core/classify", &["model"]),
    ("core/hunt", &["model"]),
    ("core/guardrail", &["model", "policy", "classify"]),
    ("core/document", &[]),
    ("core/contain", &["model", "policy", "graph"]),
    ("core/assure", &["model", "graph"]),
    ("core/scenario", &["model"]),
    ("edge/world", &["model"]),
    ("edge/intake", &["model", "world"]),
    ("edge/inventory", &["model", "world", "package", "classify", "permission"]),
    ("edge/advisory", &["model", "world", "advisory"]),
    ("edge/fleet", &["model", "world", "fleet"]),
    ("edge/snapshot", &["model", "world", "package", "classify", "document"]),
    ("edge/stores", &["model", "world", "classify", "document"]),
    ("edge/lake", &["model", "world"]),
    ("edge/ledger", &["model", "world"]),
    ("edge/act", &["model", "world", "ledger", "contain"]),
    ("edge/serve", &["world"]),
    ("edge/notify", &["model", "world"]),
    ("edge/signals", &["model", "world"]),
    (
        "firebreak",
        &[
            "model",
            "policy",
            "graph",
            "permission",
            "detect",
            "package",
            "advisory",
            "advisory-store",
            "exposure",
            "classify",
            "guardrail",
            "hunt",
            "document",
            "stores",
            "contain",
            "assure",
            "scenario",
            "world",
            "intake",
            "inventory",
            "fleet",
            "fleet-store",
            "snapshot",
            "lake",
            "ledger",
            "act",
            "serve",
            "notify",
            "signals",
        ],
    ),
];

/// What the core must never depend on: anything that does input or output, waits, or reads a clock.
const NOT_IN_CORE: [&str; 8] =
    ["tokio", "async-trait", "reqwest", "sqlx", "getrandom", "tracing", "aws-sigv4", "globset"];

fn dependencies(manifest: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let table: toml::Table = text.parse().with_context(|| format!("reading {}", manifest.display()))?;
    let named = table.get("dependencies").and_then(toml::Value::as_table);
    Ok(named.map(|named| named.keys().cloned().collect()).unwrap_or_default())
}

/// Every dependency that the table forbids.
pub(crate) fn faults(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (folder, allowed) in ALLOWED {
        for name in dependencies(&root.join("crates").join(folder).join("Cargo.toml"))? {
            let ours = name.strip_prefix("firebreak-");
            if ours.is_some_and(|ours| !allowed.contains(&ours)) {
                faults.push(format!("crates/{folder} may not use `{name}`"));
            }
            if folder.starts_with("core/") && NOT_IN_CORE.contains(&name.as_str()) {
                faults.push(format!("crates/{folder} is pure and may not use `{name}`"));
            }
        }
    }
    Ok(faults)
}
