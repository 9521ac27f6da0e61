//! Sigma rules, loaded from text: detections, and correlations over them.
//!
//! Loading never fails as a whole and never passes over anything in silence: each rule that cannot work in full is a
//! [`Problem`] with the file, the line and what to do. Not matching: that is [`crate::Matcher`].
//!
//! Where the Sigma specification leaves room, this is what holds here. A missing field equals null. Values are compared
//! as text without regard to case, unless `cased` or `re` says otherwise. A rule is asked only about records of its
//! `product`, and of its `service` where it names one; `category` does not select anything. A rule without a product
//! would never be asked and is refused, but for the product `firebreak`, which means every record of every source: such
//! rules compare the normalised keys (`firebreak.operation` and so on).

pub(crate) mod attributes;
mod awaited;
pub(crate) mod condition;
pub(crate) mod correlation;
mod detection;
mod encode;
mod measure;
pub(crate) mod modifier;
mod pattern;
pub(crate) mod predicate;
mod resolve;
mod yaml;

pub use attributes::{Attributes, SubjectKind};
pub use awaited::{Alternative, Awaited};
pub use correlation::{Correlation, GroupField, Kind, Reference};
pub use measure::{Bounds, Percentile, Range};
pub use pattern::Piece;
pub(crate) use pattern::expression;
pub use predicate::{Comparison, Condition, Predicate, Real, Relation, Test};

use attributes::Refusals;
use condition::Refusal;
use firebreak_model::{Position, Problem, Text};
use serde::{Deserialize, Serialize};
use yaml::Document;
use yaml_serde::{Mapping, Value};

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

/// One detection rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Detection {
    /// Title, level and the like.
    pub attributes: Attributes,
    /// Which records.
    pub route: Route,
    /// What must hold.
    pub condition: Condition,
    /// Whether it raises findings of its own: not where a correlation uses it without `generate`.
    pub emits: bool,
}

/// All rules that could be loaded.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    detections: Vec<Detection>,
    correlations: Vec<Correlation>,
}

impl Rules {
    /// Loads `files`: what works, and what does not.
    pub fn load(files: &[RuleFile]) -> (Rules, Vec<Problem>) {
        let mut loading = Loading::default();
        for file in files {
            loading.file(file);
        }
        resolve::resolve(loading)
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
    detections: Vec<Detection>,
    correlations: Vec<correlation::Unresolved>,
    problems: Vec<Problem>,
}

/// Where problems of one document are put.
struct Place<'a> {
    document: &'a Document<'a>,
    path: &'a str,
    source: Text,
}

impl Place<'_> {
    /// The problem that `refusal` is, found on `key` below the section `under`.
    fn problem(&self, under: &str, key: &str, refusal: Refusal) -> Problem {
        let line = self.document.line_of(under, key);
        let position = Position { input: self.path.to_owned(), line: Some(line), ..Position::default() };
        Problem { source: self.source.clone(), position, reason: refusal.reason, hint: refusal.hint }
    }
}

impl Loading {
    fn file(&mut self, file: &RuleFile) {
        if file.text.len() > yaml::FILE_BYTES_MAX {
            let position = Position { input: file.path.clone(), ..Position::default() };
            let reason = format!("the file has {} bytes, more than {}", file.text.len(), yaml::FILE_BYTES_MAX);
            let hint = "split it: one file for each detector".to_owned();
            self.problems.push(Problem { source: Text::new(&file.path), position, reason, hint });
            return;
        }
        let documents = Document::all(&file.text);
        if documents.is_empty() {
            let position = Position { input: file.path.clone(), line: Some(1), ..Position::default() };
            let (reason, hint) = ("the file holds no rule".to_owned(), "write one, or remove the file".to_owned());
            self.problems.push(Problem { source: Text::new(&file.path), position, reason, hint });
        }
        for document in &documents {
            self.document(file, document);
        }
    }

    fn document(&mut self, file: &RuleFile, document: &Document<'_>) {
        let mut place = Place { document, path: &file.path, source: Text::new(&file.path) };
        let parsed = match document.parse() {
            Ok(Value::Mapping(parsed)) => parsed,
            Ok(other) => {
                let reason = format!("the document is {}, not a rule", yaml::kind(&other));
                let hint = "a rule is a map with title, logsource and detection".to_owned();
                self.problems.push(place.problem("", "", Refusal { reason, hint }));
                return;
            }
            Err(broken) => {
                let position = Position { input: file.path.clone(), line: Some(broken.line), ..Position::default() };
                let reason = format!("this is not YAML: {}", broken.reason);
                let hint = "check indentation, quotes and repeated keys near this line".to_owned();
                self.problems.push(Problem { source: Text::new(&file.path), position, reason, hint });
                return;
            }
        };
        let mut refusals = Vec::new();
        let line = document.line_of("", "title");
        let attributes = Attributes::read(&parsed, &file.path, line, &mut refusals);
        if parsed.contains_key("title") {
            place.source = attributes.title.clone();
        }
        self.problems.extend(refusals.into_iter().map(|(key, refusal)| place.problem("", &key, refusal)));
        match (parsed.get("detection"), parsed.get("correlation")) {
            (Some(Value::Mapping(section)), None) => self.detection(&place, &parsed, section, attributes),
            (None, Some(Value::Mapping(section))) => self.correlation(&place, &parsed, section, attributes),
            (detection, correlation) => {
                let (key, refusal) = neither(&parsed, detection, correlation);
                self.problems.push(place.problem("", key, refusal));
            }
        }
    }

    fn detection(&mut self, place: &Place<'_>, document: &Mapping, section: &Mapping, attributes: Attributes) {
        let compiled = detection::compile(section);
        self.problems
            .extend(compiled.refusals.into_iter().map(|(key, refusal)| place.problem("detection", &key, refusal)));
        let route = match route(document.get("logsource")) {
            Ok(route) => route,
            Err(refusal) => {
                self.problems.push(place.problem("", "logsource", refusal));
                return;
            }
        };
        if let Some(condition) = compiled.condition {
            self.detections.push(Detection { attributes, route, condition, emits: true });
        }
    }

    fn correlation(&mut self, place: &Place<'_>, document: &Mapping, section: &Mapping, attributes: Attributes) {
        let mut refusals: Refusals = Vec::new();
        let digest = digest(place.document.text);
        let compiled = correlation::compile(section, document, attributes, digest, &mut refusals);
        self.problems.extend(refusals.into_iter().map(|(key, refusal)| place.problem("correlation", &key, refusal)));
        self.correlations.extend(compiled);
    }
}

/// Why a document is neither a detection nor a correlation.
fn neither(document: &Mapping, detection: Option<&Value>, correlation: Option<&Value>) -> (&'static str, Refusal) {
    let refusal = |reason: &str, hint: &str| Refusal { reason: reason.to_owned(), hint: hint.to_owned() };
    match (detection, correlation) {
        (Some(_), Some(_)) => (
            "correlation",
            refusal("the document has `detection` and `correlation`", "put a `---` line between two rules"),
        ),
        (Some(_), None) => {
            ("detection", refusal("`detection` is not a map", "write searches and a condition below it"))
        }
        (None, Some(_)) => {
            ("correlation", refusal("`correlation` is not a map", "write type, rules and timespan below it"))
        }
        (None, None) if document.contains_key("filter") => {
            ("filter", refusal("Sigma filters are not supported", "add the exception to the rule's own condition"))
        }
        (None, None) if document.contains_key("action") => {
            ("action", refusal("collections with `action` are not supported", "write each rule in full"))
        }
        (None, None) => ("", refusal("the rule has neither `detection` nor `correlation`", "add one of them")),
    }
}

/// The route that a `logsource` spells.
fn route(section: Option<&Value>) -> Result<Route, Refusal> {
    let hint =
        "write `logsource: {product: aws, service: cloudtrail}`; `product: firebreak` means every source".to_owned();
    let Some(Value::Mapping(section)) = section else {
        return Err(Refusal { reason: "the rule has no `logsource`".to_owned(), hint });
    };
    let word = |key: &str| section.get(key).and_then(Value::as_str).map(|word| Text::new(word.to_ascii_lowercase()));
    match (word("product"), word("service")) {
        (Some(product), None) if product == "firebreak" => Ok(Route { product: None, service: None }),
        (Some(product), Some(_)) if product == "firebreak" => {
            Err(Refusal { reason: "`service` has no meaning beside `product: firebreak`".to_owned(), hint })
        }
        (Some(product), service) => Ok(Route { product: Some(product), service }),
        (None, _) => {
            Err(Refusal { reason: "`logsource` names no product, so no record would ever be tested".to_owned(), hint })
        }
    }
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
