//! A GitHub organisation as an OpenGraph export (BloodHound's form, as GitHound writes it).
//!
//! The export's nodes and edges are put back into the document that GitHub's API would have given, and that is read by
//! `github_organization`: one reading of rights, however the organisation came to us. What the export computed itself
//! (who can write which branch) is not taken over.

mod document;
mod graph;

use crate::json::parse;
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner};
use crate::scanners::github_organization;
use graph::Graph;
use std::path::Path;

/// Reads OpenGraph exports of GitHub.
pub struct GithubOpengraph;

/// The scanner.
pub static SCANNER: GithubOpengraph = GithubOpengraph;

impl Scanner for GithubOpengraph {
    fn name(&self) -> &'static str {
        "github_opengraph"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        let json = path.extension().is_some_and(|extension| extension == "json");
        let head = String::from_utf8_lossy(head);
        let graph = head.contains("\"graph\"") && head.contains("\"nodes\"");
        json && graph && (head.contains("\"GH_") || named(path))
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        if let Some(export) = parse(input.bytes, &mut report) {
            let graph = Graph::read(&export, &mut report);
            if graph.is_empty() && graph.has_others() {
                report.add("it holds no nodes of GitHub", "export with nodes of the kinds `GH_…`");
            } else if !graph.is_empty() {
                let (document, whole) = document::of(&graph, &mut report);
                github_organization::read(&document, input, &mut report, &mut found);
                // Sign-on is exported to a file of its own: what one file lacks is not gone.
                let stem = input.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("export");
                found.scope = format!("{}/opengraph/{stem}", found.scope);
                found.complete &= whole;
            }
        }
        found.problems = report.finish();
        found
    }
}

/// Whether the file is named as the collector names it.
fn named(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("githound_"))
}
