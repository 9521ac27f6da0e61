//! The page behind a signed link: what would be done, and a button. Every word of it that is not ours is escaped, and the
//! page may load and send nothing but its own form.

/// Headers of every page.
pub const HEADERS: &[(&str, &str)] = &[
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f2;padding:1rem}button{font:inherit;padding:.6rem 1.4rem;margin-right:.6rem;cursor:pointer}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}pre{background:#262626}}";

/// `text` for a page.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

/// What would be done, with the two answers.
pub fn question(plan: &str, approver: &str, lines: &str) -> String {
    let body = format!(
        "<p>Plan <code>{}</code>. You decide as <strong>{}</strong>; your answer holds for exactly this plan.</p><pre>{}</pre>\
         <form method=\"post\"><button name=\"decision\" value=\"approve\">Approve</button>\
         <button name=\"decision\" value=\"decline\">Decline</button></form>",
        escaped(plan),
        escaped(approver),
        escaped(lines)
    );
    whole("A plan waits for you", &body)
}

/// One sentence.
pub fn sentence(title: &str, text: &str) -> String {
    whole(&escaped(title), &format!("<p>{}</p>", escaped(text).replace('\n', "<br>")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_not_ours_is_read_as_a_page() {
        let hostile = "<script>alert(1)</script><img src=x onerror=\"a()\">'\"&";
        let page = question(hostile, hostile, hostile);
        assert_eq!(page.matches("<script").count() + page.matches("<img").count(), 0, "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("&#39;&quot;&amp;"));
    }
}
