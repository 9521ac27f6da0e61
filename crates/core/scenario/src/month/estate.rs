//! The company of the month: who there is, where they work, what they work with, and what odd things lie ahead of them.

use super::{Month, Shares, spread, weekday};
use crate::random::Random;
use firebreak_model::{DataClass, EdgeFact, EdgeKind, Fact, Holding, Interval, NodeKey, Text, Time};
use std::net::{IpAddr, Ipv4Addr};

/// What someone does all day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Work {
    /// Documents in a shared drive.
    Office,
    /// Code, and documents.
    Engineer,
    /// Queries on stores in the cloud.
    Analyst,
    /// A program that runs by the clock.
    Service,
    /// Builds.
    Builds,
    /// A nightly copy.
    Backup,
    /// An AI agent behind a gateway.
    Agent,
    /// A partner's program with a key that never changes.
    StaticKey,
}

/// How many of each there are.
const STAFF: [(Work, usize); 8] = [
    (Work::Office, 340),
    (Work::Engineer, 280),
    (Work::Analyst, 80),
    (Work::Service, 150),
    (Work::Builds, 50),
    (Work::Backup, 10),
    (Work::Agent, 60),
    (Work::StaticKey, 30),
];

/// Departments, each with stores of its own.
pub(super) const DEPARTMENTS: u64 = 8;
/// Repositories.
pub(super) const REPOSITORIES: u64 = 220;
const CLASSES: [&str; 8] =
    ["ssn", "tax_form", "identity_document", "interview_recording", "contact", "message", "training_data", "file"];

/// Someone, or something, and the month that lies ahead.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    pub(super) number: u64,
    pub(super) work: Work,
    pub(super) department: u64,
    /// Hours east of UTC.
    pub(super) zone: i64,
    pub(super) office: u64,
    /// Events on an ordinary day.
    pub(super) pace: f64,
    /// Records in an ordinary event that reads data.
    pub(super) portion: f64,
    pub(super) client: &'static str,
    pub(super) telephone: bool,
    /// The first day at work.
    pub(super) joins: i64,
    pub(super) away: Option<(i64, i64)>,
    pub(super) leave: Option<(i64, i64)>,
    pub(super) role_change: Option<i64>,
    pub(super) home_moves: Vec<i64>,
    pub(super) version_days: Vec<i64>,
    pub(super) laptop_day: Option<i64>,
    pub(super) product_day: Option<i64>,
    pub(super) monthly_day: Option<i64>,
    pub(super) reprocessing_day: Option<i64>,
    pub(super) release_day: Option<i64>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) principals: Vec<Principal>,
}

const ZONES: [i64; 5] = [-8, -5, 0, 1, 5];
const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
];

impl Company {
    pub(super) fn new(seed: u64, shares: &Shares) -> Company {
        let mut principals = Vec::with_capacity(Month::IDENTITIES);
        for (work, count) in STAFF {
            for _ in 0..count {
                let number = principals.len() as u64;
                principals.push(Principal::new(number, work, shares, &mut Random::of(seed, "month principal", number)));
            }
        }
        Company { principals }
    }

    pub(super) fn of(&self, work: Work) -> impl Iterator<Item = &Principal> {
        self.principals.iter().filter(move |principal| principal.work == work)
    }
}

impl Principal {
    fn new(number: u64, work: Work, shares: &Shares, random: &mut Random) -> Principal {
        let person = matches!(work, Work::Office | Work::Engineer | Work::Analyst);
        let days = Month::DAYS as i64;
        let some = |random: &mut Random, share: f64| random.chance(share).then(|| random.between(0, days));
        let weekly = |random: &mut Random, share: f64| (0..days).filter(|_| random.chance(share / 7.0)).collect();
        let stay = |random: &mut Random, share: f64, from: i64, to: i64| {
            some(random, share).map(|day| (day, day + random.between(from, to)))
        };
        let people = |share: f64| if person { share } else { 0.0 };
        let programs = |share: f64| if person { 0.0 } else { share };
        let joins = if random.chance(people(shares.joiners * days as f64 / 7.0)) { random.between(1, days) } else { 0 };
        Principal {
            number,
            work,
            department: random.below(DEPARTMENTS),
            zone: random.pick(&ZONES),
            office: random.below(4),
            pace: spread(random, if person { 28.0 } else { 90.0 }, 0.5).min(400.0),
            portion: spread(random, 12.0, 1.0),
            client: if person { random.pick(&BROWSERS) } else { "" },
            telephone: random.chance(people(shares.telephones)),
            joins,
            away: stay(random, people(shares.travellers), 2, 7),
            leave: stay(random, people(shares.on_leave), 5, 11),
            role_change: some(random, people(shares.role_changes)),
            home_moves: weekly(random, people(shares.homes_moved)),
            version_days: weekly(random, if work == Work::Office { 0.0 } else { shares.new_versions }),
            laptop_day: some(random, people(shares.new_laptops)),
            product_day: some(random, shares.new_products),
            monthly_day: random.chance(shares.monthly_jobs).then(|| random.between(25, days)),
            reprocessing_day: some(random, programs(shares.reprocessing)),
            release_day: some(random, programs(shares.releases)),
        }
    }

    pub(super) fn is_person(&self) -> bool {
        matches!(self.work, Work::Office | Work::Engineer | Work::Analyst)
    }

    pub(super) fn actor(&self) -> NodeKey {
        let number = self.number;
        match self.work {
            Work::Office | Work::Engineer | Work::Analyst => {
                NodeKey::identity("person", &format!("p{number}@meridian.example"))
            }
            Work::Service | Work::Builds | Work::Backup => {
                NodeKey::identity("aws", &format!("arn:aws:iam::111122223333:role/{:?}-{number}", self.work))
            }
            Work::StaticKey => NodeKey::identity("aws", &format!("arn:aws:iam::111122223333:user/partner-{number}")),
            Work::Agent => NodeKey::identity("litellm", &format!("agent-{number}")),
        }
    }

    /// The data that it reads by right.
    pub(super) fn department_on(&self, day: i64) -> u64 {
        let changed = self.role_change.is_some_and(|change| day >= change);
        (self.department + u64::from(changed)) % DEPARTMENTS
    }

    /// Whether it is at work on a day: people rest at week ends, on leave, and on one holiday of half the company.
    pub(super) fn works(&self, day: i64, random: &mut Random) -> bool {
        if day < self.joins || self.leave.is_some_and(|(from, to)| (from..to).contains(&day)) {
            return false;
        }
        let holiday = day == 16 && self.zone < 0;
        let rests = weekday(day) >= 5 || holiday;
        !self.is_person() || random.chance(if rests { 0.06 } else { 0.95 })
    }

    pub(super) fn home(&self, day: i64) -> IpAddr {
        let moves = self.home_moves.iter().filter(|moved| **moved <= day).count() as u64;
        // A provider for each zone, with many /24 in a few /16.
        let provider = 60 + self.zone.rem_euclid(24) as u64;
        let block = (self.number * 7 + moves * 13) % 250;
        address(provider, self.number % 4, block, 20 + self.number % 200)
    }

    /// The office: two networks each, one of which is another from the 18th day on.
    pub(super) fn office(&self, day: i64, random: &mut Random) -> IpAddr {
        let renewed = u64::from(self.office == 1 && day >= 17);
        address(198, 51, self.office * 4 + random.below(2) * 2 + renewed, 10 + random.below(4))
    }

    /// Where a traveller is: an hotel or a guest network, the same for a stay.
    pub(super) fn abroad(&self, random: &mut Random) -> IpAddr {
        let place = (self.number * 31) % 200;
        if random.chance(0.8) {
            address(140 + place % 30, place, 7, 5)
        } else {
            address(190, place, random.below(40), random.below(250))
        }
    }

    pub(super) fn carrier(&self, random: &mut Random) -> IpAddr {
        address(100 + self.zone.rem_euclid(24) as u64, 200, random.below(40), random.below(250))
    }
}

/// An address from four small numbers.
pub(super) fn address(a: u64, b: u64, c: u64, d: u64) -> IpAddr {
    let part = |number: u64| (number % 256) as u8;
    IpAddr::V4(Ipv4Addr::new(part(a), part(b), part(c), part(d)))
}

/// The company's way out for those who tunnel.
pub(super) fn tunnel(random: &mut Random) -> IpAddr {
    address(203, 0, 113 + random.below(2), 7)
}

/// A department's store in the cloud.
pub(super) fn bucket(department: u64, number: u64) -> NodeKey {
    NodeKey::resource("aws", &format!("arn:aws:s3:::meridian-{department}-{number}"))
}

/// A department's shared drive.
pub(super) fn drive(department: u64) -> NodeKey {
    NodeKey::resource("google", &format!("drive/department-{department}"))
}

/// What lies where: each department has a class of data in its drive and its first three buckets.
pub(super) fn holdings() -> Vec<Fact> {
    let holds = |store: NodeKey, class: &str| {
        let class = DataClass::new(class);
        let to = NodeKey::data_class(&class);
        let mut edge = EdgeFact::new(EdgeKind::Holds, store, to, Interval::ALWAYS, Time(0), "the month");
        edge.holding = Some(Holding { class, residency: Text::new("US-CA"), records: 250_000, bytes: None });
        Fact::Edge(edge)
    };
    let classes = CLASSES.iter().zip(0..DEPARTMENTS);
    classes
        .flat_map(|(class, department)| {
            let buckets = (0..3).map(move |number| bucket(department, number));
            buckets.chain([drive(department)]).map(|store| holds(store, class)).collect::<Vec<_>>()
        })
        .collect()
}
