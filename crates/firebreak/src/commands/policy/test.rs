//! `firebreak policy test`: cases of a policy.

use super::super::plan::actions;
use super::{End, opened, standing};
use crate::cli::PolicyTestArgs;
use crate::config::{Config, Policy};
use crate::content;
use crate::output::{Output, counted};
use anyhow::{Context, Result, bail};
use firebreak_contain::gate::Gate;
use firebreak_contain::gate::case::{Case, Said};
use firebreak_world::{Disk, RealDisk};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// The set that is asked.
    policy: Option<Policy>,
    /// Or the owner's files, beside this one.
    #[serde(default)]
    policies: Vec<PathBuf>,
    #[serde(rename = "case", default)]
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Tested<'a> {
    file: &'a str,
    case: &'a str,
    passed: bool,
    said: &'a Said,
    why: Option<String>,
}

/// How many cases there were.
#[derive(Default, Serialize)]
pub(super) struct Total {
    pub(super) cases: u64,
    pub(super) failed: u64,
}

/// Runs the command.
pub(super) fn run(args: &PolicyTestArgs, config: &Config, output: Output) -> Result<End> {
    let mut total = Total::default();
    if args.files.is_empty() {
        for policy in Policy::ALL {
            let name = format!("policies/cases/{}.toml", policy.word());
            file(&name, policy.cases(), Path::new("."), config, &mut total, output)?;
        }
    }
    if args.files.is_empty() {
        standing::run(&mut total, output)?;
    }
    for path in &args.files {
        let name = path.display().to_string();
        let bytes = RealDisk.read(path).with_context(|| format!("reading `{name}`"))?;
        let text = String::from_utf8(bytes).with_context(|| format!("`{name}` is not UTF-8"))?;
        file(&name, &text, path.parent().unwrap_or(Path::new(".")), config, &mut total, output)?;
    }
    output.object("policy_test", &total);
    output.text(format!("{}, {} failed", counted(total.cases, "case"), total.failed));
    Ok(if total.failed > 0 { End::NeedsPerson } else { End::Done })
}

/// Runs the cases of one file, whose own policies lie in `beside`.
fn file(name: &str, text: &str, beside: &Path, config: &Config, total: &mut Total, output: Output) -> Result<()> {
    let cases: Cases = toml::from_str(text)
        .map_err(|error| anyhow::anyhow!("`{name}` holds no cases: {error}\nhint: policies/README.md shows a case"))?;
    let gate = gate_of(&cases, name, beside, config)?;
    if cases.cases.is_empty() {
        bail!("`{name}` holds no case\nhint: policies/README.md shows one");
    }
    let actions = actions();
    for case in &cases.cases {
        let said = case
            .ask(&gate, &actions)
            .map_err(|error| anyhow::anyhow!("`{name}`, case `{}` has no plan: {error}", case.name))?;
        let why = case.fault(&said);
        total.cases += 1;
        total.failed += u64::from(why.is_some());
        output.text(format!("{} {}", if why.is_some() { "FAIL" } else { "ok  " }, case.name));
        why.iter().for_each(|why| output.paragraph(5, why));
        let (case, passed) = (case.name.as_str(), why.is_none());
        output.object("policy_case", &Tested { file: name, case, passed, said: &said, why });
    }
    Ok(())
}

fn gate_of(cases: &Cases, name: &str, beside: &Path, config: &Config) -> Result<Gate> {
    match (&cases.policy, cases.policies.is_empty()) {
        (Some(_), false) => bail!("`{name}` names both `policy` and `policies`\nhint: leave one of them out"),
        (Some(policy), true) => opened(policy.gate()),
        (None, true) => opened(content::gate(&RealDisk, &config.contain)),
        (None, false) => {
            let files: Vec<PathBuf> = cases.policies.iter().map(|file| beside.join(file)).collect();
            opened(content::own_gate(&RealDisk, &files))
        }
    }
}
