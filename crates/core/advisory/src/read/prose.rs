//! Versions in prose: what a record's text names where its structured field names something else.
//!
//! It reads no more than numbers next to the product's name, and what it finds is marked as prose.

use firebreak_model::Text;

/// How many words may stand between a product's name and a version of it.
const NEAR: usize = 6;

/// Words before a version that is not the bad one.
const SAFE: [&str; 13] = [
    "safe",
    "fixed",
    "fix",
    "patched",
    "upgrade",
    "upgrading",
    "update",
    "use",
    "downgrade",
    "unaffected",
    "before",
    "prior",
    "until",
];

/// The versions that `text` names near `product`, in order of appearance, each once.
pub(super) fn versions_near(text: &str, product: &str) -> Vec<Text> {
    let mut found: Vec<Text> = Vec::new();
    let (mut since, mut safe) = (usize::MAX, usize::MAX);
    for raw in text.split(|letter: char| letter.is_whitespace() || "`*()[]\"',;<>=".contains(letter)) {
        let word = raw.trim_end_matches(['.', ':', '!', '?']);
        if word.is_empty() {
            continue;
        }
        if word.eq_ignore_ascii_case(product) || ends_with_product(word, product) {
            since = 0;
        } else if let Some(version) = version(word) {
            if since <= NEAR && safe > NEAR && !found.iter().any(|have| have == version) {
                found.push(Text::new(version));
            }
        } else {
            since = since.saturating_add(1);
            safe = if SAFE.contains(&word.to_ascii_lowercase().as_str()) { 0 } else { safe.saturating_add(1) };
            // Another thing's name takes the versions that follow it.
            if word.contains('-') || word.contains('/') {
                since = usize::MAX;
            }
        }
        if raw.ends_with(['.', '!', '?']) {
            (since, safe) = (usize::MAX, usize::MAX);
        }
    }
    found
}

fn ends_with_product(word: &str, product: &str) -> bool {
    word.rsplit_once('/').is_some_and(|(_, last)| last.eq_ignore_ascii_case(product))
}

/// A word that is three numbers or more with dots between them, without a leading `v`.
fn version(word: &str) -> Option<&str> {
    let plain = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let numbers =
        plain.split('.').take_while(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    (numbers.count() >= 3).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_belongs_to_the_name_before_it() {
        let text = "A threat actor published a malicious Trivy v0.69.4 release and moved tags of aquasecurity/setup-trivy \
                    (0.2.0 to 0.2.6). Use trivy 0.69.3, or v0.69.2. Trivy 0.69.5 came later.";
        assert_eq!(versions_near(text, "trivy"), ["0.69.4", "0.69.5"]);
        assert_eq!(versions_near(text, "setup-trivy"), ["0.2.0", "0.2.6"]);
        assert!(versions_near("it began in 2026.03 at 10.0.0.1", "trivy").is_empty());
    }
}
