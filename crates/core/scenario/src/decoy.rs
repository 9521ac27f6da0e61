//! What looks like the attack and is not: the four benign decoys, and the copying app whose grant the intruder abuses.

use crate::batch::Batch;
use crate::clock::{At, DAY, HOUR};
use crate::estate::Estate;
use crate::estate::aws::{self, CI, DATA, PROD, RECORDINGS};
use crate::estate::credentials::{DRIVE_SYNC, SCANNER};
use crate::estate::environments::SANDBOX;
use crate::people::Person;
use crate::random::{Random, access_key};
use crate::traffic::PIPELINES;
use crate::traffic::google_workspace::document;
use crate::traffic::okta_system::session;
use crate::write;
use crate::write::aws_cloudtrail::{Call, Caller, add_object, record};
use crate::write::github_audit::{Entry, Token, number};

/// The project of the program that copies the shared drive.
pub(crate) const DRIVE_APP: &str = "483920117264";
/// The profile of the account under which it runs.
pub(crate) const DRIVE_SYNC_PROFILE: &str = "118301102948857712040";
/// The network that the administrator has never used before.
pub(crate) const NEW_VPN: &str = "198.18.77.14";
/// The administrator who uses it.
const ADMINISTRATOR: &str = "Viktor";
/// The days on which they do: three working days from 03-20 on.
const VPN_DAYS: [i64; 3] = [20, 23, 24];
/// The network of the sanctioned scanner.
const SCANNER_ADDRESS: &str = "198.51.100.200";
/// The network of the backup.
const BACKUP_ADDRESS: &str = "10.30.0.9";
/// Bytes that the backup reads each night.
pub(crate) const BACKUP_BYTES: u64 = 1_000_000_000_000;
/// The instant at which the researcher fetches the poisoned release on purpose.
const RESEARCH_AT: At = At::civil(2026, 3, 24, 12, 20, 3);

fn administrator(estate: &Estate) -> Option<&Person> {
    estate.people.iter().find(|person| person.given == ADMINISTRATOR)
}

fn on_vpn(day: At) -> bool {
    VPN_DAYS.iter().any(|vpn| At::civil(2026, 3, *vpn, 0, 0, 0) == day)
}

/// Adds the administrator's sign-in from the new network.
pub(crate) fn okta_system(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    let Some(person) = administrator(estate).filter(|_| on_vpn(day)) else { return };
    let session = session(person, day);
    let base = write::okta_system::Event {
        kind: "user.session.start",
        message: "User login to Okta",
        person,
        address: NEW_VPN,
        session: &session,
        failure: None,
        target: None,
    };
    let events = [
        (0, base),
        (
            14,
            write::okta_system::Event {
                kind: "user.authentication.auth_via_mfa",
                message: "Authentication of user via MFA",
                target: Some(("AuthenticatorEnrollment", "Okta Verify")),
                ..base
            },
        ),
        (
            60,
            write::okta_system::Event {
                kind: "user.authentication.sso",
                message: "User single sign on to app",
                target: Some(("AppInstance", "AWS IAM Identity Center")),
                ..base
            },
        ),
    ];
    for (seconds, event) in events {
        let at = day.plus(15 * HOUR + 1_210 + seconds);
        batch.add(at, |json| write::okta_system::record(json, at, &event, random));
    }
}

/// Adds what the decoys do in `account` in the hour that begins at `hour`.
pub(crate) fn aws_cloudtrail(estate: &Estate, account: &str, hour: At, random: &mut Random, batch: &mut Batch) {
    let day = At(hour.seconds().div_euclid(DAY) * DAY * 1_000_000);
    match (account, hour.hour_of_day()) {
        (PROD, 15) if on_vpn(day) => administer(estate, hour, random, batch),
        (DATA, 2..5) => back_up(estate, hour, random, batch),
        (CI, 4) if day.weekday() == 3 => scan_account(estate, hour, random, batch),
        _ => {}
    }
}

fn administer(estate: &Estate, hour: At, random: &mut Random, batch: &mut Batch) {
    let role = aws::PRINCIPALS.iter().find(|role| role.name.starts_with("AWSReservedSSO_Administrator"));
    let (Some(role), Some(person)) = (role, administrator(estate)) else { return };
    let key = access_key(estate.spec.seed, "ASIA", "administrator", hour.seconds() as u64);
    let caller = Caller::Session { role, name: person.email.clone(), key, since: hour.plus(1_280) };
    let calls = [
        ("ec2", "DescribeInstances"),
        ("iam", "ListRoles"),
        ("iam", "GetRole"),
        ("cloudtrail", "LookupEvents"),
        ("ecs", "DescribeServices"),
        ("s3", "ListBuckets"),
    ];
    for (turn, (service, name)) in (0..).zip(calls.iter().cycle().take(24)) {
        let call = Call::new(PROD, service, name, &caller, (NEW_VPN, person.agent));
        let at = hour.plus(1_300 + 70 * turn);
        batch.add(at, |json| record(json, estate.spec.seed, at, &call, random));
    }
}

/// The backup reads a terabyte between two and five o'clock, in as many objects as the size of the scenario says.
fn back_up(estate: &Estate, hour: At, random: &mut Random, batch: &mut Batch) {
    let Some(role) = aws::principal(DATA, "nightly-backup") else { return };
    let night = hour.seconds().div_euclid(DAY);
    let key = access_key(estate.spec.seed, "ASIA", "backup", night as u64);
    let since = At((night * DAY + 2 * HOUR) * 1_000_000);
    let caller = Caller::Session { role, name: "i-0bac0bac0bac0bac0".to_owned(), key, since };
    let client = (BACKUP_ADDRESS, "restic/0.18.1 aws-sdk-go-v2/1.41.1 os/linux lang/go#1.26.0");
    let call = Call::new(DATA, "s3", "GetObject", &caller, client);
    let objects = (15.0 * (estate.spec.volume() + 1.0)) as u64;
    let size = BACKUP_BYTES / objects.max(1) / 3;
    let first = (hour.hour_of_day() as u64 - 2) * objects;
    for turn in 0..objects {
        let left = if hour.hour_of_day() == 2 && turn == 0 { BACKUP_BYTES - size * objects * 3 } else { 0 };
        let recording = crate::estate::names::recording((night as u64 * 3 * objects + first + turn) % 312_000);
        let at = hour.plus_micros((turn * 3_600_000_000 / objects) as i64);
        add_object(batch, estate.spec.seed, at, &call, (RECORDINGS, &recording, size + left), random);
    }
}

fn scan_account(estate: &Estate, hour: At, random: &mut Random, batch: &mut Batch) {
    let Some(role) = aws::principal(CI, "secret-scan") else { return };
    let key = access_key(estate.spec.seed, "ASIA", "secret-scan", hour.seconds() as u64);
    let caller = Caller::Session { role, name: "secret-scan".to_owned(), key, since: hour };
    for turn in 0..12 {
        let call = Call::new(CI, "sts", "GetCallerIdentity", &caller, (SCANNER_ADDRESS, "TruffleHog"));
        let at = hour.plus(300 + 200 * turn);
        batch.add(at, |json| record(json, estate.spec.seed, at, &call, random));
    }
}

/// Adds the weekly round of the sanctioned scanner through every repository.
pub(crate) fn github_audit(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    if day.weekday() != 3 {
        return;
    }
    let token = Token {
        hashed: &estate.keys.scanner_token,
        kind: "GitHub App server-to-server token",
        scopes: "contents:read",
        id: number("scanner token"),
    };
    for (turn, name) in (0..).zip(&estate.repositories) {
        let repository = format!("meridian/{name}");
        let entry = Entry {
            action: "git.clone",
            actor: SCANNER,
            address: SCANNER_ADDRESS,
            agent: "git/2.52.0",
            repository: Some(&repository),
            token: Some(token),
            more: &[],
            numbers: &[],
        };
        let at = day.plus(4 * HOUR + 300 + 16 * turn);
        batch.add(at, |json| write::github_audit::record(json, at, &entry, random));
    }
}

/// Adds the copying app's own nightly round.
pub(crate) fn google_workspace(day: At, random: &mut Random, batch: &mut Batch) {
    for turn in 0..25 {
        let (id, title) = document(random.below(6_000), random);
        let document = write::google_workspace::Document {
            id: &id,
            title: &title,
            kind: "pdf",
            owner: None,
            app: Some(DRIVE_APP),
        };
        let at = day.plus(4 * HOUR + 37 * turn);
        let actor = (DRIVE_SYNC, DRIVE_SYNC_PROFILE);
        batch.add(at, |json| {
            write::google_workspace::drive(json, at, "download", actor, PIPELINES, &document, random);
        });
    }
}

/// Adds the researcher's install.
pub(crate) fn package_install(day: At, batch: &mut Batch) {
    if RESEARCH_AT >= day && RESEARCH_AT < day.plus(DAY) {
        let install = write::package_install::Install {
            host: SANDBOX,
            user: "samir.haddad@meridian.example",
            executable: "pip",
            ecosystem: "PyPI",
            targets: &["litellm==1.82.8"],
        };
        batch.add(RESEARCH_AT, |json| write::package_install::record(json, RESEARCH_AT, &install));
    }
}

/// The names of the benign decoys with the keys of what must not be contained because of them.
pub(crate) fn benign(estate: &Estate) -> Vec<(&'static str, Vec<String>)> {
    let key = |account, name| aws::principal(account, name).map(aws::Principal::key);
    let administrator = administrator(estate).map(|person| format!("identity:person/{}", person.email));
    let role = aws::PRINCIPALS.iter().find(|role| role.name.starts_with("AWSReservedSSO_Administrator"));
    vec![
        ("administrator on a new VPN", administrator.into_iter().chain(role.map(aws::Principal::key)).collect()),
        ("nightly backup that reads 1 TB", key(DATA, "nightly-backup").into_iter().collect()),
        (
            "sanctioned secret scan",
            key(CI, "secret-scan").into_iter().chain([format!("identity:github/{SCANNER}")]).collect(),
        ),
        ("researcher's sandbox", vec![format!("environment:host/{SANDBOX}")]),
    ]
}
