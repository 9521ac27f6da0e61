//! Rule sets of the shape that public rules for cloud audit logs were measured to have, generated from a seed.
//!
//! Measured over the public rules for CloudTrail and for all cloud, identity and application logs: 2.6 items a rule on
//! CloudTrail; of the items 88% compare for equality, 9% `contains`, the rest `startswith`, `endswith`, `contains|all`,
//! `re` and `fieldref`; 21 fields on CloudTrail and 114 over all; nine rules in ten have one selection, the others a filter
//! or alternatives; keywords are in rules for application logs and in none for CloudTrail. What was done is compared by
//! nearly every rule; of what else they compare, a handful of fields (an error's code, the client, the caller's kind) make
//! up most, and the others are fields that few records have. Nobody asks for the fields that every record fills with its
//! own ids. Names and values come from the records themselves or are invented; no rule here is anybody's rule.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Decides every choice.
    pub seed: u64,
    /// How many rules.
    pub count: usize,
    /// How many different fields they use at most.
    pub fields: usize,
    /// How many rules of a thousand search for keywords anywhere in the record.
    pub keyword_rules: usize,
    /// Their logsource.
    pub log_source: (&'static str, &'static str),
    /// The fields that say what was done: nearly every rule compares them.
    pub operation: &'static [&'static str],
    /// The other fields that rules compare often, most often first.
    pub common: &'static [&'static str],
}

/// Which fields and values the records have.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// Fields with some of their values, most frequent field first.
    fields: Vec<(String, Vec<String>)>,
    /// So many of them, from the first, are in more than a fifth of the records.
    frequent_fields: usize,
    /// The different operations, by the values of the operation's fields.
    operations: Vec<Vec<String>>,
    /// The operation of every record.
    frequent: Vec<Vec<String>>,
}

/// Values that are remembered of each field.
const VALUES_MAX: usize = 64;
/// Rules in a thousand that name an operation which occurs in the records, whichever.
const KNOWN_OPERATION: u64 = 250;
/// Rules in a thousand that name an operation in proportion to how often it occurs.
const FREQUENT_OPERATION: u64 = 8;

impl Vocabulary {
    /// What `records` hold.
    pub fn of(records: &[String], operation: &[&str]) -> Vocabulary {
        let mut fields: HashMap<String, (usize, BTreeMap<String, usize>)> = HashMap::new();
        let (mut operations, mut frequent) = (BTreeMap::new(), Vec::new());
        for record in records {
            let value: Value = serde_json::from_str(record).expect("a record is JSON");
            leaves(&value, &mut String::new(), &mut |name, text| {
                let field = fields.entry(name.to_owned()).or_default();
                field.0 += 1;
                if field.1.len() < VALUES_MAX || field.1.contains_key(&text) {
                    *field.1.entry(text).or_default() += 1;
                }
            });
            let named: Option<Vec<String>> = operation.iter().map(|field| first(&value, field)).collect();
            operations.extend(named.clone().map(|named| (named, ())));
            frequent.extend(named);
        }
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_by(|a, b| (b.1.0, &a.0).cmp(&(a.1.0, &b.0)));
        let frequent_fields = fields.iter().filter(|(_, (times, _))| times * 5 > records.len()).count();
        let fields = fields.into_iter().map(|(name, (_, values))| (name, values.into_keys().collect())).collect();
        Vocabulary { fields, frequent_fields, operations: operations.into_keys().collect(), frequent }
    }

    /// The fields beside the operation that rules may use: the common ones, then some that few records have.
    fn chosen(&self, wanted: &Wanted) -> Vec<&(String, Vec<String>)> {
        let simple = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let common = wanted.common.iter().filter_map(|name| self.fields.iter().find(|(own, _)| own == name));
        let mut chosen: Vec<_> = common.collect();
        let taken = |name: &str| wanted.operation.contains(&name) || wanted.common.contains(&name);
        let rare = self.fields.iter().skip(self.frequent_fields);
        let rare: Vec<_> = rare.filter(|(name, _)| simple(name) && !taken(name)).collect();
        let missing = wanted.fields.saturating_sub(wanted.operation.len() + chosen.len()).min(rare.len());
        chosen.extend((0..missing).filter_map(|at| rare.get(at * rare.len() / missing.max(1)).copied()));
        chosen
    }
}

/// The text of the first value of a dotted field.
fn first(value: &Value, field: &str) -> Option<String> {
    let mut found = None;
    leaves(value, &mut String::new(), &mut |name, text| {
        if name == field && found.is_none() {
            found = Some(text);
        }
    });
    found
}

/// Every scalar with its dotted name; arrays stand for their elements.
fn leaves(value: &Value, name: &mut String, visit: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let length = name.len();
                let _ = if length == 0 { write!(name, "{key}") } else { write!(name, ".{key}") };
                leaves(member, name, visit);
                name.truncate(length);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| leaves(element, name, visit)),
        Value::Null => {}
        Value::String(text) => visit(name, text.clone()),
        other => visit(name, other.to_string()),
    }
}

/// SplitMix64: the same choices on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// True so many times in a thousand.
    fn permille(&mut self, permille: u64) -> bool {
        self.next() % 1_000 < permille
    }

    fn of<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.below(list.len()))
    }

    fn word(&mut self) -> String {
        const VERBS: [&str; 12] = [
            "Create", "Delete", "Update", "Put", "Attach", "Detach", "Modify", "Disable", "Enable", "Start", "Stop",
            "Share",
        ];
        const NOUNS: [&str; 16] = [
            "Vault", "Ledger", "Gateway", "Beacon", "Channel", "Cluster", "Template", "Mesh", "Archive", "Relay",
            "Broker", "Pipeline", "Profile", "Tunnel", "Snapshot", "Token",
        ];
        let (verb, noun, tail) = (self.below(12), self.below(16), self.below(16));
        format!("{}{}{}", VERBS[verb], NOUNS[noun], NOUNS[tail])
    }
}

/// The rules, each as YAML text.
pub fn rules(wanted: &Wanted, vocabulary: &Vocabulary) -> Vec<String> {
    let mut writer = Writer { random: Random(wanted.seed), wanted, vocabulary, fields: vocabulary.chosen(wanted) };
    (0..wanted.count).map(|number| writer.rule(number)).collect()
}

struct Writer<'a> {
    random: Random,
    wanted: &'a Wanted,
    vocabulary: &'a Vocabulary,
    fields: Vec<&'a (String, Vec<String>)>,
}

impl Writer<'_> {
    fn rule(&mut self, number: usize) -> String {
        let (product, service) = self.wanted.log_source;
        let head = format!(
            "title: Rule {number}\nid: 00000000-0000-4000-8000-{number:012}\nstatus: test\nlogsource:\n  product: {product}\n  \
             service: {service}\ndetection:\n"
        );
        let keywords = self.random.permille(self.wanted.keyword_rules as u64);
        let mut text = head;
        if keywords {
            let words: Vec<String> = (0..2 + self.random.below(4)).map(|_| self.random.word()).collect();
            let _ = writeln!(text, "  keywords:\n    - {}\n  condition: keywords", words.join("\n    - "));
        } else {
            text.push_str("  selection:\n");
            self.operation(&mut text);
            let more = if self.random.permille(400) { 1 + self.random.below(2) } else { 0 };
            self.items(more, &mut text);
            self.condition(&mut text);
        }
        text.push_str("level: medium\n");
        text
    }

    /// What was done: one operation, or several.
    fn operation(&mut self, text: &mut String) {
        let vocabulary = self.vocabulary;
        let found = match self.random.below(1_000) as u64 {
            0..FREQUENT_OPERATION => self.random.of(&vocabulary.frequent).cloned(),
            FREQUENT_OPERATION..KNOWN_OPERATION => self.random.of(&vocabulary.operations).cloned(),
            _ => None,
        };
        let invented = found.is_none();
        let like = found.or_else(|| self.random.of(&vocabulary.operations).cloned()).unwrap_or_default();
        for (at, field) in self.wanted.operation.iter().enumerate() {
            let last = at + 1 == self.wanted.operation.len();
            let mut values = vec![like.get(at).cloned().unwrap_or_default()];
            if last {
                if invented {
                    values = vec![self.random.word()];
                }
                let more = if self.random.permille(120) { 1 + self.random.below(6) } else { 0 };
                values.extend((0..more).map(|_| self.random.word()));
            }
            if last || !self.random.permille(100) {
                item(text, field, &values);
            }
        }
    }

    /// Items on other fields, the frequent ones more often.
    fn items(&mut self, count: usize, text: &mut String) {
        let mut used = Vec::new();
        for _ in 0..count {
            let Some(at) = self.field() else { return };
            let Some((name, values)) = self.fields.get(at).copied() else { return };
            if used.contains(&at) {
                continue;
            }
            used.push(at);
            let value = match self.random.permille(300) {
                true => self.random.of(values).cloned().unwrap_or_default(),
                false => self.random.word(),
            };
            self.modified(name, value, text);
        }
    }

    /// One of the fields: six times in ten a common one, the first of them most often.
    fn field(&mut self) -> Option<usize> {
        if self.fields.is_empty() {
            return None;
        }
        let common = self.wanted.common.len().min(self.fields.len());
        if common > 0 && self.random.permille(600) {
            let one = self.random.below(common);
            return Some(self.random.below(one + 1));
        }
        Some(self.random.below(self.fields.len()))
    }

    fn modified(&mut self, name: &str, value: String, text: &mut String) {
        let part: String = value.chars().skip(value.chars().count() / 3).take(12).collect();
        match self.random.below(1_000) {
            0..580 => item(text, name, &[value]),
            580..600 => {
                let _ = writeln!(text, "    {name}: null");
            }
            600..880 => item(text, &format!("{name}|contains"), &[part, self.random.word()]),
            880..910 => item(text, &format!("{name}|startswith"), &[value.chars().take(8).collect()]),
            910..940 => item(text, &format!("{name}|endswith"), &[part]),
            940..965 => item(text, &format!("{name}|contains|all"), &[part, self.random.word()]),
            965..990 => {
                let word = self.random.word();
                item(text, &format!("{name}|re"), &[format!("^[a-z]+:{word}(-[0-9]{{2,6}})?$")]);
            }
            _ => {
                let other = self.fields.first().map_or("id", |field| field.0.as_str());
                item(text, &format!("{name}|fieldref"), &[other.to_owned()]);
            }
        }
    }

    /// Nine in ten are the selection alone; the others have a filter or alternatives.
    fn condition(&mut self, text: &mut String) {
        let condition = match self.random.below(100) {
            0..6 => {
                text.push_str("  filter_main_own:\n");
                self.items(1, text);
                "selection and not 1 of filter_main_*"
            }
            6..10 => {
                text.push_str("  selection_status_one:\n");
                self.items(1, text);
                text.push_str("  selection_status_two:\n");
                self.items(1, text);
                "selection and 1 of selection_status_*"
            }
            _ => "selection",
        };
        let _ = writeln!(text, "  condition: {condition}");
    }
}

/// One item: a value, or a list of them.
fn item(text: &mut String, name: &str, values: &[String]) {
    let quoted = |value: &String| {
        let literal = value.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?").replace('\'', "''");
        format!("'{}'", if name.ends_with("|re") { value.clone() } else { literal.replace(['\n', '\r', '\t'], " ") })
    };
    match values {
        [one] => {
            let _ = writeln!(text, "    {name}: {}", quoted(one));
        }
        many => {
            let list: Vec<String> = many.iter().map(quoted).collect();
            let _ = writeln!(text, "    {name}:\n      - {}", list.join("\n      - "));
        }
    }
}
