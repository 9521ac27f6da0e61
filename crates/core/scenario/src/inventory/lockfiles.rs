//! Lockfiles that environments install from, each in a folder named after its snapshot; and the workflow files.

use super::file;
use crate::File;
use crate::estate::Estate;
use crate::estate::environments::WHEEL_1_82_6;
use crate::estate::pipelines::{OWNER, Pipeline};
use crate::random::Random;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The packages of the lock: name, version, dependencies.
const LOCKED: [(&str, &str, &[&str]); 4] = [
    ("httpx", "0.28.1", &[]),
    ("litellm", "1.82.6", &["httpx", "openai", "pydantic"]),
    ("openai", "2.21.0", &["httpx", "pydantic"]),
    ("pydantic", "2.12.5", &[]),
];

fn uv_lock() -> String {
    let mut text = "version = 1\nrevision = 3\nrequires-python = \">=3.12\"\n".to_owned();
    for (name, version, dependencies) in LOCKED {
        let hash = if name == "litellm" { WHEEL_1_82_6.to_owned() } else { Random::of(0, name, 0).hex(64) };
        let wheel = format!("{name}-{version}-py3-none-any.whl");
        // Writing into a String cannot fail.
        let _ = write!(text, "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let _ = writeln!(text, "source = {{ registry = \"https://pypi.org/simple\" }}");
        if !dependencies.is_empty() {
            text.push_str("dependencies = [\n");
            dependencies.iter().for_each(|name| {
                let _ = writeln!(text, "    {{ name = \"{name}\" }},");
            });
            text.push_str("]\n");
        }
        let _ = writeln!(
            text,
            "wheels = [\n    {{ url = \"https://files.pythonhosted.org/packages/{wheel}\", hash = \"sha256:{hash}\", size = 412000 }},\n]"
        );
    }
    let root = "name = \"scoring\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\ndependencies = [\n    { name = \"litellm\" },\n]\n";
    let _ = write!(text, "\n[[package]]\n{root}");
    text
}

/// The requirement list of a laptop's working copy: everything pinned.
fn requirements() -> String {
    let lines = LOCKED.iter().map(|(name, version, _)| {
        let hash = if *name == "litellm" { WHEEL_1_82_6.to_owned() } else { Random::of(0, name, 0).hex(64) };
        format!("{name}=={version} \\\n    --hash=sha256:{hash}\n")
    });
    lines.collect()
}

fn steps(pipeline: Pipeline) -> &'static str {
    match pipeline {
        Pipeline::EvalNightly => {
            "      - uses: actions/setup-python@v5\n      - run: pip install -U crewai\n      - run: python -m evals.nightly --suite interviews\n"
        }
        Pipeline::BuildWorker => "      - uses: docker/login-action@v3\n      - uses: docker/build-push-action@v6\n",
        Pipeline::Python => {
            "      - uses: actions/setup-python@v5\n      - run: pip install -r requirements.txt\n      - run: pytest -q\n"
        }
        Pipeline::Locked => {
            "      - uses: astral-sh/setup-uv@v6\n      - run: uv sync --locked\n      - run: .venv/bin/pytest -q tests/scoring\n"
        }
        Pipeline::CoolDown => {
            "      - uses: astral-sh/setup-uv@v6\n      - run: uv pip install --system --quiet --upgrade --exclude-newer '3 days' crewai\n      - run: python -m matching.evaluate\n"
        }
        Pipeline::Quiet => {
            "      - uses: actions/setup-python@v5\n      - run: pip install --quiet --upgrade 'litellm[proxy]'\n      - run: python -m search.reindex\n"
        }
        Pipeline::Mirror => {
            "      - uses: actions/setup-python@v5\n      - run: pip install --index-url https://pypi.meridian.example/simple litellm\n      - run: pytest -q\n"
        }
        Pipeline::Batch => {
            "      - uses: actions/setup-python@v5\n      - run: pip install -U 'litellm[proxy]'\n      - run: python -m resumes.batch\n"
        }
        Pipeline::Node => "      - uses: actions/setup-node@v4\n      - run: npm ci\n      - run: npm run build\n",
        Pipeline::Deploy => {
            "      - uses: docker/build-push-action@v6\n      - run: aws ecs update-service --cluster web --service talent-api --force-new-deployment\n"
        }
        Pipeline::Terraform => "      - run: terraform plan -lock=false\n",
        Pipeline::TrivyTag => "      - uses: docker/login-action@v3\n      - uses: aquasecurity/trivy-action@0.24.0\n",
        Pipeline::TrivyOldPin => {
            "      - uses: aquasecurity/trivy-action@18f2510ee396bbf400402947b394f2dd8c87dbb0 # 0.29.0\n"
        }
        Pipeline::TrivyNewPin => {
            "      - uses: aquasecurity/trivy-action@76071ef0d7ec797419534a183b498b4d6366cf37 # 0.31.0\n"
        }
        Pipeline::TrivySafe => "      - uses: aquasecurity/trivy-action@0.35.0\n",
        Pipeline::SetupTrivy => "      - uses: aquasecurity/setup-trivy@v0.2.6\n",
        Pipeline::AptTrivy => {
            "      - run: sudo apt-get update && sudo apt-get install -y trivy\n      - run: trivy image --exit-code 1 registry.meridian.example/base/python:latest\n"
        }
        Pipeline::TrivyLost => "      - uses: aquasecurity/trivy-action@0.28.0\n",
    }
}

/// The secrets that a job is given: those of its repository, and of the repository with two kinds of jobs those of its kind.
fn given(repository: &str, pipeline: Pipeline) -> String {
    let pushes = |name: &str| name == "REGISTRY_TOKEN";
    let of_kind = |name: &&str| repository != "evals" || pushes(name) == (pipeline == Pipeline::BuildWorker);
    let kept = super::github::SECRETS.iter().filter(|(of, _)| *of == repository).map(|(_, name)| *name);
    let lines: String = kept.filter(of_kind).map(|name| format!("      {name}: ${{{{ secrets.{name} }}}}\n")).collect();
    if lines.is_empty() { lines } else { format!("    env:\n{lines}") }
}

/// Lockfiles and workflow files.
pub(super) fn files(estate: &Estate) -> Vec<File> {
    let locked = estate.environments.iter().filter(|found| found.lockfile);
    let mut files: Vec<File> =
        locked.map(|found| file(&format!("lockfiles/{}/uv.lock", found.file), uv_lock().into_bytes())).collect();
    let laptop = estate.environments.iter().find(|found| found.file == "host-mac-oskar");
    files.extend(
        laptop.map(|found| file(&format!("lockfiles/{}/requirements.txt", found.file), requirements().into_bytes())),
    );
    let workflows: BTreeMap<(&str, &str), (&str, Pipeline)> =
        estate.jobs.iter().map(|job| ((job.repository, job.workflow), (job.name, job.pipeline))).collect();
    for ((repository, workflow), (job, pipeline)) in workflows {
        let permissions = match pipeline {
            Pipeline::TrivyTag | Pipeline::Deploy => "permissions:\n  contents: read\n  id-token: write\n",
            _ => "permissions:\n  contents: read\n",
        };
        let runner = if pipeline == Pipeline::EvalNightly { "eval-runner" } else { "ubuntu-24.04" };
        let text = format!(
            "name: {workflow}\non:\n  schedule:\n    - cron: '58 10 * * *'\n  workflow_dispatch:\n{permissions}jobs:\n  {job}:\n    runs-on: {runner}\n{}    steps:\n      - uses: actions/checkout@v4\n{}",
            given(repository, pipeline),
            steps(pipeline)
        );
        files.push(file(&format!("workflows/{OWNER}/{repository}/{workflow}.yml"), text.into_bytes()));
    }
    files
}
