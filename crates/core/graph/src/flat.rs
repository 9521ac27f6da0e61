//! Checked access to flat arrays: an index outside gives the default or does nothing, and never a panic.
//!
//! The arrays are built so that no index is outside; this is how the inner loops say so without `[]`.

/// The item at `index`, or the default where there is none.
#[inline]
pub(crate) fn item<T: Copy + Default>(items: &[T], index: usize) -> T {
    items.get(index).copied().unwrap_or_default()
}

/// Writes `value` at `index`, where there is such a place.
#[inline]
pub(crate) fn put<T>(items: &mut [T], index: usize, value: T) {
    if let Some(place) = items.get_mut(index) {
        *place = value;
    }
}

/// The items from `first` up to, not including, `end`.
#[inline]
pub(crate) fn run<T>(items: &[T], first: u32, end: u32) -> &[T] {
    items.get(first as usize..end as usize).unwrap_or(&[])
}

/// Turns counts per slot into first positions per slot, with one more at the end for the total.
pub(crate) fn starts(counts: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut total = 0u32;
    let mut starts = vec![0];
    for count in counts {
        total = total.saturating_add(count);
        starts.push(total);
    }
    starts
}
