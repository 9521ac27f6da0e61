//! What honest identities do on a day.

use super::estate::{Company, Principal, REPOSITORIES, Work, address, bucket, drive, tunnel};
use super::{Act, DAY, midnight, spread, weekday};
use crate::random::Random;
use firebreak_model::{Keys, NodeKey, Outcome, Text, Time};
use std::net::IpAddr;

/// An event in the making.
pub(super) struct Draft {
    pub(super) at: i64,
    pub(super) source: &'static str,
    pub(super) log_source: (&'static str, &'static str),
    pub(super) keys: Keys,
}

impl Draft {
    pub(super) fn new(
        at: i64,
        source: &'static str,
        log_source: (&'static str, &'static str),
        actor: NodeKey,
    ) -> Draft {
        let keys = Keys { actor: Some(actor), outcome: Outcome::Success, ..Keys::default() };
        Draft { at, source, log_source, keys }
    }

    pub(super) fn does(mut self, operation: &'static str, target: NodeKey) -> Draft {
        self.keys.operation = Text::new_static(operation);
        self.keys.target = Some(target);
        self
    }

    pub(super) fn takes(mut self, records: f64, bytes_each: f64) -> Draft {
        let records = records.max(1.0) as u64;
        self.keys.records = Some(records);
        self.keys.bytes = Some((records as f64 * bytes_each) as u64);
        self
    }

    pub(super) fn from(mut self, address: IpAddr, agent: &str) -> Draft {
        self.keys.address = Some(address);
        self.keys.user_agent = Some(Text::new(agent));
        self
    }

    pub(super) fn with(mut self, credential: NodeKey) -> Draft {
        self.keys.credential = Some(credential);
        self
    }

    pub(super) fn session(mut self, session: String) -> Draft {
        self.keys.session = Some(Text::from(session));
        self
    }

    pub(super) fn act(self, theft: Option<usize>) -> Act {
        let Draft { at, source, log_source, keys } = self;
        Act { time: Time::from_seconds(at), source, log_source, keys, theft }
    }
}

/// The events of `who` on `day`.
pub(super) fn day(who: &Principal, _company: &Company, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    if !who.works(day, random) {
        return;
    }
    match who.work {
        Work::Office | Work::Engineer | Work::Analyst => person(who, day, random, acts),
        Work::Service | Work::StaticKey => service(who, day, random, acts),
        Work::Builds => builds(who, day, random, acts),
        Work::Backup => backup(who, day, random, acts),
        Work::Agent => agent(who, day, random, acts),
    }
}

/// Bytes of a document or an object.
const DOCUMENT: f64 = 300_000.0;

/// The major version of a client on a day.
fn major(who: &Principal, first: usize, day: i64) -> usize {
    first + who.version_days.iter().filter(|changed| **changed <= day).count()
}

fn laptop(who: &Principal, day: i64) -> &'static str {
    match (who.number.is_multiple_of(3), who.laptop_day.is_some_and(|changed| day >= changed)) {
        (true, false) | (false, true) => "linux",
        _ => "macos",
    }
}

/// Where a person is at a moment of a day.
fn place(who: &Principal, day: i64, at_home: bool, random: &mut Random) -> IpAddr {
    if who.telephone && random.chance(0.1) {
        return who.carrier(random);
    }
    if who.away.is_some_and(|(from, to)| (from..to).contains(&day)) {
        return if random.chance(0.3) { tunnel(random) } else { who.abroad(random) };
    }
    match (at_home, random.chance(0.2)) {
        (true, true) => tunnel(random),
        (true, false) => who.home(day),
        (false, _) => who.office(day, random),
    }
}

fn person(who: &Principal, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    let at_home = random.chance(super::SHARES.from_home);
    let first_day = day == who.joins && day > 0;
    let count = spread(random, who.pace, 0.4) * if first_day { 2.0 } else { 1.0 };
    let session = format!("s{}-{day}", who.number);
    let start = 8.0 + random.fraction() * 2.0;
    let browser = match (who.laptop_day.is_some_and(|changed| day >= changed), who.product_day) {
        (_, Some(changed)) if day >= changed => {
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
        }
        (true, _) => {
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
        }
        _ => who.client,
    };
    for event in 0..count.max(1.0) as u64 {
        // Nine hours from the morning on, a few at night.
        let hour = if random.chance(0.04) { random.fraction() * 24.0 } else { start + random.fraction() * 9.0 };
        let at = midnight(day) + ((hour * 3_600.0) as i64 - who.zone * 3_600).rem_euclid(DAY);
        let from = place(who, day, at_home, random);
        let draft = if event == 0 {
            let actor = who.actor();
            Draft::new(at, "okta_system", ("okta", "okta"), actor)
                .does("user.session.start", NodeKey::resource("okta", "dashboard"))
                .from(from, browser)
                .session(session.clone())
        } else if who.work == Work::Engineer && random.chance(0.6) {
            code(who, day, at, random).from(from, &format!("git/{}.39 ({})", major(who, 2, day), laptop(who, day)))
        } else if who.work == Work::Analyst && random.chance(0.5) {
            let agent = format!("Boto3/{}.34 os/{}", major(who, 1, day), laptop(who, day));
            query(who, day, at, random).from(from, &agent)
        } else {
            document(who, day, at, random).from(from, browser).session(session.clone())
        };
        acts.push(draft.act(None));
    }
    export(who, day, random, acts);
}

fn document(who: &Principal, day: i64, at: i64, random: &mut Random) -> Draft {
    // Now and then someone is shown another department's document.
    let department = if random.chance(0.01) { random.below(8) } else { who.department_on(day) };
    let draft = Draft::new(at, "google_workspace", ("google_workspace", "google_workspace.drive"), who.actor());
    match random.below(100) {
        0..70 => draft.does("drive.view", drive(department)).takes(1.0, 0.0),
        70..84 => draft.does("drive.edit", drive(department)),
        84..96 => draft.does("drive.download", drive(department)).takes(1.0, spread(random, DOCUMENT, 1.3)),
        96..98 => draft.does("drive.change_user_access", drive(department)),
        98 => draft.does("drive.delete", drive(department)),
        _ => draft.does("drive.change_document_visibility", drive(department)),
    }
}

fn code(who: &Principal, day: i64, at: i64, random: &mut Random) -> Draft {
    // A handful of repositories of one's own; another now and then; others altogether after a change of roles.
    let own = (who.number * 11 + random.below(6) + who.department_on(day) * 5) % REPOSITORIES;
    let repository = if random.chance(0.03) { random.below(REPOSITORIES) } else { own };
    let target = NodeKey::resource("github", &format!("meridian/r{repository}"));
    let operation = match random.below(20) {
        0..12 => "git.fetch",
        12..17 => "git.push",
        17..19 => "git.clone",
        _ => "pull_request.merge",
    };
    let draft = Draft::new(at, "github_audit", ("github", "audit"), who.actor()).does(operation, target);
    let draft = draft.with(NodeKey::credential("github", &format!("pat-{}", who.number)));
    if operation == "git.fetch" || operation == "git.clone" { draft.takes(1.0, 0.0) } else { draft }
}

fn query(who: &Principal, day: i64, at: i64, random: &mut Random) -> Draft {
    let store = bucket(who.department_on(day), random.below(3));
    Draft::new(at, "aws_cloudtrail", ("aws", "cloudtrail"), who.actor())
        .with(NodeKey::credential("aws", &format!("ASIA{}D{day}", who.number)))
        .does("s3:GetObject", store)
        .takes(spread(random, who.portion, 1.2), 2_000.0)
}

/// A person's export at the end of the month: a hundred usual days of reading within two hours.
fn export(who: &Principal, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    if who.monthly_day != Some(day) {
        return;
    }
    let begin = midnight(day) + (13 - who.zone).rem_euclid(24) * 3_600;
    let usual = who.pace * if who.work == Work::Analyst { who.portion * 0.7 } else { 0.8 };
    let from = who.office(day, random);
    for part in 0..100 {
        let draft = Draft::new(
            begin + part * 70,
            "google_workspace",
            ("google_workspace", "google_workspace.drive"),
            who.actor(),
        );
        let draft =
            draft.does("drive.download", drive(who.department_on(day))).takes(usual, 30_000.0).from(from, who.client);
        acts.push(draft.session(format!("s{}-{day}", who.number)).act(None));
    }
}

/// A program that runs by the clock, from the company's cloud, or from a partner's.
fn service(who: &Principal, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    let partner = who.work == Work::StaticKey;
    let from = if partner {
        address(13, 40 + who.number % 50, who.number % 250, 9)
    } else {
        address(52, 10, who.number % 6, 5)
    };
    let product = if who.product_day.is_some_and(|changed| day >= changed) { "aws-sdk-go-v2" } else { "Boto3" };
    let agent = format!("{product}/{}.34 os/linux", major(who, 1, day));
    let released = who.release_day.is_some_and(|release| day >= release);
    let every = if partner { 7_200 } else { 3_600 };
    let rounds = DAY / every;
    for round in 0..rounds {
        let at = midnight(day) + round * every + (who.number as i64 * 37) % every / 2;
        let credential = if partner {
            format!("AKIAPARTNER{}", who.number)
        } else {
            format!("ASIA{}D{day}R{}", who.number, round / 4)
        };
        let busy: f64 = if who.reprocessing_day == Some(day) && round == rounds / 2 { 50.0 } else { 1.0 };
        let monthly = if who.monthly_day == Some(day) && round == 2 { 100.0 * rounds as f64 } else { 1.0 };
        let factor = busy.max(monthly) * if weekday(day) == 0 && round < 3 { 4.0 } else { 1.0 };
        // A large job is many events, not one.
        let events = if factor > 20.0 { 60 } else { 3 };
        for event in 0..events {
            let store = bucket(who.department, if released { random.below(4) } else { random.below(3) });
            let operation = match (event, released && who.number.is_multiple_of(3)) {
                (2, true) => "s3:DeleteObject",
                (2, false) => "s3:PutObject",
                _ => "s3:GetObject",
            };
            let mut draft = Draft::new(at + event * 20, "aws_cloudtrail", ("aws", "cloudtrail"), who.actor())
                .with(NodeKey::credential("aws", &credential))
                .does(operation, store)
                .from(from, &agent);
            if operation == "s3:GetObject" {
                let records = spread(random, who.portion * 3.0, 0.4) * factor * 3.0 / f64::from(events as i32);
                draft = draft.takes(records, 4_000.0);
            }
            acts.push(draft.act(None));
        }
    }
}

/// Builds: bursts by day, from whatever host the provider has free, each with a session of its own and some secrets.
fn builds(who: &Principal, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    let pushes = if weekday(day) >= 5 { random.below(4) } else { 4 + random.below(16) };
    for push in 0..pushes {
        let at = midnight(day) + 7 * 3_600 + random.below(13 * 3_600) as i64;
        let from = address(4 + random.below(20), random.below(200), random.below(250), random.below(250));
        let agent = format!("aws-sdk-js/{}.1 os/linux", major(who, 3, day));
        let credential = NodeKey::credential("aws", &format!("ASIABUILD{}D{day}P{push}", who.number));
        // A rotation job reads them all once a week.
        let rotates = push == 0 && weekday(day) == 2 && who.number.is_multiple_of(10);
        let secrets = if rotates { 120 } else { 2 + random.below(6) };
        for secret in 0..secrets {
            let target = NodeKey::resource(
                "aws",
                &format!("arn:aws:secretsmanager:us-east-1:111122223333:secret:{}-{secret}", who.number),
            );
            let draft = Draft::new(at + secret as i64, "aws_cloudtrail", ("aws", "cloudtrail"), who.actor());
            let draft = draft.does("secretsmanager:GetSecretValue", target).takes(1.0, 0.0);
            acts.push(draft.with(credential.clone()).from(from, &agent).act(None));
        }
        for step in 0..3 + random.below(5) {
            let operation = random.pick(&["ecr:PutImage", "s3:PutObject", "ecs:UpdateService", "ecr:BatchGetImage"]);
            let draft = Draft::new(at + 200 + step as i64 * 30, "aws_cloudtrail", ("aws", "cloudtrail"), who.actor());
            let draft = draft.does(operation, bucket(who.department, 9)).from(from, &agent);
            acts.push(draft.with(credential.clone()).act(None));
        }
    }
}

/// A nightly copy of a terabyte or more, an hour or two long.
fn backup(who: &Principal, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    let whole = if weekday(day) == 6 { 4.0 } else { 1.0 };
    let bytes = spread(random, 1e12, 0.3) * whole;
    for part in 0..90 {
        let at = midnight(day) + 3_600 + who.number as i64 * 60 % 3_600 + part * 60;
        let draft = Draft::new(at, "aws_cloudtrail", ("aws", "cloudtrail"), who.actor())
            .with(NodeKey::credential("aws", &format!("ASIABACKUP{}D{day}", who.number)))
            .does("s3:GetObject", bucket((who.number + part as u64) % 8, part as u64 % 3));
        let draft = draft.takes(2_000.0 * whole, bytes / (90.0 * 2_000.0 * whole));
        acts.push(draft.from(address(52, 10, 9, 9), "aws-cli/2.15 os/linux").act(None));
    }
}

/// An agent behind the gateway: model calls all day, tools, more of them when people work.
fn agent(who: &Principal, day: i64, random: &mut Random, acts: &mut Vec<Act>) {
    let agent = match who.product_day {
        Some(changed) if day >= changed => "litellm-proxy/1.5",
        _ => &format!("OpenAI/Python {}.50", major(who, 1, day)),
    };
    let from = address(52, 11, who.number % 5, 5);
    let calls = spread(random, who.pace, 0.5) * if weekday(day) >= 5 { 0.3 } else { 1.0 };
    let factor = if who.monthly_day == Some(day) { 20.0 } else { 1.0 };
    for _ in 0..(calls * factor).min(4_000.0) as u64 {
        let hour = if random.chance(0.8) { 8.0 + random.fraction() * 12.0 } else { random.fraction() * 24.0 };
        let at = midnight(day) + (hour * 3_600.0) as i64;
        let released = who.release_day.is_some_and(|release| day >= release);
        let model = if released && random.chance(0.3) { "large-2" } else { "large-1" };
        let draft = Draft::new(at, "litellm", ("litellm", "spend"), who.actor())
            .with(NodeKey::credential("litellm", &format!("key-{}", who.number)))
            .does("acompletion", NodeKey::resource("litellm", model))
            .takes(1.0, 0.0)
            .from(from, agent);
        acts.push(draft.act(None));
    }
}
