//! Lines that the installers of other languages print: npm, Yarn, pnpm, Bun, Go, Cargo, RubyGems and Bundler; and Alpine's apk.
//!
//! It is not a reader of lockfiles. A line counts where the tool has fetched, built or installed the thing, or says that it is
//! there; what a tool only offers or plans does not.

use super::installed;
use firebreak_model::ObservationKind;

pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>) {
    seen.extend(javascript(text));
    seen.extend(go(text));
    seen.extend(cargo(text));
    seen.extend(ruby(text));
    seen.extend(alpine(text));
}

/// `1.14.1`, `1.14.1-rc.1`: three numbers at least, so that a count or a time is none.
fn is_version(word: &str) -> bool {
    let mut parts = word.splitn(3, '.');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    first.is_some_and(number)
        && second.is_some_and(number)
        && third.is_some_and(|third| third.starts_with(|digit: char| digit.is_ascii_digit()))
}

fn javascript(text: &str) -> Option<ObservationKind> {
    // npm's and Yarn's trees: `├── axios@1.14.1`, `└─ axios@1.14.1 deduped`.
    let tree = text.trim_start_matches(['│', '├', '└', '─', '┬', ' ']);
    if tree.len() < text.len() && text.contains('─') && !tree.starts_with("UNMET") {
        return named_at(tree.split(' ').next()?);
    }
    if let Some(rest) = text.strip_prefix("installed ") {
        return named_at(rest.split(' ').next()?);
    }
    if let Some(rest) = text.strip_prefix("npm http fetch GET 200 ") {
        return tarball(rest.split(' ').next()?);
    }
    // Yarn 2 and later: `➤ YN0013: │ axios@npm:1.14.1 can't be found in the cache and will be fetched …`.
    if text.contains("YN0013: ") && text.contains("fetched") || text.contains("YN0085: │ +") {
        let word = text.split(' ').find(|word| word.contains("@npm:"))?;
        let (name, version) = word.split_once("@npm:")?;
        return is_version(version).then(|| installed("npm", name, version));
    }
    // pnpm: `+ axios 1.14.1`, with a remark behind it.
    let rest = text.strip_prefix("+ ")?;
    let mut words = rest.splitn(3, ' ');
    let (name, version, remark) = (words.next()?, words.next()?, words.next());
    let fits = is_version(version) && remark.is_none_or(|remark| remark.starts_with(['(', 'd']));
    fits.then(|| installed("npm", name, version))
}

/// `axios@1.14.1`, `@scope/name@1.2.3`.
fn named_at(word: &str) -> Option<ObservationKind> {
    let (name, version) = word.rsplit_once('@').filter(|(name, _)| !name.is_empty())?;
    is_version(version).then(|| installed("npm", name, version))
}

/// `https://registry.npmjs.org/@scope/name/-/name-1.2.3.tgz`
fn tarball(address: &str) -> Option<ObservationKind> {
    let path = address.split_once("://")?.1.split(['?', '#']).next()?;
    let (before, file) = path.split_once("/-/")?;
    let mut folders = before.rsplit('/');
    let last = folders.next()?;
    let scope = folders.next().filter(|folder| folder.starts_with('@'));
    let name = scope.map_or_else(|| last.to_owned(), |scope| format!("{scope}/{last}"));
    let version = file.strip_suffix(".tgz")?.strip_prefix(last)?.strip_prefix('-')?;
    is_version(version).then(|| installed("npm", &name, version))
}

/// `go: downloading github.com/x/y v1.2.3`, `go: upgraded github.com/x/y v1.2.2 => v1.2.3`
fn go(text: &str) -> Option<ObservationKind> {
    let rest = text.strip_prefix("go: ")?;
    let rest = ["downloading ", "added ", "upgraded "].iter().find_map(|verb| rest.strip_prefix(verb))?;
    let (module, versions) = rest.split_once(' ')?;
    let version = versions.rsplit(' ').next()?.strip_prefix('v')?;
    // As OSV writes them: without the `v`.
    (module.contains('.') && is_version(version)).then(|| installed("Go", module, version))
}

/// `Downloaded serde v1.0.1`, `Compiling serde v1.0.1`, ``Installed package `x v1.2.3` ``
fn cargo(text: &str) -> Option<ObservationKind> {
    let verbs = ["Downloaded ", "Compiling ", "Installed package `", "Installing "];
    let rest = verbs.iter().find_map(|verb| text.strip_prefix(verb))?;
    let mut words = rest.split([' ', '`']);
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    // With a folder behind it, it is the project's own: `Compiling mine v0.1.0 (/src)`.
    let own = words.next().is_some_and(|word| word.starts_with("(/"));
    (is_version(version) && !own).then(|| installed("crates.io", name, version))
}

/// RubyGems' `Successfully installed rack-3.0.8` (one a line, as pip writes a single package), Bundler's `Installing rack 3.0.8`.
fn ruby(text: &str) -> Option<ObservationKind> {
    if let Some(item) = text.strip_prefix("Successfully installed ").filter(|items| !items.contains(' ')) {
        let (name, version) = item.rsplit_once('-')?;
        return is_version(version).then(|| installed("RubyGems", name, version));
    }
    let rest = ["Installing ", "Fetching ", "Using "].iter().find_map(|verb| text.strip_prefix(verb))?;
    let mut words = rest.splitn(3, ' ');
    let (name, version, remark) = (words.next()?, words.next()?, words.next());
    let named = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
    let known = |remark: &str| ["with native", "(was", "from "].iter().any(|start| remark.starts_with(start));
    let fits = named && remark.is_none_or(known) && version.starts_with(|digit: char| digit.is_ascii_digit());
    fits.then(|| installed("RubyGems", name, version))
}

/// `(1/5) Installing curl (8.5.0-r0)`, `(2/5) Upgrading curl (8.4.0-r0 -> 8.5.0-r0)`
fn alpine(text: &str) -> Option<ObservationKind> {
    let (count, rest) = text.strip_prefix('(')?.split_once(") ")?;
    count
        .split_once('/')
        .filter(|(at, of)| [at, of].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())))?;
    let rest = ["Installing ", "Upgrading ", "Reinstalling "].iter().find_map(|verb| rest.strip_prefix(verb))?;
    let (name, versions) = rest.split_once(" (")?;
    let version = versions.split_once(')')?.0.rsplit("-> ").next()?;
    Some(installed("Alpine", name, version.trim()))
}
