//! What is new on the data map since people were last told: copies, reach and shares become one notice and one record.
//!
//! The map of which people were told is part of the state. Each estate that is learnt is mapped beside the single writer, and what is new
//! against that map is committed with the map in its place: killed before, it is found again; killed after, it is told once.

use super::Live;
use super::effects::{Outgoing, Sorted};
use crate::estate::Estate;
use crate::output::{count, counted};
use crate::store::Commit;
use anyhow::{Context, Result};
use firebreak_assure::{ClassMap, DataChange, data_drift, data_map};
use firebreak_graph::Graph;
use firebreak_model::{Fact, Party, Severity, Time};
use tokio::task::JoinHandle;

/// The state that holds the map of which people were told.
const TOLD: &str = "data_map";
/// Changes of one notice that are written out.
const SHOWN: usize = 20;
/// Changes of one record of the ledger.
const RECORDED: usize = 1_000;

/// Maps that are made and waited for.
#[derive(Default)]
pub(super) struct Drift {
    /// The estate that is mapped next.
    next: Option<(Vec<Fact>, Time)>,
    making: Option<JoinHandle<(Vec<ClassMap>, Time)>>,
}

impl Drift {
    /// Has `estate` mapped as it is at `now`, in place of one that waits.
    pub(super) fn look(&mut self, estate: &Estate, now: Time) {
        self.next = Some((estate.facts.clone(), now));
    }
}

impl Live<'_> {
    /// Tells of what is new on the data map, where a map is ready.
    ///
    /// # Errors
    /// As [`Live::resume`].
    pub async fn drift(&mut self) -> Result<()> {
        if self.drift.making.as_ref().is_some_and(|making| !making.is_finished()) {
            return Ok(());
        }
        if let Some(making) = self.drift.making.take() {
            let (map, at) = making.await.context("making the data map")?;
            self.told_of(&map, at).await?;
        }
        let next = self.drift.next.take();
        self.drift.making = next.map(|(facts, at)| {
            tokio::task::spawn_blocking(move || (data_map(&Graph::build(&facts).0, &facts, at, None), at))
        });
        Ok(())
    }

    /// Waits for what is mapped, and tells of it.
    ///
    /// # Errors
    /// As [`Live::resume`].
    pub async fn last_drift(&mut self) -> Result<()> {
        while self.drift.making.is_some() || self.drift.next.is_some() {
            if let Some(making) = &mut self.drift.making {
                let (map, at) = making.await.context("making the data map")?;
                self.drift.making = None;
                self.told_of(&map, at).await?;
            }
            self.drift().await?;
        }
        Ok(())
    }

    async fn told_of(&mut self, map: &[ClassMap], at: Time) -> Result<()> {
        let told = match self.store.state(TOLD).await? {
            Some(bytes) => {
                Some(serde_json::from_slice::<Vec<ClassMap>>(&bytes).context("the data map in the state is damaged")?)
            }
            None => None,
        };
        if told.as_deref() == Some(map) || told.is_none() && map.is_empty() {
            return Ok(());
        }
        // With the first map everything would be new.
        let outgoing = told.map(|told| alert(&data_drift(&told, map), at)).unwrap_or_default();
        let commit = Commit { states: vec![(TOLD.to_owned(), serde_json::to_vec(map)?)], ..Commit::default() };
        self.settle_sorted(commit, Sorted { outgoing, ..Sorted::default() }).await
    }
}

/// What people and the ledger are told of `changes`: nothing where none is an alert.
fn alert(changes: &[DataChange], at: Time) -> Vec<Outgoing> {
    let mut alarming: Vec<&DataChange> = changes.iter().filter(|change| is_alarming(change)).collect();
    if alarming.is_empty() {
        return Vec::new();
    }
    // What anybody can reach first, then what lies elsewhere.
    alarming.sort_by_key(|change| (weight(change), *change));
    let of = |weight_of: u8| alarming.iter().filter(|change| weight(change) == weight_of).count() as u64;
    let (shares, copies, reach) = (of(0), of(1), of(2));
    let kinds = [(shares, "new share"), (copies, "new copy"), (reach, "place in reach of more")];
    let kinds = kinds.iter().filter(|(number, _)| *number > 0);
    let head: Vec<String> = kinds.map(|(number, word)| plural(*number, word)).collect();
    let mut text = format!("data map: {}", head.join(", "));
    alarming.iter().take(SHOWN).for_each(|change| text.push_str(&format!("\n  {}", said(change))));
    if alarming.len() > SHOWN {
        text.push_str(&format!("\n  and {} more", count((alarming.len() - SHOWN) as u64)));
    }
    text.push_str("\nnext: firebreak data");
    let severity = Some(if shares > 0 { Severity::High } else { Severity::Medium });
    let body = serde_json::json!({
        "at": at,
        "shares": shares, "copies": copies, "reach": reach,
        "changes": alarming.iter().take(RECORDED).collect::<Vec<_>>(),
    });
    vec![
        Outgoing::Record { id: format!("data_drift/{}", at.0), kind: "data.drift".to_owned(), body },
        Outgoing::Notify { text, incident: None, severity, ask: None },
    ]
}

fn plural(number: u64, word: &str) -> String {
    match (word, number) {
        ("new copy", number) if number != 1 => format!("{} new copies", count(number)),
        ("place in reach of more", 1) => "1 place in reach of more".to_owned(),
        ("place in reach of more", number) => format!("{} places in reach of more", count(number)),
        (word, number) => counted(number, word),
    }
}

/// Whether people are told of it: what is gone is no alert.
pub fn is_alarming(change: &DataChange) -> bool {
    !matches!(change, DataChange::Gone { .. })
}

fn weight(change: &DataChange) -> u8 {
    match change {
        DataChange::Share { .. } => 0,
        DataChange::Copy { .. } => 1,
        DataChange::Reach { .. } => 2,
        DataChange::Gone { .. } => 3,
    }
}

/// A change in words.
pub fn said(change: &DataChange) -> String {
    match change {
        DataChange::Copy { class, resource, records } => {
            format!("new copy: {} of {class} in {resource}", counted(*records, "record"))
        }
        DataChange::Gone { class, resource } => format!("gone: {class} in {resource}"),
        DataChange::Reach { class, resource, party, before, after } => format!(
            "new reach: {class} in {resource} by {} {}, before by {}",
            count(*after),
            noun(*party, *after),
            count(*before)
        ),
        DataChange::Share { class, resource } => format!("new share: anybody can reach {class} in {resource}"),
    }
}

/// What so many of a party are called.
pub fn noun(party: Party, number: u64) -> &'static str {
    match (party, number) {
        (Party::Person, 1) => "person",
        (Party::Person, _) => "people",
        (Party::Service, 1) => "service",
        (Party::Service, _) => "services",
        (Party::Agent, 1) => "agent",
        (Party::Agent, _) => "agents",
        (Party::App, 1) => "app",
        (Party::App, _) => "apps",
        (Party::Anyone, _) => "public link",
        (Party::Unknown, 1) => "account of unknown kind",
        (Party::Unknown, _) => "accounts of unknown kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{DataClass, NodeKey};

    fn copy(name: &str) -> DataChange {
        let resource = NodeKey::resource("aws", name);
        DataChange::Copy { class: DataClass::new("ssn"), resource, records: 7 }
    }

    fn notice(changes: &[DataChange]) -> Option<(String, Option<Severity>)> {
        alert(changes, Time(5)).into_iter().find_map(|outgoing| match outgoing {
            Outgoing::Notify { text, severity, .. } => Some((text, severity)),
            _ => None,
        })
    }

    #[test]
    fn what_is_gone_is_no_alert_and_a_public_share_is_the_first_word() {
        let (class, resource) = (DataClass::new("ssn"), NodeKey::resource("aws", "b"));
        let gone = DataChange::Gone { class: class.clone(), resource: resource.clone() };
        assert!(alert(std::slice::from_ref(&gone), Time(5)).is_empty());
        let (text, severity) = notice(&[copy("a"), gone.clone()]).expect("a notice");
        assert_eq!(severity, Some(Severity::Medium));
        assert!(text.starts_with("data map: 1 new copy\n  new copy: 7 records of ssn in resource:aws/a"), "{text}");
        assert!(!text.contains("gone"), "{text}");
        let (text, severity) = notice(&[copy("a"), gone, DataChange::Share { class, resource }]).expect("a notice");
        assert_eq!(severity, Some(Severity::High));
        assert!(text.starts_with("data map: 1 new share, 1 new copy\n  new share: anybody"), "{text}");
    }

    #[test]
    fn a_flood_is_one_notice_of_bounded_length() {
        let changes: Vec<DataChange> = (0..5_000).map(|at| copy(&format!("{at:04}"))).collect();
        let (text, _) = notice(&changes).expect("a notice");
        assert!(text.contains("data map: 5,000 new copies") && text.contains("and 4,980 more"), "{text}");
        assert_eq!(text.lines().count(), 1 + SHOWN + 2);
        let record = alert(&changes, Time(5)).into_iter().find_map(|outgoing| match outgoing {
            Outgoing::Record { body, .. } => Some(body),
            _ => None,
        });
        assert_eq!(record.and_then(|body| Some(body["changes"].as_array()?.len())), Some(RECORDED));
    }
}
