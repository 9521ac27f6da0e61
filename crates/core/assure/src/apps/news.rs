//! Who published apps, and what is new of them: told beside the map, and part of the sentence that each comes to.

use super::{App, Change, risk, whole};
use firebreak_model::{NodeKey, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Tells who published what, as inventories say it. What only logs show has no publisher.
pub fn publish(apps: &mut [App], publishers: &BTreeMap<NodeKey, Text>) {
    let by_app: BTreeMap<NodeKey, &Text> = publishers.iter().map(|(key, publisher)| (whole(key), publisher)).collect();
    for app in apps.iter_mut().filter(|app| !app.shadow) {
        app.publisher = by_app.get(&app.key).map(|publisher| (*publisher).clone());
        app.risk = risk::sentence(app);
    }
}

/// Tells what changed and from which networks apps came for the first time, and makes their sentences anew.
pub fn tell(apps: &mut [App], changes: &BTreeSet<Change>, networks: &[(NodeKey, Text, Time)]) {
    let mut news: BTreeMap<&NodeKey, BTreeSet<Text>> = BTreeMap::new();
    for change in changes {
        if let Some((key, words)) = worded(change) {
            news.entry(key).or_default().insert(Text::new(words));
        }
    }
    for (key, network, first) in networks {
        news.entry(key).or_default().insert(Text::new(format!("from the network {network} since {first}")));
    }
    for app in apps {
        if let Some(news) = news.remove(&app.key) {
            app.news.extend(news);
            app.risk = risk::sentence(app);
        }
    }
}

/// Of which app, and in words; nothing for what is gone, since it has no sentence any more.
fn worded(change: &Change) -> Option<(&NodeKey, String)> {
    Some(match change {
        Change::Gone { .. } => return None,
        Change::New { key } => (key, "it was not there before".to_owned()),
        Change::Scope { key, scope } => (key, format!("the scope {scope}")),
        Change::On { key, thing } => (key, format!("let at {thing}")),
        Change::Consent { key, by } => (key, format!("let in by {by}")),
        Change::Reach { key, class } => (key, format!("gets to {class}")),
        Change::Credential { key, credential } => (key, format!("has {credential}")),
        Change::Publisher { key, before, after } => (key, format!("published by {after}, before by {before}")),
    })
}
