//! Commands that install things, where a log echoes them: what they ask for, and whether they fix what they get.
//!
//! It is not a shell: no variable is expanded. What cannot be told counts as not fixed.

use firebreak_model::{ObservationKind, Text};
use firebreak_package::{CoolDown, Ecosystem, version};

pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>) {
    let Some(line) = echoed(text) else { return };
    for command in line.split(['&', ';', '|']).map(str::trim) {
        let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
        match installer(&words) {
            Some(Installer::Python) => seen.push(unpinned("PyPI", "*", command)),
            Some(Installer::JavaScript) => seen.push(unpinned("npm", "*", command)),
            Some(Installer::Debian) => seen.extend(named(&words, "Debian", command)),
            Some(Installer::Rpm) => seen.extend(named(&words, "RPM", command)),
            Some(Installer::Alpine) => seen.extend(named(&words, "Alpine", command)),
            Some(Installer::Go) => seen.extend(module(&words, command)),
            Some(Installer::Rust) => seen.extend(crates(&words, command)),
            Some(Installer::Ruby) => seen.extend(gems(&words, command)),
            None => {}
        }
    }
}

/// The commands of the line that would install and do not: rehearsals, and those that only download. One that prints nothing
/// is none, since no line is its own.
pub(super) fn rehearsed(text: &str) -> Vec<ObservationKind> {
    let Some(line) =
        echoed(text).filter(|line| line.contains("dry-run") || line.contains(" pip") || line.starts_with("pip"))
    else {
        return Vec::new();
    };
    let commands = line.split(['&', ';', '|']).map(str::trim).filter(|command| !is_quiet(command));
    let found = commands.filter_map(|command| {
        let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
        let rehearsal = is_rehearsal(program(&words)?, &words);
        let plain: Vec<&str> = words.iter().copied().filter(|word| *word != "--dry-run").collect();
        let ecosystem = match installer(&plain)? {
            Installer::Python => "PyPI",
            Installer::JavaScript => "npm",
            _ => return None,
        };
        (rehearsal || is_download(command)).then(|| unpinned(ecosystem, "*", command))
    });
    found.collect()
}

/// Whether the command fetches packages and installs none of them. What is fetched as source may be built, and then runs.
pub fn is_download(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
    let verbs: Vec<&str> = words.iter().skip(1).filter(|word| !word.starts_with('-')).copied().collect();
    let pip = match program(&words) {
        Some("pip") => verbs.as_slice(),
        Some(program) if program.starts_with("python") => {
            verbs.iter().position(|verb| *verb == "pip").and_then(|at| verbs.get(at + 1..)).unwrap_or_default()
        }
        _ => &[],
    };
    matches!(pip.first(), Some(&("download" | "wheel")))
}

enum Installer {
    Python,
    JavaScript,
    Debian,
    Rpm,
    Alpine,
    Go,
    Rust,
    Ruby,
}

/// The command in a line that echoes one: a step's header, a traced or prompted command, a build step, or itself.
fn echoed(text: &str) -> Option<&str> {
    let build = text.split_once("] RUN ").filter(|(before, _)| before.starts_with('[')).map(|(_, rest)| rest);
    let found = build.unwrap_or_else(|| super::script::marked(text).1);
    (!found.is_empty()).then_some(found)
}

/// `sudo`, `time`, `env`, and assignments before a command.
fn is_prefix(word: &str) -> bool {
    let assigns = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    assigns || matches!(word, "sudo" | "time" | "env" | "-E" | "then" | "do" | "(" | "{")
}

/// The program's name, without its folder and the version that some are installed under: `pip3.12`.
fn program<'a>(words: &[&'a str]) -> Option<&'a str> {
    let file = words.first()?.rsplit('/').next()?;
    Some(file.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.'))
}

fn installer(words: &[&str]) -> Option<Installer> {
    let program = program(words)?;
    if is_rehearsal(program, words) {
        return None;
    }
    let mut verbs = words.iter().skip(1).filter(|word| !word.starts_with('-')).copied();
    let (first, second, third) = (verbs.next(), verbs.next(), verbs.next());
    let python = match program {
        "pip" | "pipx" => matches!(first, Some("install" | "download" | "wheel" | "run")),
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
            let fetches = |verb| matches!(verb, Some("install" | "download" | "wheel"));
            first == Some("pip") && fetches(second) || second == Some("pip") && fetches(third)
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
        "apk" if matches!(first, Some("add" | "upgrade")) => Some(Installer::Alpine),
        "go" if matches!(first, Some("install" | "get" | "run")) => Some(Installer::Go),
        "cargo" if matches!(first, Some("install" | "binstall")) => Some(Installer::Rust),
        "gem" if first == Some("install") => Some(Installer::Ruby),
        _ => None,
    }
}

/// Whether the command only shows what it would do.
fn is_rehearsal(program: &str, words: &[&str]) -> bool {
    let apt = matches!(program, "apt-get" | "apt" | "aptitude");
    words.iter().any(|word| match *word {
        "--dry-run" | "--assumeno" | "--simulate" => true,
        "-s" | "--just-print" | "--no-act" | "--print-uris" | "--recon" => apt,
        _ => false,
    })
}

/// `go install example.com/x/cmd/x@latest`: the module that floats. What it needs itself, its own files fix.
fn module(words: &[&str], command: &str) -> Option<ObservationKind> {
    let (name, reference) = words.iter().skip(2).find_map(|word| word.split_once('@'))?;
    (!is_go_version(reference)).then(|| unpinned("Go", name.split("/cmd/").next().unwrap_or(name), command))
}

fn is_go_version(reference: &str) -> bool {
    reference.strip_prefix('v').is_some_and(|rest| rest.split('.').count() >= 3)
}

/// `cargo install x`, without a version: it takes the newest, and the newest of what that needs unless it is told to keep
/// to the lock.
fn crates(words: &[&str], command: &str) -> Vec<ObservationKind> {
    let fixed = words.iter().any(|word| matches!(*word, "--path" | "--git") || word.starts_with("--vers"));
    let names = operands(words);
    names.filter(|name| !fixed && !name.contains('@')).map(|name| unpinned("crates.io", name, command)).collect()
}

fn gems(words: &[&str], command: &str) -> Vec<ObservationKind> {
    let fixed = words.iter().any(|word| *word == "-v" || word.starts_with("--version"));
    let names = operands(words);
    names.filter(|name| !fixed && !name.contains(':')).map(|name| unpinned("RubyGems", name, command)).collect()
}

/// The words after the verb that are no options.
fn operands<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    words.iter().copied().skip(2).filter(|word| !word.starts_with('-') && !word.contains(['$', '/', '>', '<']))
}

/// One observation for each package that the command names without a version.
fn named(words: &[&str], ecosystem: &str, command: &str) -> Vec<ObservationKind> {
    let after = words.iter().skip_while(|word| !matches!(**word, "install" | "upgrade" | "add")).skip(1);
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
    let verb = words.get(1).copied().unwrap_or_default();
    // What adds a package installs that too, and the newest of it.
    let installs = verb.is_empty() || verb.starts_with('-') || matches!(verb, "install" | "i" | "ci");
    match (words.first().copied().unwrap_or_default(), verb) {
        ("npm", "ci") | ("poetry", "install" | "sync") | ("pdm", "sync") => true,
        // Without these it locks again where the project has changed.
        ("pdm", "install") => has("--frozen-lockfile") || has("--no-lock") || has("--check"),
        ("uv", "sync") => has("--frozen") || has("--locked"),
        ("yarn" | "pnpm" | "bun", _) => {
            installs && !has("--no-lockfile") && (has("--frozen-lockfile") || has("--immutable"))
        }
        _ => has("--require-hashes"),
    }
}

/// The tool that a command runs, by the name under which its settings are known. `None` for what is no command that installs.
pub fn tool_of(command: &str) -> Option<&'static str> {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
    installer(&words)?;
    Some(match program(&words)? {
        "pip" | "pipx" | "python" => "pip",
        "uv" | "uvx" => "uv",
        "poetry" => "poetry",
        "pdm" => "pdm",
        "npm" | "npx" => "npm",
        "pnpm" | "pnpx" => "pnpm",
        "bun" | "bunx" => "bun",
        "yarn" => "yarn",
        _ => "other",
    })
}

/// The cool-down that the command itself sets: an option of its tool, or a variable before it. `None` where it sets none
/// that can be read, or makes exceptions.
pub fn cool_down(command: &str) -> Option<CoolDown> {
    let tool = tool_of(command)?;
    if command.contains("--exclude-newer-package") {
        return None;
    }
    let settings = [
        ("uv", "--exclude-newer"),
        ("uv", "UV_EXCLUDE_NEWER"),
        ("pip", "--uploaded-prior-to"),
        ("pip", "PIP_UPLOADED_PRIOR_TO"),
        ("npm", "--before"),
        ("npm", "--min-release-age"),
        ("bun", "--minimum-release-age"),
    ];
    let own = settings.into_iter().filter(|(own, _)| *own == tool);
    let mut values = own.filter_map(|(_, option)| value_of(command, option));
    CoolDown::parse(tool, values.next()?).ok()
}

/// What follows `option`, in quotes or up to white space.
fn value_of<'a>(command: &'a str, option: &str) -> Option<&'a str> {
    let (before, after) = command.split_once(option)?;
    let alone = before.is_empty() || before.ends_with(char::is_whitespace);
    let value = after.strip_prefix(['=', ' ']).filter(|_| alone)?.trim_start();
    let quote = value.chars().next().filter(|letter| matches!(letter, '"' | '\''));
    match quote {
        Some(quote) => value.get(1..)?.split(quote).next(),
        None => value.split_whitespace().next(),
    }
}

/// Whether a version or range that the command gives for a name holds for all that the command installs: one version of it fits
/// where it installs to, and nothing outweighs what it says.
pub fn is_for_all(command: &str, ecosystem: &Ecosystem) -> bool {
    // uv's overrides outweigh every range, in its options as in its variables.
    if command.contains("--override") || command.contains("UV_OVERRIDE") {
        return false;
    }
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
    let asked = words.iter().skip(1).filter(|word| !word.starts_with('-')).count();
    match (program(&words), ecosystem) {
        // It gives each name an environment of its own.
        (Some("pipx"), _) => asked <= 2,
        // A tree of npm's holds several versions of a name, and an install into a project brings all that the project asks for.
        (Some("npx" | "pnpx" | "bunx"), Ecosystem::Npm) => words.iter().all(|word| !word.starts_with("-p")),
        (_, Ecosystem::Npm) => {
            asked <= 2 && words.iter().any(|word| matches!(*word, "-g" | "--global" | "dlx" | "exec" | "x"))
        }
        _ => !words.iter().any(|word| word.ends_with("pipx")) || asked <= 2,
    }
}

/// Whether the command brings packages that it names and nothing else: no dependencies, lists, paths or variables.
pub fn brings_only_named(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let elsewhere =
        |word: &str| word.contains(['/', '$']) || word.starts_with("-r") || word.starts_with("--requirement");
    tool_of(command).is_some() && command.contains(" --no-deps") && !words.any(elsewhere)
}

/// The words of the command that ask for `name` in a range: `litellm>=1.80,<1.82.7`. A shell takes `<` and `>` outside of
/// quotes for itself, so such a word asks for no range at all.
pub fn asked(command: &str, ecosystem: &Ecosystem, name: &str) -> Vec<String> {
    if !is_for_all(command, ecosystem) {
        return Vec::new();
    }
    let names = |word: &str| {
        let end = word.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)));
        let own = end.and_then(|end| word.get(..end)).unwrap_or(word);
        !own.is_empty() && ecosystem.canonical(own) == ecosystem.canonical(name)
    };
    let given = |(word, quoted): &(String, bool)| names(word) && (*quoted || !word.contains(['<', '>']));
    shell_words(command).into_iter().filter(given).map(|(word, _)| word).collect()
}

/// Words as a shell cuts them, each with whether quotes stood around all of its signs.
fn shell_words(command: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut open) = (String::new(), true, None);
    for letter in command.chars() {
        match (open, letter) {
            (Some(quote), letter) if letter == quote => open = None,
            (None, '"' | '\'') => open = Some(letter),
            (None, letter) if letter.is_whitespace() => {
                words.push((std::mem::take(&mut word), quoted));
                quoted = true;
            }
            (open, letter) => {
                quoted &= open.is_some() || !matches!(letter, '<' | '>');
                word.push(letter);
            }
        }
    }
    words.push((word, quoted && open.is_none()));
    words.retain(|(word, _)| !word.is_empty());
    words
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
