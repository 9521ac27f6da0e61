//! Composer's order: numbers, then how stable the release is (`dev`, `alpha`, `beta`, `RC`, none, `patch`).
//!
//! Branches (`dev-main`) have no order and are no versions here.

use super::number::{Number, digits, dotted, letters, without_zeros};

/// A version as Composer orders it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Packagist<'a> {
    release: Vec<Number<'a>>,
    stability: Stability,
    numbers: Vec<Number<'a>>,
    /// A development release comes before the release of that name.
    finished: bool,
}

/// How stable a release says it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stability {
    /// On its way to a release.
    Dev,
    /// An alpha.
    Alpha,
    /// A beta.
    Beta,
    /// A candidate.
    Candidate,
    /// A release.
    Stable,
    /// A patch to a release.
    Patch,
}

impl<'a> Packagist<'a> {
    /// Reads `[v]numbers[-stability[number]][-dev]`; what follows a `+` says nothing.
    pub fn parse(text: &'a str) -> Option<Packagist<'a>> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split(['+', '@']).next().unwrap_or(text);
        let (mut release, rest) = dotted(text)?;
        without_zeros(&mut release);
        let (word, after) = word(rest);
        let (stability, numbers, rest) = match Stability::of(word) {
            Some(Stability::Dev) | None => (Stability::Stable, Vec::new(), rest),
            Some(stability) => {
                let (numbers, rest) = numbers(after);
                (stability, numbers, rest)
            }
        };
        let (last, end) = self::word(rest);
        let dev = last.eq_ignore_ascii_case("dev") && end.is_empty();
        if !rest.is_empty() && !dev {
            return None;
        }
        // A development release of a final version comes before that version's first alpha.
        let stability = if dev && stability == Stability::Stable { Stability::Dev } else { stability };
        Some(Packagist { release, stability, numbers, finished: !dev })
    }

    /// How stable it is.
    pub fn stability(&self) -> Stability {
        if self.finished { self.stability } else { Stability::Dev }
    }
}

impl Stability {
    /// The stability that `word` names, without regard to case.
    pub fn of(word: &str) -> Option<Stability> {
        Some(match word.to_ascii_lowercase().as_str() {
            "dev" => Stability::Dev,
            "alpha" | "a" => Stability::Alpha,
            "beta" | "b" => Stability::Beta,
            "rc" => Stability::Candidate,
            "stable" => Stability::Stable,
            "patch" | "pl" | "p" => Stability::Patch,
            _ => return None,
        })
    }
}

fn word(text: &str) -> (&str, &str) {
    letters(text.strip_prefix(['.', '-', '_']).unwrap_or(text))
}

/// Numbers that dots or hyphens part, and what follows them.
fn numbers(text: &str) -> (Vec<Number<'_>>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let (number, after) = digits(rest.strip_prefix(['.', '-']).unwrap_or(rest));
        match Number::parse(number) {
            Some(number) => found.push(number),
            None => return (found, rest),
        }
        rest = after;
    }
}
