//! Logs of CircleCI jobs: a job as `GET /api/v1.1/project/:vcs/:org/:project/:job` gives it, each action with the `output` that its
//! `output_url` gives; or such an output alone.
//!
//! Project and job stand in the path: `circleci_log/<vcs>/<org>/<project>/<job number>/<job>.json`, or a folder `<job>` with a file
//! for each step.

mod ocsf;

use crate::ci;
use crate::json;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, LogSource, Text};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

const NAME: &str = "circleci_log";

/// CircleCI job logs.
pub static SOURCE: CircleciLog = CircleciLog;

/// CircleCI job logs.
#[derive(Debug)]
pub struct CircleciLog;

impl Source for CircleciLog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    /// Of a whole job: its begin, each action's command and pieces of output, its end.
    fn parts(&self, record: &Json) -> usize {
        if record.get("steps").is_none() {
            return 1;
        }
        actions(record).map(|(_, action)| 1 + output(action).len()).sum::<usize>() + 2
    }

    fn fields(&self) -> &'static [&'static str] {
        &["line", "vcs", "organization", "project", "run", "job", "step", "mark"]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let piece = if record.json.get("steps").is_some() { of_job(record) } else { alone(record.json) };
        let piece = piece.ok_or_else(|| {
            let hint = "write the job as the API gives it, each action with its `output`, or the outputs alone";
            Refusal::new("neither a job with `steps` nor a `message` of a step's output", hint)
        })?;
        let parts = ci::place(record, NAME).unwrap_or_default();
        let job = match parts.as_slice() {
            [vcs, organization, project, number, job, ..] => Some([
                ("vcs", *vcs),
                ("organization", organization),
                ("project", project),
                ("run", number),
                ("job", job),
            ]),
            _ => None,
        };
        let path = job.map(|job| format!("circleci.com/{}", job.map(|(_, value)| value).join("/")));
        let place = path.as_deref().unwrap_or(record.input);
        let step = parts.get(5).copied().unwrap_or(piece.step);
        let mut fields: Vec<(&'static str, &str)> = job.into_iter().flatten().collect();
        fields.extend((!step.is_empty()).then_some(("step", step)));
        fields.extend((!piece.mark.is_empty()).then_some(("mark", piece.mark)));
        let own = RawRecord { json: piece.times, ..*record };
        Ok(Mapped {
            native_id: Text::from(format!(
                "{place}#{}{}.{}",
                parts.get(5).map_or("", |_| step),
                record.index,
                record.part
            )),
            time: own.time(piece.time)?,
            log_source: LogSource { product: "ci", service: "circleci" },
            keys: ci::keys(path.as_deref(), false),
            body: Some(ci::body(piece.line, &fields, None)),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// What one event is about.
struct Piece<'a> {
    line: &'a str,
    step: &'a str,
    mark: &'static str,
    /// What holds the time, and where in it.
    times: &'a Json,
    time: &'static [&'static [&'static str]],
}

fn actions(job: &Json) -> impl Iterator<Item = (&Json, &Json)> {
    let steps = job.get("steps").and_then(|steps| steps.as_array());
    let of_step = |step| json::list(step, &["actions"]).iter().map(move |action| (step, action));
    steps.into_iter().flatten().flat_map(of_step)
}

fn output(action: &Json) -> &[Json] {
    json::list(action, &["output"])
}

fn of_job<'a>(record: &RawRecord<'a>) -> Option<Piece<'a>> {
    let job = record.json;
    let mark = |mark, time| Piece { line: "", step: "", mark, times: job, time };
    let Some(mut left) = record.part.checked_sub(1) else {
        return Some(mark("start", &[&["start_time"], &["queued_at"]]));
    };
    for (step, action) in actions(job) {
        let step = json::text(step, &["name"]).unwrap_or_default();
        if left == 0 {
            let line = json::text(action, &["bash_command"]).unwrap_or_default();
            return Some(Piece { line, step, mark: "", times: action, time: &[&["start_time"]] });
        }
        left -= 1;
        match output(action).get(left) {
            Some(message) => return Some(Piece { step, ..alone(message)? }),
            None => left -= output(action).len(),
        }
    }
    let end = if is_whole(job) { "end" } else { "" };
    Some(mark(end, &[&["stop_time"], &["start_time"], &["queued_at"]]))
}

/// Whether the job is over and every action that printed something has all of it here.
fn is_whole(job: &Json) -> bool {
    let yes = |value: &Json, key: &str| value.get(key).and_then(|value| value.as_bool()) == Some(true);
    let has_all = |action: &Json| {
        let there = !output(action).is_empty() || action.get("has_output").and_then(|has| has.as_bool()) == Some(false);
        there && !yes(action, "truncated") && !output(action).iter().any(|message| yes(message, "truncated"))
    };
    json::text(job, &["lifecycle"]) == Some("finished")
        && actions(job).next().is_some()
        && actions(job).all(|(_, action)| has_all(action))
}

fn alone(message: &Json) -> Option<Piece<'_>> {
    let line = message.get("message").and_then(|line| line.as_str())?;
    Some(Piece { line, step: "", mark: "", times: message, time: &[&["time"]] })
}
