//! Logs (traces) of GitLab CI jobs, as `GET /projects/:id/jobs/:job/trace` gives them. With times (`FF_TIMESTAMPS`) each line is a
//! record; without, only the markers of sections carry times, and the whole trace is one.
//!
//! Host, project, pipeline and job stand in the path: `gitlab_ci_log/<host>/<group…>/<project>/<pipeline>/<job>.log`.

mod ocsf;

use crate::ci;
use crate::mapping::no_time;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, LogSource, Text, Time};

const NAME: &str = "gitlab_ci_log";

/// The first words of every trace.
const FIRST: &[u8] = b"Running with gitlab-runner";

/// GitLab CI job logs.
pub static SOURCE: GitlabCiLog = GitlabCiLog;

/// GitLab CI job logs.
#[derive(Debug)]
pub struct GitlabCiLog;

impl Source for GitlabCiLog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn framing(&self) -> Framing {
        Framing::Lines { starts }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["line", "host", "project", "pipeline", "job", "number"]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let (stamp, line) = record.text.split_once(' ').unwrap_or((record.text, ""));
        let stamped = ci::begins_with_time(record.text.as_bytes());
        let (time, line) = if stamped {
            let time = Time::parse(stamp).ok_or_else(|| no_time(Some(stamp)))?;
            (time, of_stream(line).unwrap_or(line))
        } else {
            let time = first_section(record.text).or(record.received).ok_or_else(|| no_time(None))?;
            (time, record.text)
        };
        let job = ci::place(record, NAME).as_deref().and_then(Job::of);
        let path = job.as_ref().map(Job::path);
        let place = path.as_deref().unwrap_or(record.input);
        let fields = job.as_ref().map(Job::fields).unwrap_or_default();
        let fields: Vec<(&'static str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let failed = line.contains("ERROR: Job failed");
        Ok(Mapped {
            native_id: Text::from(format!("{place}#{}", record.line)),
            time,
            log_source: LogSource { product: "ci", service: "gitlab_ci" },
            keys: ci::keys(path.as_deref(), failed),
            body: Some(ci::body(line, &fields, Some(record.line))),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn starts(line: &[u8]) -> bool {
    ci::begins_with_time(line) || line.windows(FIRST.len()).any(|part| part == FIRST)
}

/// The line without the two digits and the letter that tell which stream it is of, and whether it goes on with another.
fn of_stream(line: &str) -> Option<&str> {
    let (stream, rest) = line.split_at_checked(4)?;
    let mut letters = stream.bytes();
    let digits = letters.by_ref().take(2).all(|byte| byte.is_ascii_hexdigit());
    let fits = digits && matches!(letters.next(), Some(b'O' | b'E')) && matches!(letters.next(), Some(b' ' | b'+'));
    fits.then_some(rest)
}

/// The time of the first section's marker: `section_start:1774348721:prepare_executor`.
fn first_section(text: &str) -> Option<Time> {
    let (_, rest) = text.split_once("section_start:")?;
    Some(Time::from_seconds(i64::from(rest.split(':').next()?.parse::<u32>().ok()?)))
}

/// Which job the log is of.
struct Job<'a> {
    host: &'a str,
    project: String,
    pipeline: &'a str,
    job: &'a str,
}

impl<'a> Job<'a> {
    fn of(parts: &[&'a str]) -> Option<Job<'a>> {
        let [host, project @ .., pipeline, job] = parts else { return None };
        (project.len() >= 2).then(|| Job { host, project: project.join("/"), pipeline, job })
    }

    /// A host's name has a dot, which no owner on GitHub may have.
    fn path(&self) -> String {
        format!("{}/{}/{}/{}", self.host, self.project, self.pipeline, self.job)
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("host", self.host.to_owned()),
            ("project", self.project.clone()),
            ("pipeline", self.pipeline.to_owned()),
            ("job", self.job.to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_job_whatever_the_depth_of_groups() {
        let path = |parts: &[&str]| Job::of(parts).map(|job| job.path());
        assert_eq!(
            path(&["gitlab.com", "a", "b", "project", "812", "build"]).as_deref(),
            Some("gitlab.com/a/b/project/812/build")
        );
        assert_eq!(path(&["gitlab.com", "project", "812", "build"]), None);
    }

    #[test]
    fn a_stream_is_told_from_text() {
        assert_eq!((of_stream("00O x"), of_stream("01E+x"), of_stream("00P x")), (Some("x"), Some("x"), None));
        assert!(starts(b"\x1b[0KRunning with gitlab-runner 17") && !starts(b"Successfully installed x"));
    }
}
