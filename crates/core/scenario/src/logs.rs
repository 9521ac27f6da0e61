//! The log files of one day: ordinary traffic, decoys and attack of each source go into one batch, and out in the order of
//! time.

use crate::attack::{self, Act, between};
use crate::batch::Batch;
use crate::clock::{At, DAY, HOUR};
use crate::decoy;
use crate::estate::Estate;
use crate::estate::aws::ACCOUNTS;
use crate::estate::cluster::CLUSTER;
use crate::estate::pipelines::{Log, OWNER};
use crate::random::Random;
use crate::{File, ROOT, traffic, write};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// A source with one file a day: its folder, how the file is named, and what goes into it.
type Daily = (&'static str, fn(&str) -> String, fn(&Estate, &[Act], At, &mut Random, &mut Batch));

const DAILY: [Daily; 7] = [
    ("okta_system", |date| format!("okta_system/{date}.json"), okta_system),
    ("google_workspace", |date| format!("google_workspace/{date}.ndjson"), google_workspace),
    ("slack_audit", |date| format!("slack_audit/{date}.ndjson"), slack_audit),
    ("github_audit", |date| format!("github_audit/{date}.ndjson"), github_audit),
    ("kubernetes_audit", |date| format!("kubernetes_audit/{CLUSTER}/audit-{date}.log"), kubernetes_audit),
    ("litellm", |date| format!("litellm/{date}.ndjson"), litellm),
    ("package_install", |date| format!("package_install/{date}.ndjson"), package_install),
];

/// Writes the files of the day that begins at `day`. False where `sink` wants no more.
pub(crate) fn day(estate: &Estate, acts: &[Act], day: At, sink: &mut dyn FnMut(File) -> bool) -> bool {
    let acts = between(acts, day, day.plus(DAY));
    for (source, path, fill) in &DAILY {
        let mut batch = Batch::default();
        let mut random = Random::of(estate.spec.seed, source, day.seconds() as u64);
        fill(estate, acts, day, &mut random, &mut batch);
        if batch.is_empty() {
            continue;
        }
        let bytes = if *source == "okta_system" { batch.array() } else { batch.lines() };
        if !sink(File { path: format!("{ROOT}/logs/{}", path(&day.date())), bytes }) {
            return false;
        }
    }
    day.hours(24).all(|hour| aws_cloudtrail(estate, acts, hour, sink)) && ci_log(estate, day, sink)
}

fn okta_system(estate: &Estate, _: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::okta_system::day(estate, day, random, batch);
    decoy::okta_system(estate, day, random, batch);
}

fn google_workspace(estate: &Estate, acts: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::google_workspace::day(estate, day, random, batch);
    decoy::google_workspace(day, random, batch);
    acts.iter().for_each(|act| attack::google_workspace(estate, act, random, batch));
}

fn slack_audit(estate: &Estate, acts: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::slack_audit::day(estate, day, random, batch);
    acts.iter().for_each(|act| attack::slack_audit(estate, act, random, batch));
}

fn github_audit(estate: &Estate, acts: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::github_audit::day(estate, day, random, batch);
    decoy::github_audit(estate, day, random, batch);
    acts.iter().for_each(|act| attack::github_audit(estate, act, random, batch));
}

fn kubernetes_audit(estate: &Estate, acts: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::kubernetes_audit::day(estate, day, random, batch);
    acts.iter().for_each(|act| attack::kubernetes_audit(act, random, batch));
}

fn litellm(estate: &Estate, _: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::litellm::day(estate, day, random, batch);
}

fn package_install(estate: &Estate, _: &[Act], day: At, random: &mut Random, batch: &mut Batch) {
    traffic::package_install::day(estate, day, random, batch);
    decoy::package_install(day, batch);
}

/// One file an account for the hour that begins at `hour`.
fn aws_cloudtrail(estate: &Estate, acts: &[Act], hour: At, sink: &mut dyn FnMut(File) -> bool) -> bool {
    let acts = between(acts, hour, hour.plus(HOUR));
    ACCOUNTS.iter().all(|(account, name)| {
        let mut batch = Batch::default();
        let mut random = Random::of(estate.spec.seed, name, hour.seconds() as u64);
        traffic::aws_cloudtrail::hour(estate, account, hour, &mut random, &mut batch);
        decoy::aws_cloudtrail(estate, account, hour, &mut random, &mut batch);
        acts.iter().for_each(|act| attack::aws_cloudtrail(estate, account, act, &mut random, &mut batch));
        if batch.is_empty() {
            return true;
        }
        let path = write::aws_cloudtrail::path(account, hour, &mut random);
        sink(File { path: format!("{ROOT}/logs/aws_cloudtrail/{path}"), bytes: gzip(&batch.cloudtrail()) })
    })
}

/// The logs of the jobs that started on the day.
fn ci_log(estate: &Estate, day: At, sink: &mut dyn FnMut(File) -> bool) -> bool {
    let of_day = estate.jobs.iter().filter(|job| job.started >= day && job.started < day.plus(DAY));
    of_day.filter(|job| job.log == Log::Kept).all(|job| {
        let (bytes, _) = traffic::ci_log::write(estate, job);
        let path = format!("{ROOT}/logs/ci_log/{OWNER}/{}/{}/{}.log", job.repository, job.run, job.name);
        sink(File { path, bytes })
    })
}

/// The bytes in a gzip member without a name or a time, so that they depend on the content alone.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 6), Compression::fast());
    // Writing into memory does not fail; if it did, an empty file would say so to every reader.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}
