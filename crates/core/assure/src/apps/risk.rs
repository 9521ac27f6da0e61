//! What an app comes to, in one sentence with its numbers. It ranks nothing by itself: the numbers are the judgement.

use super::{App, Sort};
use firebreak_model::Text;

/// So much of what is new is in the sentence.
const NEWS_MAX: usize = 4;

/// The sentence.
pub(super) fn sentence(app: &App) -> Text {
    let mut parts = Vec::new();
    let records: u64 = app.reach.values().sum();
    if records > 0 {
        let classes: Vec<&str> = app.reach.keys().map(|class| &**class).collect();
        parts.push(format!("reaches {records} records ({})", classes.join(", ")));
    } else if matches!(app.sort, Sort::App | Sort::Agent) && !app.shadow {
        parts.push("reaches no data that an inventory names".to_owned());
    }
    if let Some(publisher) = &app.publisher {
        parts.push(format!("published by {publisher}"));
    }
    if app.jewels > 0 {
        parts.push(format!("{} {}", app.jewels, if app.jewels == 1 { "crown jewel" } else { "crown jewels" }));
    }
    if !app.consented.is_empty() {
        let people = app.consented.len();
        parts.push(format!("let in by {people} {}", if people == 1 { "identity" } else { "identities" }));
    }
    if !app.scopes.is_empty() {
        parts.push(format!("{} {}", app.scopes.len(), if app.scopes.len() == 1 { "scope" } else { "scopes" }));
    }
    match (app.events, app.last) {
        (0, _) => parts.push("no event in the logs".to_owned()),
        (events, Some(last)) => parts.push(format!("{events} events, the last at {last}")),
        (events, None) => parts.push(format!("{events} events")),
    }
    if app.shadow {
        parts.push("known from logs alone: what it was given and may reach is unknown".to_owned());
    }
    if !app.news.is_empty() {
        let news: Vec<&str> = app.news.iter().take(NEWS_MAX).map(|one| &**one).collect();
        let more = app.news.len().saturating_sub(NEWS_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(format!("new: {}{more}", news.join(", ")));
    }
    Text::new(parts.join("; "))
}
