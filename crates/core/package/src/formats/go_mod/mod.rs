//! `go.mod`: the versions that a build takes at least, and what replaces or excludes them.

use crate::Ecosystem;
use crate::formats::lister::{Lister, line, shown};
use crate::formats::listing::{Required, Source};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "go_mod", kind: Kind::Manifest, named: |file| file.is("go.mod"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut block = "";
    let mut seen = false;
    for (at, written) in text.lines().enumerate() {
        let (body, comment) = written.split_once("//").unwrap_or((written, ""));
        let words: Vec<&str> = body.split_whitespace().take(8).collect();
        match words.as_slice() {
            [] => {}
            [")"] => block = "",
            [verb, "("] => block = verb,
            [verb, rest @ ..] if block.is_empty() => {
                seen |= *verb == "module";
                directive(lister, verb, rest, comment, at);
            }
            rest => directive(lister, block, rest, comment, at),
        }
    }
    if !seen {
        lister.broken(None, "no `module`: this is no module file of Go");
    }
}

fn directive(lister: &mut Lister, verb: &str, words: &[&str], comment: &str, at: usize) {
    match (verb, words) {
        ("require", [module, version]) => {
            let mut required = Required::new(Ecosystem::Go, module, version.trim_start_matches('v'));
            required.groups.extend(comment.contains("indirect").then(|| Text::new("indirect")));
            required.line = line(at);
            lister.require(required);
        }
        ("replace", words) => replace(lister, words, at),
        ("exclude", [module, version]) => {
            let mut held = Required::new(Ecosystem::Go, module, &format!("!={}", version.trim_start_matches('v')));
            (held.constraint, held.line) = (true, line(at));
            lister.listing.settings.overrides.push(held);
        }
        ("toolchain", [version]) => {
            let mut required = Required::new(Ecosystem::Go, "stdlib", version.trim_start_matches("go"));
            (required.constraint, required.line) = (true, line(at));
            lister.require(required);
        }
        ("require" | "exclude", _) => lister.odd(line(at), format!("`{verb}` names no module and version")),
        _ => {}
    }
}

/// `old [version] => new [version]`, where the new one may be a folder.
fn replace(lister: &mut Lister, words: &[&str], at: usize) {
    let arrow = words.iter().position(|word| *word == "=>");
    let (Some(old), Some(new)) = (words.first(), arrow.and_then(|arrow| words.get(arrow + 1..))) else {
        return lister.odd(line(at), "`replace` has no `=>`");
    };
    let held = match new {
        [module, version] => {
            let mut held = Required::new(Ecosystem::Go, module, version.trim_start_matches('v'));
            held.written = Text::new(shown(&format!("{old} => {module} {version}")));
            held
        }
        [path] => {
            let mut held = Required::new(Ecosystem::Go, old, "");
            held.written = Text::new(shown(&format!("{old} => {path}")));
            held.source = Source::Path(Text::new(*path));
            held
        }
        _ => return lister.odd(line(at), "`replace` names nothing after `=>`"),
    };
    lister.listing.settings.overrides.push(Required { line: line(at), ..held });
}
