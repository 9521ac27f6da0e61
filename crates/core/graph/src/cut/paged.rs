//! An array over all numbers of a graph of which only what is touched takes memory or time.

/// Items on a page.
const PAGE: usize = 512;

/// Number -> value, the default where nothing was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paged<T> {
    pages: Vec<Option<Box<[T]>>>,
}

impl<T: Copy + Default> Paged<T> {
    pub(crate) const fn new() -> Paged<T> {
        Paged { pages: Vec::new() }
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> T {
        let (page, place) = (number as usize / PAGE, number as usize % PAGE);
        let page = self.pages.get(page).and_then(Option::as_deref);
        page.and_then(|page| page.get(place)).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn set(&mut self, number: u32, value: T) {
        let (page, place) = (number as usize / PAGE, number as usize % PAGE);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let Some(page) = self.pages.get_mut(page) else { return };
        let page = page.get_or_insert_with(|| vec![T::default(); PAGE].into_boxed_slice());
        if let Some(place) = page.get_mut(place) {
            *place = value;
        }
    }
}
