//! Python's order (PEP 440): epoch, release, pre-, post- and development releases, local labels.
//!
//! It is not the older, freer order of setuptools: what PEP 440 does not name is no version here.

use super::number::{Number, caseless, digits, dotted, letters, without_zeros};
use std::cmp::Ordering;

/// A version as PEP 440 orders it.
#[derive(Clone, Debug)]
pub struct Pep440<'a> {
    epoch: Number<'a>,
    release: Vec<Number<'a>>,
    /// How many numbers of the release are written, zeros at the end included.
    written: usize,
    pre: Option<(Pre, Number<'a>)>,
    post: Option<Number<'a>>,
    dev: Option<Number<'a>>,
    local: Vec<Local<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Pre {
    Alpha,
    Beta,
    Candidate,
}

/// A part of a local label: words come before numbers.
#[derive(Clone, Copy, Debug)]
enum Local<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

impl<'a> Pep440<'a> {
    /// Reads a version, in any of the spellings that PEP 440 says to accept.
    pub fn parse(text: &'a str) -> Option<Pep440<'a>> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (public, local) = text.split_once('+').map_or((text, None), |(public, local)| (public, Some(local)));
        let (epoch, rest) = match public.split_once('!') {
            Some((epoch, rest)) => (Number::parse(epoch)?, rest),
            None => (Number::ZERO, public),
        };
        let (mut release, rest) = dotted(rest)?;
        let written = release.len();
        without_zeros(&mut release);
        let (pre, rest) = pre(rest)?;
        let (post, rest) = post(rest)?;
        let (dev, rest) = labelled(rest, &["dev"]).map_or((None, rest), |(number, rest)| (Some(number), rest));
        if !rest.is_empty() {
            return None;
        }
        let local = match local {
            Some(local) => local.split(['.', '-', '_']).map(Local::parse).collect::<Option<Vec<_>>>()?,
            None => Vec::new(),
        };
        Some(Pep440 { epoch, release, written, pre, post, dev, local })
    }

    /// Whether it is an alpha, beta, candidate or development release.
    pub fn is_pre_release(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// Whether it is a post-release.
    pub fn is_post_release(&self) -> bool {
        self.post.is_some()
    }

    /// Whether it has a local label.
    pub fn is_local(&self) -> bool {
        !self.local.is_empty()
    }

    /// How many numbers its release has as written: 2 of `1.0`.
    pub fn written(&self) -> usize {
        self.written
    }

    /// The same version without its local label.
    pub fn public(&self) -> Pep440<'a> {
        Pep440 { local: Vec::new(), ..self.clone() }
    }

    /// Epoch and release alone.
    pub fn base(&self) -> Pep440<'a> {
        Pep440 { pre: None, post: None, dev: None, local: Vec::new(), ..self.clone() }
    }

    /// The number at `place` of its release; zero beyond its end.
    fn number(&self, place: usize) -> Number<'a> {
        self.release.get(place).copied().unwrap_or_default()
    }

    /// Whether epoch and the first `count` numbers of the release are the same.
    pub fn starts_as(&self, other: &Pep440<'_>, count: usize) -> bool {
        self.epoch == other.epoch && (0..count).all(|place| self.number(place) == other.number(place))
    }

    /// A development release of a final version comes before that version's first alpha.
    fn stage(&self) -> (u8, Option<(Pre, Number<'a>)>) {
        match self.pre {
            Some(_) => (1, self.pre),
            None if self.dev.is_some() && self.post.is_none() => (0, None),
            None => (2, None),
        }
    }
}

fn pre(text: &str) -> Option<(Option<(Pre, Number<'_>)>, &str)> {
    let words: [(&[&str], Pre); 3] =
        [(&["a", "alpha"], Pre::Alpha), (&["b", "beta"], Pre::Beta), (&["rc", "c", "pre", "preview"], Pre::Candidate)];
    let found = words.iter().find_map(|(words, pre)| labelled(text, words).map(|found| (*pre, found)));
    Some(found.map_or((None, text), |(pre, (number, rest))| (Some((pre, number)), rest)))
}

fn post(text: &str) -> Option<(Option<Number<'_>>, &str)> {
    // A number without a word is a post-release, and only after a hyphen.
    if let Some(bare) = text.strip_prefix('-').filter(|bare| bare.starts_with(|letter: char| letter.is_ascii_digit())) {
        let (number, rest) = digits(bare);
        return Some((Number::parse(number), rest));
    }
    let found = labelled(text, &["post", "rev", "r"]);
    Some(found.map_or((None, text), |(number, rest)| (Some(number), rest)))
}

/// One of `words` with its number, which may be left out, and separators around it: `.post1`, `-rc.2`, `a`.
fn labelled<'a>(text: &'a str, words: &[&str]) -> Option<(Number<'a>, &'a str)> {
    let start = text.strip_prefix(['.', '-', '_']).unwrap_or(text);
    let (word, rest) = letters(start);
    if !words.iter().any(|own| own.eq_ignore_ascii_case(word)) {
        return None;
    }
    let (number, after) = digits(rest.strip_prefix(['.', '-', '_']).unwrap_or(rest));
    Some(Number::parse(number).map_or((Number::ZERO, rest), |number| (number, after)))
}

impl<'a> Local<'a> {
    fn parse(text: &'a str) -> Option<Local<'a>> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Number::parse(text).map_or(Local::Word(text), Local::Number))
    }
}

impl Ord for Local<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Local::Word(a), Local::Word(b)) => caseless(a, b),
            (Local::Word(_), Local::Number(_)) => Ordering::Less,
            (Local::Number(_), Local::Word(_)) => Ordering::Greater,
            (Local::Number(a), Local::Number(b)) => a.cmp(b),
        }
    }
}

impl PartialOrd for Local<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Local<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Local<'_> {}

impl Ord for Pep440<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // What is no development release comes after each one that is.
        let dev = |a: &Self, b: &Self| a.dev.is_none().cmp(&b.dev.is_none()).then_with(|| a.dev.cmp(&b.dev));
        (self.epoch.cmp(&other.epoch))
            .then_with(|| self.release.cmp(&other.release))
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self, other))
            .then_with(|| self.local.cmp(&other.local))
    }
}

impl PartialEq for Pep440<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pep440<'_> {}

impl PartialOrd for Pep440<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
