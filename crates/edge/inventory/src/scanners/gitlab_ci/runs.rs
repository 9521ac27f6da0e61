//! The jobs that ran, from `GET /projects/:id/jobs`: when, and which of their traces are gone.

use crate::jobs::Ran;
use crate::json::{list, text, time};
use crate::report::Report;
use firebreak_model::{Interval, NodeKey, Time};
use serde_json::Value;

/// The jobs of the document: a list as the API gives it, or an object with one in `jobs`.
pub(super) fn ran(document: &Value, project: &str, report: &mut Report) -> Vec<Ran> {
    let items = document.as_array().map_or_else(|| list(document, "jobs"), Vec::as_slice);
    items.iter().filter_map(|item| one(item, project, report)).collect()
}

fn one(item: &Value, project: &str, report: &mut Report) -> Option<Ran> {
    let id = item.get("id").and_then(Value::as_u64);
    let pipeline = item.get("pipeline").and_then(|pipeline| pipeline.get("id")).and_then(Value::as_u64);
    let (Some(id), Some(pipeline), Some(name)) = (id, pipeline, text(item, "name")) else {
        report.add("a job has no id, no name or no pipeline", "export the jobs again");
        return None;
    };
    let status = text(item, "status").unwrap_or_default();
    // What never started ran nothing.
    let from = time(item, "started_at", report)?;
    let to = time(item, "finished_at", report).unwrap_or(Time::MAX);
    let mut gaps = Vec::new();
    if text(item, "erased_at").is_some() {
        gaps.push(format!("the log of job {id} was erased"));
    } else if let Some(artifacts) = item.get("artifacts").and_then(Value::as_array)
        && to != Time::MAX
        && !artifacts.iter().any(|artifact| text(artifact, "file_type") == Some("trace"))
    {
        gaps.push(format!("the log of job {id} is gone"));
    }
    if status == "running" {
        gaps.push(format!("job {id} still runs"));
    }
    let environment = NodeKey::environment("ci", &format!("{project}/{pipeline}/{name}"));
    Some(Ran { environment, name: name.to_owned(), when: Interval::new(from, to), gaps, id })
}

/// The name in the file of a job that ran: copies of one carry a count or values behind it (`test 1/3`, `test: [3.12]`).
pub(super) fn plain(name: &str) -> &str {
    let name = name.split(": [").next().unwrap_or(name);
    match name.rsplit_once(' ') {
        Some((plain, count)) if count.split_once('/').is_some_and(|(at, of)| is_number(at) && is_number(of)) => plain,
        _ => name,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
