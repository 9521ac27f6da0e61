//! A small seeded generator of numbers (SplitMix64): the same seed gives the same estate on every machine.

/// Numbers that look random and are not.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for each purpose, so that more draws for one thing do not change another.
    pub(crate) fn of(seed: u64, purpose: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ purpose.wrapping_mul(0xA24B_AED4_963E_E407));
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where there is none.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u32
    }

    /// A number of `[0, 1)`.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// A number of the Pareto law with this mean and tail (above 1), rounded up or down by chance, at most `most`.
    pub(crate) fn pareto(&mut self, mean: f64, tail: f64, most: u32) -> u32 {
        let least = mean * (tail - 1.0) / tail;
        let drawn = (least * (1.0 - self.share()).powf(-1.0 / tail)).min(f64::from(most));
        drawn as u32 + u32::from(self.chance(drawn.fract()))
    }

    /// What an action costs the business: a few dear ones among many cheap ones (5 is the least, 16 the mean).
    pub(crate) fn cost(&mut self) -> u32 {
        (5.0 * (1.0 - self.share()).powf(-0.7)).clamp(1.0, 100_000.0) as u32
    }
}
