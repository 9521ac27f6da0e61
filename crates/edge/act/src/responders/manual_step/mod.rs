//! What no interface lets us do: a person is told exactly what to do, and brings evidence that it was done.
//!
//! It calls nothing and believes nobody's word: until there is evidence, nothing is known of the step; with evidence it is
//! declared, by a name and a file whose hash is on record, and never seen to deny.

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::setting::irreversible;
use crate::spec::{ActionSpec, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// `[responder.manual_step]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder in which people put evidence: one folder a step, named as the step says.
    pub evidence: Option<PathBuf>,
}

static SPEC: ActionSpec = ActionSpec {
    name: "manual_step",
    verb: "take",
    targets: &["credential:", "identity:"],
    title: "Let a person do it, step by step",
    level: Level::Guided,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[],
    permissions: &[Permission {
        action: "none",
        resource: "the person's own account",
        purpose: "Firebreak holds no right here",
    }],
    rate_class: RateClass::Person,
    blast_radius: "what the procedure says: whoever uses the credential",
};

/// What a person does, in order.
struct Procedure {
    name: &'static str,
    steps: &'static [&'static str],
}

/// The procedures, by the action's parameter `procedure`.
static PROCEDURES: [Procedure; 3] = [
    Procedure {
        name: "npm_token",
        steps: &[
            "sign in to npmjs.com as an owner of the token's account, from a machine that is not part of the incident",
            "under Access Tokens delete the token, and every other one that was in the same place",
            "under each package's Settings look at Maintainers and Trusted Publishers, and remove what nobody knows",
            "list the package's versions with their times, and compare them with your own releases",
            "save the list of tokens as it is now (a screenshot, or the output of `npm token list`) as the evidence",
        ],
    },
    Procedure {
        name: "pypi_token",
        steps: &[
            "sign in to pypi.org as an owner of the token's account, from a machine that is not part of the incident",
            "under Account settings, API tokens, remove the token, and every other one that was in the same place",
            "under each project's Publishing and Collaborators remove what nobody knows",
            "under Security history look for releases and tokens since the theft that are not yours",
            "save the list of tokens and the security history as they are now as the evidence",
        ],
    },
    Procedure {
        name: "snowflake_user",
        steps: &[
            "sign in to Snowflake as SECURITYADMIN, from a machine that is not part of the incident",
            "ALTER USER <user> SET DISABLED = TRUE",
            "ALTER USER <user> ABORT ALL QUERIES",
            "ALTER USER <user> UNSET RSA_PUBLIC_KEY, and remove its programmatic access tokens",
            "save the output of DESCRIBE USER <user> and of the user's LOGIN_HISTORY since the theft as the evidence",
        ],
    },
];

/// Guides people.
#[derive(Debug)]
pub struct ManualStep;

/// The responder.
pub static RESPONDER: ManualStep = ManualStep;

/// `done.json` in the folder of a step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    by: String,
    file: String,
}

/// Larger evidence is refused: it is read whole to be hashed.
const EVIDENCE_BYTES_MAX: u64 = 64 << 20;

fn procedure(action: &Action) -> Result<&'static Procedure, ActError> {
    let name = parameter(action, "procedure")?;
    PROCEDURES.iter().find(|one| one.name == name).ok_or_else(|| {
        let known: Vec<_> = PROCEDURES.iter().map(|one| one.name).collect();
        ActError::unusable(
            format!("nobody wrote the procedure `{name}`"),
            format!("the procedures are {}", known.join(", ")),
        )
    })
}

/// The folder of this step of this plan, so that evidence of an earlier one does not serve again.
fn folder(context: &Context<'_>) -> Result<PathBuf, ActError> {
    let root = context.config.manual_step.evidence.as_ref().ok_or_else(|| {
        ActError::unusable(
            "there is no folder for evidence",
            "add `[responder.manual_step]` with `evidence`, a folder that people can write to",
        )
    })?;
    Ok(root.join(format!("{}-{}", context.plan.get(..16).unwrap_or(context.plan), context.step_key)))
}

fn read(context: &Context<'_>, path: &Path) -> Result<Option<Vec<u8>>, String> {
    let disk = context.world.disk.as_ref();
    match disk.meta(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
        Ok(meta) if meta.size > EVIDENCE_BYTES_MAX => {
            return Err(format!("`{}` is longer than {EVIDENCE_BYTES_MAX} bytes", path.display()));
        }
        Ok(_) => {}
    }
    disk.read(path).map(Some).map_err(|error| error.to_string())
}

/// Who says that it was done, and the hash of what they brought; none where there is nothing yet; an error in words where
/// what there is does not do.
fn evidence(context: &Context<'_>, folder: &Path) -> Result<Option<String>, String> {
    let Some(text) = read(context, &folder.join("done.json"))? else { return Ok(None) };
    let statement: Statement =
        serde_json::from_slice(&text).map_err(|_| "`done.json` is not {\"by\": \"…\", \"file\": \"…\"}".to_owned())?;
    if statement.by.trim().is_empty() {
        return Err("`done.json` does not say by whom".to_owned());
    }
    let plain = !statement.file.is_empty() && !statement.file.starts_with('.') && !statement.file.contains(['/', '\\']);
    if !plain || statement.file == "done.json" {
        return Err(format!("`{}` is no name of a file beside `done.json`", statement.file.escape_debug()));
    }
    match read(context, &folder.join(&statement.file))? {
        None => Err(format!("the evidence `{}` is not there", statement.file)),
        Some(bytes) if bytes.is_empty() => Err(format!("the evidence `{}` is empty", statement.file)),
        Some(bytes) => {
            let hash = hex::encode(Sha256::digest(&bytes));
            Ok(Some(format!("{} says that it was done; `{}` has SHA-256 {hash}", statement.by.trim(), statement.file)))
        }
    }
}

/// What the person reads.
fn instructions(procedure: &Procedure, action: &Action, folder: &Path) -> String {
    let steps: Vec<_> =
        procedure.steps.iter().enumerate().map(|(number, step)| format!("{}. {step}", number + 1)).collect();
    format!(
        "waits for a person, on `{}`: {}. Then put the evidence into `{}` beside a `done.json` with {{\"by\": your name, \
         \"file\": its name}}, and run the plan again",
        action.target,
        steps.join("; "),
        folder.display()
    )
}

#[async_trait]
impl Responder for ManualStep {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        procedure(action)?;
        folder(context)?;
        Ok(StateBefore { state: Value::Null, denied_already: false, admitted: None })
    }

    async fn apply(&self, _context: &Context<'_>, _action: &Action) -> Result<(), ActError> {
        Ok(())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let (procedure, folder) = match (procedure(action), folder(context)) {
            (Ok(procedure), Ok(folder)) => (procedure, folder),
            (Err(error), _) | (_, Err(error)) => return vec![Evidence::blind(now, error.to_string())],
        };
        vec![match evidence(context, &folder) {
            Ok(Some(words)) => Evidence::declared(true, now, words),
            Ok(None) => Evidence::blind(now, instructions(procedure, action, &folder)),
            Err(why) => Evidence::blind(now, format!("{why}; {}", instructions(procedure, action, &folder))),
        }]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        Err(irreversible(action, "a person makes a new credential"))
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // The executor holds the target against `own`; a person sees what they delete.
        Ok(false)
    }
}
