//! Small random estates, as facts and as bit masks.

use crate::{Graph, NodeId, Source};
use firebreak_model::{
    Action, CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Persistence, Reversibility,
    Text, Time,
};
use std::collections::BTreeMap;

/// Slot `k` is `[k, k+1)` seconds; the last is everything after.
pub(super) const SLOTS: u32 = 64;

/// A small generator of pseudo-random numbers.
#[derive(Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Debug)]
pub(super) struct MEdge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) premises: Vec<usize>,
    pub(super) valid: (u32, u32),
    pub(super) persistence: Persistence,
    pub(super) may: bool,
    pub(super) cuts: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    /// First slot and the slot after the last; `SLOTS` for no end.
    pub(super) lives: Vec<(u32, u32)>,
    pub(super) node_cuts: Vec<Vec<usize>>,
    pub(super) edges: Vec<MEdge>,
    /// Cost, and whether it is never allowed.
    pub(super) actions: Vec<(u32, bool)>,
    pub(super) sources: Vec<(usize, u32)>,
    pub(super) now: u32,
    pub(super) targets: Vec<usize>,
}

fn interval(random: &mut Random, timeless: bool) -> (u32, u32) {
    if timeless || random.one_in(3) {
        return (0, SLOTS);
    }
    let from = random.below(10) as u32;
    let to = if random.one_in(3) { SLOTS } else { from + 1 + random.below(8) as u32 };
    (from, to)
}

impl Model {
    /// An estate of 3 to 9 nodes. A third of them have no time in them at all, so that cuts stay interesting.
    pub(super) fn random(seed: u64) -> Model {
        let mut random = Random(seed);
        let nodes = 3 + random.below(7) as usize;
        let timeless = random.one_in(3);
        let actions: Vec<(u32, bool)> =
            (0..1 + random.below(7)).map(|_| (1 + random.below(9) as u32, random.one_in(8))).collect();
        let cuts = |random: &mut Random| -> Vec<usize> {
            let count = [0, 1, 1, 1, 2][random.below(5) as usize];
            (0..count).map(|_| random.below(actions.len() as u64) as usize).collect()
        };
        let pick = |random: &mut Random| random.below(nodes as u64) as usize;
        let edges = (0..nodes + random.below(2 * nodes as u64) as usize)
            .map(|_| MEdge {
                from: pick(&mut random),
                to: pick(&mut random),
                premises: (0..[0, 0, 0, 1, 1, 2][random.below(6) as usize]).map(|_| pick(&mut random)).collect(),
                valid: interval(&mut random, timeless),
                persistence: match random.below(if timeless { 2 } else { 4 }) {
                    0 => Persistence::Take,
                    3 => Persistence::Mint { ttl_seconds: 1 + random.below(5) as u32 },
                    _ => Persistence::While,
                },
                may: random.one_in(5),
                cuts: cuts(&mut random),
            })
            .collect();
        Model {
            lives: (0..nodes).map(|_| interval(&mut random, timeless)).collect(),
            node_cuts: (0..nodes).map(|_| if random.one_in(2) { cuts(&mut random) } else { Vec::new() }).collect(),
            edges,
            sources: (0..1 + random.below(2)).map(|_| (pick(&mut random), random.below(8) as u32)).collect(),
            now: random.below(12) as u32,
            targets: (0..1 + random.below(2)).map(|_| pick(&mut random)).collect(),
            actions,
        }
    }

    pub(super) fn key(node: usize) -> NodeKey {
        NodeKey::credential("test", &format!("n{node}"))
    }

    pub(super) fn action(action: usize) -> Action {
        let target = NodeKey::credential("test", &format!("a{action}"));
        Action { name: Text::new("test/cut"), target, parameters: BTreeMap::new() }
    }

    fn options(&self, cuts: &[usize]) -> Vec<CutOption> {
        cuts.iter()
            .map(|action| CutOption {
                action: Model::action(*action),
                cost: self.actions[*action].0,
                delay_seconds: 0,
                reversibility: Reversibility::Reversible,
                policy: if self.actions[*action].1 { CutPolicy::Never } else { CutPolicy::Allowed },
            })
            .collect()
    }

    pub(super) fn facts(&self) -> Vec<Fact> {
        let during = |(from, to): (u32, u32)| {
            let from = if from == 0 { Time::MIN } else { time(from) };
            Interval::new(from, if to >= SLOTS { Time::MAX } else { time(to) })
        };
        let nodes = self.lives.iter().enumerate().map(|(node, life)| {
            let fact = NodeFact::new(Model::key(node), during(*life), Time(0), "test");
            Fact::Node(NodeFact { cuts: self.options(&self.node_cuts[node]), ..fact })
        });
        let edges = self.edges.iter().enumerate().map(|(number, edge)| {
            let (from, to) = (Model::key(edge.from), Model::key(edge.to));
            let evidence = format!("edge {number}");
            let fact = EdgeFact::new(EdgeKind::Derives, from, to, during(edge.valid), Time(0), &evidence);
            Fact::Edge(EdgeFact {
                premises: edge.premises.iter().map(|node| Model::key(*node)).collect(),
                persistence: edge.persistence,
                may: if edge.may { vec![Text::new("unknown condition")] } else { Vec::new() },
                cuts: self.options(&edge.cuts),
                ..fact
            })
        });
        nodes.chain(edges).collect()
    }

    pub(super) fn sources(&self, graph: &Graph) -> Vec<Source> {
        self.sources.iter().map(|(node, at)| Source::new(self.id(graph, *node), time(*at))).collect()
    }

    pub(super) fn targets(&self, graph: &Graph) -> Vec<NodeId> {
        self.targets.iter().map(|node| self.id(graph, *node)).collect()
    }

    pub(super) fn id(&self, graph: &Graph, node: usize) -> NodeId {
        graph.id(&Model::key(node)).expect("every node has a fact")
    }

    /// When each node is held, by applying the rules until nothing changes. `dead` has a bit for each action done.
    pub(super) fn evaluate(&self, starts: &[(usize, u64)], dead: u32, certain_only: bool) -> Vec<u64> {
        let stands = |cuts: &[usize]| !cuts.iter().any(|action| dead >> action & 1 == 1);
        let mut held = vec![0u64; self.lives.len()];
        for (node, mask) in starts {
            if stands(&self.node_cuts[*node]) {
                held[*node] |= mask & self.life(*node);
            }
        }
        loop {
            let before = held.clone();
            for edge in &self.edges {
                if stands(&edge.cuts) && stands(&self.node_cuts[edge.to]) && !(certain_only && edge.may) {
                    held[edge.to] |= self.gives(edge, self.possible(edge, &held));
                }
            }
            if held == before {
                return held;
            }
        }
    }

    pub(super) fn life(&self, node: usize) -> u64 {
        mask(self.lives[node])
    }

    /// The slots in which the step is possible.
    fn possible(&self, edge: &MEdge, held: &[u64]) -> u64 {
        let needs = edge.premises.iter().fold(held[edge.from], |slots, premise| slots & held[*premise]);
        needs & mask(edge.valid) & self.life(edge.to)
    }

    fn gives(&self, edge: &MEdge, possible: u64) -> u64 {
        let given = match edge.persistence {
            Persistence::While => possible,
            Persistence::Take if possible == 0 => 0,
            Persistence::Take => !0 << possible.trailing_zeros(),
            Persistence::Mint { ttl_seconds } => (0..=ttl_seconds).fold(0, |slots, by| slots | later(possible, by)),
        };
        given & self.life(edge.to)
    }

    pub(super) fn starts(&self) -> Vec<(usize, u64)> {
        self.sources.iter().map(|(node, at)| (*node, !0u64 << at)).collect()
    }

    /// What is held from `now` on whatever is cut.
    pub(super) fn held_now(&self) -> Vec<(usize, u64)> {
        let before = self.evaluate(&self.starts(), 0, false);
        let from_now = !0u64 << self.now;
        let mut held: Vec<(usize, u64)> =
            self.sources.iter().map(|(node, at)| (*node, !0u64 << (*at).max(self.now))).collect();
        for edge in &self.edges {
            let possible = self.possible(edge, &before);
            let (past, present) = (possible & !from_now, possible >> self.now & 1 == 1);
            match edge.persistence {
                Persistence::While => {}
                Persistence::Take if past != 0 || present => held.push((edge.to, from_now)),
                Persistence::Take => {}
                Persistence::Mint { ttl_seconds } => {
                    // Minted at the very instant `now`, it lives for `ttl` slots, this one included.
                    let fresh = if present { mask((self.now, (self.now + ttl_seconds).min(SLOTS))) } else { 0 };
                    held.push((edge.to, (self.gives(edge, past) & from_now) | fresh));
                }
            }
        }
        held
    }

    /// What each plan costs that severs all targets that can be severed and does nothing needless, cheapest first.
    pub(super) fn minimal_plans(&self) -> Vec<u64> {
        let starts = self.held_now();
        let permitted = (0u32..).zip(&self.actions).filter(|(_, (_, never))| !never);
        let permitted: u32 = permitted.map(|(action, _)| 1 << action).sum();
        let everything = self.evaluate(&starts, permitted, false);
        let go: Vec<usize> = self.targets.iter().copied().filter(|target| everything[*target] == 0).collect();
        let severs = |chosen: u32| {
            let held = self.evaluate(&starts, chosen, false);
            go.iter().all(|target| held[*target] == 0)
        };
        let bits = |chosen: u32| (0u32..).zip(&self.actions).filter(move |(action, _)| chosen >> action & 1 == 1);
        let subsets = (1..1u32 << self.actions.len()).filter(|chosen| chosen & !permitted == 0);
        let minimal = subsets
            .filter(|chosen| severs(*chosen) && bits(*chosen).all(|(action, _)| !severs(chosen & !(1 << action))));
        let mut costs: Vec<u64> =
            minimal.map(|chosen| bits(chosen).map(|(_, (cost, _))| u64::from(*cost)).sum()).collect();
        costs.sort_unstable();
        costs
    }

    /// Targets that nothing severs, and the least cost of severing the others.
    pub(super) fn brute_force(&self) -> (Vec<usize>, u64) {
        let starts = self.held_now();
        let permitted = (0u32..).zip(&self.actions).filter(|(_, (_, never))| !never);
        let permitted: u32 = permitted.map(|(action, _)| 1 << action).sum();
        let everything = self.evaluate(&starts, permitted, false);
        let (stay, go): (Vec<usize>, Vec<usize>) = self.targets.iter().partition(|target| everything[**target] != 0);
        let cost = |chosen: u32| -> u64 {
            (0u32..)
                .zip(&self.actions)
                .filter(|(action, _)| chosen >> action & 1 == 1)
                .map(|(_, (c, _))| u64::from(*c))
                .sum()
        };
        let subsets = (0..1u32 << self.actions.len()).filter(|chosen| chosen & !permitted == 0);
        let mut best = u64::MAX;
        for chosen in subsets {
            if cost(chosen) < best {
                let held = self.evaluate(&starts, chosen, false);
                if go.iter().all(|target| held[*target] == 0) {
                    best = cost(chosen);
                }
            }
        }
        (stay, best)
    }
}

pub(super) fn time(slot: u32) -> Time {
    Time::from_seconds(i64::from(slot))
}

/// The slots from the first up to, not including, the second.
pub(super) fn mask((from, to): (u32, u32)) -> u64 {
    let before = |slot: u32| if slot >= SLOTS { !0u64 } else { (1u64 << slot) - 1 };
    before(to) & !before(from)
}

fn later(slots: u64, by: u32) -> u64 {
    let last = slots >> (SLOTS - 1 - by).min(SLOTS - 1) != 0;
    slots << by | if last { 1 << (SLOTS - 1) } else { 0 }
}

/// The slots that intervals cover.
pub(super) fn mask_of(periods: &[Interval]) -> u64 {
    periods
        .iter()
        .map(|period| {
            let slot =
                |time: Time| if time == Time::MIN { 0 } else { time.seconds().clamp(0, i64::from(SLOTS)) as u32 };
            mask((slot(period.from), slot(period.to)))
        })
        .fold(0, |all, slots| all | slots)
}
