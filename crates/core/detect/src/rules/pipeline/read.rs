//! Pipelines from YAML. Every key must be known: one that is not is a step that would not do what its author wrote.

use super::Step;
use super::condition::{Conditions, FieldCondition, ItemCondition, Joined, Names, Order, RuleCondition};
use super::step::{Action, Chosen};
use crate::rules::condition;
use crate::rules::expression;
use crate::rules::section::Fault;
use crate::rules::yaml::{Document, kind, scalar_text};
use crate::rules::{LogSource, RuleFile};
use regex::Regex;
use std::collections::BTreeMap;
use yaml_serde::{Mapping, Value};

/// One pipeline.
pub(super) struct Pipeline {
    pub(super) priority: i64,
    pub(super) steps: Vec<Step>,
    pub(super) vars: BTreeMap<String, Vec<String>>,
}

/// Why something is not a pipeline: what is wrong, and what to do.
type Wrong = (String, String);
type Outcome<T> = Result<T, Wrong>;

fn wrong<T>(reason: impl Into<String>, hint: impl Into<String>) -> Outcome<T> {
    Err((reason.into(), hint.into()))
}

/// The pipelines of a file, one for each document.
pub(super) fn pipelines(file: &RuleFile, faults: &mut Vec<Fault>) -> Vec<Pipeline> {
    let mut read = Vec::new();
    for document in Document::all(&file.text) {
        match document.parse() {
            Ok(Value::Mapping(map)) => read.extend(pipeline(&map, &document, faults)),
            Ok(other) => {
                let reason = format!("the document is {}, not a pipeline", kind(&other));
                faults.push(Fault::new(document.line_of("", ""), reason, "write name, priority and transformations"));
            }
            Err(broken) => {
                let reason = format!("this is not YAML: {}", broken.reason);
                faults.push(Fault::new(broken.line, reason, "check indentation and quotes near this line"));
            }
        }
    }
    read
}

fn pipeline(map: &Mapping, document: &Document<'_>, faults: &mut Vec<Fault>) -> Option<Pipeline> {
    let mut read = Pipeline { priority: 0, steps: Vec::new(), vars: BTreeMap::new() };
    let before = faults.len();
    for (key, value) in map {
        let key = key.as_str().unwrap_or_default();
        let taken = match key {
            "name" | "allowed_backends" | "title" | "description" | "author" => Ok(()),
            "priority" => value.as_i64().map(|priority| read.priority = priority).ok_or_else(|| {
                ("`priority` is not a whole number".to_owned(), "write for instance `priority: 10`".to_owned())
            }),
            "vars" => variables(value).map(|vars| read.vars = vars),
            "transformations" => Ok(()),
            "postprocessing" | "finalizers" if is_empty(value) => Ok(()),
            "postprocessing" | "finalizers" => wrong(
                format!("`{key}` shapes queries, and there are none here"),
                "remove it: rules are evaluated, not translated",
            ),
            other => wrong(
                format!("`{other}` is not a part of a pipeline"),
                "the parts are: name, priority, vars, transformations",
            ),
        };
        faults.extend(taken.err().map(|(reason, hint)| Fault::new(document.line_of("", key), reason, hint)));
    }
    let steps = map.get("transformations");
    for (number, entry) in steps.and_then(Value::as_sequence).into_iter().flatten().enumerate() {
        match step(entry) {
            Ok(step) => read.steps.push(step),
            Err((reason, hint)) => {
                faults.push(Fault::new(document.line_of_entry("transformations", number), reason, hint));
            }
        }
    }
    if steps.is_some_and(|steps| !steps.is_sequence() && !steps.is_null()) {
        let line = document.line_of("", "transformations");
        faults.push(Fault::new(line, "`transformations` is not a list", "write `- type: …` lines"));
    }
    (faults.len() == before).then_some(read)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_sequence().is_some_and(Vec::is_empty)
}

fn variables(value: &Value) -> Outcome<BTreeMap<String, Vec<String>>> {
    let hint = "write `vars: {admins: [root, adm_*]}`";
    let Some(map) = value.as_mapping() else { return wrong("`vars` is not a map", hint) };
    map.iter()
        .map(|(key, value)| match (key.as_str(), texts(value)) {
            (Some(key), Some(values)) => Ok((key.to_owned(), values)),
            _ => wrong("a variable is not a list of texts", hint),
        })
        .collect()
}

/// One text or a list of them.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Sequence(list) => list.iter().map(scalar_text).collect(),
        one => scalar_text(one).map(|text| vec![text]),
    }
}

/// The parts of a step or condition; those that nobody took are unknown.
struct Parts<'a> {
    map: &'a Mapping,
    taken: Vec<&'static str>,
    what: String,
}

impl<'a> Parts<'a> {
    fn new(value: &'a Value, noun: &str) -> Outcome<Parts<'a>> {
        let Some(map) = value.as_mapping() else {
            return wrong(format!("a {noun} is {}, not a map", kind(value)), "write `type: …` and its parts");
        };
        let Some(word) = map.get("type").and_then(Value::as_str) else {
            return wrong(format!("a {noun} has no type"), "write `type: …`");
        };
        Ok(Parts { map, taken: vec!["type"], what: word.to_owned() })
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Value> {
        self.taken.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn text(&mut self, key: &'static str) -> Outcome<String> {
        match self.take(key).map(scalar_text) {
            Some(Some(text)) => Ok(text),
            Some(None) => wrong(format!("`{key}` of `{}` is not a text", self.what), "write one word or number"),
            None => wrong(format!("`{}` has no `{key}`", self.what), format!("add `{key}: …`")),
        }
    }

    fn list(&mut self, key: &'static str) -> Outcome<Option<Vec<String>>> {
        match self.take(key).map(texts) {
            None => Ok(None),
            Some(Some(texts)) => Ok(Some(texts)),
            Some(None) => wrong(format!("`{key}` of `{}` is not a list of texts", self.what), "list texts there"),
        }
    }

    fn truth(&mut self, key: &'static str) -> Outcome<bool> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(_) => wrong(format!("`{key}` of `{}` is not true or false", self.what), "write `true` or `false`"),
        }
    }

    fn map(&mut self, key: &'static str) -> Outcome<&'a Mapping> {
        match self.take(key) {
            Some(Value::Mapping(map)) => Ok(map),
            _ => wrong(format!("`{}` has no map `{key}`", self.what), format!("add `{key}: {{from: to}}`")),
        }
    }

    fn pattern(&mut self, key: &'static str) -> Outcome<Regex> {
        let text = self.text(key)?;
        pattern(&text, false)
    }

    /// Says which part nobody knows.
    fn finish(&self) -> Outcome<()> {
        let unknown = self.map.keys().filter_map(Value::as_str).find(|key| !self.taken.contains(key));
        match unknown {
            None => Ok(()),
            Some(key) => wrong(
                format!("`{key}` is not a part of `{}`", self.what),
                format!("the parts are: {}", self.taken.join(", ")),
            ),
        }
    }
}

fn pattern(text: &str, at_start: bool) -> Outcome<Regex> {
    let whole = expression::translate(text, "").map_err(|refused| (refused.reason, refused.hint))?;
    let whole = if at_start { format!("^(?:{whole})") } else { whole };
    Regex::new(&whole)
        .map_err(|_| (format!("the regular expression `{text}` cannot be compiled"), "check it".to_owned()))
}

const ACTIONS: &str = "they are: field_name_mapping, field_name_prefix_mapping, field_name_prefix, field_name_suffix, \
                       drop_detection_item, add_condition, change_logsource, replace_string, map_string, set_value, \
                       value_placeholders, wildcard_placeholders, set_state, rule_failure, detection_item_failure";

fn step(entry: &Value) -> Outcome<Step> {
    let mut parts = Parts::new(entry, "transformation")?;
    let id = parts.take("id").and_then(scalar_text).unwrap_or_default();
    let on_rule = conditions(&mut parts, RULE_KEYS, rule_condition)?;
    let on_item = conditions(&mut parts, ITEM_KEYS, item_condition)?;
    let on_field = conditions(&mut parts, FIELD_KEYS, field_condition)?;
    let action = action(&mut parts, &id)?;
    parts.finish()?;
    Ok(Step { id, action, on_rule, on_item, on_field })
}

fn action(parts: &mut Parts<'_>, id: &str) -> Outcome<Action> {
    let word = parts.what.clone();
    Ok(match word.as_str() {
        "field_name_mapping" => Action::MapFields(mapping(parts.map("mapping")?)?),
        "field_name_prefix_mapping" => {
            let mut prefixes: Vec<_> = mapping(parts.map("mapping")?)?.into_iter().collect();
            // The longest first: it says more.
            prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
            Action::MapPrefixes(prefixes)
        }
        "field_name_prefix" => Action::Prefix(parts.text("prefix")?),
        "field_name_suffix" => Action::Suffix(parts.text("suffix")?),
        "drop_detection_item" => Action::DropItem,
        "add_condition" => {
            let searches = parts.map("conditions")?.iter();
            let searches = searches.filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone())));
            let searches: Vec<(String, Value)> = searches.collect();
            if searches.is_empty() {
                return wrong("`add_condition` adds nothing", "add `conditions: {field: value}`");
            }
            let own = if id.is_empty() { "_added".to_owned() } else { format!("_added_{id}") };
            let name = parts.take("name").and_then(scalar_text).unwrap_or(own);
            Action::AddCondition {
                name,
                searches,
                negated: parts.truth("negated")?,
                template: parts.truth("template")?,
            }
        }
        "change_logsource" => Action::ChangeSource(source(parts)?),
        "replace_string" => {
            let pattern = parts.pattern("regex")?;
            let by = parts.text("replacement")?;
            // Both say how wildcards are treated; the text of a value is replaced as it is written.
            parts.truth("skip_special")?;
            parts.truth("interpret_special")?;
            Action::Replace { pattern, by: replacement(&by) }
        }
        "map_string" => {
            let values = parts.map("mapping")?.iter().map(|(key, value)| {
                let values = match value {
                    Value::Sequence(values) => values.clone(),
                    one => vec![one.clone()],
                };
                scalar_text(key)
                    .map(|key| (key, values))
                    .ok_or_else(|| ("a key of `mapping` is not a text".to_owned(), "put it in quotes".to_owned()))
            });
            Action::MapValues(values.collect::<Outcome<BTreeMap<_, _>>>()?)
        }
        "set_value" => {
            parts.take("force_type");
            match parts.take("value") {
                Some(value) if scalar_text(value).is_some() => Action::SetValue(value.clone()),
                _ => return wrong("`set_value` has no value", "add `value: …`"),
            }
        }
        "value_placeholders" => Action::FillPlaceholders(chosen(parts)?),
        "wildcard_placeholders" => Action::WildPlaceholders(chosen(parts)?),
        "set_state" => Action::SetState(parts.text("key")?, parts.text("val")?),
        "rule_failure" => Action::FailRule(parts.text("message")?),
        "detection_item_failure" => Action::FailItem(parts.text("message")?),
        // They change the list of fields to show, or notes on a rule.
        "add_field" | "remove_field" | "set_field" | "set_custom_attribute" => {
            for key in ["field", "fields", "attribute", "value"] {
                parts.take(key);
            }
            Action::Nothing
        }
        other => return wrong(format!("the transformation `{other}` is not supported"), ACTIONS),
    })
}

/// `\1` and `\g<name>` as `${1}` and `${name}`.
fn replacement(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        rest = after;
        match letter {
            '$' => written.push_str("$$"),
            '\\' => {
                let named = after.strip_prefix("g<").and_then(|named| named.split_once('>'));
                let digits = after.len() - after.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
                if let Some((name, after)) = named {
                    written.push_str(&format!("${{{name}}}"));
                    rest = after;
                } else if let Some((number, after)) = after.split_at_checked(digits).filter(|_| digits > 0) {
                    written.push_str(&format!("${{{number}}}"));
                    rest = after;
                } else if let Some(after) = after.strip_prefix('\\') {
                    written.push('\\');
                    rest = after;
                } else {
                    written.push('\\');
                }
            }
            other => written.push(other),
        }
    }
    written
}

fn chosen(parts: &mut Parts<'_>) -> Outcome<Chosen> {
    Ok(Chosen { include: parts.list("include")?, exclude: parts.list("exclude")?.unwrap_or_default() })
}

fn mapping(map: &Mapping) -> Outcome<BTreeMap<String, Vec<String>>> {
    map.iter()
        .map(|(key, value)| match (scalar_text(key), texts(value).filter(|names| !names.is_empty())) {
            (Some(key), Some(names)) => Ok((key, names)),
            _ => {
                wrong("a field is not mapped to a name or a list of names", "write `from: to` or `from: [one, other]`")
            }
        })
        .collect()
}

fn source(parts: &mut Parts<'_>) -> Outcome<LogSource> {
    let mut word = |key: &'static str| match parts.take(key) {
        None => Ok(None),
        Some(value) => scalar_text(value)
            .map(|word| Some(firebreak_model::Text::new(word.to_lowercase())))
            .ok_or_else(|| (format!("`{key}` is not a word"), "write one word".to_owned())),
    };
    let source =
        LogSource { product: word("product")?, service: word("service")?, category: word("category")?, line: 0 };
    if (&source.product, &source.service, &source.category) == (&None, &None, &None) {
        return wrong(format!("`{}` names no log source", parts.what), "add product, service or category");
    }
    Ok(source)
}

/// The keys of a list of conditions: the list, how they are joined, whether that is negated, and a formula.
type Keys = [&'static str; 4];
const RULE_KEYS: Keys = ["rule_conditions", "rule_cond_op", "rule_cond_not", "rule_cond_expression"];
const ITEM_KEYS: Keys = [
    "detection_item_conditions",
    "detection_item_cond_op",
    "detection_item_cond_not",
    "detection_item_cond_expression",
];
const FIELD_KEYS: Keys =
    ["field_name_conditions", "field_name_cond_op", "field_name_cond_not", "field_name_cond_expression"];

fn conditions<C>(
    parts: &mut Parts<'_>,
    [list, op, not, formula]: Keys,
    read: fn(&mut Parts<'_>) -> Outcome<C>,
) -> Outcome<Conditions<C>> {
    let mut all = Conditions { negated: parts.truth(not)?, ..Conditions::default() };
    let mut add = |name: String, value: &Value| -> Outcome<()> {
        let mut own = Parts::new(value, "condition")?;
        own.take("id");
        let condition = read(&mut own)?;
        own.finish()?;
        all.named.push((name, condition));
        Ok(())
    };
    match parts.take(list) {
        None => {}
        Some(Value::Sequence(entries)) => {
            for entry in entries {
                let name = entry.get("id").and_then(scalar_text).unwrap_or_default();
                add(name, entry)?;
            }
        }
        Some(Value::Mapping(entries)) => {
            for (name, entry) in entries {
                add(scalar_text(name).unwrap_or_default(), entry)?;
            }
        }
        Some(other) => return wrong(format!("`{list}` is {}, not a list", kind(other)), "write `- type: …` lines"),
    }
    all.joined = match parts.take(op).and_then(scalar_text).as_deref() {
        None | Some("and") => Joined::All,
        Some("or") => Joined::Any,
        Some(other) => return wrong(format!("`{other}` does not join conditions"), "write `and` or `or`"),
    };
    if let Some(text) = parts.take(formula).and_then(scalar_text) {
        let names: Vec<String> = all.named.iter().map(|(name, _)| name.clone()).collect();
        all.joined = Joined::As(condition::parse(&text, &names).map_err(|refused| (refused.reason, refused.hint))?);
    }
    Ok(all)
}

fn order(parts: &mut Parts<'_>) -> Outcome<Order> {
    Ok(match parts.take("op").and_then(scalar_text).as_deref() {
        None | Some("eq") => Order::Equal,
        Some("ne" | "neq") => Order::Unequal,
        Some("lt") => Order::Less,
        Some("lte") => Order::AtMost,
        Some("gt") => Order::Greater,
        Some("gte") => Order::AtLeast,
        Some(other) => return wrong(format!("`{other}` does not compare"), "use eq, ne, lt, lte, gt or gte"),
    })
}

fn rule_condition(parts: &mut Parts<'_>) -> Outcome<RuleCondition> {
    Ok(match parts.what.clone().as_str() {
        "logsource" => RuleCondition::Source(source(parts)?),
        "contains_detection_item" => {
            let field = parts.text("field")?;
            match parts.take("value") {
                Some(value) => RuleCondition::ContainsItem { field, value: value.clone() },
                None => {
                    return wrong("`contains_detection_item` has no value", "add `value: …`, or use contains_field");
                }
            }
        }
        "contains_field" => RuleCondition::ContainsField(parts.text("field")?),
        "processing_item_applied" => RuleCondition::Applied(parts.text("processing_item_id")?),
        "processing_state" => {
            let (key, value) = (parts.text("key")?, parts.text("val")?);
            RuleCondition::State { key, value, order: order(parts)? }
        }
        "is_sigma_rule" => RuleCondition::IsRule,
        "is_sigma_correlation_rule" => RuleCondition::IsCorrelation,
        "rule_attribute" => {
            let (name, value) = (parts.text("attribute")?, parts.text("value")?);
            RuleCondition::Attribute { name, value, order: order(parts)? }
        }
        "tag" => RuleCondition::Tag(parts.text("tag")?),
        other => {
            let hint = "they are: logsource, contains_detection_item, contains_field, processing_item_applied, \
                        processing_state, is_sigma_rule, is_sigma_correlation_rule, rule_attribute, tag";
            return wrong(format!("the rule condition `{other}` is not supported"), hint);
        }
    })
}

/// Whether all values must pass, not just any.
fn all(parts: &mut Parts<'_>) -> Outcome<bool> {
    match parts.text("cond")?.as_str() {
        "all" => Ok(true),
        "any" => Ok(false),
        other => wrong(format!("`{other}` is not a value of `cond`"), "write `any` or `all`"),
    }
}

fn item_condition(parts: &mut Parts<'_>) -> Outcome<ItemCondition> {
    Ok(match parts.what.clone().as_str() {
        "match_string" => {
            let all = all(parts)?;
            let text = parts.text("pattern")?;
            // As Python's `re.match`: from the beginning of the value.
            ItemCondition::Matches { all, pattern: pattern(&text, true)?, negated: parts.truth("negate")? }
        }
        "is_null" => ItemCondition::IsNull { all: all(parts)? },
        "contains_wildcard" => ItemCondition::HasWildcard { all: all(parts)? },
        "processing_item_applied" => ItemCondition::Applied(parts.text("processing_item_id")?),
        "processing_state" => {
            let (key, value) = (parts.text("key")?, parts.text("val")?);
            ItemCondition::State { key, value, order: order(parts)? }
        }
        other => {
            let hint = "they are: match_string, is_null, contains_wildcard, processing_item_applied, processing_state";
            return wrong(format!("the detection item condition `{other}` is not supported"), hint);
        }
    })
}

fn field_condition(parts: &mut Parts<'_>) -> Outcome<FieldCondition> {
    let word = parts.what.clone();
    Ok(match word.as_str() {
        "include_fields" | "exclude_fields" => {
            let Some(fields) = parts.list("fields")? else {
                return wrong(format!("`{word}` has no fields"), "add `fields: [one, other]`");
            };
            let mode = parts.take("mode").or_else(|| parts.take("match_type")).and_then(scalar_text);
            let names = match mode.as_deref() {
                None | Some("plain") => Names::Plain(fields),
                Some("re") => {
                    Names::Matching(fields.iter().map(|text| pattern(text, true)).collect::<Outcome<Vec<Regex>>>()?)
                }
                Some(other) => return wrong(format!("`{other}` is not a mode"), "write `plain` or `re`"),
            };
            if word == "include_fields" { FieldCondition::Include(names) } else { FieldCondition::Exclude(names) }
        }
        "processing_item_applied" => FieldCondition::Applied(parts.text("processing_item_id")?),
        "processing_state" => {
            let (key, value) = (parts.text("key")?, parts.text("val")?);
            FieldCondition::State { key, value, order: order(parts)? }
        }
        other => {
            let hint = "they are: include_fields, exclude_fields, processing_item_applied, processing_state";
            return wrong(format!("the field name condition `{other}` is not supported"), hint);
        }
    })
}
