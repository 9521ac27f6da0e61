//! What kind of estate the generator makes: how large, how well segmented, with which difficulties.

use firebreak_model::Time;

const DAY: i64 = 86_400;

/// The day on which something is compromised; intervals lie around it.
pub(crate) const COMPROMISED: Time = Time::from_seconds(45 * DAY);
/// The moment of a cut, a day later.
pub(crate) const NOW: Time = Time::from_seconds(46 * DAY);

/// The parameters of an estate. The figures are invented: real statistics of degrees and gates are not public.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) seed: u64,
    pub(crate) nodes: u32,
    pub(crate) edges: u32,
    /// Teams, accounts, products: most steps stay inside one.
    pub(crate) units: u32,
    /// The share of units that serve the others (platform, build, administration).
    pub(crate) serving: f64,
    /// How many of a serving unit's steps lead into another unit, as a share.
    pub(crate) cross_serving: f64,
    /// The same for other units.
    pub(crate) cross_other: f64,
    /// Credentials that a resource stores, environments in which an identity may run code, packages that an environment
    /// publishes: how many each, on average. These lead back up the layers.
    pub(crate) stores: f64,
    pub(crate) runs: f64,
    pub(crate) publishes: f64,
    /// Whether sessions need a second thing (a network, another key), or one step is enough.
    pub(crate) gates: bool,
    /// Whether steps and credentials have intervals, or all exist always.
    pub(crate) times: bool,
    /// Whether what is read stays held (the model's usual meaning of a secret that can be read), or every step is possible
    /// inside its interval only.
    pub(crate) taken: bool,
}

/// The size at which targets are stated.
pub(crate) const FULL: (u32, u32) = (1_000_000, 10_000_000);

impl Shape {
    /// The worst case: 400 units, strong recirculation, so that nearly everything reaches nearly everything.
    pub(crate) fn seg((nodes, edges): (u32, u32)) -> Shape {
        Shape {
            name: "seg",
            seed: 1,
            nodes,
            edges,
            units: (nodes / 2_500).max(1),
            serving: 1.0,
            cross_serving: 0.0008,
            cross_other: 0.0008,
            stores: 0.5,
            runs: 0.6,
            publishes: 0.03,
            gates: true,
            times: true,
            taken: false,
        }
    }

    /// An organisation that is segmented: 2,000 units, little recirculation, a fifth of the units serve the others.
    pub(crate) fn tight(size: (u32, u32)) -> Shape {
        Shape {
            name: "tight",
            seed: 2,
            units: (size.0 / 500).max(1),
            serving: 0.2,
            cross_serving: 0.004,
            cross_other: 0.0003,
            stores: 0.12,
            runs: 0.15,
            publishes: 0.01,
            ..Shape::seg(size)
        }
    }

    /// The same estate for programs that know neither time nor gates.
    pub(crate) fn plain(self) -> Shape {
        Shape { name: "plain", gates: false, times: false, ..self }
    }

    /// The same estate where a secret that was read stays read.
    pub(crate) fn taken(self) -> Shape {
        Shape { name: "taken", taken: true, ..self }
    }

    /// The same estate without intervals, with gates.
    pub(crate) fn timeless(self) -> Shape {
        Shape { name: "timeless", times: false, ..self }
    }

    pub(crate) fn with_seed(self, seed: u64) -> Shape {
        Shape { seed, ..self }
    }
}
