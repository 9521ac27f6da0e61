//! Walking a tree of calls.

use super::call::{Call, Collector};
use super::fetch::{Answer, Fetch, Waiting, path_of};
use super::paging::{self, Page};
use super::place::{Names, at, is_wanted};
use super::{CollectError, Collected, Missing, Settings};
use crate::address::origin_of;
use firebreak_world::World;
use serde_json::{Map, Value};
use std::future::Future;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;

/// Pages of one list beyond which a server that always names one more is not believed.
const PAGES_MAX: usize = 100_000;

/// How many gaps are told one by one; a document with more of them is no better for it.
const GAPS_MAX: usize = 1_000;

/// Asks every call of `collector` and puts the answers together.
///
/// # Errors
/// If a setting is missing, our credential cannot be read, or no call at all was answered.
pub async fn collect(
    collector: &Collector,
    world: &World,
    waiting: &dyn Waiting,
    settings: &Settings,
) -> Result<Collected, CollectError> {
    if let Some(name) = collector.settings.iter().find(|name| !settings.values.contains_key(**name)) {
        return Err(CollectError::Settings(format!("`{name}` is not set for `{}`", settings.scanner)));
    }
    let base = settings.url.trim_end_matches('/');
    if origin_of(base).is_none() {
        let reason = format!("`{}` is not an address\nhint: write https://host", settings.url);
        return Err(CollectError::Settings(reason));
    }
    let credential = settings.credential.as_deref().map(|reference| world.secrets.secret(reference)).transpose()?;
    let fetch = Fetch { collector, world, waiting, credential };
    let mut walk = Walk { fetch, settings, base, calls: 0, incomplete: Vec::new(), left_out: 0 };
    let names = Names { values: &settings.values, items: &[] };
    let fill = |pattern: &str| names.fill(pattern).map_err(CollectError::Settings);
    let mut document = Map::new();
    for (key, pattern) in collector.head {
        document.insert((*key).to_owned(), Value::String(fill(pattern)?));
    }
    for call in collector.calls {
        walk.call(call, &[], &mut document).await;
    }
    document.values_mut().for_each(|value| take_out(value, collector.secrets));
    walk.finish(fill(collector.file)?, document)
}

/// Writes a document below `directory`, where the scanners find it, and first those that are read beside it. Whatever in
/// them is a secret by its form is left out.
///
/// # Errors
/// If a file's name leads out of the directory, or the disk refuses.
pub fn keep(world: &World, directory: &Path, collected: &Collected) -> std::io::Result<PathBuf> {
    for (file, document) in &collected.beside {
        keep_one(world, directory, file, document)?;
    }
    keep_one(world, directory, &collected.file, &collected.document)
}

fn keep_one(world: &World, directory: &Path, file: &str, document: &Value) -> std::io::Result<PathBuf> {
    let relative = Path::new(file);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        let reason = format!("`{file}` leads out of the inventory");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, reason));
    }
    let path = directory.join(relative);
    if let Some(parent) = path.parent() {
        world.disk.make_directory(parent)?;
    }
    let bytes = serde_json::to_vec_pretty(document)?;
    world.disk.write(&path, &firebreak_classify::hide(&bytes))?;
    Ok(path)
}

/// Takes the fields named in `secrets` out of `value`, however deep: answers are no deeper than the parser allows.
fn take_out(value: &mut Value, secrets: &[&str]) {
    match value {
        _ if secrets.is_empty() => {}
        Value::Array(items) => items.iter_mut().for_each(|item| take_out(item, secrets)),
        Value::Object(fields) => {
            fields.retain(|name, _| !secrets.contains(&name.as_str()));
            fields.values_mut().for_each(|field| take_out(field, secrets));
        }
        _ => {}
    }
}

struct Walk<'a> {
    fetch: Fetch<'a>,
    settings: &'a Settings,
    base: &'a str,
    calls: u64,
    incomplete: Vec<Missing>,
    left_out: usize,
}

impl Walk<'_> {
    fn finish(mut self, file: String, mut document: Map<String, Value>) -> Result<Collected, CollectError> {
        if self.calls == 0 {
            let first = self.incomplete.into_iter().next();
            return Err(CollectError::Nothing(
                first.map_or_else(String::new, |gap| format!("{}: {}", gap.call, gap.reason)),
            ));
        }
        if self.left_out > 0 {
            let reason = format!("{} more calls were not answered", self.left_out);
            self.incomplete.push(Missing { call: String::new(), reason });
        }
        if !self.incomplete.is_empty() {
            document.insert("incomplete".to_owned(), serde_json::to_value(&self.incomplete).unwrap_or_default());
        }
        let document = Value::Object(document);
        Ok(Collected { file, document, calls: self.calls, incomplete: self.incomplete, ..Collected::default() })
    }

    fn gap(&mut self, missing: Missing) {
        if self.incomplete.len() < GAPS_MAX {
            self.incomplete.push(missing);
        } else {
            self.left_out += 1;
        }
    }

    /// Makes `call` for the innermost of `items` and puts what it gives into `into`.
    fn call<'w>(
        &'w mut self,
        call: &'w Call,
        items: &'w [&'w Value],
        into: &'w mut Map<String, Value>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'w>> {
        Box::pin(async move {
            let path = match (Names { values: &self.settings.values, items }).fill(call.path) {
                Ok(path) => path,
                Err(reason) => return self.gap(Missing { call: call.path.to_owned(), reason }),
            };
            let address = if path.starts_with('/') { format!("{}{path}", self.base) } else { path };
            if call.items == "-" {
                self.object(call, items, &address, into).await;
            } else {
                self.list(call, items, &address, into).await;
            }
        })
    }

    async fn object(&mut self, call: &Call, items: &[&Value], address: &str, into: &mut Map<String, Value>) {
        match self.get(call, address).await {
            Some((Value::Object(fields), _)) => {
                let item = self.furnish(call, items, Value::Object(fields)).await;
                match (call.key, item) {
                    ("", Value::Object(fields)) => into.extend(fields),
                    (key, item) => drop(into.insert(key.to_owned(), item)),
                }
            }
            Some(_) => self.gap(Missing { call: path_of(address), reason: "the answer is not an object".to_owned() }),
            None => {}
        }
    }

    async fn list(&mut self, call: &Call, items: &[&Value], first: &str, into: &mut Map<String, Value>) {
        let mut address = first.to_owned();
        let mut seen = 0;
        // Even an empty list is an answer: there is none.
        let mut all = match into.remove(call.key) {
            Some(Value::Array(all)) => all,
            _ => Vec::new(),
        };
        for number in 1..=PAGES_MAX {
            let Some((body, headers)) = self.get(call, &address).await else { break };
            let Some(found) = at(&body, call.items).and_then(Value::as_array) else {
                // Some platforms leave an empty list out.
                if !(body.is_object() && at(&body, call.items).is_none()) {
                    self.gap(Missing { call: path_of(&address), reason: "the answer holds no list".to_owned() });
                }
                break;
            };
            seen += found.len();
            let page = Page { first, headers: &headers, body: &body, items: found, seen, number };
            let next = paging::next(call.paging, &page);
            for item in found {
                all.push(self.furnish(call, items, item.clone()).await);
            }
            match next.map(|next| self.same_origin(first, &next)) {
                None => break,
                Some(Ok(next)) if next != address => address = next,
                Some(Ok(_)) => {
                    self.gap(Missing { call: path_of(first), reason: "the next page is the same page".to_owned() });
                    break;
                }
                Some(Err(reason)) => {
                    self.gap(Missing { call: path_of(first), reason });
                    break;
                }
            }
        }
        into.insert(call.key.to_owned(), Value::Array(all));
    }

    /// The item with what is added to it and with the answers of the calls made for it.
    async fn furnish(&mut self, call: &Call, items: &[&Value], item: Value) -> Value {
        let Value::Object(mut fields) = item else { return item };
        if let Some((key, text)) = call.with {
            fields.insert(key.to_owned(), Value::String(text.to_owned()));
        }
        let mut known = if call.each.is_empty() { Value::Null } else { Value::Object(fields.clone()) };
        for each in call.each.iter() {
            if is_wanted(&known, each.only) {
                let around: Vec<&Value> = items.iter().copied().chain([&known]).collect();
                self.call(each, &around, &mut fields).await;
            }
            if each.key.is_empty() {
                known = Value::Object(fields.clone());
            }
        }
        Value::Object(fields)
    }

    /// One answer; a gap where there is none.
    async fn get(&mut self, call: &Call, address: &str) -> Option<(Value, Vec<(String, String)>)> {
        match self.fetch.get(address, call.accept).await {
            Answer::Here(value, headers) => {
                self.calls += 1;
                Some((value, headers))
            }
            Answer::Absent if call.may_be_absent => {
                self.calls += 1;
                None
            }
            Answer::Absent => {
                let reason = "it answered 404: no such thing, or our credential may not see it".to_owned();
                self.gap(Missing { call: path_of(address), reason });
                None
            }
            Answer::Missing(missing) => {
                self.gap(missing);
                None
            }
        }
    }

    /// The next page's address, which must be where the first page was.
    fn same_origin(&self, first: &str, next: &str) -> Result<String, String> {
        let origin = origin_of(first).unwrap_or_default();
        if next.starts_with('/') && !next.starts_with("//") {
            return Ok(format!("{origin}{next}"));
        }
        match origin_of(next) {
            Some(other) if other.eq_ignore_ascii_case(origin) => Ok(next.to_owned()),
            _ => Err("the next page is on another host, where our credential does not go".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_that_hold_secrets_are_taken_out_however_deep_and_no_others() {
        let mut value = json!([{"secret": "hush", "clientId": "c", "config": {"clientSecret": "hush", "issuer": "x"}}]);
        take_out(&mut value, &["secret", "clientSecret"]);
        assert_eq!(value, json!([{"clientId": "c", "config": {"issuer": "x"}}]));
    }
}
