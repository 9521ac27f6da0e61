//! A new incident profile: a folder with a page and a commented `profile.toml`, from a public record where there is one.
//!
//! What no record says (when it was to be had, by which second routes, what its payload reads) stays for a person to fill in,
//! and `firebreak profile check` refuses the folder until that is done.

use anyhow::{Context, Result, bail};
use firebreak_advisory::{Affected, Bound, Record, Trust};
use firebreak_model::Time;
use firebreak_package::Ecosystem;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Writes the folder `name` below `directory`; gives its files.
///
/// # Errors
/// If the name is not one, the folder is there already, or the disk refuses.
pub fn write(directory: &Path, name: &str, record: Option<&Record>, now: Time) -> Result<Vec<PathBuf>> {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.is_empty() || !name.chars().all(letter) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        bail!(
            "`{name}` is no name for a profile\nhint: write thing and month, as in `litellm-2026-03`: a-z, 0-9 and -"
        );
    }
    let folder = directory.join(name);
    if folder.exists() {
        bail!("`{}` is there already\nhint: choose another name; nothing is overwritten", folder.display());
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("making `{}`", folder.display()))?;
    let title = record.map_or("", |record| record.summary.as_str());
    let page = format!(
        "# {}\n\nWhat happened, when, and by which routes. What sources do not agree about, and why each stands here.\n",
        if title.is_empty() { name } else { title }
    );
    let mut written = Vec::new();
    for (file, text) in [("profile.toml", skeleton(name, record, now)), ("page.md", page)] {
        let path = folder.join(file);
        std::fs::write(&path, text).with_context(|| format!("writing `{}`", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

/// The text of a `profile.toml` to be filled in.
pub fn skeleton(name: &str, record: Option<&Record>, now: Time) -> String {
    let empty = Record::default();
    let record = record.unwrap_or(&empty);
    let mut text = String::from(
        "# An incident profile: what advisories have no field for. `firebreak profile check` says what is missing.\n\
         format = \"firebreak.profile/1\"\n",
    );
    let known = record.published.or(record.modified).unwrap_or(now);
    let _ = writeln!(text, "id = {}  # the folder's name", quoted(name));
    text.push_str("revision = 1  # count it up at each change: verdicts are told again where they differ\n");
    let _ = writeln!(text, "title = {}", quoted(if record.summary.is_empty() { name } else { &record.summary }));
    let _ = writeln!(text, "known = {}  # when it became known to the public", quoted(&known.to_string()));
    let ids: Vec<String> =
        std::iter::once(&record.id).chain(&record.aliases).filter(|id| !id.is_empty()).map(|id| quoted(id)).collect();
    let _ = writeln!(text, "advisories = [{}]", ids.join(", "));
    text.push_str(
        "# What its payload reads: environment_variable, dot_env, ssh_key, aws, gcp, azure, kubernetes, docker_config,\n\
         # git_credential, ci_configuration, database_password, tls_key, llm_key, shell_history, wallet\n\
         reads = []\n",
    );
    let named: Vec<&Affected> = record.affected.iter().filter(|one| one.trust == Trust::Record).collect();
    named.iter().for_each(|affected| artefact(&mut text, affected));
    if named.is_empty() {
        text.push_str(ARTEFACT);
    }
    indicators(&mut text, record);
    text.push_str(REST);
    text
}

fn artefact(text: &mut String, affected: &Affected) {
    let _ = write!(
        text,
        "\n[[artefact]]\necosystem = {}\nnames = [{}]\n",
        quoted(Ecosystem::of(&affected.ecosystem).word()),
        quoted(&affected.name)
    );
    let mut versions: Vec<String> = affected.versions.iter().map(|version| quoted(version)).collect();
    let mut open = false;
    for range in &affected.ranges {
        let (bounds, everything) = bounds(range.events.iter().map(|event| (event.bound, event.version.as_str())));
        versions.extend(bounds.iter().map(|bound| quoted(bound)));
        open |= everything;
    }
    let _ = writeln!(text, "versions = [{}]", versions.join(", "));
    if open {
        text.push_str("# The record names every version from its first: name the bad ones alone, or every run in history is exposed.\n");
    }
    text.push_str(WINDOW);
}

/// Ranges as a profile writes them; and whether one of them has no beginning or no end, so that it is left out.
fn bounds<'a>(events: impl Iterator<Item = (Bound, &'a str)>) -> (Vec<String>, bool) {
    let (mut all, mut open, mut from) = (Vec::new(), false, None);
    for (bound, version) in events {
        match (bound, from.take()) {
            (Bound::Introduced, before) => {
                open |= before.is_some();
                from = Some(version);
            }
            (Bound::Fixed, Some(first)) if first != "0" => all.push(format!(">={first}, <{version}")),
            (Bound::LastAffected, Some(first)) if first != "0" => all.push(format!(">={first}, <={version}")),
            _ => open = true,
        }
    }
    (all, open || from.is_some())
}

fn indicators(text: &mut String, record: &Record) {
    let hosts = record.indicators.iter().filter(|one| matches!(one.kind.as_str(), "domains" | "ips" | "hosts"));
    for host in hosts {
        let _ = write!(
            text,
            "\n[[indicator]]\nhost = {}\ndecisive = false  # true where only the payload talks to it\nsource = {}\nmark = \"primary\"\n",
            quoted(&host.value),
            quoted(&record.id)
        );
    }
}

const WINDOW: &str = "\
# sha256 = [\"64 digits\"]  # of the bad files: exposed at any time, under any name
# clean_versions = [\"<=1.2.2\"]  # known to be good
# One window for each source that names one; verdicts rest on their union. No record has them: ask the registry.
# [[artefact.window]]
# from = \"2026-01-01T10:00:00Z\"
# to = \"2026-01-01T12:00:00Z\"
# source = \"who says so\"
# mark = \"primary\"  # primary: registry, maintainer, advisory; secondary: cites them; claimed: attackers, press
";

const ARTEFACT: &str = "
# One table for each bad thing.
# [[artefact]]
# ecosystem = \"PyPI\"  # npm, GitHub Actions, Docker, Debian, Go...
# names = [\"name\"]
# versions = [\"1.2.3\", \">=1.2.3, <1.2.5\"]
# sha256 = [\"64 digits\"]
# commits = [\"40 digits\"]  # of an action; or moved_tags = { \"0.24.0\" = \"40 digits\" }
# clean_versions = [\"<=1.2.2\"]
# [[artefact.window]]
# from = \"2026-01-01T10:00:00Z\"
# to = \"2026-01-01T12:00:00Z\"
# source = \"who says so\"
# mark = \"primary\"  # primary: registry, maintainer, advisory; secondary: cites them; claimed: attackers, press
";

const REST: &str = "
# What the payload leaves on disk.
# [[file]]
# path = \"/evil.pth\"
# sha256 = \"64 digits\"
# source = \"who says so\"
# mark = \"primary\"

# What the payload talks to.
# [[indicator]]
# host = \"evil.example\"
# decisive = true  # only the payload talks to it
# source = \"who says so\"
# mark = \"primary\"

# An action that fetches another one by itself.
# [[route]]
# through = \"owner/outer\"
# reaches = \"owner/inner\"
# by_tag = { \"1.0.0\" = \"40 digits\" }
# fixed_versions = [\">=1.1.0\"]
# source = \"who says so\"

# Images whose makers say that they never held it.
# [[clean_image]]
# name = \"registry.example/name\"
# source = \"who says so\"
# mark = \"primary\"

# What one source calls bad and another does not: shown, and never decisive.
# [[disputed]]
# name = \"owner/action\"
# what = \"e6c2c5e\"
# why = \"two lists differ\"
";

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_exposure::Profile;

    fn record(text: &str) -> Record {
        firebreak_advisory::read("r.json", text.as_bytes()).records.remove(0)
    }

    const MAL: &str = r#"{"schema_version": "1.7.0", "id": "MAL-2026-1", "modified": "2026-03-25T00:00:00Z",
        "published": "2026-03-24T12:00:00Z", "aliases": ["CVE-2026-7"], "summary": "Malicious \"x\" \u0007",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["1.2.3"]}],
        "database_specific": {"iocs": {"domains": ["evil.example"]}}}"#;

    fn reasons(text: &str) -> String {
        match Profile::parse("p/profile.toml", text) {
            Ok(_) => "none".to_owned(),
            Err(problems) => problems.into_iter().map(|problem| problem.reason).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn a_skeleton_is_whole_but_for_what_a_person_must_say() {
        assert!(reasons(&skeleton("x-2026-03", None, Time(0))).contains("names no artefact"));
        let text = skeleton("x-2026-03", Some(&record(MAL)), Time(0));
        assert!(
            reasons(&text).contains("has no window") && !reasons(&text).contains('\n'),
            "{}\n{text}",
            reasons(&text)
        );
        assert!(text.contains("advisories = [\"MAL-2026-1\", \"CVE-2026-7\"]"), "{text}");
        let window = "[[artefact.window]]\nfrom = \"2026-03-24T10:00:00Z\"\nto = \"2026-03-24T11:00:00Z\"\nsource = \"y\"\nmark = \"primary\"\n\n[[indicator]]";
        let filled = text.replacen("[[indicator]]", window, 1);
        let profile = Profile::parse("p/profile.toml", &filled).map_err(|problems| problems[0].to_string()).unwrap();
        assert!(profile.artefacts[0].has_version("1.2.3") && !profile.artefacts[0].has_version("1.2.4"));
        assert_eq!(profile.title, "Malicious \"x\" \u{7}");
        assert_eq!(profile.indicators[0].host, "evil.example");
    }

    #[test]
    fn a_range_without_beginning_or_end_would_call_all_history_exposed_and_is_left_out() {
        let events =
            [(Bound::Introduced, "1.0"), (Bound::Fixed, "1.2"), (Bound::Introduced, "0"), (Bound::Fixed, "0.5")];
        assert_eq!(bounds(events.into_iter()), (vec![">=1.0, <1.2".to_owned()], true));
        assert!(!bounds([(Bound::Introduced, "1.0"), (Bound::LastAffected, "1.1")].into_iter()).1);
        assert_eq!(bounds([(Bound::Introduced, "1.0")].into_iter()), (Vec::new(), true));
    }

    #[test]
    fn nothing_is_overwritten_and_names_are_names() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(write(root.path(), "x-2026-03", None, Time(0)).unwrap().len(), 2);
        for name in ["x-2026-03", "", "../x", "X", "a/b"] {
            let error = write(root.path(), name, None, Time(0)).unwrap_err().to_string();
            assert!(error.contains("\nhint: "), "{error}");
        }
    }
}
