//! Every action that any fact offers, once: what it costs and what the owner allows, as rows of numbers.
//!
//! One action (name, target, parameters) is one action wherever it is attached. Where facts differ about it, the
//! higher cost, the longer delay, the worse reversibility and the stricter policy count.

use crate::net::NONE;
use crate::pool::Pool;
use crate::runs::Runs;
use firebreak_model::{Action, CutOption, CutPolicy, NodeKey, NodeKind, Reversibility, Text};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Set in a target that is not a node.
const STRANGER: u32 = 1 << 31;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Terms {
    delay_seconds: u32,
    reversibility: Reversibility,
    policy: CutPolicy,
}

/// Name, target, parameters: by number, in this order.
type Who = (u32, u32, u32);

#[derive(Clone, Copy, Debug)]
struct Row {
    name: u32,
    /// A node, or with `STRANGER` a number in `strangers`.
    target: u32,
    parameters: u32,
    cost: u32,
    terms: u32,
}

impl Row {
    fn who(&self) -> Who {
        (self.name, self.target, self.parameters)
    }
}

/// All options. Those that were laid are sorted; those beyond were offered since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    names: Runs<u8>,
    strangers: Runs<u8>,
    parameters: Runs<u8>,
    terms: Pool<Terms>,
    rows: Vec<Row>,
    laid: usize,
    later: FxHashMap<Who, u32>,
}

impl Options {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether any was offered since the options were sorted.
    pub(crate) fn has_grown(&self) -> bool {
        self.rows.len() > self.laid
    }

    /// The number of an option that is offered, and whether its cost differs from what was said before.
    pub(crate) fn offer(&mut self, option: &CutOption, keys: &Runs<u8>) -> (u32, bool) {
        let terms =
            Terms { delay_seconds: option.delay_seconds, reversibility: option.reversibility, policy: option.policy };
        let Some(number) = self.find(&option.action, keys) else {
            return (self.add(option, terms, keys), false);
        };
        let Some(row) = self.rows.get_mut(number as usize) else { return (number, false) };
        let differs = row.cost != option.cost;
        row.cost = row.cost.max(option.cost);
        if let Some(known) = self.terms.get(row.terms).copied().filter(|known| *known != terms) {
            row.terms = self.terms.number(Terms {
                delay_seconds: known.delay_seconds.max(terms.delay_seconds),
                reversibility: known.reversibility.max(terms.reversibility),
                policy: known.policy.max(terms.policy),
            });
        }
        (number, differs)
    }

    fn add(&mut self, option: &CutOption, terms: Terms, keys: &Runs<u8>) -> u32 {
        let target = option.action.target.as_str().as_bytes();
        let row = Row {
            name: self.names.number(option.action.name.as_bytes()),
            target: keys.find(target).unwrap_or_else(|| STRANGER | self.strangers.number(target)),
            parameters: self.parameters.number(&written(&option.action.parameters)),
            cost: option.cost,
            terms: self.terms.number(terms),
        };
        let number = self.rows.len() as u32;
        self.rows.push(row);
        self.later.insert(row.who(), number);
        number
    }

    /// The number of the option with this action.
    pub(crate) fn find(&self, action: &Action, keys: &Runs<u8>) -> Option<u32> {
        let name = self.names.find(action.name.as_bytes())?;
        let parameters = self.parameters.find(&written(&action.parameters))?;
        let target = action.target.as_str().as_bytes();
        // What is a node now may have been none when the action was first offered.
        let stranger = self.strangers.find(target).map(|stranger| STRANGER | stranger);
        let targets = keys.find(target).into_iter().chain(stranger);
        targets.into_iter().find_map(|target| self.find_row((name, target, parameters)))
    }

    fn find_row(&self, who: Who) -> Option<u32> {
        let laid = self.rows.get(..self.laid).unwrap_or(&[]);
        let found = laid.binary_search_by_key(&who, Row::who).ok().map(|index| index as u32);
        found.or_else(|| self.later.get(&who).copied())
    }

    /// The option with this number, spelled out.
    pub(crate) fn get(&self, number: u32, keys: &Runs<u8>) -> Option<CutOption> {
        let row = self.rows.get(number as usize)?;
        let terms = self.terms.get(row.terms)?;
        let target = if row.target & STRANGER == 0 {
            keys.text(row.target)
        } else {
            self.strangers.text(row.target & !STRANGER)
        };
        Some(CutOption {
            action: Action {
                name: Text::new(self.names.text(row.name)),
                target: spelled(target),
                parameters: read(self.parameters.get(row.parameters)),
            },
            cost: row.cost,
            delay_seconds: terms.delay_seconds,
            reversibility: terms.reversibility,
            policy: terms.policy,
        })
    }

    /// Sorts all options. `new` is what each node is called now, `keys` the keys under the new numbers. Gives what each
    /// option is called now, where that changed.
    pub(crate) fn lay(&mut self, new: Option<&[u32]>, keys: &Runs<u8>) -> Option<Vec<u32>> {
        let grown = self.has_grown();
        if !grown && new.is_none() {
            return None;
        }
        if !grown && self.strangers.len() == 0 {
            // Nodes keep their order, and so do the options.
            let now = |node: u32| new.and_then(|new| new.get(node as usize)).copied().unwrap_or(node);
            self.rows.iter_mut().for_each(|row| row.target = now(row.target));
            return None;
        }
        let names = ranks(self.names.len(), |a, b| self.names.get(a).cmp(self.names.get(b)));
        let parameters = ranks(self.parameters.len(), |a, b| self.parameters.get(a).cmp(self.parameters.get(b)));
        let strangers = std::mem::take(&mut self.strangers);
        let mut still: Vec<u32> =
            (0..strangers.len() as u32).filter(|stranger| keys.find(strangers.get(*stranger)).is_none()).collect();
        still.sort_unstable_by(|a, b| strangers.get(*a).cmp(strangers.get(*b)));
        self.strangers = strangers.sorted(&still);
        for row in &mut self.rows {
            row.name = names.get(row.name as usize).copied().unwrap_or_default();
            row.parameters = parameters.get(row.parameters as usize).copied().unwrap_or_default();
            row.target = if row.target & STRANGER == 0 {
                new.map_or(row.target, |new| new.get(row.target as usize).copied().unwrap_or(NONE))
            } else {
                let key = strangers.get(row.target & !STRANGER);
                let stranger = || self.strangers.find(key).map_or(NONE, |stranger| STRANGER | stranger);
                keys.find(key).unwrap_or_else(stranger)
            };
        }
        self.names = self.names.sorted(&by_rank(&names));
        self.parameters = self.parameters.sorted(&by_rank(&parameters));
        self.later = FxHashMap::default();
        self.sort()
    }

    /// Sorts the rows and says what each is called now.
    fn sort(&mut self) -> Option<Vec<u32>> {
        let sorted = self.rows.is_sorted_by_key(Row::who);
        self.laid = self.rows.len();
        let mut order: Vec<(Who, u32)> = Vec::new();
        if !sorted {
            order = self.rows.iter().map(Row::who).zip(0u32..).collect();
            order.sort_unstable();
        }
        let room = crate::pool::slack(self.rows.len());
        let mut rows = Vec::with_capacity(self.rows.len() + room);
        if sorted {
            rows.append(&mut self.rows);
            self.rows = rows;
            return None;
        }
        rows.extend(order.iter().filter_map(|(_, old)| self.rows.get(*old as usize).copied()));
        self.rows = rows;
        let mut new = vec![NONE; order.len()];
        for (number, (_, old)) in (0u32..).zip(&order) {
            crate::flat::put(&mut new, *old as usize, number);
        }
        Some(new)
    }
}

/// The key that was written as `text`, whatever it is.
pub(crate) fn spelled(text: &str) -> NodeKey {
    use serde::Deserialize;
    use serde::de::value::{Error, StrDeserializer};
    NodeKey::deserialize(StrDeserializer::<Error>::new(text)).unwrap_or_else(|_| NodeKey::new(NodeKind::Resource, text))
}

/// Parameters one after the other, each name and value behind its length: in the order in which maps compare but for
/// lengths, which come first.
fn written(parameters: &BTreeMap<Text, Text>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in parameters.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend((text.len() as u32).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// The parameters that were written as `bytes`.
fn read(mut bytes: &[u8]) -> BTreeMap<Text, Text> {
    let mut next = || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        bytes = rest;
        std::str::from_utf8(text).ok().map(Text::new)
    };
    std::iter::from_fn(|| Some((next()?, next()?))).collect()
}

/// Number -> its rank in the given order.
fn ranks(count: usize, order: impl Fn(u32, u32) -> std::cmp::Ordering) -> Vec<u32> {
    let mut sorted: Vec<u32> = (0..count as u32).collect();
    sorted.sort_by(|a, b| order(*a, *b));
    by_rank(&sorted)
}

/// The inverse of a numbering.
pub(crate) fn by_rank(ranks: &[u32]) -> Vec<u32> {
    let mut inverse = vec![NONE; ranks.len()];
    for (number, rank) in (0u32..).zip(ranks) {
        crate::flat::put(&mut inverse, *rank as usize, number);
    }
    inverse
}
