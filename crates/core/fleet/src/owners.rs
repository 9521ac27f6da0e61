//! Who answers for an environment: by the CODEOWNERS of the repository whose job it is, or by what was stated of it.
//!
//! The rules are GitHub's: one pattern and its owners a line, the last line that matches decides, and one without owners
//! leaves the path to nobody. Patterns are those of `.gitignore` without negation, character classes and escaped `#`.
//!
//! It does not decide which owners exist, and reads no disk.

use firebreak_model::{Position, Problem, Text};

/// Where GitHub looks for the file, in its order, and at last where only GitLab does: the first one found counts.
pub const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];
/// Larger files are ignored by GitHub.
const BYTES_MAX: usize = 3 << 20;

/// A CODEOWNERS file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CodeOwners {
    rules: Vec<Rule>,
}

#[derive(Clone, PartialEq, Debug)]
struct Rule {
    pattern: String,
    owners: Vec<Text>,
}

impl CodeOwners {
    /// Reads a file. A line that GitHub would skip is skipped and told; `path` is for that.
    pub fn parse(path: &str, text: &str) -> (CodeOwners, Vec<Problem>) {
        let (mut rules, mut problems) = (Vec::new(), Vec::new());
        let mut problem = |line: usize, reason: String, hint: &str| {
            let position = Position { input: path.to_owned(), line: Some(line as u64 + 1), ..Position::default() };
            problems.push(Problem { source: Text::new_static("codeowners"), position, reason, hint: hint.to_owned() });
        };
        if text.len() > BYTES_MAX {
            problem(0, "the file has more than 3 MB, and GitHub ignores it".to_owned(), "use fewer, wider patterns");
            return (CodeOwners::default(), problems);
        }
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let mut words = words(line).into_iter();
            let Some(pattern) = words.next() else { continue };
            if pattern.starts_with(['!', '\\']) || pattern.contains('[') {
                problem(
                    number,
                    format!("`{pattern}` is no pattern that GitHub reads here"),
                    "write it without `!`, `[` and `\\#`",
                );
                continue;
            }
            let (owners, others): (Vec<String>, Vec<String>) = words.partition(|word| is_owner(word));
            if let Some(other) = others.first() {
                problem(
                    number,
                    format!("`{other}` is no owner"),
                    "write `@user`, `@organisation/team` or an e-mail address",
                );
                continue;
            }
            rules.push(Rule { pattern, owners: owners.into_iter().map(Text::new).collect() });
        }
        (CodeOwners { rules }, problems)
    }

    /// The owners of a path from the repository's root; empty where nobody is.
    pub fn of(&self, path: &str) -> &[Text] {
        let path = path.trim_start_matches('/');
        let last = self.rules.iter().rev().find(|rule| matches(&rule.pattern, path));
        last.map_or(&[], |rule| rule.owners.as_slice())
    }
}

/// The words of a line up to a comment. A backslash keeps a space in a pattern.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut escaped) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            ' ' if escaped => word.push(' '),
            '#' if word.is_empty() => break,
            letter if letter.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            letter => {
                if escaped {
                    word.push('\\');
                }
                word.push(letter);
            }
        }
        escaped = false;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn is_owner(word: &str) -> bool {
    match word.strip_prefix('@') {
        Some(name) => !name.is_empty() && !name.contains('@'),
        None => word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')),
    }
}

/// Whether the pattern matches the path or a folder above it.
fn matches(pattern: &str, path: &str) -> bool {
    let folder_only = pattern.ends_with('/');
    let body = pattern.trim_end_matches('/');
    // A pattern with a slash before its end is meant from the root; others at any depth.
    let anchored = body.contains('/');
    let wanted: Vec<&str> = body.trim_start_matches('/').split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    let starts = if anchored { 0..1 } else { 0..parts.len() };
    // `docs/*` means the files in `docs`, and not those below its folders.
    let flat = anchored && wanted.last() == Some(&"*");
    starts.into_iter().any(|start| {
        let rest = parts.get(start..).unwrap_or_default();
        let lengths = prefixes(&wanted, rest);
        // All of the path, or a folder that it lies in.
        lengths.into_iter().any(|length| if length == rest.len() { !folder_only } else { !flat })
    })
}

/// How many of the first path parts match the pattern parts, `**` standing for any number of them: each such number.
fn prefixes(wanted: &[&str], parts: &[&str]) -> Vec<usize> {
    // States after each part, so that no pattern costs more than pattern times path.
    let mut states = vec![false; wanted.len() + 1];
    let skip = |states: &mut Vec<bool>| {
        for (at, want) in wanted.iter().enumerate() {
            if *want == "**"
                && states.get(at) == Some(&true)
                && let Some(next) = states.get_mut(at + 1)
            {
                *next = true;
            }
        }
    };
    if let Some(first) = states.first_mut() {
        *first = true;
    }
    skip(&mut states);
    let mut lengths = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let mut next = vec![false; wanted.len() + 1];
        for (at, want) in wanted.iter().enumerate().filter(|(at, _)| states.get(*at) == Some(&true)) {
            let any = *want == "**";
            if (any || wildcard(want, part))
                && let Some(slot) = next.get_mut(if any { at } else { at + 1 })
            {
                *slot = true;
            }
        }
        skip(&mut next);
        states = next;
        if states.last() == Some(&true) {
            lengths.push(number + 1);
        }
    }
    lengths
}

/// `*` and `?` within one part.
fn wildcard(wanted: &str, part: &str) -> bool {
    let (wanted, part): (Vec<char>, Vec<char>) = (wanted.chars().collect(), part.chars().collect());
    let (mut at, mut from, mut star) = (0, 0, None);
    while let Some(letter) = part.get(from) {
        match wanted.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(want) if want == letter || *want == '?' => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((of, begun)) => {
                    star = Some((of, begun + 1));
                    at = of + 1;
                    from = begun + 1;
                }
                None => return false,
            },
        }
    }
    wanted.get(at..).is_some_and(|rest| rest.iter().all(|want| *want == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(file: &str, path: &str) -> String {
        let (owners, problems) = CodeOwners::parse("CODEOWNERS", file);
        assert_eq!(problems, []);
        owners.of(path).join(" ")
    }

    #[test]
    fn the_last_line_that_matches_decides() {
        let file = "# everyone\n* @global\n*.js @js # inline\n/build/logs/ @doctocat\ndocs/* docs@example.com\napps/ @octocat\n\
                    /scripts/ @a @o/team\n**/logs @octo\n/apps/github\n.github/workflows/ @o/platform\n";
        for (path, owners) in [
            ("readme.md", "@global"),
            ("src/deep/x.js", "@js"),
            ("build/logs/today.log", "@octo"),
            ("docs/getting-started.md", "docs@example.com"),
            ("docs/build-app/troubleshooting.md", "@global"),
            ("x/apps/y.rs", "@octocat"),
            ("apps", "@global"),
            ("scripts/run.sh", "@a @o/team"),
            ("x/scripts/run.sh", "@global"),
            ("deep/er/logs/file", "@octo"),
            ("apps/github/main.rs", ""),
            (".github/workflows/release.yml", "@o/platform"),
        ] {
            assert_eq!(owner(file, path), owners, "{path}");
        }
        assert_eq!(owner("*.go @g\n", "main.rs"), "");
        assert_eq!(owner("/a\\ b/** @x\n", "a b/c/d"), "@x");
    }

    #[test]
    fn what_github_skips_is_skipped_and_told() {
        let (owners, problems) = CodeOwners::parse("CODEOWNERS", "* @all\n!src/ @no\nsrc/[ab] @no\nsrc/ nobody\n");
        assert_eq!(owners.of("src/a"), [Text::new("@all")]);
        assert_eq!(problems.iter().map(|one| one.position.line).collect::<Vec<_>>(), [Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn no_pattern_takes_long() {
        let (owners, _) = CodeOwners::parse("CODEOWNERS", &format!("/{}x @a\n", "**/*a*/".repeat(200)));
        assert!(owners.of(&"aaaaaaaa/".repeat(400)).is_empty());
    }
}
