//! `firebreak top`: what `GET /now` says, on a terminal, anew every few seconds. It reads what was committed and acts on nothing.

use super::End;
use super::approve::open;
use crate::api::names::Names;
use crate::api::{Api, Books};
use crate::cli::TopArgs;
use crate::config::Config;
use crate::output::{Output, WIDTH, count, counted, short, span, time};
use anyhow::Result;
use firebreak_model::Time;
use firebreak_world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Rows of each part, where there is place for them: incidents, plans, sources.
const USUAL: [usize; 3] = [8, 4, 10];
/// Lines before the parts, at most.
const HEAD: usize = 5;
/// Columns of an incident before what it begins with.
const BEFORE_KEY: usize = 63;

/// The place that there is.
#[derive(Clone, Copy, Debug)]
struct Place {
    width: usize,
    rows: usize,
}

impl Place {
    /// Where lines may be as many as they are.
    const PAGE: Place = Place { width: WIDTH, rows: usize::MAX };

    /// That of the terminal; its last row stays free, so that it never scrolls.
    fn here() -> Place {
        let size = terminal_size::terminal_size();
        let (width, rows) = size.map_or((80, 24), |(width, rows)| (usize::from(width.0), usize::from(rows.0)));
        Place { width: width.min(WIDTH), rows: rows.saturating_sub(1) }
    }

    /// How many items of each part are shown: the longest part gives way first.
    fn shares(self, items: [usize; 3]) -> [usize; 3] {
        let mut shown = [0, 1, 2].map(|part| items[part].min(USUAL[part]));
        let lines = |shown: [usize; 3]| {
            let part = |at: usize| 2 + shown[at].max(1) + usize::from(items[at] > shown[at]);
            HEAD + part(0) + part(1) + part(2)
        };
        while lines(shown) > self.rows {
            match shown.iter_mut().filter(|part| **part > 1).max() {
                Some(longest) => *longest -= 1,
                None => break,
            }
        }
        shown
    }
}

/// Runs the command.
pub(super) fn run(args: &TopArgs, config: &Config, output: Output) -> Result<End> {
    let (world, data) = (World::offline(), config.data_directory());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open(config).await?;
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let books = Books { writing: None, copy: None };
        let api = Api::new(&world, config, &data, &store, books, Names::of(nowhere, None))?;
        let live = !args.once && !output.json && std::io::stdout().is_terminal();
        let mut before: Option<(Instant, u64)> = None;
        loop {
            let now = api.overview().await?;
            let events = now["totals"]["events"].as_u64().unwrap_or_default();
            let rate = before.map(|(at, known)| events.saturating_sub(known) as f64 / at.elapsed().as_secs_f64());
            before = Some((Instant::now(), events));
            let place = if live { Place::here() } else { Place::PAGE };
            let lines = screen(&now, rate, world.clock.now(), place);
            if live {
                draw(&lines, place)?;
            } else {
                lines.iter().for_each(|line| output.text(line));
                output.object("top", &with_rate(now, rate));
            }
            if args.once {
                break;
            }
            tokio::select! {
                _ = tokio::time::sleep(Duration::from_secs(args.every)) => {}
                _ = tokio::signal::ctrl_c() => break,
            }
        }
        if live {
            // The screen as it was before.
            print!("\x1b[?25h\x1b[?1049l");
            std::io::stdout().flush()?;
        }
        store.close().await;
        Ok(End::Done)
    })
}

fn with_rate(mut now: Value, rate: Option<f64>) -> Value {
    now["events_per_second"] = json!(rate);
    if let Some(object) = now.as_object_mut() {
        // Nobody is served here: whether `run` runs is not known by this.
        object.remove("running");
        object.remove("kind");
    }
    now
}

/// Draws over what was there, on a screen of its own; no more lines than there are.
fn draw(lines: &[String], place: Place) -> Result<()> {
    let mut text = String::from("\x1b[?1049h\x1b[?25l\x1b[H");
    for line in lines.iter().take(place.rows) {
        let (open, close) =
            if line.starts_with(|first: char| first.is_uppercase()) { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        text.push_str(&format!("{open}{line}{close}\x1b[K\r\n"));
    }
    text.push_str("\x1b[J");
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// The screen, line by line, none wider than its place. What logs say is text: no control character of it is printed.
fn screen(now: &Value, rate: Option<f64>, at: Time, place: Place) -> Vec<String> {
    let mut lines = Vec::new();
    let number = |value: &Value| count(value.as_u64().unwrap_or_default());
    let rehearsed = if now["mode"] == "dry_run" { ", every step is rehearsed" } else { "" };
    lines.push(format!("Firebreak  {}  policy {}{rehearsed}", time(at), word(&now["policy"])));
    if !now["paused"].is_null() {
        let paused = &now["paused"];
        lines.push(format!("PAUSED by {}: {}", word(&paused["by"]), word(&paused["because"])));
    }
    let totals = &now["totals"];
    let each = rate.map_or(String::new(), |rate| format!(" ({rate:.0} a second)"));
    lines.push(format!(
        "events {}{each}  quarantined {}  findings {}  incidents {}",
        number(&totals["events"]),
        number(&totals["quarantined"]),
        number(&totals["findings"]),
        number(&totals["incidents"]),
    ));
    lines.push(format!("verdicts: {}", tallied(&now["verdicts"])));
    lines.push(format!("steps: {}", tallied(&now["steps"])));
    let list = |name: &str| now[name].as_array().map(Vec::as_slice).unwrap_or_default();
    if !list("mutes").is_empty() {
        let names: BTreeSet<String> = list("mutes").iter().map(|one| word(&one["detector"])).collect();
        lines.push(format!("MUTED {}", names.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let shares = place.shares(["incidents", "waiting", "sources"].map(|name| list(name).len()));
    part(&mut lines, "Incidents", list("incidents"), shares[0], "nothing burns", |one| {
        let sources = one["sources"].as_array().map(Vec::as_slice).unwrap_or_default();
        let first = sources.first().map_or(String::new(), |source| word(&source["key"]));
        let findings = counted(one["findings"].as_u64().unwrap_or_default(), "finding");
        let (severity, status) = (word(&one["severity"]), word(&one["status"]).replace('_', " "));
        let key = short(&first, place.width.saturating_sub(BEFORE_KEY).max(5));
        format!("{severity:<9} {status:<18} {:>15}  {findings:<12} {key}", ago(&one["opened"], at))
    });
    part(&mut lines, "Plans that wait for a person", list("waiting"), shares[1], "none", |one| {
        let steps = counted(one["steps"].as_u64().unwrap_or_default(), "step");
        let id: String = word(&one["id"]).chars().take(12).collect();
        format!("firebreak approve {id}  {steps:<9} cost {:>5}  {:>15}", number(&one["cost"]), ago(&one["made_at"], at))
    });
    part(&mut lines, "Sources", list("sources"), shares[2], "none is configured", |one| {
        let silent = if one["silent"] == true { "SILENT" } else { "" };
        let last = if one["last_event"].is_null() { "never".to_owned() } else { ago(&one["last_event"], at) };
        format!(
            "{:<26} {:>12} events  last {last:>15}  {silent}",
            short(&word(&one["source"]), 26),
            number(&one["events"])
        )
    });
    lines.iter().map(|line| short(line, place.width)).collect()
}

fn part(
    lines: &mut Vec<String>,
    title: &str,
    items: &[Value],
    most: usize,
    none: &str,
    line: impl Fn(&Value) -> String,
) {
    lines.push(String::new());
    lines.push(format!("{title} {}", items.len()));
    lines.extend(items.iter().take(most).map(|item| format!("  {}", line(item).trim_end())));
    match items.len().checked_sub(most) {
        _ if items.is_empty() => lines.push(format!("  {none}")),
        Some(left @ 1..) => lines.push(format!("  and {left} more")),
        _ => {}
    }
}

/// `2 contained, 1 failed`.
fn tallied(counts: &Value) -> String {
    let counts = counts.as_object().into_iter().flatten().filter(|(_, number)| number.as_u64() > Some(0));
    let said: Vec<String> = counts.map(|(what, number)| format!("{number} {}", what.replace('_', " "))).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

/// Text of anybody, without what a terminal would obey.
fn word(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}

fn ago(value: &Value, at: Time) -> String {
    let passed = value.as_str().and_then(Time::parse).map(|then| at.seconds_since(then).max(0.0));
    passed.map_or_else(|| "not known".to_owned(), |seconds| format!("{} ago", span(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_too_wide_and_none_obeys_a_log() {
        let hostile = format!("\u{1b}]0;owned\u{7}\u{1b}[2J{}", "x".repeat(300));
        let now = json!({
            "policy": "ask", "mode": "dry_run", "paused": {"by": hostile, "because": hostile},
            "totals": {"events": 1_234_567, "findings": 3}, "verdicts": {"exposed": 2, "clear": 0}, "steps": {},
            "incidents": [{"severity": "critical", "status": "awaiting_approval", "opened": "2026-03-24T10:00:00Z",
                "findings": 7, "sources": [{"key": hostile}]}],
            "waiting": [], "sources": (0..12).map(|_| json!({"source": hostile, "events": 9, "silent": true})).collect::<Vec<_>>(),
        });
        let at = Time::parse("2026-03-24T10:03:20Z").unwrap();
        let lines = screen(&now, Some(12.4), at, Place::PAGE);
        for line in &lines {
            assert!(line.chars().count() <= WIDTH && !line.chars().any(char::is_control), "{line:?}");
        }
        let said = lines.join("\n");
        for wanted in ["1,234,567 (12 a second)", "2 exposed", "3 min 20 s ago", "and 2 more", "SILENT", "PAUSED"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        // A small terminal: every part is there, and says how much of it is not shown.
        let small = screen(&now, Some(12.4), at, Place { width: 80, rows: 23 });
        assert!(small.len() <= 23 && small.iter().all(|line| line.chars().count() <= 80), "{small:#?}");
        let said = small.join("\n");
        for wanted in ["Incidents 1", "Plans that wait", "Sources 12", "and 3 more", "SILENT"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
    }
}
