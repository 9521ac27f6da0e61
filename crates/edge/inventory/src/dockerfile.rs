//! Dockerfiles: the images that one builds on or copies from, and what its commands install.

use crate::asked::Asked;
use crate::report::shown;
use std::collections::BTreeSet;

/// What a build of `text` asks for.
pub(crate) fn asks(text: &str, asked: &mut Asked, evidence: &str) {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let (mut stages, mut arguments) = (BTreeSet::new(), Vec::new());
    let mut lines = joined.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let (instruction, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match instruction.to_ascii_uppercase().as_str() {
            // Only what stands before the first stage is seen by `FROM`.
            "ARG" if stages.is_empty() => arguments.extend(argument(rest)),
            "FROM" => {
                let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
                let image = filled(words.next().unwrap_or_default(), &arguments, asked);
                from(&image, &stages, asked, evidence);
                stages.insert(words.nth(1).unwrap_or_default().to_ascii_lowercase());
            }
            "COPY" | "ADD" => {
                let image = rest.split_whitespace().find_map(|word| word.strip_prefix("--from="));
                // A number is a stage by its place.
                let image = image.filter(|image| image.parse::<u32>().is_err());
                image.into_iter().for_each(|image| from(image, &stages, asked, evidence));
            }
            "RUN" => {
                let mut script = script(rest);
                if let Some(end) = here(&script) {
                    lines.by_ref().take_while(|line| *line != end).for_each(|line| {
                        script.push('\n');
                        script.push_str(line);
                    });
                }
                asked.script(&script, evidence);
            }
            _ => {}
        }
    }
}

/// A name with its default.
fn argument(rest: &str) -> Option<(&str, &str)> {
    let (name, value) = rest.split_once('=')?;
    Some((name.trim(), value.trim().trim_matches(['"', '\''])))
}

/// The name of an image with its arguments' defaults, where all have one. Whoever builds may give others, which is a gap.
fn filled(image: &str, arguments: &[(&str, &str)], asked: &mut Asked) -> String {
    let mut name = image.to_owned();
    // Longer names first: `$BASE_TAG` does not begin with `$BASE`.
    let mut arguments = arguments.to_vec();
    arguments.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (argument, default) in arguments {
        name = name.replace(&format!("${{{argument}}}"), default).replace(&format!("${argument}"), default);
    }
    if name != image && !name.contains('$') {
        asked.gap(format!("a build of `{}` may be given another image", shown(image)));
    }
    name
}

/// The word that ends the here-document which a command begins: `<<EOF`, `<<-"EOF"`.
fn here(script: &str) -> Option<String> {
    let (_, rest) = script.split_once("<<")?;
    let word = rest.trim_start_matches('-').split_whitespace().next()?.trim_matches(['"', '\'']);
    (!word.is_empty() && !word.starts_with('<')).then(|| word.to_owned())
}

/// An image, if it is no stage of the file and not nothing.
fn from(image: &str, stages: &BTreeSet<String>, asked: &mut Asked, evidence: &str) {
    if !image.is_empty() && image != "scratch" && !stages.contains(&image.to_ascii_lowercase()) {
        asked.image(image, evidence);
    }
}

/// The command of a `RUN`: without its options, and as one line where it is written as a list of words.
fn script(rest: &str) -> String {
    let mut rest = rest.trim_start();
    while rest.starts_with("--") {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    match serde_json::from_str::<Vec<String>>(rest) {
        Ok(words) => words.join(" "),
        Err(_) => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::ObservationKind;

    fn seen(text: &str) -> (Vec<String>, usize) {
        let mut asked = Asked::default();
        asks(text, &mut asked, "Dockerfile");
        let named = |what: &ObservationKind| match what {
            ObservationKind::Image { name, tag, .. } => format!("{name} {}", tag.as_deref().unwrap_or("-")),
            ObservationKind::Unpinned { name, reference, .. } => format!("{name}: {reference}"),
            other => format!("{other:?}"),
        };
        (asked.seen.iter().map(|one| named(&one.what)).filter(|one| !one.starts_with('*')).collect(), asked.gaps.len())
    }

    #[test]
    fn images_are_those_that_are_no_stage() {
        let text = "# x\nFROM --platform=linux/amd64 python:3.12 AS Build\nfrom build as next\nFROM scratch\n\
                    COPY --from=0 /a /a\nCOPY --chown=1 --from=BUILD /a /a\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /uv\n";
        assert_eq!(seen(text), (vec!["python 3.12".to_owned(), "ghcr.io/astral-sh/uv 0.5".to_owned()], 0));
    }

    #[test]
    fn commands_are_read_with_their_options_and_in_both_forms() {
        let text = "FROM scratch\nRUN --mount=type=cache,target=/root/.cache \\\n  pip install litellm\n\
                    RUN [\"pip\", \"install\", \"crewai\"]\n";
        let (all, _) = seen(text);
        assert!(all.iter().any(|one| one.starts_with("litellm")), "{all:?}");
        assert!(all.iter().any(|one| one.starts_with("crewai")), "{all:?}");
    }

    #[test]
    fn an_image_that_an_argument_names_is_that_of_its_default_and_a_gap() {
        let text = "ARG BASE=python\nARG BASE_TAG=\"3\"\nFROM ${BASE}:$BASE_TAG\n";
        assert_eq!(seen(text), (vec!["python 3".to_owned()], 1));
        assert_eq!(seen("ARG BASE\nFROM ${BASE}\nARG BASE=x\n"), (Vec::new(), 1));
    }

    #[test]
    fn a_script_goes_on_to_its_end_and_no_further() {
        let text = "FROM scratch\nRUN <<EOF\npip install litellm\nEOF\nCOPY --from=img:1 /a /a\n";
        let (all, _) = seen(text);
        assert!(all[0].starts_with("litellm") && all.last().is_some_and(|one| one == "img 1"), "{all:?}");
    }
}
