//! Endpoints that ask what a command asks: the call's fields become the command's words, and its objects the answer, so that
//! both say the same. And the commands that have no endpoint, each with its reason.

use super::Api;
use super::access::digest;
use super::call::{Answer, Call, Reply};
use super::field::{SEVERAL, is_several};
use super::page::page;
use super::problem::Problem;
use crate::commands;
use crate::embedded;
use crate::output::Said;
use anyhow::Context;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// So many are answered at once: each reads the whole map and takes a core of its own.
pub(super) const AT_ONCE: usize = 2;
/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(25);

/// Commands without an endpoint, and why.
pub const ON_THE_MACHINE: &[(&str, &str)] = &[
    ("demo", "it shows the packaged incident on the machine where it is called and keeps nothing"),
    ("scenario", "it writes the packaged incident into a folder"),
    ("run", "it is the process that answers"),
    ("console", "it is a process that answers"),
    ("guardrail", "it is a door of its own, for gateways"),
    ("api login", "a login link lets an admin in: only who is on the machine makes one"),
    ("replay", "it reads files of whoever calls it; what an installation keeps is asked by POST /hunt"),
    ("snapshot", "it looks at the machine where it is called"),
    ("collect", "it asks platforms with credentials of the machine; `run` does it by itself as `[[collect]]` says"),
    ("classify", "it reads stores with credentials of whoever calls it; what it found is shown by GET /data"),
    ("custody", "it holds the map against a register of whoever calls it"),
    ("advisories update", "it reads databases that were fetched into files"),
    ("profile new", "it begins a folder for its author"),
    ("profile check", "it reads the folders of its author"),
    ("profile diff", "it reads the folders of its author"),
    ("detector new", "it begins a folder for its author"),
    ("detector test", "it runs the cases in the folders of their author"),
    ("policy test", "it runs cases in files of their author; those of the shipped policies hold in every release"),
    ("playbook check", "it reads a file of whoever calls it"),
    ("playbook import", "it reads a file of whoever calls it and writes another"),
    ("completions", "it is for the shell on the machine"),
    ("man", "it writes manual pages of the program on the machine"),
];

/// Answers as the command of the endpoint does.
pub(crate) async fn ask(api: &Api, call: &Call) -> Answer {
    answer(call, said(api, words(call, &[])?).await?)
}

/// The same for a command that reads what the lake has kept with a detector that the program carries.
pub(crate) async fn ask_lake(api: &Api, call: &Call) -> Answer {
    // Nothing is asked that is not recorded.
    api.must_act()?;
    let carried = |(path, _): &(&str, &str)| {
        Path::new(path).parent().and_then(Path::file_name).is_some_and(|name| name == call.at("name"))
    };
    if !embedded::DETECTORS.iter().any(carried) {
        return Err(Problem::not_found("detector of this name that the program carries"));
    }
    let lake = format!("--lake={}", api.data.display());
    answer(call, said(api, words(call, &[lake])?).await?)
}

/// Gives the document that the command writes.
pub(crate) async fn document(api: &Api, call: &Call) -> Answer {
    let directory = tempfile::tempdir().context("a place for the document")?;
    let path = directory.path().join("document");
    said(api, words(call, &[format!("--output={}", path.display())])?).await?;
    let bytes = tokio::fs::read(&path).await.context("reading the document")?;
    Ok(Reply::Document(call.endpoint.kind, name_of(call), bytes))
}

fn name_of(call: &Call) -> &'static str {
    if call.endpoint.kind == "application/json" { "document.json" } else { "document.txt" }
}

/// The words of the command, with what the call asks for. Whatever a value holds, it is no word of its own.
fn words(call: &Call, more: &[String]) -> Result<Vec<String>, Problem> {
    let Some(verb) = call.endpoint.verb else { return Err(Problem::not_found("command of this endpoint")) };
    let mut values: BTreeMap<&str, String> = call.path.iter().map(|(name, value)| (&**name, value.clone())).collect();
    values.extend(call.endpoint.query.iter().filter_map(|(name, _)| Some((*name, call.filter(name)?.to_owned()))));
    values.extend(of_body(call)?);
    let mut words: Vec<String> = verb.words.split(' ').map(str::to_owned).collect();
    for (name, kind) in call.endpoint.query.iter().chain(call.endpoint.body) {
        let Some(value) = values.get(name).filter(|_| !verb.places.contains(name)) else { continue };
        let flag = name.replace('_', "-");
        let each: Vec<&str> = if is_several(kind) { value.split(SEVERAL).collect() } else { vec![value] };
        words.extend(each.into_iter().map(|value| format!("--{flag}={value}")));
    }
    words.extend_from_slice(more);
    words.push("--".to_owned());
    words.extend(verb.places.iter().filter_map(|name| values.get(name).cloned()));
    Ok(words)
}

/// What the body asks for; its kinds were checked. A field that the endpoint does not know is an error: ignored, it would answer
/// another question.
fn of_body(call: &Call) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut values = Vec::new();
    for (name, value) in call.body.as_object().into_iter().flatten() {
        let known = call.endpoint.body.iter().find(|(known, _)| known == name).ok_or_else(|| {
            let hint = "GET /api/v1/openapi.json says what each call takes";
            Problem::bad(format!("the body has an unknown field `{name}`"), hint)
        })?;
        values.extend(value.as_str().map(|text| (known.0, text.to_owned())));
    }
    Ok(values)
}

/// What the command says, beside the calls of others.
async fn said(api: &Api, words: Vec<String>) -> Result<Said, Problem> {
    let (places, config) = (Arc::clone(&api.verbs), api.config.clone());
    let asked = async move {
        let place = places.acquire_owned().await;
        let run = move || {
            let said = commands::answered(&words, &config);
            // The place is held until it is done, though nobody may wait for it any more.
            drop(place);
            said
        };
        tokio::task::spawn_blocking(run).await
    };
    let said = tokio::time::timeout(PATIENCE, asked).await.map_err(|_| too_long())?;
    said.map_err(|error| Problem::broken(&error.into()))?.map_err(|error| refused(api, &error))
}

fn too_long() -> Problem {
    let detail = format!("the answer takes longer than {} s", PATIENCE.as_secs());
    Problem::unfit(detail, "ask for less, or call the command of the same name on the machine itself")
}

/// What a command refuses with a hint lies with what was asked; anything else is our fault.
fn refused(api: &Api, error: &anyhow::Error) -> Problem {
    // Where things lie on the machine is nothing for those who call.
    let text = format!("{error:#}").replace(&api.data.display().to_string(), "data");
    match text.split_once("\nhint: ") {
        Some((detail, hint)) => Problem::unfit(detail.to_owned(), &as_fields(hint)),
        None => Problem::broken(&anyhow::anyhow!("{text}")),
    }
}

/// The names of flags as the API calls them.
fn as_fields(hint: &str) -> String {
    let word = |word: &str| match word.strip_prefix("--") {
        Some(flag) if flag.starts_with(char::is_alphabetic) => format!("`{}`", flag.replace('-', "_")),
        _ => word.to_owned(),
    };
    hint.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The last object is the answer; where the endpoint is a list, those before it are the items and it sums them up.
fn answer(call: &Call, said: Said) -> Answer {
    let Said { mut objects, problems } = said;
    let mut last = objects.pop().unwrap_or_else(|| json!({}));
    last["problems"] = json!(problems);
    if !call.endpoint.list {
        last["kind"] = call.endpoint.kind.into();
        return Ok(Reply::Object(200, last));
    }
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let named = objects.into_iter().map(|item| {
        let of = digest(&item.to_string());
        let again = seen.entry(of.clone()).or_default();
        *again += 1;
        (format!("{}-{again}", &of[..24]), item)
    });
    match page(call.endpoint.kind, named.collect(), call)? {
        Reply::Object(status, mut list) => {
            list["summary"] = last;
            Ok(Reply::Object(status, list))
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoints::ENDPOINTS;
    use crate::cli::Cli;
    use clap::{Command, CommandFactory};
    use std::collections::BTreeSet;

    /// The words of every command that can be called.
    fn verbs(command: &Command, before: &str, found: &mut BTreeSet<String>) {
        let inner: Vec<&Command> = command.get_subcommands().filter(|one| one.get_name() != "help").collect();
        if !before.is_empty() && (inner.is_empty() || !command.is_subcommand_required_set()) {
            found.insert(before.to_owned());
        }
        for one in inner {
            verbs(one, format!("{before} {}", one.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn every_command_has_an_endpoint_or_a_reason_why_not() {
        let mut all = BTreeSet::new();
        verbs(&Cli::command(), "", &mut all);
        let served: BTreeSet<&str> = ENDPOINTS.iter().filter_map(|one| Some(one.verb?.words)).collect();
        let excused: BTreeSet<&str> = ON_THE_MACHINE.iter().map(|(words, _)| *words).collect();
        let lost: Vec<&String> =
            all.iter().filter(|one| !served.contains(one.as_str()) && !excused.contains(one.as_str())).collect();
        assert!(
            lost.is_empty(),
            "no endpoint says `.verb(…)` of {lost:?}, and `ON_THE_MACHINE` gives no reason why there is none"
        );
        let both: Vec<&&str> = served.intersection(&excused).collect();
        assert!(both.is_empty(), "endpoint and excuse: {both:?}");
        let gone: Vec<&&str> = served.union(&excused).filter(|one| !all.contains(**one)).collect();
        assert!(gone.is_empty(), "no such command: {gone:?}");
        assert!(ON_THE_MACHINE.iter().all(|(_, reason)| reason.len() > 20));
    }

    #[test]
    fn every_field_that_becomes_a_flag_is_one_of_the_command() {
        for endpoint in ENDPOINTS.iter().filter(|one| one.by_command) {
            let verb = endpoint.verb.unwrap();
            let mut command = Cli::command();
            for word in verb.words.split(' ') {
                command = command.find_subcommand(word).unwrap_or_else(|| panic!("{endpoint:?}")).clone();
            }
            let flags: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
            let fields = endpoint.query.iter().chain(endpoint.body).map(|(name, _)| *name);
            for name in fields.filter(|name| !verb.places.contains(name)) {
                assert!(flags.contains(&name.replace('_', "-").as_str()), "{endpoint:?}: {name} of {flags:?}");
            }
        }
    }

    #[test]
    fn hints_name_fields_and_not_flags() {
        assert_eq!(as_fields("without --as-of all -- are listed"), "without `as_of` all -- are listed");
    }
}
