//! What a command line fetches and starts, and which variables hold secrets.

use firebreak_model::{ObservationKind, Text};

/// The package or image that `command` runs, where it is a runner that fetches one.
pub(super) fn package(command: &str, arguments: &[&str]) -> Option<ObservationKind> {
    let program = command.rsplit(['/', '\\']).next()?;
    let program = program.strip_suffix(".cmd").or(program.strip_suffix(".exe")).unwrap_or(program);
    match program {
        "npx" | "bunx" | "pnpx" => reference("npm", first(arguments, &["-p", "--package"])?),
        "uvx" | "pipx" => {
            let arguments = arguments.strip_prefix(&["run"]).unwrap_or(arguments);
            reference("PyPI", first(arguments, &["--from", "--spec"])?)
        }
        "docker" | "podman" => image(arguments),
        _ => None,
    }
}

/// What the flag that names a package says, or the first argument that is no flag.
fn first<'a>(arguments: &[&'a str], naming: &[&str]) -> Option<&'a str> {
    let named = arguments.iter().position(|argument| naming.contains(argument));
    let after = named.and_then(|index| arguments.get(index + 1)).copied();
    after.or_else(|| arguments.iter().copied().find(|argument| !argument.starts_with('-')))
}

/// A package with the version that is asked for. Only an exact version is one.
fn reference(ecosystem: &str, written: &str) -> Option<ObservationKind> {
    let at = written.get(1..)?.find(['@', '=']).map(|index| index + 1);
    let (name, version) = at.map_or((written, ""), |index| written.split_at(index));
    let version = version.trim_start_matches(['@', '=']);
    let exact = version.starts_with(|first: char| first.is_ascii_digit()) && version.contains('.');
    let (ecosystem, name) = (Text::new(ecosystem), Text::new(name.split('[').next().unwrap_or(name)));
    Some(match exact && !version.contains(['*', 'x', '>', '<', '|', ' ']) {
        true => ObservationKind::Locked { ecosystem, name, version: Text::new(version), sha256: Vec::new() },
        false => ObservationKind::Unpinned { ecosystem, name, reference: Text::new(written) },
    })
}

/// The image of `docker run`: the first argument that is neither a flag nor a flag's value.
fn image(arguments: &[&str]) -> Option<ObservationKind> {
    const ALONE: [&str; 8] = ["-i", "-t", "-it", "-d", "--rm", "--init", "--interactive", "--tty"];
    let mut rest = arguments.iter().skip_while(|argument| **argument != "run").skip(1);
    while let Some(argument) = rest.next() {
        if argument.starts_with('-') {
            if !ALONE.contains(argument) && !argument.contains('=') {
                rest.next();
            }
            continue;
        }
        let (name, tag, digest) = super::super::kubernetes::pod::image_parts(argument);
        let text = |part: Option<&str>| part.map(Text::new);
        return Some(ObservationKind::Image { name: Text::new(name), tag: text(tag), digest: text(digest) });
    }
    None
}

/// Whether a variable or header of this name holds a secret, as far as the name tells.
pub(super) fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 9] = ["key", "token", "secret", "password", "passwd", "auth", "credential", "cookie", "dsn"];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word)) || name.ends_with("_url") || name.ends_with("_uri")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(command: &str, arguments: &[&str]) -> String {
        match package(command, arguments) {
            Some(ObservationKind::Locked { ecosystem, name, version, .. }) => format!("{ecosystem} {name} = {version}"),
            Some(ObservationKind::Unpinned { ecosystem, name, reference }) => {
                format!("{ecosystem} {name} ? {reference}")
            }
            Some(ObservationKind::Image { name, tag, digest }) => format!("{name} {tag:?} {digest:?}"),
            _ => "nothing".to_owned(),
        }
    }

    #[test]
    fn runners_tell_what_they_fetch() {
        for (command, arguments, wanted) in [
            ("npx", &["-y", "@scope/server-files"][..], "npm @scope/server-files ? @scope/server-files"),
            ("npx", &["-y", "@scope/server@1.2.3", "/data"], "npm @scope/server = 1.2.3"),
            ("/usr/bin/npx", &["--package", "server@latest", "run"], "npm server ? server@latest"),
            ("npx.cmd", &["server@^1.2"], "npm server ? server@^1.2"),
            ("uvx", &["mcp-server-git"], "PyPI mcp-server-git ? mcp-server-git"),
            ("uvx", &["--from", "tool[all]==2.0.1", "tool"], "PyPI tool = 2.0.1"),
            ("pipx", &["run", "tool"], "PyPI tool ? tool"),
            ("docker", &["run", "-i", "--rm", "-e", "TOKEN", "ghcr.io/x/y:1"], "ghcr.io/x/y Some(\"1\") None"),
            ("docker", &["run"], "nothing"),
            ("node", &["server.js"], "nothing"),
            ("npx", &[], "nothing"),
        ] {
            assert_eq!(told(command, arguments), wanted, "{command} {arguments:?}");
        }
    }

    #[test]
    fn names_tell_which_variables_are_secret() {
        assert!(is_secret("GITHUB_PERSONAL_ACCESS_TOKEN") && is_secret("Authorization") && is_secret("DATABASE_URL"));
        assert!(!is_secret("LOG_LEVEL") && !is_secret("Accept"));
    }
}
