//! Commands that install things, where a log echoes them: what they ask for, and whether they fix what they get.
//!
//! It is not a shell: no variable is expanded. What cannot be told counts as not fixed.

use firebreak_model::{ObservationKind, Text};
use firebreak_package::{Ecosystem, version};

pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>) {
    let Some(line) = echoed(text) else { return };
    for command in line.split(['&', ';', '|']).map(str::trim) {
        let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
        match installer(&words) {
            Some(Installer::Python) => seen.push(unpinned("PyPI", "*", command)),
            Some(Installer::JavaScript) => seen.push(unpinned("npm", "*", command)),
            Some(Installer::Debian) => seen.extend(named(&words, "Debian", command)),
            Some(Installer::Rpm) => seen.extend(named(&words, "RPM", command)),
            None => {}
        }
    }
}

enum Installer {
    Python,
    JavaScript,
    Debian,
    Rpm,
}

/// The command in a line that echoes one: a step's header, a traced or prompted command, a build step, or itself.
fn echoed(text: &str) -> Option<&str> {
    let build = text.split_once("] RUN ").filter(|(before, _)| before.starts_with('[')).map(|(_, rest)| rest);
    let marked = ["##[group]Run ", "##[command]", "Run ", "+ ", "$ "].into_iter();
    let found = build.or_else(|| marked.clone().find_map(|mark| text.strip_prefix(mark))).unwrap_or(text);
    (!found.is_empty()).then_some(found)
}

/// `sudo`, `time`, `env`, and assignments before a command.
fn is_prefix(word: &str) -> bool {
    let assigns = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    assigns || matches!(word, "sudo" | "time" | "env" | "-E" | "then" | "do" | "(" | "{")
}

fn installer(words: &[&str]) -> Option<Installer> {
    let program = words.first()?.rsplit('/').next()?;
    let mut verbs = words.iter().skip(1).filter(|word| !word.starts_with('-')).copied();
    let (first, second, third) = (verbs.next(), verbs.next(), verbs.next());
    let python = match program {
        "pip" | "pip3" | "pipx" => matches!(first, Some("install" | "download" | "wheel" | "run")),
        "uv" if first != Some("run") => matches!(
            (first, second),
            (Some("add" | "sync"), _)
                | (Some("pip"), Some("install" | "sync"))
                | (Some("tool"), Some("install" | "run"))
        ),
        // Inside a project it runs what the lock says, and lists what it installs for that.
        "uv" if first == Some("run") => words.iter().any(|word| word.starts_with("--with")),
        "uvx" => true,
        "poetry" | "pdm" => matches!(first, Some("add" | "install" | "update" | "sync")),
        "conda" | "mamba" => matches!(first, Some("install" | "create")),
        _ if program.starts_with("python") => {
            (first, second) == (Some("pip"), Some("install")) || (second, third) == (Some("pip"), Some("install"))
        }
        _ => false,
    };
    let javascript = match program {
        "npm" => matches!(first, Some("install" | "i" | "add" | "ci" | "update" | "exec")),
        "npx" | "pnpx" | "bunx" => true,
        "yarn" | "pnpm" | "bun" => {
            matches!(first, None | Some("install" | "i" | "add" | "up" | "update" | "dlx" | "x"))
        }
        _ => false,
    };
    let install = matches!(first, Some("install" | "upgrade"));
    match program {
        _ if python => Some(Installer::Python),
        _ if javascript => Some(Installer::JavaScript),
        "apt-get" | "apt" | "aptitude" if install => Some(Installer::Debian),
        "dnf" | "yum" | "microdnf" if install => Some(Installer::Rpm),
        _ => None,
    }
}

/// One observation for each package that the command names without a version.
fn named(words: &[&str], ecosystem: &str, command: &str) -> Vec<ObservationKind> {
    let after = words.iter().skip_while(|word| !matches!(**word, "install" | "upgrade")).skip(1);
    let names = after.filter(|word| !word.starts_with('-') && !word.contains(['=', '/', '>', '<', '$']));
    names.map(|name| unpinned(ecosystem, name, command)).collect()
}

fn unpinned(ecosystem: &str, name: &str, command: &str) -> ObservationKind {
    ObservationKind::Unpinned { ecosystem: Text::new(ecosystem), name: Text::new(name), reference: Text::new(command) }
}

/// Whether the command is told to print nothing, so that what it installs is not recorded.
pub fn is_quiet(command: &str) -> bool {
    let quiet = |word: &str| matches!(word, "-q" | "-qq" | "-qqq" | "--quiet" | "--silent");
    command.split_whitespace().any(quiet) || command.contains(">/dev/null") || command.contains("> /dev/null")
}

/// Whether the command installs what a lock says and nothing else.
pub fn follows_lock(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
    let has = |wanted: &str| words.contains(&wanted);
    match (words.first().copied().unwrap_or_default(), words.get(1).copied().unwrap_or_default()) {
        ("npm", "ci") | ("poetry", "install" | "sync") | ("pdm", "sync" | "install") => true,
        ("uv", "sync") => has("--frozen") || has("--locked"),
        ("yarn" | "pnpm" | "bun", _) => has("--frozen-lockfile") || has("--immutable"),
        _ => has("--require-hashes"),
    }
}

/// How many days old a release must be for the command to take it, where the command itself says so in days.
pub fn cool_down_days(command: &str) -> Option<u32> {
    let (_, after) = command.split_once("--exclude-newer")?;
    let after = after.trim_start_matches(['=', ' ', '"', '\'']);
    let end = after.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = after.split_at_checked(end)?;
    let number: u32 = number.parse().ok()?;
    match unit.trim_start().split([' ', '"', '\'']).next()? {
        "day" | "days" | "d" => Some(number),
        "week" | "weeks" | "w" => number.checked_mul(7),
        _ => None,
    }
}

/// Whether the command itself asks for exactly one version of `name`, and which.
pub fn fixes<'a>(command: &'a str, ecosystem: &Ecosystem, name: &str) -> Option<&'a str> {
    command.split_whitespace().find_map(|word| {
        let word = word.trim_matches(['"', '\'']);
        let (own, exact) =
            word.split_once("==").or_else(|| word.rsplit_once('@').filter(|(own, _)| !own.is_empty()))?;
        let same = ecosystem.canonical(own) == ecosystem.canonical(name) && version::is_exact(ecosystem, exact);
        same.then_some(exact)
    })
}
