//! The people of Meridian: who they are on each platform, where they work from, and when. All are invented.

use crate::random::Random;

/// What someone does, and so which platforms they use how much.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Team {
    Engineering,
    Research,
    Security,
    #[default]
    Recruiting,
    Operations,
    Finance,
}

/// One person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) team: Team,
    /// Hours east of Greenwich.
    pub(crate) offset: i64,
    /// A number of their own, from which addresses and ids follow.
    pub(crate) number: u64,
    pub(crate) email: String,
    pub(crate) login: String,
    pub(crate) okta_id: String,
    pub(crate) google_id: String,
    pub(crate) slack_id: String,
    pub(crate) home: String,
    pub(crate) agent: &'static str,
}

/// Addresses from which everyone in an office comes: San Francisco and London.
const OFFICES: [&str; 2] = ["198.51.100.10", "198.51.100.74"];

const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36";
const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0";
const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0";

use Team::{Engineering, Finance, Operations, Recruiting, Research, Security};

const PEOPLE: [(&str, &str, Team, i64); 42] = [
    ("Asha", "Verma", Engineering, -7),
    ("Benoit", "Carlier", Engineering, 0),
    ("Chidi", "Okafor", Engineering, 0),
    ("Dana", "Whitlock", Engineering, -7),
    ("Elif", "Kaya", Engineering, 0),
    ("Farid", "Rahmani", Engineering, -7),
    ("Greta", "Lindqvist", Engineering, 0),
    ("Hector", "Salinas", Engineering, -7),
    ("Imani", "Brooks", Engineering, -4),
    ("Jonas", "Weber", Engineering, 0),
    ("Kavya", "Iyer", Engineering, -7),
    ("Liam", "Doherty", Engineering, 0),
    ("Mei", "Tanaka", Engineering, -7),
    ("Nadia", "Petrova", Engineering, 0),
    ("Ines", "Moreau", Research, 0),
    ("Oskar", "Nowak", Research, 0),
    ("Priya", "Nair", Research, -7),
    ("Quentin", "Ashby", Research, -4),
    ("Rosa", "Delgado", Research, -7),
    ("Samir", "Haddad", Research, -7),
    ("Tove", "Berg", Security, 0),
    ("Uma", "Krishnan", Security, -7),
    ("Viktor", "Hale", Operations, -7),
    ("Wanda", "Klein", Operations, 0),
    ("Xavier", "Ross", Operations, -4),
    ("Yara", "Costa", Recruiting, -4),
    ("Zane", "Mercado", Recruiting, -7),
    ("Abby", "Stone", Recruiting, -7),
    ("Bruno", "Silva", Recruiting, -4),
    ("Clara", "Jensen", Recruiting, 0),
    ("Derek", "Owens", Recruiting, -7),
    ("Erin", "Foley", Recruiting, -4),
    ("Felix", "Braun", Recruiting, 0),
    ("Gia", "Romano", Recruiting, -4),
    ("Holly", "Park", Recruiting, -7),
    ("Ivan", "Marsh", Recruiting, -7),
    ("Julia", "Nguyen", Recruiting, -7),
    ("Karl", "Fischer", Recruiting, 0),
    ("Lena", "Osei", Recruiting, 0),
    ("Marco", "Bell", Finance, -7),
    ("Nora", "Quinn", Finance, -4),
    ("Otto", "Lang", Finance, 0),
];

/// Everyone, in the order of the table.
pub(crate) fn everyone(seed: u64) -> Vec<Person> {
    PEOPLE
        .iter()
        .zip(1u64..)
        .map(|((given, family, team, offset), number)| {
            let mut random = Random::of(seed, "person", number);
            let (lower_given, lower_family) = (given.to_lowercase(), family.to_lowercase());
            Person {
                given,
                family,
                team: *team,
                offset: *offset,
                number,
                email: format!("{lower_given}.{lower_family}@meridian.example"),
                login: format!("{lower_given}-{lower_family}"),
                okta_id: format!("00u{}", random.alnum(17)),
                google_id: format!("1{:020}", random.below(100_000_000_000_000_000)),
                slack_id: format!("U0{}", random.upper(9)),
                // Half of all homes have an IPv6 address of their own, the others one of a provider's range.
                home: if number % 2 == 0 {
                    format!("2001:db8:{number:x}::1a")
                } else {
                    format!("192.0.2.{}", 20 + number)
                },
                agent: random.pick(&[MAC, MAC, LINUX, WINDOWS]),
            }
        })
        .collect()
}

impl Person {
    /// The address from which they work at some time: the office on most days of the week, else home.
    pub(crate) fn address(&self, at: crate::clock::At) -> &str {
        let day = at.seconds().div_euclid(crate::clock::DAY);
        let in_office = at.weekday() < 5 && (day + self.number as i64).rem_euclid(5) < 3;
        let building = usize::from(self.offset >= 0);
        if in_office { OFFICES.get(building).copied().unwrap_or_default() } else { &self.home }
    }

    /// `Asha Verma`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    /// Whether they work on code and so use GitHub, AWS and the cluster.
    pub(crate) fn technical(&self) -> bool {
        matches!(self.team, Engineering | Research | Security | Operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY, FIRST_DAY};

    #[test]
    fn everyone_has_names_of_their_own_and_two_networks_from_the_first_week() {
        let people = everyone(1);
        let emails: std::collections::BTreeSet<_> = people.iter().map(|person| &person.email).collect();
        assert_eq!(emails.len(), people.len());
        for person in &people {
            let week: std::collections::BTreeSet<_> =
                (0..7).map(|day| person.address(FIRST_DAY.plus(day * DAY)).to_owned()).collect();
            assert_eq!(week.len(), 2, "{}", person.email);
        }
    }
}
