//! What every store is to a scan: resources, each made of pieces that are read whole or not at all.

use crate::counts::Known;
use crate::key::{Key, Mark};
use crate::letters::Letters;
use crate::scan::Gap;
use firebreak_classify::Classes;
use firebreak_document::Limits;
use firebreak_model::Fingerprinter;
use std::collections::BTreeMap;

/// With what is read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) classes: &'a Classes,
    pub(crate) fingerprinter: &'a Fingerprinter,
    pub(crate) limits: &'a Limits,
    /// Who reads what is written in pictures.
    pub(crate) letters: Option<&'a Letters<'a>>,
    /// Whether to stop.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// One piece: a file, an object, a blob, a stretch of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece<P> {
    /// Its name in the state, and its place in the order of samples.
    pub(crate) key: Key,
    /// Its bytes, as far as the store says.
    pub(crate) size: u64,
    /// What changes when it does; `None` where only [`Store::marks`] tells.
    pub(crate) mark: Option<Mark>,
    /// Whether only history holds it: whoever looks at the store today does not see it, and can still read it.
    pub(crate) past: bool,
    /// Where it is.
    pub(crate) place: P,
}

/// One resource: a share, a bucket, a repository, a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Part<P> {
    /// Its key on the map.
    pub(crate) resource: String,
    /// Its name in the state.
    pub(crate) key: String,
    /// What changes when any of its pieces does, where the store says so of the whole.
    pub(crate) mark: Option<String>,
    /// Names of its columns, by the number under which they are counted.
    pub(crate) columns: BTreeMap<u32, String>,
    /// In the order of their keys, which says nothing of their content: its beginning is a fair sample.
    pub(crate) pieces: Vec<Piece<P>>,
    /// What is not read of it.
    pub(crate) gaps: Vec<Gap>,
}

impl<P> Part<P> {
    pub(crate) fn new(resource: String, key: String) -> Part<P> {
        Part { resource, key, mark: None, columns: BTreeMap::new(), pieces: Vec::new(), gaps: Vec::new() }
    }

    /// Puts the pieces in the order in which samples are taken.
    pub(crate) fn in_order(mut self) -> Part<P> {
        self.pieces.sort_unstable_by_key(|piece| piece.key);
        // They came one after the other, and stay as many as they are.
        self.pieces.shrink_to_fit();
        self
    }
}

/// What a store has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listing<P> {
    pub(crate) parts: Vec<Part<P>>,
    /// What was not listed at all.
    pub(crate) gaps: Vec<Gap>,
}

/// Why a piece was not read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unread {
    /// It alone: the scan goes on.
    Gap(Gap),
    /// The store answers no more: the scan ends here, and the next one goes on.
    Lost(String),
}

/// A store.
pub(crate) trait Store {
    /// Where a piece is.
    type Place;

    /// What there is; at most `most` pieces. An error says in words why nothing can be listed.
    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<Self::Place>, String>;

    /// How many pieces are asked for together.
    fn together(&self) -> usize {
        1
    }

    /// What changes when the pieces do, asked for where the listing did not say. It is taken before they are read, so that a change in
    /// between is seen the next time.
    fn marks(&mut self, pieces: &[&Piece<Self::Place>], _: &Reader<'_>) -> Vec<Result<Mark, Unread>> {
        pieces.iter().map(|piece| Ok(piece.mark.unwrap_or_default())).collect()
    }

    /// Reads the pieces: as many answers as pieces, in their order.
    fn read(
        &mut self,
        part: &Part<Self::Place>,
        pieces: &[&Piece<Self::Place>],
        reader: &Reader<'_>,
    ) -> Vec<Result<Known, Unread>>;
}
