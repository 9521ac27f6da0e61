//! The table of providers: one row a form of token, read once.

use super::check::Check;
use super::form::Form;
use std::sync::LazyLock;

/// One form of token.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Who issues it.
    pub(crate) provider: &'static str,
    /// What it is.
    pub(crate) what: &'static str,
    /// The bytes that give it away, or the word that its label must hold.
    pub(crate) anchor: &'static str,
    /// Whether the anchor is a word of the label and not part of the token.
    pub(crate) labelled: bool,
    /// Its form.
    pub(crate) form: Form,
    /// What tells a real one from one that only looks like it.
    pub(crate) check: Check,
}

/// The table as it is written.
const TEXT: &str = include_str!("providers.txt");

/// Every row that is well formed. A test says that all are.
pub(crate) static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| rows().filter_map(read).collect());

fn rows() -> impl Iterator<Item = &'static str> {
    TEXT.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}

fn read(line: &'static str) -> Option<Row> {
    let mut fields = line.split(" | ");
    let (provider, what, anchor) = (fields.next()?, fields.next()?, fields.next()?);
    let form = fields.next()?.trim_end_matches(" |");
    let check = Check::named(fields.next().unwrap_or_default())?;
    let labelled = anchor.starts_with('~');
    let anchor = anchor.trim_start_matches('~');
    let form = Form::read(form, (!labelled).then_some(anchor))?;
    Some(Row { provider, what, anchor, labelled, form, check })
}

/// The providers whose tokens are known, each once, in alphabetical order.
pub fn providers() -> Vec<&'static str> {
    let mut names: Vec<&str> = TABLE.iter().map(|row| row.provider).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_well_formed_and_the_table_is_wide() {
        for line in rows() {
            assert!(read(line).is_some(), "{line}");
        }
        assert!(providers().len() >= 150, "{}", providers().len());
        let short = TABLE.iter().filter(|row| row.anchor.len() < 3).map(|row| row.anchor);
        assert_eq!(short.collect::<Vec<_>>(), Vec::<&str>::new(), "the prefilter needs three bytes");
    }
}
