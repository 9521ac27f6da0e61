//! Which pieces a budget covers.

use crate::store::Part;

/// How many pieces of each part are in the sample: a small part is read whole, and what it leaves is shared by the large ones alike.
pub(crate) fn sample<P>(parts: &[Part<P>], budget: u64) -> Vec<usize> {
    let sizes: Vec<u64> = parts.iter().map(|part| part.pieces.iter().map(|piece| piece.size).sum()).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| sizes.get(*at).copied());
    let (mut left, mut waiting) = (budget, parts.len() as u64);
    let mut chosen = vec![0; parts.len()];
    for at in order {
        let (Some(part), Some(size), Some(slot)) = (parts.get(at), sizes.get(at), chosen.get_mut(at)) else { continue };
        let share = left / waiting.max(1);
        *slot = first(part, share);
        left = left.saturating_sub((*size).min(share));
        waiting -= 1;
    }
    chosen
}

/// The first pieces that `budget` covers. It stops at the first that it does not: passing over large ones would choose by size.
fn first<P>(part: &Part<P>, budget: u64) -> usize {
    let mut left = budget;
    let fits = part.pieces.iter().take_while(|piece| match left.checked_sub(piece.size) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    fits.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::store::Piece;

    fn part(sizes: &[u64]) -> Part<()> {
        let mut part = Part::new(String::new(), String::new());
        part.pieces = sizes
            .iter()
            .map(|size| Piece { key: Key::default(), size: *size, mark: None, past: false, place: () })
            .collect();
        part
    }

    #[test]
    fn what_small_parts_leave_is_shared_by_the_large_ones() {
        let parts = [part(&[10; 100]), part(&[10, 10]), part(&[10; 100])];
        assert_eq!(sample(&parts, 420), [20, 2, 20]);
        assert_eq!(sample(&parts, u64::MAX), [100, 2, 100]);
        assert_eq!(sample(&parts, 0), [0, 0, 0]);
    }

    #[test]
    fn one_that_does_not_fit_ends_the_sample() {
        assert_eq!(sample(&[part(&[10, 1_000, 10])], 100), [1]);
    }
}
