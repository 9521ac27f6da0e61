//! The fictional company as data: people, accounts, cluster, repositories, secrets, stores, credentials, pipelines and
//! environments. It writes no file; the writers read it.

pub(crate) mod aws;
pub(crate) mod cluster;
pub(crate) mod credentials;
pub(crate) mod environments;
pub(crate) mod names;
pub(crate) mod pipelines;
pub(crate) mod stores;

use crate::Spec;
use crate::people::{Person, Team, everyone};
use environments::Environment;
use names::Secret;
use pipelines::Job;

/// Everything that exists.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    pub(crate) spec: Spec,
    pub(crate) people: Vec<Person>,
    pub(crate) repositories: Vec<String>,
    /// The secrets of the data account.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) production_secrets: Vec<Secret>,
    pub(crate) keys: credentials::Keys,
    pub(crate) jobs: Vec<Job>,
    pub(crate) environments: Vec<Environment>,
}

/// A grant that no scanner reads: from whom, to what, of which kind, which actions.
pub(crate) type Grant = (String, String, &'static str, &'static [&'static str]);

impl Estate {
    pub(crate) fn new(spec: Spec) -> Estate {
        let keys = credentials::Keys::new(spec.seed);
        let people = everyone(spec.seed);
        let jobs = pipelines::jobs(spec.seed);
        let environments = environments::environments(spec.seed, &people, &keys, &jobs);
        Estate {
            spec,
            people,
            repositories: names::repositories(),
            secrets: names::data_secrets(spec.seed),
            production_secrets: names::production_secrets(spec.seed),
            keys,
            jobs,
            environments,
        }
    }

    /// The grants that the owner states because no scanner reads those platforms yet.
    pub(crate) fn grants(&self) -> Vec<Grant> {
        use credentials::{DATABASE, DRIVE_SYNC, database_identity};
        let database = |name: &str| format!("resource:postgres/{DATABASE}/{name}");
        let drive = format!("resource:google/drive/{}", stores::SHARED_DRIVE);
        let slack = format!("resource:slack/{}", stores::WORKSPACE);
        let careers = format!("resource:aws/arn:aws:s3:::{}", aws::CAREERS);
        let mut grants: Vec<Grant> = vec![
            (database_identity("platform_owner"), database("contractors"), "may_act", &["SELECT", "INSERT", "UPDATE"]),
            (database_identity("platform_owner"), database("users"), "may_act", &["SELECT", "INSERT", "UPDATE"]),
            (database_identity("contractor_etl"), database("contractors"), "may_act", &["SELECT"]),
            (database_identity("talent_api"), database("users"), "may_act", &["SELECT", "UPDATE"]),
            (database_identity("litellm"), database("gateway"), "may_act", &["SELECT", "INSERT"]),
            (format!("identity:person/{DRIVE_SYNC}"), drive.clone(), "may_act", &["drive.readonly"]),
            (
                format!("identity:slack/{}", self.keys.slack_export_bot),
                slack.clone(),
                "may_act",
                &["channels:history", "files:read"],
            ),
            (
                "identity:app/registry-push".to_owned(),
                "resource:registry/registry.meridian.example".to_owned(),
                "may_act",
                &["push"],
            ),
            (
                "identity:litellm/eval-nightly".to_owned(),
                "resource:litellm/gpt-5.2".to_owned(),
                "may_act",
                &["completion"],
            ),
            ("identity:aws/*".to_owned(), careers, "may_act", &["s3:GetObject"]),
        ];
        for person in self.people.iter().filter(|person| person.team == Team::Recruiting) {
            grants.push((format!("identity:person/{}", person.email), drive.clone(), "may_act", &["drive.writer"]));
            grants.push((format!("identity:person/{}", person.email), slack.clone(), "may_act", &["member"]));
        }
        for person in self.people.iter().filter(|person| person.technical()) {
            for role in aws::PRINCIPALS.iter().filter(|role| role.name.starts_with("AWSReservedSSO_Engineer")) {
                grants.push((format!("identity:person/{}", person.email), role.key(), "may_assume", &[]));
            }
        }
        for person in self.people.iter().filter(|person| person.team == Team::Operations) {
            for role in aws::PRINCIPALS.iter().filter(|role| role.name.starts_with("AWSReservedSSO_Administrator")) {
                grants.push((format!("identity:person/{}", person.email), role.key(), "may_assume", &[]));
            }
        }
        grants
    }

    /// The people who use GitHub, AWS and the cluster.
    pub(crate) fn technical(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| person.technical())
    }
}
