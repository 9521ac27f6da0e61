//! Lines about container images, and the parts of an image's name.
//!
//! It is not a registry client: a digest is known only where the log shows it.

use firebreak_model::{ObservationKind, Text};

pub(super) fn read(text: &str, seen: &mut Vec<ObservationKind>) {
    // GitLab: `Using docker image sha256:… for python:3.12 with digest python@sha256:… ...`
    if let Some(rest) = text.strip_prefix("Using docker image ")
        && let Some((_, named)) = rest.split_once(" for ")
    {
        let image = named.split_whitespace().next().and_then(parse);
        let pulled = named.split_once(" with digest ").and_then(|(_, rest)| rest.split_once('@'));
        let pulled = pulled.map(|(_, digest)| Text::new(digest.split_whitespace().next().unwrap_or(digest)));
        if let Some(ObservationKind::Image { name, tag, digest }) = image {
            seen.push(ObservationKind::Image { name, tag, digest: pulled.or(digest) });
        }
        return;
    }
    // Docker tells the digest in a line of its own, before that of the image.
    if let Some(digest) = text.strip_prefix("Digest: ").filter(|digest| is_digest(digest)) {
        seen.push(ObservationKind::Image { name: Text::default(), tag: None, digest: Some(Text::new(digest)) });
        return;
    }
    let named = text
        .strip_prefix("Status: Downloaded newer image for ")
        .or_else(|| text.strip_prefix("Status: Image is up to date for "))
        .or_else(|| text.strip_prefix("resolve ").filter(|rest| rest.contains("@sha256:")))
        // CircleCI: `using image cimg/python@sha256:…`
        .or_else(|| text.strip_prefix("using image ").filter(|rest| rest.contains("@sha256:")))
        .or_else(|| text.strip_prefix("Unable to find image '").and_then(|rest| rest.split('\'').next()))
        .or_else(|| text.strip_prefix("Pull down action image '").and_then(|rest| rest.split('\'').next()))
        .or_else(|| text.split_once("] FROM ").map(|(_, rest)| rest))
        .or_else(|| text.split_once("docker pull ").and_then(|(_, rest)| last_word(rest)));
    if let Some(image) = named.and_then(|named| named.split_whitespace().next()).and_then(parse) {
        seen.push(image);
    }
}

fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The image among the words of `docker pull --quiet --platform linux/amd64 aquasec/trivy:0.69.4`: the last one.
fn last_word(rest: &str) -> Option<&str> {
    let command = rest.split(['&', '|', ';']).next().unwrap_or(rest);
    command.split_whitespace().next_back().filter(|word| !word.starts_with('-'))
}

/// Reads `name[:tag][@sha256:…]`. `None` where it cannot be an image.
pub(crate) fn parse(reference: &str) -> Option<ObservationKind> {
    let reference = reference.trim_matches(['"', '\'', '`']).trim_end_matches('.');
    let (named, digest) = match reference.split_once('@') {
        Some((named, digest)) => (named, Some(digest).filter(|digest| digest.starts_with("sha256:"))),
        None => (reference, None),
    };
    // A colon before the last slash belongs to a registry's port.
    let (name, tag) = match named.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (named, None),
    };
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '/' | ':');
    (!name.is_empty() && name.chars().all(fits)).then(|| ObservationKind::Image {
        name: Text::new(name),
        tag: tag.map(Text::new),
        digest: digest.map(Text::new),
    })
}
