//! Logs of GitHub Actions jobs: a time before each line; lines without one continue the line before them. Owner,
//! repository, run and job stand in the path: `ci_log/<owner>/<repository>/<run>/<job>.log`.

mod ocsf;

use crate::ci::{self, begins_with_time};
use crate::mapping::no_time;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, LogSource, Text, Time};

/// GitHub Actions job logs.
pub static SOURCE: CiLog = CiLog;

/// GitHub Actions job logs.
#[derive(Debug)]
pub struct CiLog;

impl Source for CiLog {
    fn name(&self) -> &'static str {
        "ci_log"
    }

    fn framing(&self) -> Framing {
        Framing::Lines { starts: begins_with_time }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["line", "owner", "repository", "run", "job", "number"]
    }

    /// GitHub's archive of a run's logs holds texts.
    fn knows(&self, name: &str) -> bool {
        name.ends_with(".txt")
    }

    /// Of such an archive, the files of whole jobs: in the folders beside them lie the same lines, step by step.
    fn wants(&self, path: &str) -> bool {
        let below = path.rsplit_once("ci_log/").map_or(path, |(_, below)| below);
        !path.ends_with(".txt") || below.split('/').count() == 4
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let (stamp, line) = record.text.split_once(' ').unwrap_or((record.text, ""));
        let stamped = begins_with_time(record.text.as_bytes()).then(|| Time::parse(stamp)).flatten();
        let (time, line) = match (stamped, record.received) {
            (Some(time), _) => (time, line),
            (None, Some(received)) => (received, record.text),
            (None, None) => return Err(no_time(begins_with_time(record.text.as_bytes()).then_some(stamp))),
        };
        let job = Job::of(record);
        let place = job.as_ref().map_or_else(|| record.input.to_owned(), Job::path);
        Ok(Mapped {
            native_id: Text::from(format!("{place}#{}", record.line)),
            time,
            log_source: LogSource { product: "ci", service: "github_actions" },
            keys: ci::keys(job.as_ref().map(Job::path).as_deref(), line.starts_with("##[error]")),
            body: Some(ci::body(
                line,
                job.as_ref().map(Job::fields).as_ref().map_or(&[], |fields| fields),
                Some(record.line),
            )),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// Which job the log is of.
struct Job<'a> {
    owner: &'a str,
    repository: &'a str,
    run: &'a str,
    job: &'a str,
}

impl<'a> Job<'a> {
    fn of(record: &'a RawRecord<'_>) -> Option<Job<'a>> {
        let mut parts = record.below("ci_log")?.split('/');
        let (owner, repository, run) = (parts.next()?, parts.next()?, parts.next()?);
        let file = parts.next().filter(|_| parts.next().is_none())?;
        let job = match file.strip_suffix(".txt") {
            Some(text) => unnumbered(text),
            None => file.split_once(".log").map_or(file, |(job, _)| job),
        };
        Some(Job { owner, repository, run, job })
    }

    fn path(&self) -> String {
        format!("{}/{}/{}/{}", self.owner, self.repository, self.run, self.job)
    }

    fn fields(&self) -> [(&'static str, &'a str); 4] {
        [("owner", self.owner), ("repository", self.repository), ("run", self.run), ("job", self.job)]
    }
}

/// The job's name in the name of a file of GitHub's archive: `3_build`.
fn unnumbered(name: &str) -> &str {
    let number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('_').filter(|(digits, _)| number(digits)).map_or(name, |(_, job)| job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_githubs_archive_whole_jobs_are_read() {
        assert!(SOURCE.knows("0_build.txt") && SOURCE.wants("logs/ci_log/o/r/8812/0_build.txt"));
        assert!(!SOURCE.wants("logs/ci_log/o/r/8812/build/1_Set up job.txt"));
        assert_eq!((unnumbered("0_build (3.12)"), unnumbered("my_build")), ("build (3.12)", "my_build"));
    }
}
