//! Install commands in shell scripts of any CI: what they install without fixing all of it. Only what is written out is read:
//! variables and functions are not followed, and a name in a variable may be any name.

use crate::key::pypi_name;
use crate::scanners::kubernetes::pod::image_parts;
use firebreak_model::{ObservationKind, Text};
use std::collections::BTreeSet;

/// What the commands of `script` install without fixing all of it.
pub(crate) fn installs(script: &str) -> Vec<ObservationKind> {
    let joined = script.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines().map(|line| without_comment(line.trim())) {
        found.extend(piped(line));
        line.split(['|', ';', '&']).for_each(|part| found.extend(command(part)));
    }
    found
}

/// Parts of names that are given to secrets.
const SECRET: [&str; 7] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "_KEY", "APIKEY"];

/// Whether a variable's name says that it holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET.iter().any(|part| name.contains(part))
}

/// The variables that scripts use and whose names say that they hold secrets: `$NAME`, `${NAME}`, `${NAME:-x}`.
pub(crate) fn secret_variables(scripts: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in scripts.iter().flat_map(|script| script.split('$').skip(1)) {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(rest.len());
        names.extend(rest.get(..end).filter(|name| is_secret(name)).map(str::to_owned));
    }
    names
}

fn without_comment(line: &str) -> &str {
    if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or(line) }
}

/// A download that is fed to a shell: `curl -sSf https://host/install.sh | sudo sh`, `bash <(curl …)`, `sh -c "$(wget …)"`.
fn piped(line: &str) -> Option<ObservationKind> {
    let at = ["curl ", "wget "].iter().filter_map(|program| line.find(program)).min()?;
    let (before, after) = line.split_at_checked(at)?;
    let name = |word: &str| word.rsplit('/').next().is_some_and(is_shell);
    let behind = after.split('|').skip(1).any(|part| {
        let mut words = part.split_whitespace().filter(|word| !matches!(*word, "sudo" | "-E" | "env"));
        words.find(|word| !word.contains('=')).is_some_and(name)
    });
    let inside = ["<(", "$(", "`"].iter().any(|open| before.trim_end_matches(['"', ' ']).ends_with(open));
    let printed = before.trim_start().starts_with("echo ");
    let fed = inside && before.split_whitespace().any(|word| name(word) || matches!(word, "eval" | "source" | "."));
    if !(behind || fed) || printed {
        return None;
    }
    let address = after.split_whitespace().find(|word| word.contains("://")).unwrap_or("an address in a variable");
    let address = address.trim_matches(['"', '\'', ')', '`']).split(['?', '#']).next().unwrap_or(address);
    // Headers may hold secrets: only the address is kept.
    let program = if after.starts_with("wget") { "wget" } else { "curl" };
    Some(unpinned("script", &crate::report::shown(address), &format!("{program} {address} | sh")))
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "zsh" | "dash" | "ksh" | "python" | "python3" | "node" | "perl" | "pwsh")
}

const PROGRAMS: [&str; 26] = [
    "pip", "pip3", "pipx", "uv", "uvx", "poetry", "pdm", "npm", "npx", "yarn", "pnpm", "pnpx", "bun", "bunx",
    "apt-get", "apt", "apk", "dnf", "yum", "microdnf", "go", "cargo", "gem", "brew", "docker", "podman",
];

/// Programs whose words are no commands: what they are given they print, keep or look for.
const TALK: [&str; 8] = ["echo", "printf", "git", "grep", "cat", ":", "export", "tee"];

fn command(text: &str) -> Vec<ObservationKind> {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['"', '\'', '(', ')', '{'])).collect();
    let name = |word: &&str| word.rsplit('/').next().unwrap_or(word).to_owned();
    // `sudo -E env A=b pip …`, `python -m pip …`, `retry 3 pip …`
    let talks = words.iter().find(|word| !word.is_empty()).is_some_and(|first| TALK.contains(first));
    let start = words.iter().position(|word| PROGRAMS.contains(&name(word).as_str()));
    let Some(words) = start.filter(|_| !talks).and_then(|at| words.get(at..)) else { return Vec::new() };
    let rehearsal = |word: &&str| matches!(*word, "--dry-run" | "--simulate" | "--assumeno");
    if words.iter().any(rehearsal) {
        return Vec::new();
    }
    let raw: Vec<&str> = text.split_whitespace().collect();
    let written = raw.get(raw.len() - words.len()..).unwrap_or_default().iter().map(|word| as_written(word));
    of_program(words, &written.collect::<Vec<_>>().join(" "))
}

/// A word without the signs round it. A range keeps its quotes: without them it is no range to a shell.
fn as_written(word: &str) -> String {
    let bare = word.trim_matches(['"', '\'', '(', ')', '{']);
    let quoted = word.trim_start_matches('(').starts_with(['"', '\'']);
    if quoted && bare.contains(['<', '>']) { format!("'{bare}'") } else { bare.to_owned() }
}

fn of_program(words: &[&str], written: &str) -> Vec<ObservationKind> {
    let program = words[0].rsplit('/').next().unwrap_or(words[0]);
    let verb = words.get(1).copied().unwrap_or_default();
    let rest = |from: usize| words.get(from..).unwrap_or_default();
    match (program, verb) {
        ("pip" | "pip3" | "pipx", "install") | ("pipx", "run") => python(rest(2), written),
        ("uv", "pip") if words.get(2) == Some(&"install") => python(rest(3), written),
        ("uv", "tool") if matches!(words.get(2), Some(&"install" | &"run")) => python(rest(3), written),
        ("uvx", _) => python(
            &operands(rest(1), &["--from", "--with", "--python"]).into_iter().take(1).collect::<Vec<_>>(),
            written,
        ),
        ("uv" | "poetry" | "pdm", "add") => python(rest(2), written),
        ("npm" | "pnpm" | "bun", "install" | "i" | "add") | ("yarn", "add" | "global") => javascript(rest(2), written),
        ("poetry" | "pdm" | "pipenv", "run") => command(&rest(2).join(" ")),
        ("pnpm" | "yarn", "dlx") | ("npm", "exec") | ("bun", "x") => {
            javascript(rest(2), written).into_iter().take(2).collect()
        }
        ("npx" | "pnpx" | "bunx", _) => javascript(rest(1), written).into_iter().take(1).collect(),
        ("apt-get" | "apt", _) if words.contains(&"install") && !words.contains(&"-s") => {
            system(words, "Debian", "install")
        }
        ("dnf" | "yum" | "microdnf", _) if words.contains(&"install") => system(words, "RPM", "install"),
        ("apk", _) if words.contains(&"add") => system(words, "Alpine", "add"),
        ("brew", "install" | "upgrade") => open_names("Homebrew", rest(2), words, "@"),
        ("cargo", "install" | "binstall")
            if !words.iter().any(|word| word.starts_with("--vers") || *word == "--path") =>
        {
            open_names("crates.io", rest(2), words, "@")
        }
        ("gem", "install") if !words.iter().any(|word| *word == "-v" || word.starts_with("--version")) => {
            open_names("RubyGems", rest(2), words, ":")
        }
        ("go", "install" | "run" | "get") => go(words),
        ("docker" | "podman", "pull" | "run") => {
            const VALUES: &[&str] = &[
                "-v",
                "-e",
                "-w",
                "-p",
                "-u",
                "--platform",
                "--name",
                "--network",
                "--env",
                "--volume",
                "--workdir",
                "--entrypoint",
                "--user",
                "--env-file",
                "--mount",
                "--add-host",
            ];
            operands(rest(2), VALUES)
                .first()
                .filter(|word| !word.contains('$'))
                .map(|word| image(word))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Names without a version, where `sign` would come before one.
fn open_names(ecosystem: &str, rest: &[&str], words: &[&str], sign: &str) -> Vec<ObservationKind> {
    let written = words.join(" ");
    let names = operands(rest, &["--root", "--features", "--target", "--version", "-v", "--git", "--tag", "--rev"]);
    let open = names.into_iter().filter(|name| !name.contains(sign));
    open.map(|name| unpinned(ecosystem, if name.contains('$') { "*" } else { name }, &written)).collect()
}

/// `go install example.com/x/cmd/x@latest`. A tag that is a whole version is fixed by the checksum database.
fn go(words: &[&str]) -> Vec<ObservationKind> {
    let fixed = |reference: &str| reference.strip_prefix('v').is_some_and(|rest| rest.split('.').count() >= 3);
    let asked = words.iter().skip(2).filter_map(|word| word.split_once('@'));
    let open = asked.filter(|(_, reference)| !fixed(reference));
    open.map(|(name, _)| unpinned("Go", name.split("/cmd/").next().unwrap_or(name), &words.join(" "))).collect()
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
fn python(words: &[&str], written: &str) -> Vec<ObservationKind> {
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
            found.push(unpinned("PyPI", &pypi_name(name), written));
        }
    }
    let open = words.iter().any(|word| *word == "-r" || *word == "--requirement");
    let closed = words.iter().any(|word| matches!(*word, "--no-deps" | "--require-hashes"));
    // A requirements file is judged as the lock that it may be; names on the line bring their own dependencies.
    let named = !operands(words, VALUES).is_empty();
    // With dependencies off, what is fixed on the line is all that comes, and still has to be told.
    let fixed = closed && found.is_empty();
    if named && (!closed || fixed) && !(open && found.is_empty()) {
        found.push(unpinned("PyPI", "*", written));
    }
    found
}

fn javascript(words: &[&str], written: &str) -> Vec<ObservationKind> {
    let mut found = Vec::new();
    for operand in operands(words, &["--registry", "--prefix", "-C", "-p", "--package"]) {
        if operand.contains('$') {
            found.push(unpinned("npm", "*", written));
        }
        if operand.contains("://") || operand.starts_with('.') || operand.contains('$') {
            continue;
        }
        let at = operand.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
        let (name, version) = at.map_or((operand, ""), |at| (&operand[..at], &operand[at + 1..]));
        let exact = version.split('.').count() == 3 && version.starts_with(|c: char| c.is_ascii_digit());
        if !exact {
            found.push(unpinned("npm", name, written));
        }
        found.push(unpinned("npm", "*", written));
    }
    found
}

/// Names without a version in a command of the system's package manager.
fn system(words: &[&str], ecosystem: &str, verb: &str) -> Vec<ObservationKind> {
    let written = words.join(" ");
    let after = words.iter().position(|word| *word == verb).map_or(words.len(), |at| at + 1);
    let operands =
        operands(words.get(after..).unwrap_or_default(), &["-t", "-o", "--target-release", "-X", "--repository"]);
    let open = operands.into_iter().filter(|operand| !operand.contains(['=', '/', '<', '>']) || operand.contains('$'));
    // A variable may hold any name.
    open.map(|name| unpinned(ecosystem, if name.contains('$') { "*" } else { name }, &written)).collect()
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
        assert_eq!(read("pip install --no-deps litellm==1.82.6"), ["PyPI/*"]);
        assert_eq!(read("apt-get update; sudo apt-get install -y trivy jq=1.6"), ["Debian/trivy"]);
        assert_eq!(read("npm i -g @scope/tool@latest"), ["npm/@scope/tool", "npm/*"]);
        assert_eq!(read("apk add --no-cache curl jq=1.7"), ["Alpine/curl"]);
        assert_eq!(read("apt-get install -y $TOOLS"), ["Debian/*"]);
        assert_eq!(
            read("go install github.com/a/b/cmd/c@latest && go install x.example/y@v1.2.3"),
            ["Go/github.com/a/b"]
        );
        assert_eq!(read("cargo install ripgrep --locked; gem install rack"), ["crates.io/ripgrep", "RubyGems/rack"]);
        assert_eq!(read("uvx ruff check"), ["PyPI/ruff", "PyPI/*"]);
        for piped in [
            "curl -sSfL https://raw.example/install.sh?x=1 | sudo -E sh -s -- -b /usr/local/bin",
            "bash <(curl -s https://raw.example/install.sh)",
            "sh -c \"$(wget -qO- https://raw.example/install.sh)\"",
        ] {
            assert_eq!(read(piped), ["script/https://raw.example/install.sh"], "{piped}");
        }
    }

    #[test]
    fn names_of_secrets_are_read_from_scripts() {
        let scripts = ["curl -H \"$API_TOKEN\" ${HOST:-x} ${DB_PASSWORD} $$ $(date)".to_owned()];
        assert_eq!(secret_variables(&scripts).into_iter().collect::<Vec<_>>(), ["API_TOKEN", "DB_PASSWORD"]);
    }

    #[test]
    fn strict_installs_and_prose_are_not() {
        for script in [
            "npm ci",
            "pip install --require-hashes -r requirements.txt",
            "pip install -r requirements.txt",
            "uv sync --frozen",
            "# pip install crewai",
            "echo done",
            "echo please run pip install crewai",
            "make # pip install crewai",
            "pip install --dry-run crewai",
            "curl -o file https://x.example/file",
            "curl https://x.example/a.json | jq .name",
            "gem install rack -v 3.0.8",
            "git commit -m pip install crewai",
        ] {
            assert!(read(script).is_empty(), "{script}: {:?}", read(script));
        }
    }
}
