//! Where what waits lies: numbered places in pieces of fixed size, so that more of them move nothing. A place that is
//! free serves again first, while it is still in the processor's cache. When nothing waits the memory is given back.

/// Places in a piece.
const PIECE: usize = 256;

/// The places.
#[derive(Debug)]
pub(super) struct Places<T> {
    pieces: Vec<Vec<Option<T>>>,
    free: Vec<usize>,
    taken: usize,
}

impl<T> Default for Places<T> {
    fn default() -> Places<T> {
        Places { pieces: Vec::new(), free: Vec::new(), taken: 0 }
    }
}

impl<T> Places<T> {
    /// Puts `what` into a free place. Gives its number.
    pub(super) fn put(&mut self, what: T) -> usize {
        let place = self.free.pop().unwrap_or_else(|| self.add());
        if let Some(free) = self.pieces.get_mut(place / PIECE).and_then(|piece| piece.get_mut(place % PIECE)) {
            *free = Some(what);
        }
        self.taken += 1;
        place
    }

    /// A place that never was.
    fn add(&mut self) -> usize {
        if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        let before = (self.pieces.len() - 1) * PIECE;
        self.pieces.last_mut().map_or(before, |piece| {
            piece.push(None);
            before + piece.len() - 1
        })
    }

    /// Takes what lies there.
    pub(super) fn take(&mut self, place: usize) -> Option<T> {
        let what = self.pieces.get_mut(place / PIECE)?.get_mut(place % PIECE)?.take()?;
        self.taken -= 1;
        self.free.push(place);
        if self.taken == 0 && self.pieces.len() > 1 {
            *self = Places::default();
        }
        Some(what)
    }

    /// What lies there.
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        self.pieces.get(place / PIECE)?.get(place % PIECE)?.as_ref()
    }

    /// All that lies anywhere.
    pub(super) fn each(&mut self) -> impl Iterator<Item = &mut T> {
        self.pieces.iter_mut().flatten().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_what_was_put_there_until_it_is_taken() {
        let mut places = Places::default();
        let numbers: Vec<usize> = (0..1_000).map(|what| places.put(what)).collect();
        for (what, place) in numbers.iter().enumerate().filter(|(what, _)| what % 3 == 0) {
            assert_eq!((places.take(*place), places.take(*place)), (Some(what), None));
        }
        let again: Vec<usize> = (0..300).map(|what| places.put(what)).collect();
        assert!(again.iter().all(|place| numbers.contains(place)), "no place is added while others are free");
        assert_eq!(places.each().count(), 666 + 300);
        assert_eq!((places.get(numbers[1]), places.get(5_000)), (Some(&1), None));
        let all: Vec<usize> = (0..1_024).filter(|place| places.get(*place).is_some()).collect();
        assert!(all.into_iter().all(|place| places.take(place).is_some()));
        assert!(places.pieces.is_empty() && places.free.is_empty(), "nothing waits, nothing is held");
    }
}
