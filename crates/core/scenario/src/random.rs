//! A small seeded generator (SplitMix64) and the identifiers that platforms make. It is not for secrets.
//!
//! Only integer and basic floating-point operations are used, so the bytes are the same on every machine.

/// A stream of numbers. Streams with different labels are independent of each other.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &[u8; 16] = b"0123456789abcdef";

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// The stream that belongs to `label` and `number` under `seed`.
    pub(crate) fn of(seed: u64, label: &str, number: u64) -> Random {
        let mut state = mix(seed.wrapping_add(GOLDEN));
        for byte in label.bytes() {
            state = mix(state ^ u64::from(byte)).wrapping_add(GOLDEN);
        }
        Random { state: mix(state ^ number.wrapping_mul(GOLDEN)) }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `[from, to)`; `from` where that is empty.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to.saturating_sub(from).max(0) as u64) as i64
    }

    /// A fraction in `[0, 1)`.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True in a share of `share` of all calls.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.fraction() < share
    }

    /// A count around `mean`: from 60% to 140% of it, with the fraction rounded by chance.
    pub(crate) fn around(&mut self, mean: f64) -> u32 {
        let exact = mean * (0.6 + 0.8 * self.fraction());
        let whole = exact as u32;
        whole + u32::from(self.chance(exact - f64::from(whole)))
    }

    /// One of `items`; the default where there are none.
    pub(crate) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items.get(self.below(items.len() as u64) as usize).copied().unwrap_or_default()
    }

    fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(self.pick(alphabet))).collect()
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.letters(HEX, length)
    }

    pub(crate) fn base32(&mut self, length: usize) -> String {
        self.letters(BASE32, length)
    }

    pub(crate) fn alnum(&mut self, length: usize) -> String {
        self.letters(ALNUM, length)
    }

    pub(crate) fn upper(&mut self, length: usize) -> String {
        self.letters(UPPER, length)
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let low = (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

/// The id of an access key or session (`AKIA…`, `ASIA…`): right in shape, and marked as an example as AWS marks its own.
pub(crate) fn access_key(seed: u64, prefix: &str, label: &str, number: u64) -> String {
    format!("{prefix}{}EXAMPLE", Random::of(seed, label, number).base32(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_label() {
        let mut a = Random::of(1, "a", 0);
        let (mut again, mut b) = (Random::of(1, "a", 0), Random::of(1, "b", 0));
        assert_eq!((a.next(), a.uuid()), (again.next(), again.uuid()));
        assert_ne!(a.next(), b.next());
    }

    #[test]
    fn counts_stay_near_their_mean() {
        let mut random = Random::of(7, "mean", 0);
        let total: u32 = (0..10_000).map(|_| random.around(2.5)).sum();
        assert!((23_000..27_000).contains(&total), "{total}");
        assert!((0..1_000).all(|_| random.below(3) < 3 && random.below(0) == 0));
    }

    #[test]
    fn identifiers_have_the_platform_shape() {
        assert_eq!(access_key(1, "AKIA", "k", 1).len(), 20);
        let id = Random::of(1, "u", 0).uuid();
        assert_eq!((id.len(), id.as_bytes().get(14)), (36, Some(&b'4')));
    }
}
