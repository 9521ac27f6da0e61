//! References by name: a Go module's floor, a tag or branch of an action, a tag of an image.
//!
//! A tag can be moved: that a name admits a version says what it means, and not what was fetched.

use super::Admission;
use super::comparator::Shape;
use super::semver::Partial;
use crate::version::{Order, Version};
use std::cmp::Ordering;

/// A version in `go.mod`, which is the least that may be chosen; or a query.
pub(super) fn go(text: &str) -> Shape {
    match Version::parse(Order::Go, text) {
        Some(_) => Shape::Floor(text.to_owned()),
        None => Shape::Undecided("a query gives whatever is newest or on that branch"),
    }
}

/// What stands after the last `@` or, of an image, after the tag's colon.
pub(super) fn named(text: &str) -> Shape {
    let name = text.rsplit_once('@').map_or(text, |(_, name)| name);
    let name = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name, |(_, tag)| tag);
    exact(name)
}

/// One name, as it stands.
pub(super) fn exact(name: &str) -> Shape {
    if name.is_empty() { Shape::Undecided("it names nothing") } else { Shape::Pointed(name.to_owned()) }
}

/// Whether the tag `name` stands for `version`: itself, or a line of releases (`v4`, `1.82`) that it is one of.
pub(super) fn admits(name: &str, version: &str) -> Admission {
    if name == version {
        return Admission::Yes;
    }
    let commit = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if commit {
        return Admission::undecided("a commit or digest names no version");
    }
    let (Some(tag), Some(read)) = (Version::parse(Order::Semver, name), Version::parse(Order::Semver, version)) else {
        return Admission::undecided("a moving name gives whatever it points to");
    };
    if tag.partial_cmp(&read) == Some(Ordering::Equal) {
        return Admission::Yes;
    }
    let (Ok(line), Ok(own)) = (Partial::read(name), Partial::read(version)) else { return Admission::No };
    let shorter = line.numbers.len() < own.numbers.len().max(3) && line.pre.is_empty();
    match shorter && own.numbers.starts_with(&line.numbers) {
        true => Admission::Yes,
        false => Admission::No,
    }
}
