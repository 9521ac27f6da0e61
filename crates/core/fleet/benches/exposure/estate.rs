//! An estate from a seed: environments with what they installed, when, and when they were looked at.

use firebreak_fleet::{Complete, Had, Statement, Sure, Thing};
use firebreak_model::{Interval, NodeKey, Text, Time};

/// When the year begins.
pub(crate) const BEGIN: i64 = 1_750_000_000;
/// How many names there are, the first ones the most frequent.
const NAMES: u64 = 20_000;

/// How large it is.
#[derive(Clone, Copy)]
pub(crate) struct Estate {
    pub(crate) environments: usize,
    /// Of each environment.
    pub(crate) packages: usize,
    pub(crate) seed: u64,
}

/// Numbers that look random and are the same each time (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}

impl Estate {
    /// One environment in twenty has litellm.
    pub(crate) fn of_litellm(&self) -> usize {
        self.environments.div_ceil(20)
    }

    /// Everything that is said of an environment.
    pub(crate) fn each(&self, environment: usize, mut say: impl FnMut(&Statement)) {
        let mut numbers = Numbers(self.seed ^ (environment as u64).wrapping_mul(0x5851_f42d_4c95_7f2d));
        let key = NodeKey::environment("host", &format!("node-{environment:06}.example.org"));
        let started = BEGIN + numbers.below(30 * 86_400) as i64;
        say(&Statement::Ran { environment: key.clone(), run: Interval::since(Time::from_seconds(started)) });
        // Looked at some time in the last month; one in ten never as a whole.
        let taken = BEGIN + (335 * 86_400) + numbers.below(30 * 86_400) as i64;
        if environment % 10 != 9 {
            let (from, to) = (Time::from_seconds(started), Time::from_seconds(taken));
            let scope = Text::new("*");
            say(&Statement::Complete(Complete { environment: key.clone(), scope, from, to, lists: true }));
        }
        for place in 0..self.packages {
            let thing = if place == 0 && environment.is_multiple_of(20) {
                Thing::package("PyPI", "litellm", "1.82.8")
            } else {
                // Few names are everywhere and most are rare.
                let part = numbers.below(1 << 20) as f64 / f64::from(1 << 20);
                let name = (part.powi(3) * NAMES as f64) as u64;
                let version = numbers.below(12);
                Thing::package("PyPI", &format!("package-{name}"), &format!("{}.{}.0", version / 4, version % 4))
            };
            let mut from = started + numbers.below((taken - started) as u64) as i64;
            if place == 0 {
                from = from.min(BEGIN + 299 * 86_400);
            }
            say(&Statement::Had(Had {
                environment: key.clone(),
                thing,
                from: Time::from_seconds(from),
                to: None,
                seen: Time::from_seconds(taken),
                sure: Sure::Seen,
                evidence: Text::new(format!("inventory/node-{environment:06}.json packages[{place}]")),
            }));
        }
    }
}
