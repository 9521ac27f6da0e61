//! Arbitrary bytes as a file of a checkout. The first byte chooses its name, and with it how it is read: workflows, actions,
//! pipelines, Dockerfiles and Compose files, and what some of them lead to.

#![no_main]

use firebreak_world::{Disk, MemoryDisk, World};
use std::path::Path;
use std::sync::Arc;

const NAMES: [&str; 8] = [
    ".github/workflows/ci.yml",
    ".github/actions/a/action.yml",
    ".github/actions/a/Dockerfile",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "Dockerfile",
    "compose.yaml",
    "a.dockerfile",
];

/// What leads to whatever lies beside it.
const AROUND: [(&str, &str); 2] = [
    (".github/workflows/calls.yml", "jobs: {a: {uses: ./.github/workflows/ci.yml}, b: {steps: [{uses: ./.github/actions/a}]}}\n"),
    (".github/actions/b/action.yml", "runs: {using: docker, image: ../a/Dockerfile}\n"),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let disk = Arc::new(MemoryDisk::default());
    let world = World { disk: disk.clone(), ..World::simulated(1) };
    let root = Path::new("/checkout");
    for (path, text) in AROUND {
        let _ = disk.write(&root.join(path), text.as_bytes());
    }
    let _ = disk.write(&root.join(name), rest);
    let files = disk.list(root).unwrap_or_default();
    let found = firebreak_inventory::listings(&world, root, &files);
    // What lies there is told of, or why it is not.
    let own = found.files.iter().find(|file| file.evidence.environment.name().ends_with(name));
    let file = own.expect("a recipe is a place");
    assert!(file.recipe || !file.evidence.gaps.is_empty());
});
