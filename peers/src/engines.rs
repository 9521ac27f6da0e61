//! The engines: each loads rule texts, and says which rules one record meets, from its bytes on.
//!
//! A record's product and service are known to the caller, as they are to a program that reads logs; engines that can
//! use them are told.

use firebreak_detect::{Matcher, RuleFile, Rules, Scratch};
use firebreak_model::{Event, EventUid, Json, Keys, LogSource, Text, Time};
use rsigma_eval::event::JsonEvent;
use std::sync::Arc;

/// Ours: validated parse by sonic-rs, then the matcher.
pub struct Ours {
    /// The rules, for titles.
    pub rules: Arc<Rules>,
    matcher: Arc<Matcher>,
    scratch: Scratch,
    event: Event,
}

impl Ours {
    /// Loads `texts`; gives what could not be loaded beside it.
    pub fn load(texts: &[String], log_source: LogSource) -> (Ours, Vec<String>) {
        let file = |(at, text): (usize, &String)| RuleFile { path: format!("rule-{at}.yml"), text: text.clone() };
        let files: Vec<RuleFile> = texts.iter().enumerate().map(file).collect();
        let (rules, problems) = Rules::load(&files);
        let rules = Arc::new(rules);
        let matcher = Arc::new(Matcher::new(Arc::clone(&rules)));
        let ours = Ours { rules, matcher, scratch: Scratch::default(), event: blank(log_source) };
        (ours, problems.iter().map(ToString::to_string).collect())
    }

    /// The same rules for another thread.
    pub fn twin(&self) -> Ours {
        Ours {
            rules: Arc::clone(&self.rules),
            matcher: Arc::clone(&self.matcher),
            scratch: Scratch::default(),
            event: blank(self.event.log_source),
        }
    }

    /// How many rules the record meets.
    pub fn count(&mut self, record: &[u8]) -> usize {
        let Ok(body) = sonic_rs::from_slice(record) else { return 0 };
        self.event.body = body;
        self.matcher.matches(&self.event, &mut self.scratch).len()
    }

    /// The names of the rules that the record meets, in order.
    pub fn names(&mut self, record: &str, log_source: LogSource) -> Vec<String> {
        self.event.log_source = log_source;
        self.event.body = sonic_rs::from_str(record).expect("a record is JSON");
        let met = self.matcher.matches(&self.event, &mut self.scratch);
        let rules = met.iter().filter_map(|index| self.rules.detection(*index));
        let mut names: Vec<String> =
            rules.map(|rule| rule.attributes.id.as_ref().unwrap_or(&rule.attributes.title).to_string()).collect();
        names.sort();
        names
    }
}

/// An event without keys, whose body is replaced for every record.
fn blank(log_source: LogSource) -> Event {
    Event {
        uid: EventUid(0),
        source: "bench",
        native_id: Text::default(),
        time: Time::default(),
        log_source,
        keys: Keys::default(),
        body: Json::default(),
        raw: Arc::from(&[][..]),
    }
}

/// Only the parse that ours begins with: the bound.
pub fn parse_only(record: &[u8]) -> usize {
    usize::from(sonic_rs::from_slice::<Json>(record).is_ok())
}

/// rsigma-eval: serde_json, then its engine with the settings it comes with.
pub struct Rsigma {
    engine: rsigma_eval::Engine,
}

impl Rsigma {
    /// Loads `texts`; gives what could not be loaded beside it.
    pub fn load(texts: &[String]) -> (Rsigma, Vec<String>) {
        let (mut engine, mut problems) = (rsigma_eval::Engine::new(), Vec::new());
        for text in texts {
            match rsigma_parser::parse_sigma_yaml(text) {
                Ok(collection) => {
                    problems.extend(collection.errors.iter().cloned());
                    problems.extend(engine.add_collection(&collection).err().map(|error| error.to_string()));
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
        (Rsigma { engine }, problems)
    }

    /// How many rules the record meets.
    pub fn count(&self, record: &[u8]) -> usize {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(record) else { return 0 };
        self.engine.evaluate(&JsonEvent::borrow(&value)).len()
    }

    /// The names of the rules that the record meets, in order. Only rules of this product and service are asked, as ours.
    pub fn names(&self, record: &str, log_source: LogSource) -> Vec<String> {
        let value: serde_json::Value = serde_json::from_str(record).expect("a record is JSON");
        let told = rsigma_parser::LogSource {
            category: None,
            product: Some(log_source.product.to_owned()),
            service: Some(log_source.service.to_owned()),
            definition: None,
            custom: std::collections::HashMap::new(),
        };
        let met = self.engine.evaluate_pruned(&JsonEvent::borrow(&value), &told);
        let mut names: Vec<String> =
            met.into_iter().map(|result| result.header.rule_id.unwrap_or(result.header.rule_title)).collect();
        names.sort();
        names
    }
}

/// sigma-rust: its own event from serde_json, then one rule after the other.
pub struct SigmaRust {
    rules: Vec<sigma_rust::Rule>,
}

impl SigmaRust {
    /// Loads `texts`; gives what could not be loaded beside it.
    pub fn load(texts: &[String]) -> (SigmaRust, Vec<String>) {
        let (mut rules, mut problems) = (Vec::new(), Vec::new());
        for text in texts {
            match sigma_rust::rule_from_yaml(text) {
                Ok(rule) => rules.push(rule),
                Err(error) => problems.push(error.to_string()),
            }
        }
        (SigmaRust { rules }, problems)
    }

    /// How many rules the record meets.
    pub fn count(&self, record: &str) -> usize {
        let Ok(event) = sigma_rust::event_from_json(record) else { return 0 };
        self.rules.iter().filter(|rule| rule.is_match(&event)).count()
    }

    /// The names of the rules that the record meets, in order, of those that are for this product and service. `None`
    /// where it cannot read the record.
    pub fn names(&self, record: &str, log_source: LogSource) -> Option<Vec<String>> {
        let event = sigma_rust::event_from_json(record).ok()?;
        let fits = |own: &Option<String>, said: &str| own.as_ref().is_none_or(|own| own == said);
        let asked = self.rules.iter().filter(|rule| {
            fits(&rule.logsource.product, log_source.product) && fits(&rule.logsource.service, log_source.service)
        });
        let met = asked.filter(|rule| rule.is_match(&event));
        let mut names: Vec<String> = met.map(|rule| rule.id.clone().unwrap_or_else(|| rule.title.clone())).collect();
        names.sort();
        Some(names)
    }
}
