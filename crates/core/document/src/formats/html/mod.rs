//! HTML: what is shown, what its attributes and form fields hold, and what comments and scripts say.

use super::{Format, Head};
use crate::door::{At, Door};
use crate::markup::{Marked, Reader};
use std::io::Read;

/// HTML.
pub(crate) static FORMAT: Format = Format { name: "html", knows, read };

fn knows(head: &Head<'_>) -> bool {
    let text = super::text::glance(head).to_ascii_lowercase();
    let text = text.trim_start();
    let begins = ["<!doctype html", "<html", "<head", "<body", "<!-- saved from", "<table", "<div", "<form", "<mjml"];
    begins.iter().any(|begin| text.starts_with(begin))
        || (head.named(&[".html", ".htm", ".xhtml"]) && text.starts_with('<'))
        || (text.starts_with("<?xml") && text.contains("<html"))
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    Reader::new(Page).read(door, at, "html", false, input);
}

/// Lays tags out as lines and columns.
pub(crate) struct Page;

/// Attributes that hold what somebody wrote.
const TOLD: &[&str] = &["href", "src", "alt", "title", "content", "placeholder", "action", "cite", "label"];

impl Marked for Page {
    fn tag(&mut self, name: &str, closes: bool, attributes: &[(String, String)], out: &mut Vec<u8>) {
        let field = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        if let Some(value) = field("value").filter(|value| !value.is_empty()) {
            let label = field("name").or(field("id")).or(field("aria-label")).unwrap_or("value");
            out.extend_from_slice(format!("\n{label}: {value}\n").as_bytes());
        }
        for (name, value) in attributes {
            if TOLD.contains(&name.as_str()) || name.starts_with("data-") {
                out.extend_from_slice(format!(" {value} ").as_bytes());
            }
        }
        match name {
            "td" | "th" if closes => out.push(b'\t'),
            "b" | "i" | "u" | "em" | "strong" | "span" | "font" | "a" | "sub" | "sup" | "wbr" | "mark" | "small"
            | "td" | "th" | "code" => {}
            _ if out.last() == Some(&b'\n') => {}
            _ => out.push(b'\n'),
        }
    }

    fn raw(&self, name: &str) -> bool {
        matches!(name, "script" | "style" | "textarea" | "xmp")
    }
}
