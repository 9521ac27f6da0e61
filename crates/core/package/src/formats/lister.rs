//! A listing as it is made: what was read, and what could not be, with line and cure.

use super::Input;
use super::listing::{Commit, Listed, Listing, Required, Source};
use super::tree::{self, Fault, Node};
use crate::Ecosystem;
use firebreak_model::{Position, Problem, Text};

/// How many problems of one file are told one by one; the rest are counted.
const MAX_PROBLEMS: usize = 200;

/// The largest file that is read, in bytes. A parsed document takes several times its text.
pub const MAX_BYTES: usize = 64 << 20;

/// A listing as it is made.
#[derive(Debug)]
pub(crate) struct Lister {
    pub(crate) listing: Listing,
    format: &'static str,
    path: String,
    left_out: usize,
}

impl Lister {
    pub(crate) fn new(format: &'static str, path: &str) -> Lister {
        Lister { listing: Listing::default(), format, path: path.to_owned(), left_out: 0 }
    }

    /// A package in one exact version. Its commit, where it has one, is told as well.
    pub(crate) fn add(&mut self, package: Listed) {
        self.source(&package.source, package.line);
        self.listing.packages.push(package);
    }

    /// A name that is asked for.
    pub(crate) fn require(&mut self, requirement: Required) {
        self.source(&requirement.source, requirement.line);
        self.listing.requirements.push(requirement);
    }

    fn source(&mut self, source: &Source, line: Option<u32>) {
        if let Source::Git { url, commit: Some(commit), .. } = source {
            self.commit(url, commit, line);
        }
    }

    /// A commit that is fetched in place of a release. Said once for packages of one repository that follow each other.
    pub(crate) fn commit(&mut self, url: &str, commit: &str, line: Option<u32>) {
        let before = self.listing.commits.last();
        if before.is_none_or(|before| before.url != url || before.commit != commit) {
            self.listing.commits.push(Commit { url: Text::new(url), commit: Text::new(commit), line });
        }
    }

    /// Nothing else of this ecosystem is installed.
    pub(crate) fn complete(&mut self, ecosystem: Ecosystem) {
        self.listing.complete.push(ecosystem);
    }

    /// Something stays open.
    pub(crate) fn gap(&mut self, gap: impl Into<String>) {
        self.listing.gaps.push(gap.into());
    }

    /// The file cannot be read: a problem, and a gap, since what it would have said is not known.
    pub(crate) fn broken(&mut self, line: Option<u32>, reason: impl Into<String>) {
        let reason = reason.into();
        self.gap(format!("the file cannot be read: {reason}"));
        self.problem(line, reason, "copy the file again from where it is used");
    }

    /// One entry is not as it should be: a problem, and a gap.
    pub(crate) fn odd(&mut self, line: Option<u32>, reason: impl Into<String>) {
        let reason = reason.into();
        // Gaps are told for each problem that is told.
        if self.listing.problems.len() < MAX_PROBLEMS {
            self.gap(line.map_or_else(|| reason.clone(), |line| format!("line {line}: {reason}")));
        }
        self.problem(line, reason, "check the entry, or write the file again with its tool");
    }

    fn problem(&mut self, line: Option<u32>, reason: String, hint: &str) {
        if self.listing.problems.len() >= MAX_PROBLEMS {
            self.left_out += 1;
            return;
        }
        let position = Position { input: self.path.clone(), line: line.map(u64::from), ..Position::default() };
        self.listing.problems.push(Problem { source: Text::new(self.format), position, reason, hint: hint.to_owned() });
    }

    /// The file as text, without a byte order mark. Says what is wrong where it is none.
    pub(crate) fn text<'a>(&mut self, input: &Input<'a>) -> Option<&'a str> {
        match std::str::from_utf8(input.bytes) {
            Ok(text) => Some(text.trim_start_matches('\u{feff}')),
            Err(error) => {
                let before = input.bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let reason = format!("not UTF-8 from byte {}", error.valid_up_to());
                self.broken(u32::try_from(line).ok(), reason);
                None
            }
        }
    }

    /// The file as a JSON document.
    pub(crate) fn json(&mut self, input: &Input<'_>) -> Option<Node> {
        let text = self.text(input)?;
        self.parsed("JSON", tree::json(text))
    }

    /// The file as a JSON document that may hold comments and commas at the end.
    pub(crate) fn relaxed_json(&mut self, input: &Input<'_>) -> Option<Node> {
        let text = self.text(input)?;
        self.parsed("JSON", tree::relaxed_json(text))
    }

    /// The file as a TOML document.
    pub(crate) fn toml(&mut self, input: &Input<'_>) -> Option<Node> {
        let text = self.text(input)?;
        self.parsed("TOML", tree::toml(text))
    }

    /// The file as a YAML document.
    pub(crate) fn yaml(&mut self, input: &Input<'_>) -> Option<Node> {
        let text = self.text(input)?;
        self.parsed("YAML", tree::yaml(text))
    }

    fn parsed(&mut self, language: &str, document: Result<Node, Fault>) -> Option<Node> {
        match document {
            Ok(node) => Some(node),
            Err(fault) => {
                self.broken(fault.line, format!("not valid {language}: {}", fault.reason));
                None
            }
        }
    }

    /// The listing.
    ///
    /// Where an entry could not be read, what it names is not known: then nothing is complete.
    pub(crate) fn finish(mut self) -> Listing {
        if !self.listing.problems.is_empty() {
            self.listing.complete.clear();
        }
        if self.left_out > 0 {
            let reason = format!("{} more problems in this file", self.left_out);
            self.gap(reason.clone());
            let position = Position { input: self.path, ..Position::default() };
            let problem = Problem { source: Text::new(self.format), position, reason, hint: String::new() };
            self.listing.problems.push(problem);
        }
        self.listing
    }
}

/// User input as it may be shown: at most 80 characters, nothing that moves a cursor, no user, password or query of an address.
pub(crate) fn shown(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(4096)).unwrap_or(text);
    let text = public(text);
    let mut shown: String = text.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

/// `text` without what may be secret in its addresses.
fn public(text: &str) -> String {
    let mut public = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        public.push_str(before);
        public.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || "\"';".contains(c)).unwrap_or(after.len());
        let (url, more) = after.split_at_checked(end).unwrap_or((after, ""));
        let (path, fragment) = url.split_once('#').map_or((url, None), |(path, fragment)| (path, Some(fragment)));
        let path = path.split('?').next().unwrap_or_default();
        let host = path.find('/').unwrap_or(path.len());
        let user = path.get(..host).and_then(|host| host.rfind('@')).map_or(0, |at| at + 1);
        public.push_str(path.get(user..).unwrap_or_default());
        if let Some(fragment) = fragment {
            public.push('#');
            public.push_str(fragment);
        }
        rest = more;
    }
    public + rest
}

/// An address without user and password, query and fragment: those may be secrets.
pub(crate) fn address(url: &str) -> Text {
    let url = url.trim().split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return Text::new(url) };
    let (host, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    // Conda's channels carry their token in the path: `/t/<token>/channel`.
    let token = path.strip_prefix("/t/").and_then(|path| path.find('/').and_then(|at| path.get(at..)));
    let path = token.unwrap_or(path);
    match host.rsplit_once('@') {
        // The user of SSH is no secret, and part of the address.
        Some((user, host)) if !scheme.contains("ssh") || user.contains(':') => {
            Text::new(format!("{scheme}://{host}{path}"))
        }
        _ => Text::new(format!("{scheme}://{host}{path}")),
    }
}

/// A git address with an optional `git+`, `?query` and `#commit`.
pub(crate) fn git(written: &str) -> Source {
    let (url, fragment) = written.split_once('#').map_or((written, None), |(url, rest)| (url, Some(rest)));
    let url = url.strip_prefix("git+").unwrap_or(url);
    let fragment = fragment.filter(|fragment| !fragment.is_empty() && !fragment.contains('='));
    let (commit, reference) = match fragment {
        Some(sha) if is_commit(sha) => (Some(Text::new(sha)), None),
        other => (None, other.map(Text::new)),
    };
    Source::Git { url: address(url), commit, reference }
}

/// Whether it is a whole or shortened commit id.
pub(crate) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The number of a line that stands at `index` from 0.
pub(crate) fn line(index: usize) -> Option<u32> {
    u32::try_from(index + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_kept() {
        for written in [
            "https://user:hunter2@h.example/a",
            "git+https://hunter2@h.example/o/r@main#egg=r",
            "https://h.example/a?token=hunter2",
            "https://h.example/t/hunter2/channel",
            "tool @ https://u:hunter2@h.example/a.zip ; python_version < '3'",
        ] {
            let kept = address(written);
            assert!(!kept.contains("hunter2"), "{kept}");
            let kept = shown(written);
            assert!(!kept.contains("hunter2") || written.contains("/t/"), "{kept}");
        }
        assert_eq!(address("ssh://git@h.example/o/r.git"), "ssh://git@h.example/o/r.git");
        assert_eq!(shown("tool @ https://u:p@h.example/a.zip ; x"), "tool @ https://h.example/a.zip ; x");
    }
}
