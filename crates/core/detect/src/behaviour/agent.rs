//! User agents, reduced to what stays the same from day to day: product, major version and operating system.

use super::digest;
use firebreak_model::Text;
use serde::{Deserialize, Serialize};

/// One kind of client.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// Digest of product and system.
    pub(crate) product: u64,
    /// Digest of product, major version and system.
    pub(crate) family: u64,
    /// For people: `aws-cli/2 on Linux`.
    pub(crate) name: Text,
}

/// Browsers, the most specific first: many claim to be others as well.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];
/// How a system betrays itself, the most specific first.
const SYSTEMS: &[(&str, &str)] = &[
    ("android", "Android"),
    ("iphone", "iOS"),
    ("ipad", "iOS"),
    ("windows", "Windows"),
    ("win32", "Windows"),
    ("mac os", "macOS"),
    ("macos", "macOS"),
    ("darwin", "macOS"),
    ("linux", "Linux"),
];
/// Longer names of products are cut: nobody honest has them.
const PRODUCT_BYTES_MAX: usize = 48;

impl Agent {
    /// The client that calls itself `text`; `None` where it says nothing.
    pub(crate) fn of(text: &str) -> Option<Agent> {
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '[' || letter == ']');
        if text.is_empty() || text == "-" {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let system = SYSTEMS.iter().find(|(sign, _)| lower.contains(sign)).map_or("", |(_, name)| *name);
        let browser = text
            .starts_with("Mozilla/")
            .then(|| BROWSERS.iter().find(|(sign, _)| text.contains(sign)).map(|(_, name)| *name))
            .flatten();
        // Browsers renew themselves every month: their version says nothing.
        let (product, major) = browser.map_or_else(|| product(text), |browser| (browser, ""));
        let on = if system.is_empty() { String::new() } else { format!(" on {system}") };
        let slash = if major.is_empty() { "" } else { "/" };
        Some(Agent {
            product: digest(&[product.as_bytes(), system.as_bytes()]),
            family: digest(&[product.as_bytes(), major.as_bytes(), system.as_bytes()]),
            name: Text::from(format!("{product}{slash}{major}{on}")),
        })
    }
}

/// The first product and its major version.
fn product(text: &str) -> (&str, &str) {
    let first = text.split([' ', ',', ';', '(']).find(|part| !part.is_empty()).unwrap_or(text);
    let (name, version) = first.split_once('/').unwrap_or((first, ""));
    let digits = version.trim_start_matches('v');
    let major = digits.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    let mut end = name.len().min(PRODUCT_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    (name.get(..end).unwrap_or_default(), major.get(..major.len().min(4)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_versions_do_not_matter_and_products_do() {
        let name = |text: &str| Agent::of(text).map(|agent| agent.name.to_string()).unwrap_or_default();
        assert_eq!(name("aws-cli/2.15.0 md/awscrt#0.19 ua/2.0 os/linux#5.10 lang/python#3.11"), "aws-cli/2 on Linux");
        assert_eq!(name("[Boto3/1.34.2 md/Botocore#1.34 os/macos#23.1]"), "Boto3/1 on macOS");
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/";
        assert_eq!(name(&format!("{chrome}120.0 Safari/537.36")), "Chrome on Windows");
        assert_eq!(name(&format!("{chrome}121.0 Safari/537.36 Edg/121.0")), "Edge on Windows");
        assert_eq!(name("git/2.39.2"), "git/2");
        assert_eq!(name("console.amazonaws.com"), "console.amazonaws.com");
        assert_eq!((Agent::of(""), Agent::of("-"), Agent::of(" ")), (None, None, None));
        let agent = |text: &str| Agent::of(text).expect("an agent");
        assert_eq!(agent("git/2.1").product, agent("git/3.0").product);
        assert_ne!(agent("git/2.1").family, agent("git/3.0").family);
        assert_eq!(name(&"é".repeat(100)).chars().count(), 24);
    }
}
