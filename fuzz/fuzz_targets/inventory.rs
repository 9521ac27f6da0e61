//! Arbitrary bytes as an inventory file. The first byte chooses its name, and with it the scanner.

#![no_main]

use firebreak_model::Time;
use firebreak_world::{Disk, MemoryDisk, World};
use std::path::Path;
use std::sync::Arc;

const NAMES: [&str; 27] = [
    "aws/111122223333/authorization-details.json",
    "github/organization.json",
    "github/o/r/runs.json",
    "workflows/o/r/ci.yml",
    "kubernetes/prod.json",
    "estate.json",
    "environments/host.json",
    "lockfiles/host__a/uv.lock",
    "lockfiles/host__a/poetry.lock",
    "lockfiles/host__a/requirements.txt",
    "lockfiles/host__a/package-lock.json",
    "lockfiles/host__a/yarn.lock",
    "lockfiles/host__a/pnpm-lock.yaml",
    "lockfiles/host__a/Gemfile.lock",
    "okta/meridian.json",
    "entra/meridian.json",
    "google_workspace/meridian.json",
    "slack/T01.json",
    "keycloak/meridian.json",
    "aws/111122223333/organization.json",
    "aws/111122223333/resource-policies.json",
    "aws/111122223333/resources.json",
    "gitlab/gitlab.example/group/project/.gitlab-ci.yml",
    "gitlab/gitlab.example/group/project/jobs.json",
    "circleci/gh/o/r/.circleci/config.yml",
    "circleci/gh/o/r/jobs.json",
    "actions/o/r/v1/action.yml",
];

/// A workflow that leads to whatever lies beside it.
const WORKFLOW: &str = "on: push\njobs: {a: {steps: [{uses: o/r@v1}]}}\n";

/// An account for the files that are read beside one.
const ACCOUNT: &str = r#"{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ann", "UserPolicyList": [{"PolicyName": "p",
    "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]}],
    "RoleDetailList": [], "GroupDetailList": [], "Policies": []}"#;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let disk = Arc::new(MemoryDisk::default());
    let world = World { disk: disk.clone(), ..World::simulated(1) };
    let _ = disk.write(&Path::new("/inventory").join(name), rest);
    if name.starts_with("aws/") && name != NAMES[0] {
        let _ = disk.write(&Path::new("/inventory").join(NAMES[0]), ACCOUNT.as_bytes());
    }
    if name.starts_with("actions/") {
        let _ = disk.write(Path::new("/inventory/workflows/o/r/ci.yml"), WORKFLOW.as_bytes());
    }
    let found = firebreak_inventory::scan_directory(&world, Path::new("/inventory"), Time::from_seconds(0));
    for problem in &found.problems {
        assert!(!problem.reason.is_empty());
    }
});
