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
use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Rows of each part.
const INCIDENTS: usize = 8;
const PLANS: usize = 4;
const SOURCES: usize = 10;

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
            let lines = screen(&now, rate, world.clock.now());
            if live {
                draw(&lines)?;
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
fn draw(lines: &[String]) -> Result<()> {
    let rows = terminal_size::terminal_size().map_or(40, |(_, height)| usize::from(height.0));
    let mut text = String::from("\x1b[?1049h\x1b[?25l\x1b[H");
    for line in lines.iter().take(rows.saturating_sub(1)) {
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

/// The screen, line by line, none wider than a terminal. What logs say is text: no control character of it is printed.
fn screen(now: &Value, rate: Option<f64>, at: Time) -> Vec<String> {
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
        "events {}{each}   quarantined {}   findings {}   incidents {}",
        number(&totals["events"]),
        number(&totals["quarantined"]),
        number(&totals["findings"]),
        number(&totals["incidents"]),
    ));
    lines.push(format!("verdicts: {}", tallied(&now["verdicts"])));
    lines.push(format!("steps: {}", tallied(&now["steps"])));
    let list = |name: &str| now[name].as_array().map(Vec::as_slice).unwrap_or_default();
    part(&mut lines, "Incidents", list("incidents"), INCIDENTS, "nothing burns", |one| {
        let sources = one["sources"].as_array().map(Vec::as_slice).unwrap_or_default();
        let first = sources.first().map_or(String::new(), |source| word(&source["key"]));
        let findings = counted(one["findings"].as_u64().unwrap_or_default(), "finding");
        let (severity, status) = (word(&one["severity"]), word(&one["status"]).replace('_', " "));
        format!("{severity:<9} {status:<18} {:>12}  {findings:<12} {}", ago(&one["opened"], at), short(&first, 38))
    });
    part(&mut lines, "Plans that wait for a person", list("waiting"), PLANS, "none", |one| {
        let steps = counted(one["steps"].as_u64().unwrap_or_default(), "step");
        let id: String = word(&one["id"]).chars().take(12).collect();
        format!(
            "{id}  {steps:<9} cost {:>5}  {:>12}  firebreak approve {id}",
            number(&one["cost"]),
            ago(&one["made_at"], at)
        )
    });
    part(&mut lines, "Sources", list("sources"), SOURCES, "none is configured", |one| {
        let silent = if one["silent"] == true { "SILENT" } else { "" };
        let last = if one["last_event"].is_null() { "never".to_owned() } else { ago(&one["last_event"], at) };
        format!("{:<28} {:>14} events  last {last:>12}  {silent}", word(&one["source"]), number(&one["events"]))
    });
    lines.iter().map(|line| short(line, WIDTH)).collect()
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
        let lines = screen(&now, Some(12.4), Time::parse("2026-03-24T10:03:20Z").unwrap());
        for line in &lines {
            assert!(line.chars().count() <= WIDTH && !line.chars().any(char::is_control), "{line:?}");
        }
        let said = lines.join("\n");
        for wanted in ["1,234,567 (12 a second)", "2 exposed", "3 min 20 s ago", "and 2 more", "SILENT", "PAUSED"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
    }
}
