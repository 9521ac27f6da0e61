//! Jira Cloud: one issue for each incident, found again by a label; what follows is a comment.
//!
//! Texts are documents of Jira's own form (ADF), in which a text node holds no mark-up and no mention.

use crate::error::NotifyError;
use crate::notice::cut;
use crate::notifier::{Context, Letter, Notifier, NotifierSpec, Setting, as_it_is};
use crate::rest;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

static SPEC: NotifierSpec = NotifierSpec {
    name: "jira",
    title: "Jira",
    settings: &[
        Setting::needed("site", "the address of the site: `https://meridian.atlassian.net`"),
        Setting::needed("project", "the key of the project"),
        Setting::needed("user", "the e-mail address that the token is of"),
        Setting::needed("token", "a reference to an API token").secret(),
        Setting::optional("issue_type", "the name of the issue's type; `Task` if not set"),
    ],
    one_thing: "the label `firebreak-<incident>`: an issue that has it, open or done, gets a comment",
    twice: "a second comment; a second issue only where Jira's index had not yet seen the first",
    calls: &["POST /rest/api/3/search/jql", "POST /rest/api/3/issue", "POST /rest/api/3/issue/{key}/comment"],
    rights: &["browse the project", "create issues", "add comments"],
};

/// Files issues.
#[derive(Debug)]
pub struct Jira;

/// The notifier.
pub static NOTIFIER: Jira = Jira;

fn paragraph(text: &str) -> Value {
    json!({"type": "paragraph", "content": [{"type": "text", "text": text}]})
}

fn document(text: &str, link: Option<&str>) -> Value {
    let text = cut(text, 20_000);
    // An empty text node is not allowed, so empty lines are left out.
    let mut content: Vec<Value> = text.lines().filter(|line| !line.trim().is_empty()).map(paragraph).collect();
    if let Some(link) = link {
        content.push(json!({"type": "paragraph", "content": [{"type": "text", "text": "See the plan and decide",
            "marks": [{"type": "link", "attrs": {"href": link}}]}]}));
    }
    json!({"type": "doc", "version": 1, "content": content})
}

/// A label holds no blanks; ours are of letters, digits and hyphens.
fn label(subject: &str) -> String {
    let kept = subject.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    format!("firebreak-{}", cut(&kept.collect::<String>(), 200))
}

/// A text in a query of Jira's: quotes and backslashes are all that means something there.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[async_trait]
impl Notifier for Jira {
    fn spec(&self) -> &'static NotifierSpec {
        &SPEC
    }

    async fn deliver(
        &self,
        context: &Context<'_>,
        letter: &Letter<'_>,
        thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let site = rest::address(context.needed("site")?)?;
        let (project, user) = (context.needed("project")?, context.needed("user")?);
        let token = context.secret("token")?;
        let basic = STANDARD.encode(format!("{user}:{}", token.expose_secret()));
        let headers = [("authorization", format!("Basic {basic}")), ("accept", "application/json".to_owned())];
        let post =
            |path: &str, body: &Value| rest::json("POST", format!("{site}/rest/api/3/{path}"), &headers, Some(body));
        let label = label(letter.notice.subject());
        let known = thread.and_then(|thread| thread["key"].as_str()).map(str::to_owned);
        let found = match known {
            Some(key) => Some(key),
            None => {
                let jql = format!("project = {} AND labels = {} ORDER BY created ASC", quoted(project), quoted(&label));
                let asked = json!({"jql": jql, "fields": ["key"], "maxResults": 1});
                let answer = rest::body(&rest::call(context, post("search/jql", &asked)).await?)?;
                answer["issues"][0]["key"].as_str().map(str::to_owned)
            }
        };
        let (title, text) = (letter.title(&as_it_is), letter.text(&as_it_is));
        if let Some(key) = found {
            let body = json!({"body": document(&format!("{title}\n{text}"), letter.link)});
            rest::call(context, post(&format!("issue/{}/comment", rest::piece(&key)), &body)).await?;
            return Ok(Some(json!({"key": key})));
        }
        let body = json!({"fields": {
            "project": {"key": project},
            "issuetype": {"name": context.setting("issue_type").unwrap_or("Task")},
            "summary": cut(&title.replace('\n', " "), 250),
            "description": document(&text, letter.link),
            "labels": ["firebreak", label],
        }});
        let answer = rest::body(&rest::call(context, post("issue", &body)).await?)?;
        let key = answer["key"].as_str().ok_or_else(|| NotifyError::later("Jira did not say which issue it made"))?;
        Ok(Some(json!({"key": key})))
    }
}
