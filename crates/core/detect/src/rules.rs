//! Sigma rules, loaded from text: detections, and correlations over them.
//!
//! Loading never fails as a whole and never passes over anything in silence: each rule that cannot work in full is a
//! [`Problem`] with the file, the line and what to do. Not matching: that is [`crate::Matcher`].
//!
//! Where the Sigma specification leaves room, this is what holds here. A missing field equals null. Values are compared
//! as text without regard to case, unless `cased` or `re` says otherwise. A rule is asked only about records of its
//! `product`, and of its `service` where it names one; beside them `category` does not select anything. A rule without a
//! product is asked about records of its service, or of the service that has the name of its category. The product
//! `firebreak` means every record of every source: such rules compare the normalised keys (`firebreak.operation` and so
//! on). More of this is in `docs/sigma.md`.

mod aggregation;
pub(crate) mod attributes;
mod awaited;
mod collection;
pub(crate) mod condition;
pub(crate) mod correlation;
mod detection;
mod draft;
mod encode;
mod expression;
mod filter;
pub(crate) mod lint;
mod measure;
mod modifier;
mod pattern;
mod pipeline;
mod placeholder;
pub(crate) mod predicate;
mod resolve;
pub(crate) mod section;
mod value;
mod yaml;

pub use crate::stamp::DatePart;
pub use attributes::{Attributes, SubjectKind};
pub use awaited::{Alternative, Awaited};
pub use correlation::{Correlation, GroupField, Kind, Reference};
pub(crate) use expression::EXPRESSION_BYTES_MAX;
pub use lint::{KnownSource, Lint};
pub use measure::{Bounds, Percentile, Range};
pub use pattern::Piece;
pub(crate) use pattern::expression;
pub use placeholder::Placeholders;
pub use predicate::{Comparison, Condition, Predicate, Real, Relation, Test};

use attributes::Refusals;
use condition::Refusal;
use draft::Draft;
use filter::Filter;
use firebreak_model::{Position, Problem, Text};
use pipeline::{Pipelines, Several};
use section::{Fault, Section};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaml_serde::Value;

/// A file of rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleFile {
    /// Its path, as the operator knows it; the detector's name comes from it.
    pub path: String,
    /// Its text: one or more YAML documents.
    pub text: String,
}

/// The place of a detection rule in [`Rules::detections`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RuleIndex(pub u32);

/// Which records a rule is asked about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Route {
    /// Sigma `product`; `None` for `firebreak`: every record.
    pub product: Option<Text>,
    /// Sigma `service`; `None` for every service of the product.
    pub service: Option<Text>,
}

impl Route {
    /// Whether a record of this product and service is asked about.
    pub fn leads_to(&self, product: &str, service: &str) -> bool {
        self.product.as_ref().is_none_or(|own| own == product) && self.service.as_ref().is_none_or(|own| own == service)
    }
}

/// A `logsource` as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogSource {
    /// Sigma `product`, in lower case.
    pub product: Option<Text>,
    /// Sigma `service`, in lower case.
    pub service: Option<Text>,
    /// Sigma `category`, in lower case.
    pub category: Option<Text>,
    /// On which line of the file.
    pub line: u64,
}

/// What a filter came to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct FilterUse {
    pub(crate) attributes: Attributes,
    /// So many rules have it.
    pub(crate) applied: usize,
    /// These it names, and they are not there.
    pub(crate) missing: Vec<String>,
    /// Whether it keeps what it describes instead of leaving it out.
    pub(crate) keeps: bool,
}

/// A rule as it was written, for lints.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Written {
    pub(crate) section: Section,
    pub(crate) tags: Vec<String>,
}

/// What may be told to [`Rules::load_with`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoadOptions {
    /// Values of the placeholders (`%name%`) of values with the modifier `expand`.
    pub placeholders: Placeholders,
    /// Pipelines of the sources, which lead the names that published rules have for a platform's fields to those of its
    /// records. They go before all others.
    pub taxonomies: Vec<RuleFile>,
    /// Processing pipelines, as pySigma writes them.
    pub pipelines: Vec<RuleFile>,
}

/// One detection rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Detection {
    /// Title, level and the like.
    pub attributes: Attributes,
    /// What its log source is called.
    pub logsource: LogSource,
    /// Which records.
    pub route: Route,
    /// What must hold.
    pub condition: Condition,
    /// Whether it raises findings of its own: not where a correlation uses it without `generate`.
    pub emits: bool,
    pub(crate) written: Arc<Written>,
}

/// All rules that could be loaded.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    detections: Vec<Detection>,
    correlations: Vec<Correlation>,
    filters: Vec<FilterUse>,
}

impl Rules {
    /// Loads `files`: what works, and what does not.
    pub fn load(files: &[RuleFile]) -> (Rules, Vec<Problem>) {
        Rules::load_with(files, &LoadOptions::default())
    }

    /// Loads `files` with what the operator has to add.
    pub fn load_with(files: &[RuleFile], options: &LoadOptions) -> (Rules, Vec<Problem>) {
        let mut loading = Loading::default();
        for file in files {
            loading.file(file);
        }
        loading.compile(options);
        resolve::resolve(loading)
    }

    /// What in these rules is likely not meant so. Without `sources` nothing is said about fields and log sources.
    pub fn lint(&self, sources: &[KnownSource<'_>]) -> Vec<Lint> {
        lint::lint(self, sources)
    }

    /// Detection rules, by [`RuleIndex`].
    pub fn detections(&self) -> &[Detection] {
        &self.detections
    }

    /// The detection rule at `index`.
    pub fn detection(&self, index: RuleIndex) -> Option<&Detection> {
        self.detections.get(index.0 as usize)
    }

    /// Correlations, each after those that it refers to.
    pub fn correlations(&self) -> &[Correlation] {
        &self.correlations
    }
}

/// What has been read so far.
#[derive(Default)]
struct Loading {
    drafts: Vec<Draft>,
    filters: Vec<Filter>,
    detections: Vec<Detection>,
    correlations: Vec<correlation::Unresolved>,
    uses: Vec<FilterUse>,
    problems: Vec<Problem>,
}

/// The problem that a fault in `path` is.
fn problem(source: &Text, path: &str, fault: Fault) -> Problem {
    let position = Position { input: path.to_owned(), line: Some(fault.line), ..Position::default() };
    Problem { source: source.clone(), position, reason: fault.refusal.reason, hint: fault.refusal.hint }
}

impl Loading {
    fn file(&mut self, file: &RuleFile) {
        let (documents, faults) = collection::documents(file);
        let source = Text::new(&file.path);
        self.problems.extend(faults.into_iter().map(|fault| problem(&source, &file.path, fault)));
        for written in &documents {
            self.document(file, written);
        }
    }

    fn document(&mut self, file: &RuleFile, written: &collection::Written<'_>) {
        let (attributes, refusals) = draft::attributes(written, &file.path);
        let titled = written.map.contains_key("title");
        let source = if titled { attributes.title.clone() } else { Text::new(&file.path) };
        let fault = |key: &str, refusal| Fault { line: written.document.line_of("", key), refusal };
        let mut faults: Vec<Fault> = refusals.into_iter().map(|(key, refusal)| fault(&key, refusal)).collect();
        let part = |key: &str| written.map.get(key);
        match (part("detection"), part("correlation"), part("filter")) {
            (Some(Value::Mapping(section)), None, None) => self.drafts.push(Draft::read(written, section, attributes)),
            (None, Some(Value::Mapping(section)), None) => {
                let mut refusals: Refusals = Vec::new();
                let digest = digest(written.document.text);
                let compiled = correlation::compile(section, &written.map, attributes, digest, &mut refusals);
                let at = |key: &str| written.document.line_of("correlation", key);
                faults.extend(refusals.into_iter().map(|(key, refusal)| Fault { line: at(&key), refusal }));
                self.correlations.extend(compiled);
            }
            (None, None, Some(Value::Mapping(section))) => match filter::read(written, section, attributes) {
                Ok(filter) => self.filters.push(filter),
                Err(own) => faults.extend(own),
            },
            (detection, correlation, filter) => {
                let (key, refusal) = match part("transformations") {
                    Some(_) => (
                        "transformations",
                        Refusal {
                            reason: "this is a processing pipeline, not a rule".to_owned(),
                            hint: "name its file under `detect.pipelines`".to_owned(),
                        },
                    ),
                    None => neither(detection, correlation, filter),
                };
                faults.push(fault(key, refusal));
            }
        }
        self.problems.extend(faults.into_iter().map(|fault| problem(&source, &file.path, fault)));
    }

    /// Applies filters and pipelines, fills placeholders and compiles.
    fn compile(&mut self, options: &LoadOptions) {
        let mut drafts = std::mem::take(&mut self.drafts);
        let filters = std::mem::take(&mut self.filters);
        self.uses = (1..).zip(&filters).map(|(number, filter)| filter.apply(number, &mut drafts)).collect();
        for (files, several) in [(&options.taxonomies, Several::First), (&options.pipelines, Several::Refused)] {
            let (pipelines, problems) = Pipelines::read(files, several);
            self.problems.extend(problems);
            self.problems.extend(pipelines.apply(&mut drafts, &mut self.correlations));
        }
        for mut draft in drafts {
            placeholder::fill(&mut draft.section, &options.placeholders, &mut draft.faults);
            let (title, path) = (draft.attributes.title.clone(), draft.attributes.path.clone());
            match draft.compile() {
                Ok((detections, correlation)) => {
                    self.detections.extend(detections);
                    self.correlations.extend(correlation);
                }
                Err(faults) => self.problems.extend(faults.into_iter().map(|fault| problem(&title, &path, fault))),
            }
        }
    }
}

/// Why a document is not a rule.
fn neither(detection: Option<&Value>, correlation: Option<&Value>, filter: Option<&Value>) -> (&'static str, Refusal) {
    let refusal = |reason: String, hint: &str| Refusal { reason, hint: hint.to_owned() };
    let found: Vec<(&'static str, &Value)> =
        [("detection", detection), ("correlation", correlation), ("filter", filter)]
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
    match found.as_slice() {
        [] => (
            "",
            refusal("the rule has neither `detection` nor `correlation` nor `filter`".to_owned(), "add one of them"),
        ),
        [(key, value)] => {
            let reason = format!("`{key}` is {}, not a map", yaml::kind(value));
            (*key, refusal(reason, "write its parts below it"))
        }
        [(first, _), (second, _), ..] => (
            *second,
            refusal(format!("the document has `{first}` and `{second}`"), "put a `---` line between two rules"),
        ),
    }
}

/// What must hold of an event for one search of a loaded rule.
pub(crate) fn search_condition(search: &section::Search) -> Option<Condition> {
    detection::compile_search(search).ok()
}

/// 64 bits that change when the text does.
fn digest(text: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests;
