//! Alpine's order: numbers, one letter, suffixes from `_alpha` to `_p`, a commit and the package's revision (`-r1`).
//!
//! What is no version of that form is none here, where apk itself would compare the texts.

use super::number::{Number, cut, digits};

/// A version as apk orders it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Apk<'a>(Vec<Piece<'a>>);

/// Pieces in their order at one place: whoever goes on is greater, unless it goes on with a pre-release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Piece<'a> {
    PreRelease(u8),
    End,
    Revision(Number<'a>),
    Commit(&'a str),
    SuffixNumber(Number<'a>),
    PostRelease(u8),
    Letter(u8),
    /// A later number that begins with a zero: compared as text, before all that do not.
    Fraction(&'a str),
    Number(Number<'a>),
}

impl<'a> Apk<'a> {
    /// Reads `numbers[letter]{_suffix[number]}[~commit][-rnumber]`.
    pub fn parse(text: &'a str) -> Option<Apk<'a>> {
        let text = text.trim();
        let (first, mut rest) = digits(text);
        let mut pieces = vec![Piece::Number(Number::parse(first)?)];
        while let Some(next) = rest.strip_prefix('.') {
            let (number, after) = digits(next);
            let zero = number.starts_with('0');
            pieces.push(if zero { Piece::Fraction(number) } else { Piece::Number(Number::parse(number)?) });
            rest = after;
        }
        if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
            pieces.push(Piece::Letter(letter));
            rest = rest.get(1..)?;
        }
        while let Some(next) = rest.strip_prefix('_') {
            let (word, after) = cut(next, |byte| byte.is_ascii_lowercase());
            pieces.push(suffix(word)?);
            let (number, after) = digits(after);
            pieces.extend(Number::parse(number).map(Piece::SuffixNumber));
            rest = after;
        }
        if let Some(next) = rest.strip_prefix('~') {
            let (commit, after) = cut(next, |byte| byte.is_ascii_hexdigit());
            pieces.push((!commit.is_empty()).then_some(Piece::Commit(commit))?);
            rest = after;
        }
        if let Some(next) = rest.strip_prefix("-r") {
            pieces.push(Piece::Revision(Number::parse(next)?));
            rest = "";
        }
        pieces.push(Piece::End);
        rest.is_empty().then_some(Apk(pieces))
    }

    /// Whether a suffix makes it a pre-release.
    pub fn is_pre_release(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::PreRelease(_)))
    }
}

fn suffix(word: &str) -> Option<Piece<'static>> {
    let place = |words: &[&str]| words.iter().position(|own| *own == word).and_then(|place| u8::try_from(place).ok());
    let before = place(&["alpha", "beta", "pre", "rc"]).map(Piece::PreRelease);
    before.or_else(|| place(&["cvs", "svn", "git", "hg", "p"]).map(Piece::PostRelease))
}
