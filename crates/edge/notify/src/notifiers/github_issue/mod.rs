//! A GitHub issue for each incident, found again by a label; what follows is a comment.
//!
//! What comes from logs stands in a fenced block, longer than any fence inside it: no mention, link, image or mark-up of it
//! is read.

use crate::error::NotifyError;
use crate::notice::cut;
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

static SPEC: NotifierSpec = NotifierSpec {
    name: "github_issue",
    title: "GitHub issue",
    settings: &[
        Setting::needed("repository", "`owner/name`: a private one"),
        Setting::needed("token", "a reference to a token that may write issues of that repository").secret(),
        Setting::optional("api", "another address than `https://api.github.com`"),
    ],
    one_thing: "the label `firebreak-<incident>`: an issue that has it, open or closed, gets a comment",
    twice: "a second comment",
    calls: &[
        "GET /repos/{owner}/{repo}/issues?labels&state=all",
        "POST /repos/{owner}/{repo}/issues",
        "POST /repos/{owner}/{repo}/issues/{number}/comments",
    ],
    rights: &["issues: write, of one repository"],
};

/// Opens issues.
#[derive(Debug)]
pub struct GithubIssue;

/// The notifier.
pub static NOTIFIER: GithubIssue = GithubIssue;

/// `text` in a block that nothing in it can close.
fn fenced(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

/// A title is shown as text, but `@name` and `#1` in it would be read.
fn inert(title: &str) -> String {
    title.replace('@', "@\u{200b}").replace('#', "#\u{200b}")
}

fn label(subject: &str) -> String {
    let kept = subject.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    // A label has at most 50 characters.
    let label: String = "firebreak-".chars().chain(kept).take(50).collect();
    label
}

fn body(letter: &Letter<'_>, heading: bool) -> String {
    let title = if heading { format!("{}\n", letter.title(&as_it_is)) } else { String::new() };
    let mut body = fenced(&cut(&format!("{title}{}", letter.text(&as_it_is)), 50_000));
    if let Some(link) = letter.link {
        body.push_str(&format!("\n\n[See the plan and decide]({link})"));
    }
    body
}

#[async_trait]
impl Notifier for GithubIssue {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    fn check(&self, settings: &std::collections::BTreeMap<String, String>) -> Result<(), String> {
        let whole =
            settings.get("repository").is_some_and(|name| name.split('/').filter(|part| !part.is_empty()).count() == 2);
        if whole { Ok(()) } else { Err("names no repository\nhint: write `owner/name`".to_owned()) }
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let api = rest::address(context.setting("api").unwrap_or("https://api.github.com"))?;
        let lacking = || NotifyError::unusable("the setting `repository` is no repository", "write `owner/name`");
        let (owner, name) = context.needed("repository")?.split_once('/').ok_or_else(lacking)?;
        let issues = format!("{api}/repos/{}/{}/issues", rest::piece(owner), rest::piece(name));
        let token = context.secret("token")?;
        let headers = [
            ("authorization", format!("Bearer {}", token.expose_secret())),
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
        ];
        let label = label(letter.notice.subject());
        let found = match thread.and_then(|thread| thread["number"].as_u64()) {
            Some(number) => Some(number),
            None => {
                let query =
                    format!("{issues}?labels={}&state=all&per_page=1&sort=created&direction=asc", rest::piece(&label));
                let answer = rest::body(&rest::call(context, rest::json("GET", query, &headers, None)).await?)?;
                answer[0]["number"].as_u64()
            }
        };
        if let Some(number) = found {
            let comment = json!({"body": body(letter, true)});
            rest::call(context, rest::json("POST", format!("{issues}/{number}/comments"), &headers, Some(&comment)))
                .await?;
            return Ok(Some(json!({"number": number})));
        }
        let title = cut(&inert(&letter.title(&as_it_is)), 250);
        let issue = json!({"title": title, "body": body(letter, false), "labels": ["firebreak", label]});
        let answer = rest::body(&rest::call(context, rest::json("POST", issues, &headers, Some(&issue))).await?)?;
        let number = answer["number"].as_u64();
        let number = number.ok_or_else(|| NotifyError::later("GitHub did not say which issue it made"))?;
        Ok(Some(json!({"number": number})))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inside_closes_the_block() {
        for text in ["plain", "```\n@everyone\n```", "`````", ""] {
            let block = fenced(text);
            let fence: String = block.chars().take_while(|letter| *letter == '`').collect();
            assert!(fence.len() >= 3 && !text.contains(&fence) && block.ends_with(&format!("\n{fence}")), "{block}");
        }
        assert_eq!(label("inc-0011223344556677"), "firebreak-inc-0011223344556677");
        assert!(label(&"x".repeat(80)).len() == 50);
    }
}
