//! Where which records lie: the data-store inventory of the fictional company.

use super::Estate;
use super::aws::{CAREERS, DOCUMENTS, PAYROLL, RECORDINGS, TRAINING};
use super::cluster::{SECRETS, secrets_key};
use super::credentials::{DATABASE, Keys, database_key};
use crate::random::Random;

/// So many records of one class about residents of one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Holding {
    pub(crate) class: &'static str,
    pub(crate) residency: &'static str,
    pub(crate) records: u64,
    pub(crate) bytes: Option<u64>,
}

/// One store.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) resource: String,
    pub(crate) label: String,
    pub(crate) crown_jewel: bool,
    pub(crate) holdings: Vec<Holding>,
    pub(crate) credentials: Vec<String>,
}

/// How the people are spread over the states: parts of about 100,000.
const STATES: [(&str, u64); 51] = [
    ("US-CA", 11_660),
    ("US-TX", 9_120),
    ("US-FL", 6_770),
    ("US-NY", 5_850),
    ("US-PA", 3_870),
    ("US-IL", 3_750),
    ("US-OH", 3_520),
    ("US-GA", 3_300),
    ("US-NC", 3_230),
    ("US-MI", 3_000),
    ("US-NJ", 2_780),
    ("US-VA", 2_600),
    ("US-WA", 2_330),
    ("US-AZ", 2_220),
    ("US-MA", 2_090),
    ("US-TN", 2_120),
    ("US-IN", 2_050),
    ("US-MD", 1_850),
    ("US-MO", 1_850),
    ("US-WI", 1_770),
    ("US-CO", 1_750),
    ("US-MN", 1_710),
    ("US-SC", 1_600),
    ("US-AL", 1_520),
    ("US-LA", 1_370),
    ("US-KY", 1_350),
    ("US-OR", 1_260),
    ("US-OK", 1_210),
    ("US-CT", 1_080),
    ("US-UT", 1_020),
    ("US-IA", 960),
    ("US-NV", 950),
    ("US-AR", 920),
    ("US-KS", 880),
    ("US-MS", 880),
    ("US-NM", 630),
    ("US-NE", 590),
    ("US-ID", 580),
    ("US-WV", 530),
    ("US-HI", 430),
    ("US-NH", 420),
    ("US-ME", 420),
    ("US-RI", 330),
    ("US-MT", 340),
    ("US-DE", 310),
    ("US-SD", 270),
    ("US-ND", 230),
    ("US-AK", 220),
    ("US-DC", 200),
    ("US-VT", 190),
    ("US-WY", 170),
];
const ABROAD: [(&str, u64); 6] =
    [("CA", 3_000), ("GB", 2_600), ("IN", 3_400), ("DE", 1_200), ("BR", 1_000), ("PH", 800)];

/// `records` of `class` spread over the states, and `abroad` per mille of them over other countries.
fn spread(class: &'static str, records: u64, bytes: Option<u64>, abroad: bool) -> Vec<Holding> {
    let foreign: &[(&str, u64)] = if abroad { &ABROAD } else { &[] };
    let shares: u64 = STATES.iter().chain(foreign).map(|(_, share)| share).sum();
    let mut holdings: Vec<Holding> = STATES
        .iter()
        .chain(foreign)
        .map(|(residency, share)| {
            let of = |total: u64| (u128::from(total) * u128::from(*share) / u128::from(shares)) as u64;
            Holding { class, residency, records: of(records), bytes: bytes.map(of) }
        })
        .collect();
    let left = records - holdings.iter().map(|holding| holding.records).sum::<u64>();
    let left_bytes = bytes.map(|bytes| bytes - holdings.iter().filter_map(|holding| holding.bytes).sum::<u64>());
    if let Some(first) = holdings.first_mut() {
        first.records += left;
        first.bytes = first.bytes.zip(left_bytes).map(|(bytes, left)| bytes + left);
    }
    holdings
}

fn whole(class: &'static str, records: u64, bytes: Option<u64>) -> Vec<Holding> {
    vec![Holding { class, residency: "unknown", records, bytes }]
}

fn store(resource: String, label: &str, crown_jewel: bool, holdings: Vec<Holding>) -> Store {
    Store { resource, label: label.to_owned(), crown_jewel, holdings, credentials: Vec::new() }
}

fn bucket(name: &str, label: &str, crown_jewel: bool, holdings: Vec<Holding>) -> Store {
    store(format!("resource:aws/arn:aws:s3:::{name}"), label, crown_jewel, holdings)
}

/// The Slack workspace.
pub(crate) const WORKSPACE: &str = "T0MERIDIAN1";
/// The shared drive of recruiting.
pub(crate) const SHARED_DRIVE: &str = "0AMeridianRecruitPVA";

fn buckets() -> Vec<Store> {
    vec![
        bucket(
            RECORDINGS,
            "recorded interviews",
            true,
            spread("interview_recording", 312_000, Some(3_040_000_000_000), true),
        ),
        bucket(
            DOCUMENTS,
            "passports and licences of contractors",
            true,
            spread("identity_document", 80_236, Some(128_000_000_000), true),
        ),
        bucket(
            TRAINING,
            "data sets sold to laboratories",
            true,
            whole("training_data", 1_204, Some(41_000_000_000_000)),
        ),
        bucket(PAYROLL, "tax forms as filed", true, spread("tax_form", 81_344, Some(24_000_000_000), false)),
        bucket(CAREERS, "pictures of the careers page; public on purpose", false, Vec::new()),
    ]
}

fn databases() -> Vec<Store> {
    let database = |name: &str, label: &str, crown_jewel, holdings| {
        store(format!("resource:postgres/{DATABASE}/{name}"), label, crown_jewel, holdings)
    };
    let contractors = [
        spread("ssn", 40_118, None, false),
        spread("tax_form", 40_118, None, false),
        spread("contact", 40_118, Some(9_000_000_000), false),
    ];
    vec![
        database("contractors", "contractors and what they are paid", true, contractors.concat()),
        database("users", "everyone with an account", true, spread("contact", 1_930_000, Some(211_000_000_000), true)),
        database(
            "gateway",
            "prompts and answers kept by the model gateway",
            false,
            whole("message", 2_140_000, Some(18_000_000_000)),
        ),
    ]
}

/// The credentials inside a secret of AWS Secrets Manager.
fn inside(keys: &Keys, name: &str) -> Vec<String> {
    match name {
        "data/slack/export-bot" => vec![format!("credential:slack/{}", keys.slack_export)],
        "data/google/drive-sync" => vec![format!("credential:oauth/oauth2.googleapis.com/{}", keys.drive_grant)],
        "data/postgres/platform-owner" => vec![database_key("platform_owner")],
        "data/postgres/contractor-etl" => vec![database_key("contractor_etl")],
        "data/openai/evals" => {
            keys.providers.iter().take(1).map(|key| format!("credential:fingerprint/{key}")).collect()
        }
        "data/anthropic/evals" => {
            keys.providers.iter().skip(1).map(|key| format!("credential:fingerprint/{key}")).collect()
        }
        _ => Vec::new(),
    }
}

fn cluster_secrets(keys: &Keys) -> Vec<Store> {
    SECRETS
        .iter()
        .map(|(namespace, names)| {
            let credentials = match *namespace {
                "apps" => vec![database_key("talent_api")],
                "gateway" => vec![format!("credential:litellm/{}", keys.gateway_master), database_key("litellm")],
                _ => Vec::new(),
            };
            let holdings = whole("secret", names.len() as u64, None);
            Store { credentials, ..store(secrets_key(namespace), "secrets of a namespace", false, holdings) }
        })
        .collect()
}

/// The repositories share 939 GB: each between a tenth and nearly twice of the mean, and the first takes the rest.
fn repositories(estate: &Estate) -> Vec<Store> {
    const TOTAL: u64 = 939_000_000_000;
    let mean = TOTAL / estate.repositories.len().max(1) as u64;
    let mut left = TOTAL;
    let mut stores: Vec<Store> = estate
        .repositories
        .iter()
        .skip(1)
        .map(|name| {
            let bytes = mean / 10 + Random::of(estate.spec.seed, name, 1).below(mean * 17 / 10);
            left = left.saturating_sub(bytes);
            repository(name, bytes)
        })
        .collect();
    stores.extend(estate.repositories.first().map(|name| repository(name, left)));
    stores
}

fn repository(name: &str, bytes: u64) -> Store {
    let resource = format!("resource:github/meridian/{name}");
    store(resource, "source code", true, whole("source_code", 1, Some(bytes)))
}

/// Every store.
pub(crate) fn stores(estate: &Estate) -> Vec<Store> {
    let secrets = estate.secrets.iter().chain(&estate.production_secrets).map(|secret| {
        let resource = format!("resource:aws/{}", secret.arn);
        let credentials = inside(&estate.keys, &secret.name);
        Store { credentials, ..store(resource, &secret.name, false, whole("secret", 1, None)) }
    });
    let messages = whole("message", 4_120_000, Some(96_000_000_000));
    let files = whole("file", 61_400, Some(410_000_000_000));
    let mut all = buckets();
    all.extend(databases());
    all.extend(secrets);
    all.extend(cluster_secrets(&estate.keys));
    all.extend(repositories(estate));
    all.push(store(format!("resource:slack/{WORKSPACE}"), "every channel of the workspace", true, messages));
    all.push(store(format!("resource:google/drive/{SHARED_DRIVE}"), "shared drive of recruiting", true, files));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_loses_no_record_and_no_byte() {
        for (records, bytes) in [(40_118, None), (312_000, Some(3_040_000_000_000)), (1, Some(7))] {
            let holdings = spread("ssn", records, bytes, true);
            assert_eq!(holdings.iter().map(|holding| holding.records).sum::<u64>(), records);
            assert_eq!(bytes.map(|_| holdings.iter().filter_map(|holding| holding.bytes).sum::<u64>()), bytes);
        }
    }
}
