//! Lints over rules: those that follow from the rules alone, told what the sources give, and those that need cases.

use super::cases::folders;
use super::{FolderRun, known};
use firebreak_detect::Rules;
use firebreak_detect::rules::{KnownSource, Lint};
use firebreak_model::{Position, Text};
use std::path::{Path, PathBuf};

/// The lints of `rules`, with what is known of the sources.
pub fn rules(rules: &Rules) -> Vec<Lint> {
    let of = |known: &'static known::Known| {
        let fields = known::writer(known).source().map_or(&[][..], |source| source.fields());
        known.services.iter().map(move |service| KnownSource { product: known.product, service, fields })
    };
    let sources: Vec<KnownSource<'_>> = known::KNOWN.iter().flat_map(of).collect();
    rules.lint(&sources)
}

/// The lints of the cases of every detector in or below `path`: a folder with a `rule.yml`.
pub fn cases(path: &Path) -> Vec<Lint> {
    let mut detectors = Vec::new();
    find(path, &mut detectors);
    detectors.iter().filter_map(|folder| FolderRun::of(folder).ok()).flat_map(|run| of_run(&run)).collect()
}

fn find(path: &Path, detectors: &mut Vec<PathBuf>) {
    if path.join("rule.yml").is_file() {
        detectors.push(path.to_owned());
        return;
    }
    folders(path).iter().for_each(|folder| find(folder, detectors));
}

fn of_run(run: &FolderRun) -> Vec<Lint> {
    // A rule that does not load is an error already.
    if !run.problems().is_empty() {
        return Vec::new();
    }
    let own = run.subject.own();
    let detections = own.iter().filter_map(|index| run.subject.rules.detection(*index)).map(|rule| &rule.attributes);
    let correlations = run.subject.correlations();
    let correlations = correlations
        .iter()
        .filter_map(|place| run.subject.rules.correlations().get(*place))
        .map(|rule| &rule.attributes);
    // What raises the finding stands last.
    let Some(main) = detections.chain(correlations).last() else { return Vec::new() };
    let lint = |name, line, rule: &Text, what: String, cure: &str| Lint {
        name,
        rule: rule.clone(),
        position: Position { input: main.path.to_string(), line: Some(line), ..Position::default() },
        what,
        cure: cure.to_owned(),
    };
    let mut lints = Vec::new();
    for (kind, name, what, cure) in [
        (
            "fire",
            "no_fire_case",
            "no case shows that it fires",
            "add `cases/fire-…/<source>.json` with records that must fire",
        ),
        (
            "quiet",
            "no_quiet_case",
            "no case shows what it leaves alone",
            "add `cases/quiet-…/<source>.json` with records that look alike and are honest",
        ),
    ] {
        if !run.has(kind) {
            lints.push(lint(name, main.line, &main.title, what.to_owned(), cure));
        }
    }
    for case in run.cases.iter().filter(|case| !case.passed) {
        let (name, cure) = match (case.case.starts_with("fire"), case.findings) {
            (true, _) => ("fire_case_silent", "`firebreak detector test` says which test fails"),
            (false, 0) => ("case_unreadable", "put records as the platform writes them into `<source>.json`"),
            (false, _) => ("quiet_case_fires", "narrow the rule, or move the case"),
        };
        let why = case.why.first().cloned().unwrap_or_default();
        lints.push(lint(name, main.line, &main.title, format!("the case `{}` fails: {why}", case.case), cure));
    }
    if run.has("fire") {
        for rule in run.unmet.iter().filter_map(|index| run.subject.rules.detection(*index)) {
            let rule = &rule.attributes;
            let what = "no record of any case meets it".to_owned();
            lints.push(lint(
                "rule_not_exercised",
                rule.line,
                &rule.title,
                what,
                "add a case that meets it, or remove it",
            ));
        }
    }
    lints
}
