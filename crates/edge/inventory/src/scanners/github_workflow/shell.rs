//! Install commands in shell scripts. Only what is written out is read: variables and functions are not followed.

use crate::key::pypi_name;
use crate::scanners::kubernetes::pod::image_parts;
use firebreak_model::{ObservationKind, Text};

/// What the commands of `script` install without fixing all of it.
pub(super) fn installs(script: &str) -> Vec<ObservationKind> {
    let joined = script.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let commands = lines.flat_map(|line| line.split(['|', ';', '&']));
    commands.flat_map(command).collect()
}

fn command(text: &str) -> Vec<ObservationKind> {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    // `sudo -E env A=b pip …`, `python -m pip …`
    let start = words.iter().position(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(
            name,
            "pip" | "pip3" | "pipx" | "uv" | "npm" | "npx" | "yarn" | "pnpm" | "apt-get" | "apt" | "docker" | "podman"
        )
    });
    let Some(words) = start.and_then(|at| words.get(at..)) else { return Vec::new() };
    let program = words[0].rsplit('/').next().unwrap_or(words[0]);
    let verb = words.get(1).copied().unwrap_or_default();
    let rest = |from: usize| words.get(from..).unwrap_or_default();
    match (program, verb) {
        ("pip" | "pip3" | "pipx", "install") => python(rest(2)),
        ("uv", "pip") if words.get(2) == Some(&"install") => python(rest(3)),
        ("uv", "tool") if words.get(2) == Some(&"install") => python(rest(3)),
        ("npm" | "pnpm", "install" | "i" | "add") | ("yarn", "add" | "global") => javascript(rest(2)),
        ("npx", _) => javascript(rest(1)).into_iter().take(1).collect(),
        ("apt-get" | "apt", _) if words.contains(&"install") => debian(words),
        ("docker" | "podman", "pull") => {
            words.iter().skip(2).find(|word| !word.starts_with('-')).map(|word| image(word)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn unpinned(ecosystem: &str, name: &str, reference: &str) -> ObservationKind {
    let reference = Text::new(crate::report::shown(reference));
    ObservationKind::Unpinned { ecosystem: Text::new(ecosystem), name: Text::new(name), reference }
}

/// The operands of a command: options that take a value lose it too.
fn operands<'a>(words: &[&'a str], with_value: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut skip = false;
    for word in words {
        if skip {
            skip = false;
        } else if word.starts_with('-') {
            skip = with_value.contains(word);
        } else {
            found.push(*word);
        }
    }
    found
}

/// `pip install`: what it names, and anything as a dependency of that unless dependencies are off.
fn python(words: &[&str]) -> Vec<ObservationKind> {
    const VALUES: &[&str] = &[
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-t",
        "--target",
        "--python",
        "-f",
        "--find-links",
    ];
    let written = format!("pip install {}", words.join(" "));
    let mut found = Vec::new();
    for operand in operands(words, VALUES) {
        let end = operand.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(operand.len());
        let (name, rest) = operand.split_at(end);
        if operand.contains("://") || name.is_empty() || operand.starts_with('.') || operand.contains('$') {
            continue;
        }
        let rest = rest.split_once(']').map_or(rest, |(_, rest)| rest);
        let exact = rest.starts_with("==") && !rest.contains('*');
        if !exact {
            found.push(unpinned("PyPI", &pypi_name(name), &written));
        }
    }
    let open = words.iter().any(|word| *word == "-r" || *word == "--requirement");
    let closed = words.iter().any(|word| matches!(*word, "--no-deps" | "--require-hashes"));
    // A requirements file is judged as the lock that it may be; names on the line bring their own dependencies.
    let named = !operands(words, VALUES).is_empty();
    if named && !closed && !(open && found.is_empty()) {
        found.push(unpinned("PyPI", "*", &written));
    }
    found
}

fn javascript(words: &[&str]) -> Vec<ObservationKind> {
    let written = words.join(" ");
    let mut found = Vec::new();
    for operand in operands(words, &["--registry", "--prefix", "-C", "-p", "--package"]) {
        if operand.contains("://") || operand.starts_with('.') || operand.contains('$') {
            continue;
        }
        let at = operand.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
        let (name, version) = at.map_or((operand, ""), |at| (&operand[..at], &operand[at + 1..]));
        let exact = version.split('.').count() == 3 && version.starts_with(|c: char| c.is_ascii_digit());
        if !exact {
            found.push(unpinned("npm", name, &written));
        }
        found.push(unpinned("npm", "*", &written));
    }
    found
}

fn debian(words: &[&str]) -> Vec<ObservationKind> {
    let written = words.join(" ");
    let after = words.iter().position(|word| *word == "install").map_or(words.len(), |at| at + 1);
    let operands = operands(&words[after..], &["-t", "-o", "--target-release"]);
    let open = operands
        .into_iter()
        .filter(|operand| !operand.contains('=') && !operand.contains('$') && !operand.contains('/'));
    open.map(|name| unpinned("Debian", name, &written)).collect()
}

fn image(reference: &str) -> ObservationKind {
    let (name, tag, digest) = image_parts(reference);
    ObservationKind::Image { name: Text::new(name), tag: tag.map(Text::new), digest: digest.map(Text::new) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(script: &str) -> Vec<String> {
        let show = |what: ObservationKind| match what {
            ObservationKind::Unpinned { ecosystem, name, .. } => format!("{ecosystem}/{name}"),
            other => format!("{other:?}"),
        };
        installs(script).into_iter().map(show).collect()
    }

    #[test]
    fn loose_installs_are_seen() {
        assert_eq!(read("sudo python3 -m pip install -U \\\n  'crewai[tools]' && echo"), ["PyPI/crewai", "PyPI/*"]);
        assert_eq!(read("pip install LiteLLM==1.82.6"), ["PyPI/*"]);
        assert_eq!(read("apt-get update; sudo apt-get install -y trivy jq=1.6"), ["Debian/trivy"]);
        assert_eq!(read("npm i -g @scope/tool@latest"), ["npm/@scope/tool", "npm/*"]);
    }

    #[test]
    fn strict_installs_and_prose_are_not() {
        for script in [
            "npm ci",
            "pip install --require-hashes -r requirements.txt",
            "pip install -r requirements.txt",
            "pip install --no-deps litellm==1.82.6",
            "uv sync --frozen",
            "# pip install crewai",
            "echo done",
        ] {
            assert!(read(script).is_empty(), "{script}: {:?}", read(script));
        }
    }
}
