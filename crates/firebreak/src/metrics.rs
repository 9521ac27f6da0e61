//! What is measured of acting, as Prometheus reads it: above all the time to effective denial, by platform and action.
//!
//! Nothing here is remembered by itself: what was measured before the last start is read from the journal of steps.

use crate::config::MetricsConfig;
use anyhow::Result;
use firebreak_act::spec::catalogue::platform;
use firebreak_act::{RESPONDERS, StepReport, StepRow, StepState};
use firebreak_serve::axum::{Router, http::header, routing::get};
use firebreak_serve::{Listener, Token, guarded};
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Upper ends of the classes of the histogram, in seconds.
const UP_TO: [f64; 14] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0];

/// Times by class.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Histogram {
    /// How many there are of at most [`UP_TO`] seconds, class by class; what is longer is in no class.
    classes: [u64; UP_TO.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    fn add(&mut self, seconds: f64) {
        for (class, up_to) in self.classes.iter_mut().zip(UP_TO) {
            *class += u64::from(seconds <= up_to);
        }
        self.count += 1;
        self.sum += seconds;
    }
}

/// One action of one platform.
#[derive(Clone, PartialEq, Debug, Default)]
struct OfAction {
    /// From the first call until the old authority was first seen refused.
    denial: Histogram,
    /// Steps by how they came to rest.
    rested: BTreeMap<&'static str, u64>,
}

/// What the process measures while it runs.
#[derive(Debug, Default)]
pub struct Meter {
    actions: Mutex<BTreeMap<String, OfAction>>,
    late: AtomicU64,
    waiting_calls: AtomicU64,
    plans: AtomicU64,
}

impl Meter {
    /// A meter that knows what `rows` of the journal say.
    pub fn of(rows: &[StepRow]) -> Meter {
        let meter = Meter::default();
        for row in rows.iter().filter(|row| row.state != StepState::Planned) {
            let seconds = row.begun.zip(row.denied).map(|(begun, denied)| denied.seconds_since(begun).max(0.0));
            meter.count(&row.action.name, row.state, seconds);
        }
        meter
    }

    /// Counts a step that came to rest.
    pub fn step(&self, step: &StepReport) {
        if step.state != StepState::Planned {
            self.count(&step.action.name, step.state, step.seconds_to_effective_denial);
        }
    }

    fn count(&self, action: &str, state: StepState, seconds: Option<f64>) {
        let mut actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        let of_action = actions.entry(action.to_owned()).or_default();
        *of_action.rested.entry(state.word()).or_default() += 1;
        if let Some(seconds) = seconds {
            of_action.denial.add(seconds);
        }
    }

    /// Counts steps that were not begun in time.
    pub fn late(&self, steps: u64) {
        self.late.fetch_add(steps, Ordering::Relaxed);
    }

    /// Notes how many calls wait for a place and how many plans are under way.
    pub fn queued(&self, calls: u64, plans: u64) {
        self.waiting_calls.store(calls, Ordering::Relaxed);
        self.plans.store(plans, Ordering::Relaxed);
    }

    /// Everything, in the text format of Prometheus.
    pub fn text(&self) -> String {
        let actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::new();
        head(&mut text, "firebreak_effective_denial_seconds", "histogram", DENIAL);
        for (action, of_action) in &actions {
            histogram(&mut text, &labels(action), &of_action.denial);
        }
        head(&mut text, "firebreak_steps_total", "counter", "Steps by how they came to rest.");
        for (action, of_action) in &actions {
            for (state, count) in &of_action.rested {
                line(&mut text, "firebreak_steps_total", &format!("{},state=\"{state}\"", labels(action)), *count);
            }
        }
        let late = self.late.load(Ordering::Relaxed);
        head(&mut text, "firebreak_steps_late_total", "counter", "Steps that were not begun by their deadline.");
        line(&mut text, "firebreak_steps_late_total", "", late);
        head(
            &mut text,
            "firebreak_calls_waiting",
            "gauge",
            "Calls that wait for a place among those to their platform.",
        );
        line(&mut text, "firebreak_calls_waiting", "", self.waiting_calls.load(Ordering::Relaxed));
        head(&mut text, "firebreak_plans_under_way", "gauge", "Plans that are being carried out.");
        line(&mut text, "firebreak_plans_under_way", "", self.plans.load(Ordering::Relaxed));
        text
    }
}

/// What is configured to be shown: the listener and its paths; none where nothing is. The token is the one that the
/// configuration refers to, or one that is kept in `data`.
///
/// # Errors
/// If nothing can listen there, or there is no token.
pub async fn door(
    config: &MetricsConfig,
    world: &World,
    data: &Path,
    meter: Arc<Meter>,
) -> Result<Option<(Listener, Router)>> {
    let Some(address) = &config.listen else { return Ok(None) };
    let token = match &config.token {
        Some(reference) => Token::of(&world.secrets.secret(reference)?),
        None => Token::kept(world, &data.join("metrics.token"))?,
    };
    let listener = Listener::bind(address).await?;
    Ok(Some((listener, guarded(router(meter), token))))
}

/// `/metrics`.
fn router(meter: Arc<Meter>) -> Router {
    const FORMAT: [(header::HeaderName, &str); 1] =
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Router::new().route("/metrics", get(move || async move { (FORMAT, meter.text()) }))
}

const DENIAL: &str = "Seconds from the first call of a step until the old authority was first seen refused.";

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: u64) {
    let _ = match labels {
        "" => writeln!(text, "{name} {value}"),
        labels => writeln!(text, "{name}{{{labels}}} {value}"),
    };
}

fn histogram(text: &mut String, labels: &str, times: &Histogram) {
    const NAME: &str = "firebreak_effective_denial_seconds";
    for (class, up_to) in times.classes.iter().zip(UP_TO) {
        line(text, &format!("{NAME}_bucket"), &format!("{labels},le=\"{up_to}\""), *class);
    }
    line(text, &format!("{NAME}_bucket"), &format!("{labels},le=\"+Inf\""), times.count);
    let _ = writeln!(text, "{NAME}_sum{{{labels}}} {}", times.sum);
    line(text, &format!("{NAME}_count"), labels, times.count);
}

/// Platform and action. An action that no responder does has none to name.
fn labels(action: &str) -> String {
    let responder = action.split('/').next().unwrap_or_default();
    let known = RESPONDERS.iter().map(|one| one.spec().name).find(|name| *name == responder);
    let escaped = action.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("platform=\"{}\",action=\"{escaped}\"", known.map_or("unknown", platform))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_every_class_that_holds_them_and_the_text_adds_up() {
        let meter = Meter::default();
        for seconds in [0.04, 0.2, 7.0, 9_000.0] {
            meter.count("aws_access_key/deactivate", StepState::Contained, Some(seconds));
        }
        meter.count("aws_access_key/deactivate", StepState::Failed, None);
        let text = meter.text();
        let has = |line: &str| assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        let labels = "platform=\"AWS\",action=\"aws_access_key/deactivate\"";
        has(&format!("firebreak_effective_denial_seconds_bucket{{{labels},le=\"0.05\"}} 1"));
        has(&format!("firebreak_effective_denial_seconds_bucket{{{labels},le=\"10\"}} 3"));
        has(&format!("firebreak_effective_denial_seconds_bucket{{{labels},le=\"3600\"}} 3"));
        has(&format!("firebreak_effective_denial_seconds_bucket{{{labels},le=\"+Inf\"}} 4"));
        has(&format!("firebreak_effective_denial_seconds_count{{{labels}}} 4"));
        has(&format!("firebreak_steps_total{{{labels},state=\"failed\"}} 1"));
        has("firebreak_steps_late_total 0");
    }

    #[test]
    fn what_a_name_holds_cannot_break_out_of_its_label() {
        let meter = Meter::default();
        meter.count("x/\"} 1\ny", StepState::Failed, None);
        assert!(meter.text().contains("action=\"x/\\\"} 1\\ny\""), "{}", meter.text());
    }
}
