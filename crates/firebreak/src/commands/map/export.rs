//! `firebreak map export`: the map, or what a compromise reaches of it, in a form that other programs read.

use super::{End, remembered};
use crate::cli::{MapExportArgs, MapFormat};
use crate::commands::known_key;
use crate::config::Config;
use crate::estate::Packages;
use crate::output::{Output, counted};
use anyhow::{Context, Result};
use firebreak_graph::export::{Format, Part, export};
use firebreak_graph::{Graph, NodeId, closure};
use firebreak_model::Time;
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;

#[derive(Serialize)]
struct Exported {
    format: &'static str,
    file: Option<String>,
    nodes: usize,
}

/// Runs the command.
pub(super) fn run(args: &MapExportArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let (_, graph) = remembered::mapped(&world, &args.estate, config, &Packages::all(), world.clock.now())?;
    let only = if args.from.is_empty() { None } else { Some(reached(&graph, args)?) };
    let part = Part { graph: &graph, only: only.as_ref() };
    let (format, word) = form(args.format);
    let nodes = only.as_ref().map_or(graph.node_count(), BTreeSet::len);
    match &args.output {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("writing `{}`", path.display()))?;
            write(&part, format, file).with_context(|| format!("writing `{}`", path.display()))?;
            output.text(format!("{} in `{}`", counted(nodes as u64, "node"), path.display()));
            let file = Some(path.display().to_string());
            output.object("exported", &Exported { format: word, file, nodes });
        }
        None => write(&part, format, std::io::stdout().lock()).context("writing the map")?,
    }
    Ok(End::Done)
}

fn form(format: MapFormat) -> (Format, &'static str) {
    let format = match format {
        MapFormat::Graphml => Format::GraphMl,
        MapFormat::Json => Format::Json,
        MapFormat::Graphviz => Format::Graphviz,
        MapFormat::Opengraph => Format::OpenGraph,
    };
    (format, Format::ALL.into_iter().find(|(known, _)| *known == format).map_or("", |(_, word)| word))
}

/// The nodes within reach of what is named, at any time.
fn reached(graph: &Graph, args: &MapExportArgs) -> Result<BTreeSet<NodeId>> {
    let sources = args.from.iter().map(|text| known_key(graph, text).map(|(node, _)| node));
    let sources: Vec<NodeId> = sources.collect::<Result<_>>()?;
    Ok(closure(graph, &sources, Time::MIN).nodes().collect())
}

/// A file as a place for text; the first fault is kept, since a formatter can only say that there was one.
struct Sink<W: Write> {
    to: std::io::BufWriter<W>,
    fault: Option<std::io::Error>,
}

impl<W: Write> fmt::Write for Sink<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.to.write_all(text.as_bytes()).map_err(|error| {
            self.fault.get_or_insert(error);
            fmt::Error
        })
    }
}

fn write(part: &Part<'_>, format: Format, to: impl Write) -> std::io::Result<()> {
    let mut sink = Sink { to: std::io::BufWriter::new(to), fault: None };
    let written = export(part, format, &mut sink);
    match (written, sink.fault) {
        (_, Some(fault)) => Err(fault),
        (Err(fmt::Error), None) => Err(std::io::Error::other("the map cannot be written in this form")),
        (Ok(()), None) => sink.to.flush(),
    }
}
