//! The name of a file, as formats ask about it.

/// A path, taken apart.
pub(crate) struct FileName<'a> {
    /// The file's own name.
    pub(crate) name: &'a str,
    /// The folder that it lies in; empty where the path has none.
    pub(crate) folder: &'a str,
    path: &'a str,
}

impl<'a> FileName<'a> {
    pub(crate) fn new(path: &'a str) -> FileName<'a> {
        let mut parts = path.rsplit(['/', '\\']);
        let name = parts.next().unwrap_or_default();
        FileName { name, folder: parts.next().unwrap_or_default(), path }
    }

    /// Whether it is called `known`, or `known` after a prefix: people who collect locks write `frontend_package-lock.json`
    /// and `backend.uv.lock`.
    pub(crate) fn is(&self, known: &str) -> bool {
        let prefix = self.name.strip_suffix(known);
        prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with(['_', '.', '-']))
    }

    /// Whether it has one of these endings.
    pub(crate) fn ends(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.name.ends_with(ending))
    }

    /// Whether the path ends with `tail`, at a `/`.
    pub(crate) fn at(&self, tail: &str) -> bool {
        let before = self.path.strip_suffix(tail);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }

    /// The path's parts, the last one first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.path.rsplit(['/', '\\'])
    }
}
