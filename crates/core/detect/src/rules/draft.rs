//! A detection rule between its text and its compiled form: what filters, pipelines and placeholders may still change.

use super::aggregation::{self, Aggregation};
use super::attributes::{Attributes, Refusals};
use super::collection::Written;
use super::condition::Refusal;
use super::correlation::{Correlation, Unresolved};
use super::section::{Fault, Section};
use super::yaml::{kind, scalar_text};
use super::{Detection, LogSource, Route, detection};
use firebreak_model::Text;
use yaml_serde::{Mapping, Value};

/// A detection rule that is not compiled yet.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) attributes: Attributes,
    pub(crate) logsource: LogSource,
    pub(crate) section: Section,
    /// Every attribute as it is written, for conditions of pipelines.
    pub(crate) map: Mapping,
    aggregation: Option<Aggregation>,
    digest: u64,
    /// What keeps it from being loaded.
    pub(crate) faults: Vec<Fault>,
}

/// Keys of a `detection` section that are not searches.
const NOT_SEARCHES: [&str; 1] = ["timeframe"];

impl Draft {
    /// Reads a document with a `detection`.
    pub(super) fn read(written: &Written<'_>, section: &Mapping, attributes: Attributes) -> Draft {
        let mut faults = Vec::new();
        let document = &written.document;
        let lines = |path: &[&str]| document.line_at(&[&["detection"], path].concat());
        let logsource = LogSource::read(written.map.get("logsource"), document.line_of("", "logsource"), &mut faults);
        let mut read = Section::read(section, &NOT_SEARCHES, &lines, &mut faults);
        let aggregation = match aggregation::read(section, &|key| lines(&[key])) {
            Some(Ok(aggregation)) => {
                let conditions: Vec<&str> = aggregation.conditions.iter().map(String::as_str).collect();
                read.parse_conditions(&conditions, section, &mut faults);
                Some(aggregation)
            }
            Some(Err(fault)) => {
                faults.push(fault);
                None
            }
            None => {
                read.read_conditions(section, &lines, &mut faults);
                None
            }
        };
        let digest = super::digest(document.text);
        Draft { attributes, logsource, section: read, map: written.map.clone(), aggregation, digest, faults }
    }

    /// The tags as they are written.
    pub(crate) fn tags(&self) -> Vec<String> {
        let tags = self.map.get("tags").and_then(Value::as_sequence);
        tags.into_iter().flatten().filter_map(scalar_text).collect()
    }

    /// The rules that it comes to: one; for an aggregation those that it counts, and the correlation.
    pub(super) fn compile(mut self) -> Result<(Vec<Detection>, Option<Unresolved>), Vec<Fault>> {
        let faults = &mut self.faults;
        let route = self.logsource.route().map_err(|refusal| Fault { line: self.logsource.line, refusal });
        let route = route.map_err(|fault| faults.push(fault)).ok();
        let Some(aggregation) = self.aggregation.take() else {
            let condition = detection::compile(&self.section, faults);
            return match (condition, route, faults.is_empty()) {
                (Some(condition), Some(route), true) => Ok((vec![self.rule(route, condition)], None)),
                _ => Err(self.faults),
            };
        };
        let each = self.section.by_condition();
        let conditions: Vec<_> = each.iter().filter_map(|section| detection::compile(section, faults)).collect();
        let (Some(route), true) = (route, faults.is_empty() && conditions.len() == each.len()) else {
            faults.dedup_by_key(|fault| (fault.line, fault.refusal.reason.clone()));
            return Err(self.faults);
        };
        let attributes = self.attributes.clone();
        let own = attributes.key.clone();
        let mut detections = Vec::new();
        let mut names = Vec::new();
        for (number, (condition, section)) in (1..).zip(conditions.into_iter().zip(each)) {
            self.section = section;
            // No author writes such a name: it cannot be taken by another rule.
            let name = Text::new(format!("{own}#events{number}"));
            (self.attributes.id, self.attributes.name) = (None, Some(name.clone()));
            self.attributes.key = name.clone();
            names.push(name.to_string());
            detections.push(self.rule(route.clone(), condition));
        }
        let correlation = Correlation {
            attributes,
            kind: aggregation.kind,
            references: Vec::new(),
            group_by: aggregation.group_by,
            timespan_micros: aggregation.timespan_micros,
            emits: true,
            generates: false,
            digest: self.digest,
        };
        Ok((detections, Some(Unresolved { correlation, names, aliases: Vec::new() })))
    }

    fn rule(&self, route: Route, condition: super::Condition) -> Detection {
        Detection {
            attributes: self.attributes.clone(),
            logsource: self.logsource.clone(),
            route,
            condition,
            emits: true,
            written: std::sync::Arc::new(super::Written { section: self.section.clone(), tags: self.tags() }),
        }
    }
}

impl LogSource {
    /// Reads a `logsource`; what is wrong is among the faults.
    pub(super) fn read(section: Option<&Value>, line: u64, faults: &mut Vec<Fault>) -> LogSource {
        let mut read = LogSource { line, ..LogSource::default() };
        let hint = "write `logsource: {product: aws, service: cloudtrail}`; `product: firebreak` means every source";
        match section {
            Some(Value::Mapping(section)) => {
                for (key, value) in section {
                    let (key, word) = (key.as_str().unwrap_or_default(), scalar_text(value));
                    let place = match key {
                        "product" => &mut read.product,
                        "service" => &mut read.service,
                        "category" => &mut read.category,
                        _ => continue,
                    };
                    match word {
                        Some(word) => *place = Some(Text::new(word.to_lowercase())),
                        None if matches!(value, Value::Null) => {}
                        None => faults.push(Fault::new(line, format!("`{key}` is {}, not a word", kind(value)), hint)),
                    }
                }
            }
            Some(other) => faults.push(Fault::new(line, format!("`logsource` is {}, not a map", kind(other)), hint)),
            None => faults.push(Fault::new(line, "the rule has no `logsource`", hint)),
        }
        read
    }

    /// Which records it means. A category alone is compared with the service of a record.
    pub(super) fn route(&self) -> Result<Route, Refusal> {
        let hint = "write `logsource: {product: aws, service: cloudtrail}`; `product: firebreak` means every source";
        let refuse = |reason: &str| Err(Refusal { reason: reason.to_owned(), hint: hint.to_owned() });
        match (&self.product, &self.service, &self.category) {
            (Some(product), None, _) if product == "firebreak" => Ok(Route { product: None, service: None }),
            (Some(product), Some(_), _) if product == "firebreak" => {
                refuse("`service` has no meaning beside `product: firebreak`")
            }
            (Some(product), service, _) => Ok(Route { product: Some(product.clone()), service: service.clone() }),
            (None, Some(word), _) | (None, None, Some(word)) => {
                Ok(Route { product: None, service: Some(word.clone()) })
            }
            (None, None, None) => {
                refuse("`logsource` names no product, service or category, so no record would ever be tested")
            }
        }
    }
}

/// Attributes of a document, and what is wrong with them by key.
pub(super) fn attributes(written: &Written<'_>, path: &str) -> (Attributes, Refusals) {
    let mut refusals = Vec::new();
    let line = written.document.line_of("", "title");
    let mut attributes = Attributes::read(&written.map, path, line, &mut refusals);
    if written.copy > 1 {
        // The id stands in what several documents share: each needs one of its own.
        let own = [Some(&mut attributes.key), attributes.id.as_mut(), attributes.name.as_mut()];
        for name in own.into_iter().flatten() {
            *name = Text::new(format!("{name}#{}", written.copy));
        }
    }
    (attributes, refusals)
}
