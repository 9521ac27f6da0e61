//! Environment snapshots (`firebreak.snapshot/1`), one file each.

use super::document;
use crate::File;
use crate::clock::At;
use crate::estate::Estate;
use crate::estate::environments::Environment;
use serde_json::{Value, json};

/// One file a snapshot.
pub(super) fn files(estate: &Estate) -> Vec<File> {
    estate
        .environments
        .iter()
        .map(|found| document(&format!("environments/{}.json", found.file), &snapshot(found)))
        .collect()
}

fn packages(found: &Environment) -> Vec<Value> {
    found
        .packages
        .iter()
        .map(|(name, version, sha256)| match sha256 {
            Some(sha256) => json!({"ecosystem": "PyPI", "name": name, "version": version, "sha256": sha256}),
            None => json!({"ecosystem": "PyPI", "name": name, "version": version}),
        })
        .collect()
}

fn snapshot(found: &Environment) -> Value {
    let images: Vec<Value> =
        found.images.iter().map(|(name, tag, digest)| json!({"name": name, "tag": tag, "digest": digest})).collect();
    let files: Vec<Value> = found.files.iter().map(|(path, sha256)| json!({"path": path, "sha256": sha256})).collect();
    let credentials: Vec<Value> =
        found.credentials.iter().map(|(key, place)| json!({"credential": key, "where": place})).collect();
    let references: Vec<Value> = found
        .references
        .iter()
        .map(|name| json!({"ecosystem": "PyPI", "name": name, "reference": format!("{name} without a version")}))
        .collect();
    let mut value = json!({
        "format": "firebreak.snapshot/1",
        "environment": found.key,
        "taken": found.taken.iso(),
        "complete": found.complete,
        "packages": packages(found),
        "images": images,
        "files": files,
        "references": references,
        "credentials": credentials,
        "runs_as": found.runs_as,
        "blind_spots": if found.complete { json!([]) } else { json!(["processes that had ended before the snapshot"]) },
    });
    let Some(fields) = value.as_object_mut() else { return value };
    if let Some((from, to)) = found.runs {
        fields.insert("runs".to_owned(), json!([{"from": from.iso(), "to": to.map(At::iso)}]));
    }
    if let Some((path, changed)) = found.place {
        let place = json!([{"ecosystem": "PyPI", "path": path, "changed": changed.iso()}]);
        fields.insert("places".to_owned(), place);
    }
    if let Some(days) = found.cool_down_days {
        fields.insert("cool_down_days".to_owned(), json!({"PyPI": days}));
    }
    if found.lockfile {
        fields.insert("lockfile".to_owned(), json!(format!("lockfiles/{}/uv.lock", found.file)));
    }
    value
}
