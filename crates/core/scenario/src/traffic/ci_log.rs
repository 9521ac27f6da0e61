//! What each kind of pipeline writes into its log, the poisoned ones included: a poisoned install looks like any other.

use crate::clock::At;
use crate::estate::Estate;
use crate::estate::pipelines::{Job, Pipeline, SECONDS_TO_DOWNLOADS, SECONDS_TO_FIRST_STEP, T, TRIVY, litellm_on};
use crate::random::Random;
use crate::write::ci_log::Log;

/// An action as a workflow names it, and the commit that was fetched.
type Action = (&'static str, &'static str);

const CHECKOUT: Action = ("actions/checkout@v4", "34e114876b0b11c390a56381ad16ebd13914f8d5");
const PYTHON: Action = ("actions/setup-python@v5", "a26af69be951a213d495a4c3e4e4022e16d87065");
const NODE: Action = ("actions/setup-node@v4", "49933ea5288caeca8642d1e84afbd3f7d6820020");
const UV: Action = ("astral-sh/setup-uv@v6", "d0cc045d04ccac9d8b7881df0226f9e82c39688e");
const LOGIN: Action = ("docker/login-action@v3", "c94ce9fb468520275223c153574b00df6fe4bcc9");
const BUILD: Action = ("docker/build-push-action@v6", "10e90e3645eae34f1e60eeb005ba3a3d33f178e8");
const TRIVY_TAG: Action = ("aquasecurity/trivy-action@0.24.0", "6e7b7d1fd3e4fef0c5fa8cce1229c54b2c9bd0d8");
const TRIVY_TAG_MOVED: Action = ("aquasecurity/trivy-action@0.24.0", "e0198fd2b6e1679e36d32933941182d9afa82f6f");
const TRIVY_OLD_PIN: Action =
    ("aquasecurity/trivy-action@18f2510ee396bbf400402947b394f2dd8c87dbb0", "18f2510ee396bbf400402947b394f2dd8c87dbb0");
const TRIVY_NEW_PIN: Action =
    ("aquasecurity/trivy-action@76071ef0d7ec797419534a183b498b4d6366cf37", "76071ef0d7ec797419534a183b498b4d6366cf37");
const TRIVY_SAFE: Action = ("aquasecurity/trivy-action@0.35.0", "57a97c7e7821a5776cebc9bb87c984fa69cba8f1");
const SETUP_MOVED: Action = ("aquasecurity/setup-trivy@v0.2.2", "6d8d730153d6151e03549f276faca0275ed9c7b2");
const SETUP_0_2_6: Action = ("aquasecurity/setup-trivy@v0.2.6", "8afa9b9f9183b4e00c46e2b82d34047e3c177bd0");
const SETUP_PINNED: Action =
    ("aquasecurity/setup-trivy@ff1b8b060f23b650436d419b5e13f67f5d4c3087", "ff1b8b060f23b650436d419b5e13f67f5d4c3087");
/// Some lists call this commit bad. It is not.
const SETUP_DISPUTED: Action =
    ("aquasecurity/setup-trivy@e6c2c5e321ed9123bda567646e2f96565e34abe1", "e6c2c5e321ed9123bda567646e2f96565e34abe1");

/// The actions that the workflow of a pipeline names, and those that they call in turn.
fn actions(job: &Job) -> (Vec<Action>, Option<Action>) {
    match job.pipeline {
        Pipeline::EvalNightly | Pipeline::Python | Pipeline::Quiet | Pipeline::Mirror | Pipeline::Batch => {
            (vec![CHECKOUT, PYTHON], None)
        }
        Pipeline::Locked | Pipeline::CoolDown => (vec![CHECKOUT, UV], None),
        Pipeline::Node => (vec![CHECKOUT, NODE], None),
        Pipeline::Deploy | Pipeline::BuildWorker => (vec![CHECKOUT, LOGIN, BUILD], None),
        Pipeline::Terraform | Pipeline::AptTrivy => (vec![CHECKOUT], None),
        Pipeline::TrivyTag if job.verdict == "exposed" => (vec![TRIVY_TAG_MOVED, CHECKOUT, LOGIN], None),
        Pipeline::TrivyTag | Pipeline::TrivyLost => (vec![TRIVY_TAG, CHECKOUT, LOGIN], None),
        Pipeline::TrivyOldPin => (vec![CHECKOUT, TRIVY_OLD_PIN], Some(SETUP_MOVED)),
        Pipeline::TrivyNewPin => (vec![CHECKOUT, TRIVY_NEW_PIN], Some(SETUP_PINNED)),
        Pipeline::TrivySafe => (vec![CHECKOUT, TRIVY_SAFE], Some(SETUP_DISPUTED)),
        Pipeline::SetupTrivy => (vec![CHECKOUT, SETUP_0_2_6], None),
    }
}

/// The bytes of a job's log, and the time of its last line.
pub(crate) fn write(estate: &Estate, job: &Job) -> (Vec<u8>, At) {
    let mut log = Log::new(job.started, Random::of(estate.spec.seed, "ci log", job.run));
    set_up(&mut log, job);
    if job.pipeline == Pipeline::EvalNightly && job.verdict == "exposed" {
        log.line_at(T, "##[group]Run pip install -U crewai");
    } else {
        log.line_at(job.started.plus(SECONDS_TO_FIRST_STEP), &format!("##[group]Run {}", CHECKOUT.0));
        log.line("##[endgroup]");
        log.line(&format!("Syncing repository: {}", job.full_name()));
    }
    steps(&mut log, job);
    log.line("Post job cleanup.");
    log.line("[command]/usr/bin/git version");
    log.line("git version 2.52.0");
    log.line("Cleaning up orphan processes");
    log.finish()
}

/// When a job ended: with the last line of its log, whether or not that log can still be read.
pub(crate) fn ended(estate: &Estate, job: &Job) -> At {
    write(estate, job).1
}

fn set_up(log: &mut Log, job: &Job) {
    log.line("Current runner version: '2.332.0'");
    log.line("##[group]Operating System");
    log.line("Ubuntu");
    log.line("24.04.4");
    log.line("LTS");
    log.line("##[endgroup]");
    log.line("##[group]GITHUB_TOKEN Permissions");
    log.line("Contents: read");
    if matches!(job.pipeline, Pipeline::TrivyTag | Pipeline::Deploy) {
        log.line("IdToken: write");
    }
    log.line("Metadata: read");
    log.line("##[endgroup]");
    log.line("Secret source: Actions");
    log.line("Prepare workflow directory");
    log.line("Prepare all required actions");
    log.line("Getting action download info");
    let (named, nested) = actions(job);
    for (index, action) in named.iter().enumerate() {
        let line = format!("Download action repository '{}' (SHA:{})", action.0, action.1);
        match index {
            // The poisoned scan of 03-19 is told to the second.
            0 if job.verdict == "exposed" && job.pipeline == Pipeline::TrivyTag => log.line_at(TRIVY, &line),
            0 => log.line_at(job.started.plus(SECONDS_TO_DOWNLOADS), &line),
            _ => log.line(&line),
        }
    }
    if let Some(action) = nested {
        log.line("Getting action download info");
        log.line(&format!("Download action repository '{}' (SHA:{})", action.0, action.1));
    }
    log.line(&format!("Complete job name: {}", job.name));
}

fn steps(log: &mut Log, job: &Job) {
    match job.pipeline {
        Pipeline::EvalNightly => eval_nightly(log, job),
        Pipeline::BuildWorker => build_worker(log, job),
        Pipeline::Python => python(log),
        Pipeline::Locked => locked(log),
        Pipeline::CoolDown => cool_down(log),
        Pipeline::Quiet => quiet(log),
        Pipeline::Mirror => mirror(log, job),
        Pipeline::Batch => batch(log, job),
        Pipeline::Node => node(log),
        Pipeline::Deploy => deploy(log, job),
        Pipeline::Terraform => terraform(log),
        Pipeline::TrivyTag | Pipeline::TrivyLost => scan(log, TRIVY_TAG.0, None),
        Pipeline::TrivyOldPin => scan(log, TRIVY_OLD_PIN.0, Some((SETUP_MOVED.0, "0.57.1"))),
        Pipeline::TrivyNewPin => scan(log, TRIVY_NEW_PIN.0, Some((SETUP_PINNED.0, "0.63.0"))),
        Pipeline::TrivySafe => scan(log, TRIVY_SAFE.0, Some((SETUP_DISPUTED.0, "0.69.3"))),
        Pipeline::SetupTrivy => setup(log, SETUP_0_2_6.0, "0.69.3"),
        Pipeline::AptTrivy => apt(log),
    }
}

fn eval_nightly(log: &mut Log, job: &Job) {
    let version = if job.verdict == "exposed" { "1.82.8" } else { litellm_on(job.started) };
    let secrets = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GH_TOKEN", "LITELLM_API_KEY"];
    if job.verdict == "exposed" {
        log.rest_of_run("pip install -U crewai", &secrets);
    } else {
        log.run("pip install -U crewai", &secrets);
    }
    log.line("Collecting crewai");
    log.line("  Downloading crewai-1.11.0-py3-none-any.whl.metadata (38 kB)");
    log.line("Collecting litellm>=1.74.9 (from crewai)");
    log.line(&format!("  Downloading litellm-{version}-py3-none-any.whl.metadata (32 kB)"));
    for line in ["Collecting chromadb~=1.1.0 (from crewai)", "Collecting openai>=1.83.0 (from crewai)"] {
        log.line(line);
    }
    log.line("Downloading crewai-1.11.0-py3-none-any.whl (760 kB)");
    log.line(&format!("Downloading litellm-{version}-py3-none-any.whl (13.4 MB)"));
    log.line("Installing collected packages: openai, chromadb, litellm, crewai");
    log.line(&format!("Successfully installed chromadb-1.1.1 crewai-1.11.0 litellm-{version} openai-2.21.0"));
    log.wait(5);
    log.run("python -m evals.nightly --suite interviews", &secrets);
    log.line("evals.nightly: 6 recordings, 42 rubrics");
    log.wait(140);
    log.line("evals.nightly: done, 0 regressions");
}

fn build_worker(log: &mut Log, job: &Job) {
    let version = if job.verdict == "exposed" { "1.82.8" } else { litellm_on(job.started) };
    log.uses(BUILD.0, &["push: true", "tags: registry.meridian.example/evals/worker"]);
    for line in [
        "#1 [internal] load build definition from Dockerfile",
        "#1 DONE 0.0s",
        "#6 [1/5] FROM docker.io/library/python:3.12-slim",
        "#6 CACHED",
        "#9 [4/5] RUN pip install 'litellm[proxy]'",
        "#9 2.114 Collecting litellm[proxy]",
    ] {
        log.line(line);
    }
    log.line(&format!("#9 2.380   Downloading litellm-{version}-py3-none-any.whl.metadata (32 kB)"));
    log.line(&format!("#9 3.902 Downloading litellm-{version}-py3-none-any.whl (13.4 MB)"));
    log.wait(30);
    log.line(&format!("#9 33.71 Successfully installed fastapi-0.128.0 litellm-{version} uvicorn-0.40.0"));
    log.line("#9 DONE 35.2s");
    log.line("#11 pushing manifest for registry.meridian.example/evals/worker");
    log.line("#11 DONE 4.1s");
}

fn python(log: &mut Log) {
    log.run("pip install -r requirements.txt", &[]);
    for (name, version) in [("requests", "2.32.5"), ("pydantic", "2.12.5"), ("pytest", "9.0.2")] {
        log.line(&format!("Collecting {name}=={version} (from -r requirements.txt)"));
        log.line(&format!("  Downloading {name}-{version}-py3-none-any.whl.metadata (6 kB)"));
        log.line(&format!("Downloading {name}-{version}-py3-none-any.whl (92 kB)"));
    }
    log.line("Installing collected packages: requests, pydantic, pytest");
    log.line("Successfully installed pydantic-2.12.5 pytest-9.0.2 requests-2.32.5");
    log.run("pytest -q", &[]);
    log.wait(70);
    log.line("412 passed in 68.31s (0:01:08)");
}

fn locked(log: &mut Log) {
    log.run("uv sync --locked", &[]);
    log.line("Using CPython 3.12.12 interpreter at: /usr/bin/python3.12");
    log.line("Creating virtual environment at: .venv");
    log.line("Prepared 4 packages in 812ms");
    log.line("Installed 4 packages in 41ms");
    for line in [" + httpx==0.28.1", " + litellm==1.82.6", " + openai==2.21.0", " + pydantic==2.12.5"] {
        log.line(line);
    }
    log.run(".venv/bin/pytest -q tests/scoring", &[]);
    log.wait(50);
    log.line("178 passed in 49.02s");
}

fn cool_down(log: &mut Log) {
    log.run("uv pip install --system --quiet --upgrade --exclude-newer '3 days' crewai", &[]);
    log.wait(20);
    log.run("python -m matching.evaluate", &[]);
    log.wait(60);
    log.line("matching.evaluate: ndcg 0.8123");
}

fn quiet(log: &mut Log) {
    log.run("pip install --quiet --upgrade 'litellm[proxy]'", &["OPENAI_API_KEY"]);
    log.wait(24);
    log.run("python -m search.reindex", &[]);
    log.wait(90);
    log.line("search.reindex: 48,211 profiles");
}

fn mirror(log: &mut Log, job: &Job) {
    let version = if job.verdict == "exposed" { "1.82.8" } else { litellm_on(job.started) };
    log.run("pip install --index-url https://pypi.meridian.example/simple litellm", &["AWS_ACCESS_KEY_ID"]);
    log.line("Looking in indexes: https://pypi.meridian.example/simple");
    log.line("Collecting litellm");
    log.line(&format!(
        "  Downloading https://pypi.meridian.example/packages/litellm-{version}-py3-none-any.whl (13.4 MB)"
    ));
    log.line("Installing collected packages: litellm");
    log.line(&format!("Successfully installed litellm-{version}"));
    log.run("pytest -q", &[]);
    log.wait(30);
    log.line("96 passed in 28.77s");
}

fn batch(log: &mut Log, job: &Job) {
    let version = litellm_on(job.started);
    log.run("pip install -U 'litellm[proxy]'", &["LITELLM_API_KEY"]);
    log.line("Collecting litellm[proxy]");
    log.line(&format!("  Downloading litellm-{version}-py3-none-any.whl.metadata (32 kB)"));
    log.line(&format!("Downloading litellm-{version}-py3-none-any.whl (13.4 MB)"));
    log.line("Installing collected packages: fastapi, uvicorn, litellm");
    log.line(&format!("Successfully installed fastapi-0.128.0 litellm-{version} uvicorn-0.40.0"));
    log.wait(60);
    log.line("parsed 1,204 resumes");
}

fn node(log: &mut Log) {
    log.run("npm ci", &[]);
    log.wait(14);
    log.line("added 812 packages, and audited 813 packages in 14s");
    log.line("found 0 vulnerabilities");
    log.run("npm run build", &[]);
    log.wait(30);
    log.line("vite v7.3.1 building for production...");
    log.line("✓ built in 27.90s");
}

fn deploy(log: &mut Log, job: &Job) {
    log.uses(BUILD.0, &["push: true", "tags: registry.meridian.example/platform/service"]);
    log.line("#1 [internal] load build definition from Dockerfile");
    log.line("#12 exporting to image");
    log.wait(70);
    log.line("#12 DONE 8.2s");
    log.run("aws ecs update-service --cluster web --service talent-api --force-new-deployment", &["AWS_ACCESS_KEY_ID"]);
    log.wait(100);
    log.line(&format!("service talent-api is steady (run {})", job.number));
}

fn terraform(log: &mut Log) {
    log.run("terraform plan -lock=false", &[]);
    log.wait(40);
    log.line("No changes. Your infrastructure matches the configuration.");
}

fn setup(log: &mut Log, action: &str, version: &str) {
    log.uses(action, &[]);
    log.line(&format!("aquasecurity/trivy info found version: {version} for v{version}/Linux/64bit"));
    log.line("aquasecurity/trivy info installed /home/runner/.local/bin/trivy-bin/trivy");
}

fn scan(log: &mut Log, action: &str, nested: Option<(&str, &str)>) {
    log.uses(action, &["image-ref: registry.meridian.example/platform/service:latest", "severity: CRITICAL,HIGH"]);
    if let Some((action, version)) = nested {
        setup(log, action, version);
    }
    log.line("Running Trivy with options: trivy image registry.meridian.example/platform/service:latest");
    log.wait(40);
    log.line("Total: 0 (HIGH: 0, CRITICAL: 0)");
}

fn apt(log: &mut Log) {
    log.run("sudo apt-get update && sudo apt-get install -y trivy", &["REGISTRY_TOKEN"]);
    log.line("Reading package lists...");
    log.line("The following NEW packages will be installed:");
    log.line("  trivy");
    log.line("Get:1 https://aquasecurity.github.io/trivy-repo/deb generic/main amd64 trivy amd64 0.69.4 [48.1 MB]");
    log.line("Unpacking trivy (0.69.4) ...");
    log.line("Setting up trivy (0.69.4) ...");
    log.run("trivy image --exit-code 1 registry.meridian.example/base/python:latest", &["REGISTRY_TOKEN"]);
    log.wait(30);
    log.line("Total: 0 (HIGH: 0, CRITICAL: 0)");
}
