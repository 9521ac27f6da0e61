//! What is asked of the generator, and what it hands out. There is no generation here.

/// Which story to write. The same specification always gives the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spec {
    /// Chooses every free choice: names stay, identifiers and times of ordinary traffic change.
    pub seed: u64,
    /// How much ordinary traffic, and in how many pieces the stolen objects are.
    pub size: Size,
    /// From which addresses the intruder comes.
    pub addresses: Addresses,
}

/// How much traffic there is. The estate, the runs, the attack and the verdicts are the same in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// About 120,000 events: the 2.9 TB leave as 31,000 objects, each ten times as large as in the account.
    Small,
    /// Several million events: the 2.9 TB leave as 310,000 objects.
    Large,
}

/// From which addresses the intruder comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addresses {
    /// Addresses that reports of the real campaign name: indicator lists find them.
    Published,
    /// 203.0.113.0/24, a network that nobody has listed: only behaviour finds it.
    TestNet,
}

/// One file of the scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Where it belongs, with `/` between folders, below the folder that the caller chooses:
    /// `borrowed-sand/inventory/estate.json`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Spec {
    /// How many times the ordinary traffic of the small scenario.
    pub(crate) fn volume(&self) -> f64 {
        match self.size {
            Size::Small => 1.0,
            Size::Large => 40.0,
        }
    }

    /// How many objects of the account one stolen object stands for.
    pub(crate) fn objects_per_event(&self) -> u64 {
        match self.size {
            Size::Small => 10,
            Size::Large => 1,
        }
    }

    /// The intruder's addresses: for AWS, for GitHub and Slack, for Google.
    pub(crate) fn intruder_addresses(&self) -> [&'static str; 3] {
        match self.addresses {
            Addresses::Published => ["83.142.209.11", "45.148.10.212", "83.142.209.203"],
            Addresses::TestNet => ["203.0.113.41", "203.0.113.77", "203.0.113.142"],
        }
    }
}
