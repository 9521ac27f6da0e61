//! `firebreak hunt`: asks the lake in SQL.

use super::End;
use super::approve::open;
use crate::cli::HuntArgs;
use crate::config::Config;
use crate::hunting::{self, Hunted, saved::SAVED};
use crate::output::{Output, WIDTH, count, counted, short};
use crate::progress::{Progress, Unit};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_hunt::Value;
use firebreak_world::World;

/// The least width of a column that is shortened.
const NARROWEST: usize = 8;

/// Runs the command.
pub(super) fn run(args: &HuntArgs, config: &Config, output: Output) -> Result<End> {
    if args.schema {
        return Ok(schema(config, output));
    }
    let sql = match (&args.sql, &args.saved) {
        (Some(sql), None) => sql.clone(),
        (None, Some(name)) => saved(config, name)?,
        _ => {
            bail!("nothing is asked\nhint: firebreak hunt \"SELECT …\", or --saved NAME; --schema lists what there is")
        }
    };
    let (world, data) = (World::offline(), config.data_directory());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bodies = runtime.block_on(async {
        let store = open(config).await?;
        let bodies = store.lake_files().await;
        store.close().await;
        bodies
    })?;
    let sql = hunting::without_secrets(&world, config.fingerprint_key.as_deref(), &data, &sql)?;
    let mut progress = Progress::of(output, "looking", Unit::Of("events"));
    let mut tell = |done, all| progress.at_of(done, all);
    let files = hunting::files(&bodies)?;
    let hunted = hunting::hunt(&world, &data, &files, &sql, (args.rows, args.seconds), &mut tell)?;
    drop(progress);
    let hunted = hunted.map_err(|refusal| anyhow!("{refusal}"))?;
    show(&hunted, output);
    output.object("hunt", &hunted);
    Ok(if hunted.answer.gaps.is_empty() { End::Done } else { End::NeedsPerson })
}

/// The saved question of this name: the owner's before ours.
fn saved(config: &Config, name: &str) -> Result<String> {
    let own = config.hunt.saved.iter().find(|one| one.name == name).map(|one| one.sql.clone());
    let found = own.or_else(|| SAVED.iter().find(|one| one.name == name).map(|one| one.sql.to_owned()));
    found.with_context(|| {
        let own = config.hunt.saved.iter().map(|one| one.name.as_str());
        let names: Vec<&str> = own.chain(SAVED.iter().map(|one| one.name)).collect();
        format!("no question `{name}` is saved\nhint: there are {}", names.join(", "))
    })
}

fn schema(config: &Config, output: Output) -> End {
    let schema = hunting::schema(&config.hunt.saved);
    let each = |name: &str| schema[name].as_array().cloned().unwrap_or_default();
    output.text("table events");
    for column in each("columns") {
        let [name, holds, meaning] = ["name", "holds", "meaning"].map(|key| column[key].as_str().unwrap_or_default());
        output.paragraph(2, &format!("{name} ({holds}): {meaning}"));
    }
    output.text("functions");
    for one in each("functions") {
        let [form, meaning] = ["form", "meaning"].map(|key| one[key].as_str().unwrap_or_default());
        output.paragraph(2, &format!("{form}: {meaning}"));
    }
    output.text("saved");
    for one in each("saved") {
        let [name, about] = ["name", "about"].map(|key| one[key].as_str().unwrap_or_default());
        output.paragraph(2, &format!("{name}: {about}"));
    }
    output.object("hunt_schema", &schema);
    End::Done
}

/// A table that fits a terminal.
fn show(hunted: &Hunted, output: Output) {
    let answer = &hunted.answer;
    let text = |value: &Value<'_>| match value {
        Value::Absent => String::new(),
        Value::Text(text) => text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect(),
        Value::Whole(number) if *number >= 0 => count(number.unsigned_abs()),
        other => serde_json::to_value(other)
            .map_or_else(|_| String::new(), |shown| shown.as_str().map_or_else(|| shown.to_string(), str::to_owned)),
    };
    let heads: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let widest = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(heads.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths = fitted((0..heads.len()).map(widest).collect());
    if widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) > WIDTH {
        records(&heads, &rows, output);
    } else {
        table(hunted, &heads, &rows, &widths, output);
    }
    let more = if answer.more { ", and there are more: --rows shows up to 10,000" } else { "" };
    let events = counted(answer.events, "event");
    output.text(format!("{}{more}; {events} looked at in {:.2} s", counted(rows.len() as u64, "row"), hunted.seconds));
    for gap in &answer.gaps {
        output.paragraph(2, &format!("not known: {gap}"));
    }
}

fn table(hunted: &Hunted, heads: &[String], rows: &[Vec<String>], widths: &[usize], output: Output) {
    let numbers: Vec<bool> = hunted.answer.columns.iter().map(|column| column.holds.word() == "number").collect();
    for row in std::iter::once(heads).chain(rows.iter().map(Vec::as_slice)) {
        let cells = row.iter().zip(widths).zip(&numbers).map(|((cell, width), number)| {
            let cell = short(cell, *width);
            if *number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        output.text(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// Rows of more columns than a line holds: each as a block, what is absent left out.
fn records(heads: &[String], rows: &[Vec<String>], output: Output) {
    let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or_default().min(WIDTH / 3);
    for row in rows {
        for (head, cell) in heads.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let head = short(head, width);
            output.text(format!("{head:<width$}  {}", short(cell, WIDTH - width - 2)));
        }
        output.text("");
    }
}

/// Widths that fit: the widest columns give way first.
fn fitted(mut widths: Vec<usize>) -> Vec<usize> {
    loop {
        let whole = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        match widths.iter_mut().max() {
            Some(widest) if whole > WIDTH && *widest > NARROWEST => *widest -= 1,
            _ => return widths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way_until_the_line_fits() {
        let widths = fitted(vec![20, 200, 9, 90]);
        assert_eq!(widths.iter().sum::<usize>() + 6, WIDTH);
        assert_eq!((widths[0], widths[2]), (20, 9));
        assert_eq!(fitted(vec![5, 5]), [5, 5]);
    }
}
