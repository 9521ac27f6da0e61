//! Snapshots: all state as bytes, and back. First the format's name, then everything else in the compact form of
//! `postcard`, which names no fields: whoever changes what is kept changes [`FORMAT`] too. A snapshot of another format is
//! refused, and the program then starts from the lake.

use super::hits;
use super::moment::Moment;
use super::order::Order;
use super::{Correlator, Counters, Settings};
use crate::behaviour;
use crate::rules::{RuleIndex, Rules};
use firebreak_model::{Catalogue, Position, Problem, Text};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "firebreak.correlator/7";

/// Bytes as one piece, not as a list of numbers.
#[derive(Default)]
pub(super) struct Blob(pub(super) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Blob(bytes.to_vec()))
    }
}

/// What is written. Rules are by name: their places may differ when it is read.
#[derive(Serialize)]
struct Written<'a> {
    detections: Vec<Text>,
    correlations: Vec<Text>,
    order: &'a Order<Moment>,
    counters: Counters,
    hits: &'a hits::Hits,
    /// Of each shard.
    states: Vec<BTreeMap<String, Blob>>,
    behaviours: &'a behaviour::Behaviours,
}

/// What is read.
#[derive(Deserialize)]
struct Read {
    detections: Vec<Text>,
    correlations: Vec<Text>,
    order: Order<Moment>,
    counters: Counters,
    hits: hits::Kept,
    /// Of each shard.
    states: Vec<BTreeMap<String, Blob>>,
    behaviours: behaviour::Kept,
}

fn names(rules: &Rules) -> (Vec<Text>, Vec<Text>) {
    let detections = rules.detections().iter().map(|rule| rule.attributes.key.clone()).collect();
    let correlations = rules.correlations().iter().map(|rule| rule.attributes.key.clone()).collect();
    (detections, correlations)
}

impl Correlator {
    /// All state, without rules, catalogue and settings.
    pub fn snapshot(&self) -> Vec<u8> {
        let (detections, correlations) = names(&self.rules);
        let written = Written {
            detections,
            correlations,
            order: &self.order,
            counters: self.counters(),
            hits: &self.hits,
            states: self.correlations.iter().map(|shard| shard.snapshot(&self.rules)).collect(),
            behaviours: &self.behaviours,
        };
        // Plain data: there is nothing in it that cannot be written.
        postcard::to_allocvec(&(FORMAT, written)).unwrap_or_default()
    }

    /// A correlator that goes on from `snapshot`, in whatever number of shards. State of rules that have changed or gone since is left behind.
    ///
    /// # Errors
    /// Where the bytes are not a snapshot of this format.
    #[expect(clippy::result_large_err, reason = "made once, at start")]
    pub fn restore(
        snapshot: &[u8],
        rules: Arc<Rules>,
        catalogue: Arc<Catalogue>,
        settings: Settings,
    ) -> Result<Correlator, Problem> {
        let refused = |reason: String| Problem {
            source: Text::new("correlator"),
            position: Position { input: "snapshot".to_owned(), ..Position::default() },
            reason,
            hint: "start without it and replay the lake: the state is rebuilt from there".to_owned(),
        };
        let unreadable = |_| refused("the snapshot cannot be read".to_owned());
        let (format, rest) = postcard::take_from_bytes::<&str>(snapshot).map_err(unreadable)?;
        if format != FORMAT {
            let known: String = format.chars().take(40).collect();
            return Err(refused(format!("the snapshot has the format `{known}`, not `{FORMAT}`")));
        }
        let (read, rest) = postcard::take_from_bytes::<Read>(rest).map_err(unreadable)?;
        if !rest.is_empty() {
            return Err(refused(format!("the snapshot has {} bytes too many", rest.len())));
        }
        let mut correlator = Correlator::new(rules, catalogue, settings);
        let mut order = read.order;
        let (detections, correlations) = names(&correlator.rules);
        if (&detections, &correlations) != (&read.detections, &read.correlations) {
            let places = Places::new(&read.detections, &read.correlations, &detections, &correlations);
            order.each_waiting(|moment| places.translate(moment));
        }
        correlator.order = order;
        correlator.counters = read.counters;
        correlator.hits.restore(read.hits);
        correlator.behaviours.restore(read.behaviours);
        correlator
            .restore_states(&read.states)
            .map_err(|_| refused("the snapshot's correlations cannot be read".to_owned()))?;
        Ok(correlator)
    }

    /// Puts the keys of correlations back where they belong, into however many shards there are now.
    fn restore_states(&mut self, kept: &[BTreeMap<String, Blob>]) -> Result<(), postcard::Error> {
        let Correlator { correlations, rules, routes, .. } = self;
        for (number, shard) in correlations.iter_mut().enumerate() {
            for kept in kept {
                shard.restore(rules, kept, |place, key| routes.shard(place, key) == number)?;
            }
        }
        Ok(())
    }
}

/// Where the rules of a snapshot stand now.
struct Places {
    detections: Vec<Option<RuleIndex>>,
    correlations: Vec<Option<usize>>,
}

impl Places {
    fn new(old_detections: &[Text], old_correlations: &[Text], detections: &[Text], correlations: &[Text]) -> Places {
        let place = |old: &Text, new: &[Text]| new.iter().position(|name| name == old);
        Places {
            detections: old_detections
                .iter()
                .map(|old| place(old, detections).map(|index| RuleIndex(index as u32)))
                .collect(),
            correlations: old_correlations.iter().map(|old| place(old, correlations)).collect(),
        }
    }

    fn translate(&self, moment: &mut Moment) {
        let detection = |index: &RuleIndex| self.detections.get(index.0 as usize).copied().flatten();
        let correlation = |place: usize| self.correlations.get(place).copied().flatten();
        moment.rules = moment.rules.iter().filter_map(detection).collect();
        moment.hits.retain_mut(|hit| {
            let (own, lower) = (correlation(hit.correlation), hit.if_fires.map(correlation));
            hit.correlation = own.unwrap_or(hit.correlation);
            hit.if_fires = lower.flatten();
            own.is_some() && lower != Some(None)
        });
        moment.hits.sort_by_key(|hit| (hit.correlation, hit.position));
    }
}
