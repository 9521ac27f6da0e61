//! Names without meaning of their own: repositories, secrets, buckets' objects, channels. Invented.

use super::aws::{DATA, PROD, REGION};
use crate::random::Random;

/// Repositories that have pipelines or parts in the story.
const KNOWN: [&str; 17] = [
    "evals",
    "talent-api",
    "talent-web",
    "scoring",
    "matching",
    "container-images",
    "edge-proxy",
    "document-intake",
    "ledger-service",
    "toolbox",
    "base-images",
    "candidate-search",
    "annotator",
    "resume-parser",
    "identity-check",
    "labelling",
    "infrastructure",
];

const PREFIXES: [&str; 7] = ["svc", "lib", "infra", "research", "web", "job", "docs"];
const NOUNS: [&str; 18] = [
    "calendar",
    "payments",
    "messaging",
    "profiles",
    "search",
    "ranking",
    "consent",
    "transcripts",
    "video",
    "exports",
    "referrals",
    "onboarding",
    "audit",
    "billing",
    "templates",
    "events",
    "locale",
    "skills",
];

/// The 143 repositories of the organisation `meridian`.
pub(crate) fn repositories() -> Vec<String> {
    let made = NOUNS.iter().flat_map(|noun| PREFIXES.iter().map(move |prefix| format!("{prefix}-{noun}")));
    KNOWN.iter().map(|name| (*name).to_owned()).chain(made).take(143).collect()
}

/// A secret in AWS Secrets Manager: its name and ARN.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) arn: String,
}

const DATA_SECRETS: [&str; 6] = [
    "data/slack/export-bot",
    "data/google/drive-sync",
    "data/postgres/platform-owner",
    "data/postgres/contractor-etl",
    "data/openai/evals",
    "data/anthropic/evals",
];
const PROD_SECRETS: [&str; 5] = [
    "prod/intake/session-signing",
    "prod/intake/queue",
    "prod/intake/mail",
    "prod/payroll/bank-gateway",
    "prod/payroll/postgres",
];
const PARTNERS: [&str; 12] = [
    "ashfield", "borealis", "cinder", "dovetail", "eastgate", "fennel", "granary", "harbour", "inkwell", "juniper",
    "keystone", "larkspur",
];
const PURPOSES: [&str; 18] = [
    "api-key", "webhook", "sftp", "oauth", "signing", "readonly", "import", "export", "sandbox", "legacy", "batch",
    "reports", "mail", "proxy", "cache", "search", "queue", "metrics",
];

fn secrets(seed: u64, account: &str, known: &[&str], prefix: &str, count: usize) -> Vec<Secret> {
    let made = PARTNERS
        .iter()
        .flat_map(|partner| PURPOSES.iter().map(move |purpose| format!("{prefix}/partner/{partner}/{purpose}")));
    known
        .iter()
        .map(|name| (*name).to_owned())
        .chain(made)
        .take(count)
        .map(|name| {
            let suffix = Random::of(seed, &name, 0).alnum(6);
            let arn = format!("arn:aws:secretsmanager:{REGION}:{account}:secret:{name}-{suffix}");
            Secret { name, arn }
        })
        .collect()
}

/// The 220 secrets of the data account.
pub(crate) fn data_secrets(seed: u64) -> Vec<Secret> {
    secrets(seed, DATA, &DATA_SECRETS, "data", 220)
}

/// The 84 secrets of the production account.
pub(crate) fn production_secrets(seed: u64) -> Vec<Secret> {
    secrets(seed, PROD, &PROD_SECRETS, "prod", 84)
}

/// The path of the `number`th interview recording.
pub(crate) fn recording(number: u64) -> String {
    format!("recordings/2025/{:02}/interview-{number:07}.mp4", number % 12 + 1)
}

/// The path of the `number`th identity document.
pub(crate) fn document(number: u64) -> String {
    let kind = if number.is_multiple_of(3) { "passport" } else { "driving-licence" };
    format!("contractors/{:06}/{kind}-{}.jpg", number / 2, number % 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_as_many_as_the_story_says_and_all_different() {
        let repositories: BTreeSet<_> = repositories().into_iter().collect();
        let secrets: BTreeSet<_> = data_secrets(1).into_iter().chain(production_secrets(1)).map(|s| s.arn).collect();
        assert_eq!((repositories.len(), secrets.len()), (143, 304));
    }
}
