//! Versions that are nothing but numbers: Hackage's (dots) and CRAN's (dots and hyphens). `1.0` comes before `1.0.0`.
//!
//! They have no pre-releases.

use super::number::Number;

/// A version of numbers alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Numeric<'a>(Vec<Number<'a>>);

impl<'a> Numeric<'a> {
    /// Reads numbers with one of `separators` between each two.
    pub fn parse(text: &'a str, separators: &[char]) -> Option<Numeric<'a>> {
        text.trim().split(separators).map(Number::parse).collect::<Option<Vec<_>>>().map(Numeric)
    }
}
