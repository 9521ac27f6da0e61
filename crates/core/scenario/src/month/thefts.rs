//! Injected thefts: what a thief does with an identity of the company, while its owner works on.

use super::benign::Draft;
use super::estate::{Company, Principal, REPOSITORIES, Work, address, bucket, drive};
use super::{Act, DAY, Theft, midnight};
use crate::random::Random;
use firebreak_model::{NodeKey, Time};
use std::net::IpAddr;

/// How a theft goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TheftKind {
    /// A partner's key, used from a rented host: everything as fast as it goes.
    FastBulk,
    /// The same, one object every few minutes for days, with the client that the key's owner uses.
    SlowDrip,
    /// A build's session: all secrets within minutes.
    SecretSweep,
    /// A person's own session, at their own desk: another department's documents, thousands.
    Insider,
    /// An engineer's token, used from elsewhere while its owner works: repository after repository.
    TokenReplay,
    /// An agent's key, used by another program elsewhere.
    AiKey,
}

impl TheftKind {
    /// All of them.
    pub const ALL: [TheftKind; 6] = [
        TheftKind::FastBulk,
        TheftKind::SlowDrip,
        TheftKind::SecretSweep,
        TheftKind::Insider,
        TheftKind::TokenReplay,
        TheftKind::AiKey,
    ];

    /// Its name in figures.
    pub const fn word(self) -> &'static str {
        match self {
            TheftKind::FastBulk => "fast_bulk",
            TheftKind::SlowDrip => "slow_drip",
            TheftKind::SecretSweep => "secret_sweep",
            TheftKind::Insider => "insider",
            TheftKind::TokenReplay => "token_replay",
            TheftKind::AiKey => "ai_key",
        }
    }

    const fn victims(self) -> Work {
        match self {
            TheftKind::FastBulk | TheftKind::SlowDrip => Work::StaticKey,
            TheftKind::SecretSweep => Work::Builds,
            TheftKind::Insider => Work::Office,
            TheftKind::TokenReplay => Work::Engineer,
            TheftKind::AiKey => Work::Agent,
        }
    }
}

/// A theft and how it will go.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) theft: Theft,
    victim: Principal,
    /// From where.
    host: IpAddr,
    begin: i64,
}

/// Two of each kind, from the tenth day to the twenty-fourth, each of another identity.
pub(super) fn plans(seed: u64, company: &Company) -> Vec<Plan> {
    let mut random = Random::of(seed, "month thefts", 0);
    let mut plans: Vec<Plan> = Vec::new();
    for kind in TheftKind::ALL.into_iter().flat_map(|kind| [kind, kind]) {
        // Who travels or is away that day is no harder a victim, but nobody steals from who has not begun yet.
        let free = |who: &&Principal| who.joins == 0 && plans.iter().all(|plan| plan.victim.number != who.number);
        let victims: Vec<&Principal> = company.of(kind.victims()).filter(free).collect();
        let Some(victim) = victims.get(random.below(victims.len() as u64) as usize).map(|victim| (*victim).clone())
        else {
            continue;
        };
        let day = random.between(10, 25);
        let hour = if kind == TheftKind::Insider || kind == TheftKind::TokenReplay {
            // While its owner works: in the middle of their day.
            (random.between(11, 15) - victim.zone).rem_euclid(24)
        } else {
            random.between(0, 24)
        };
        let begin = midnight(day) + hour * 3_600 + random.between(0, 3_600);
        let host = address(45, 140 + random.below(60), random.below(250), random.below(250));
        let host = if kind == TheftKind::Insider { victim.office(day, &mut random) } else { host };
        let theft = Theft { kind, victim: victim.actor(), begin: Time::from_seconds(begin) };
        plans.push(Plan { theft, victim, host, begin });
    }
    plans
}

impl Plan {
    /// What happens of it on `day`.
    pub(super) fn day(&self, number: usize, day: i64, seed: u64, acts: &mut Vec<Act>) {
        let (from, to) = (midnight(day), midnight(day) + DAY);
        // A theft lasts a week at most.
        if self.begin >= to || self.begin + 7 * DAY < from {
            return;
        }
        let mut random = Random::of(seed, "month theft", number as u64);
        let mut at = self.begin;
        for step in 0..self.steps() {
            let (draft, pause) = self.step(at, step, &mut random);
            if (from..to).contains(&at) {
                acts.push(draft.act(Some(number)));
            }
            at += pause;
        }
    }

    const fn steps(&self) -> u64 {
        match self.theft.kind {
            TheftKind::FastBulk => 4_000,
            TheftKind::SlowDrip => 1_200,
            TheftKind::SecretSweep => 90,
            TheftKind::Insider => 3_000,
            TheftKind::TokenReplay => 120,
            TheftKind::AiKey => 3_000,
        }
    }

    /// One step, and the seconds until the next.
    fn step(&self, at: i64, step: u64, random: &mut Random) -> (Draft, i64) {
        let who = &self.victim;
        let aws = || Draft::new(at, "aws_cloudtrail", ("aws", "cloudtrail"), who.actor());
        let stolen = NodeKey::credential("aws", &format!("AKIAPARTNER{}", who.number));
        match self.theft.kind {
            TheftKind::FastBulk => {
                let agent = "python-requests/2.31";
                let draft = aws().with(stolen).from(self.host, agent);
                if step < 25 {
                    return (draft.does("s3:ListBuckets", bucket(step % 8, step % 4)), random.between(1, 6));
                }
                let records = 1.0 + random.fraction() * 20.0;
                (
                    draft.does("s3:GetObject", bucket(who.department, random.below(3))).takes(records, 20_000.0),
                    random.between(0, 3),
                )
            }
            TheftKind::SlowDrip => {
                let draft = aws().with(stolen).from(self.host, "Boto3/1.34 os/linux");
                let draft = draft.does("s3:GetObject", bucket(who.department, random.below(3)));
                (draft.takes(1.0 + random.fraction() * 6.0, 20_000.0), random.between(120, 480))
            }
            TheftKind::SecretSweep => {
                let secret = format!("arn:aws:secretsmanager:us-east-1:111122223333:secret:{}-{step}", who.number);
                let session = NodeKey::credential("aws", &format!("ASIASTOLEN{}", who.number));
                let draft = aws().with(session).from(self.host, "aws-cli/2.15 os/linux");
                let draft = draft.does("secretsmanager:GetSecretValue", NodeKey::resource("aws", &secret));
                (draft.takes(1.0, 0.0), random.between(1, 9))
            }
            TheftKind::Insider => {
                let day = (at - midnight(0)).div_euclid(DAY);
                let draft =
                    Draft::new(at, "google_workspace", ("google_workspace", "google_workspace.drive"), who.actor());
                let draft = draft.does("drive.download", drive((who.department + 3) % 8)).takes(1.0, 300_000.0);
                (draft.from(self.host, who.client).session(format!("s{}-{day}", who.number)), random.between(1, 6))
            }
            TheftKind::TokenReplay => {
                let repository = (who.number * 11 + step) % REPOSITORIES;
                let draft = Draft::new(at, "github_audit", ("github", "audit"), who.actor());
                let draft = draft.with(NodeKey::credential("github", &format!("pat-{}", who.number)));
                let target = NodeKey::resource("github", &format!("meridian/r{repository}"));
                let draft = draft.does("git.clone", target).takes(1.0, 0.0).from(self.host, "git/2.34 (linux)");
                (draft, random.between(20, 90))
            }
            TheftKind::AiKey => {
                let draft = Draft::new(at, "litellm", ("litellm", "spend"), who.actor());
                let draft = draft.with(NodeKey::credential("litellm", &format!("key-{}", who.number)));
                let draft = draft.does("acompletion", NodeKey::resource("litellm", "large-1")).takes(1.0, 0.0);
                (draft.from(self.host, "python-httpx/0.27"), random.between(2, 9))
            }
        }
    }
}
