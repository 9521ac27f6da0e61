//! Public rules against records in the form in which platforms write them: every rule about a log that a source reads fires
//! on the record that it describes, in every form of the log that has its fields, and not on one that differs.
//!
//! The records are made from a rule's own values, put where `taxonomy/platforms.txt` says that the platform keeps them.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

#[path = "taxonomy/platforms.rs"]
mod platforms;
#[path = "taxonomy/wanted.rs"]
mod wanted;

use firebreak_detect::{LoadOptions, Matcher, RuleFile, Rules, Scratch};
use firebreak_intake::{MissingTime, Options, keep, read_bytes, taxonomies};
use firebreak_world::World;
use platforms::Form;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wanted::Wanted;
use yaml_serde::Value;

/// Rules that no record can meet, and why.
const NEVER: &[(&str, &str)] = &[
    (
        "azure_app_end_user_consent",
        "asks for a property by its name, which records have as a value beside the property's",
    ),
    ("azure_app_uri_modifications", "asks for the name of no activity"),
    ("azure_guest_to_member", "asks for a piece of JSON text, which only stores write"),
    ("azure_privileged_account_creation", "asks for the names of two activities in one record"),
];

/// Families of rules: how many there are, how many fire in every form that has their fields, and how many would fire in any
/// form without the taxonomies.
const COUNTS: &[(&str, usize, usize, usize)] = &[
    ("aws/cloudtrail", 57, 57, 54),
    ("azure/activitylogs", 35, 35, 32),
    ("azure/auditlogs", 44, 40, 13),
    ("azure/pim", 7, 7, 7),
    ("azure/riskdetection", 19, 19, 18),
    ("azure/signinlogs", 18, 18, 5),
    ("gcp/gcp.audit", 16, 16, 0),
    ("gcp/google_workspace.admin", 7, 7, 0),
    ("gcp/google_workspace.login", 3, 3, 0),
    ("github/audit", 15, 15, 15),
    ("kubernetes/audit", 16, 16, 11),
    ("m365/audit", 4, 4, 3),
    ("m365/exchange", 1, 1, 1),
    ("m365/threat_detection", 1, 1, 1),
    ("m365/threat_management", 13, 13, 12),
    ("okta/okta", 21, 21, 21),
];

/// The rule as the program loads it, or as it would be loaded without taxonomies.
fn loaded(rule: &Rule, with_taxonomies: bool) -> Arc<Rules> {
    let file = |(path, text): (String, &str)| RuleFile { path, text: text.to_owned() };
    let taxonomies = taxonomies().filter(|_| with_taxonomies).map(file).collect();
    let options = LoadOptions { taxonomies, ..LoadOptions::default() };
    let (rules, problems) = Rules::load_with(std::slice::from_ref(&rule.file), &options);
    assert_eq!(problems, [], "{}", rule.name);
    Arc::new(rules)
}

struct Rule {
    name: String,
    file: RuleFile,
    product: String,
    service: String,
    wanted: Wanted,
}

impl Rule {
    fn read(name: &str, text: String) -> Rule {
        let Value::Mapping(map) = yaml_serde::from_str(&text).expect("YAML") else { panic!("{name}") };
        let source = |word: &str| map["logsource"].get(word).and_then(Value::as_str).unwrap_or_default().to_owned();
        Rule {
            name: name.to_owned(),
            product: source("product"),
            service: source("service"),
            wanted: Wanted::read(map["detection"].as_mapping().expect("a detection")),
            file: RuleFile { path: format!("{name}.yml"), text },
        }
    }

    fn is_about(&self, form: &Form) -> bool {
        (&form.product, &form.service) == (&self.product, &self.service)
    }
}

fn public_rules(folder: &Path, rules: &mut Vec<Rule>, forms: &[Form]) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            public_rules(&path, rules, forms);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a rule");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let rule = Rule::read(&name, text);
        if forms.iter().any(|form| rule.is_about(form)) {
            rules.push(rule);
        }
    }
}

/// Whether the rule fires on the record.
fn fires(rules: &Arc<Rules>, form: &Form, record: &serde_json::Value) -> bool {
    let source = firebreak_intake::source(&form.source).expect("a source");
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    let batch = read_bytes(&World::offline(), "t.json", record.to_string().as_bytes(), source, options, &keep);
    let matcher = Matcher::new(Arc::clone(rules));
    batch.events.iter().any(|event| !matcher.matches(event, &mut Scratch::default()).is_empty())
}

/// What is wrong with a rule in the forms of its log, and in how many it fires.
fn judged(rule: &Rule, rules: &Arc<Rules>, forms: &[Form]) -> (usize, Vec<String>) {
    let (mut fired, mut wrong) = (0, Vec::new());
    for form in forms.iter().filter(|form| rule.is_about(form)) {
        let Some(records) = rule.wanted.records(form) else { continue };
        let silent = records.fire.iter().filter(|record| !fires(rules, form, record));
        let silent: Vec<String> = silent.map(|record| format!("silent in {}: {record}", form.name)).collect();
        let loud = records.quiet.iter().filter(|record| fires(rules, form, record));
        let loud: Vec<String> = loud.map(|record| format!("fires in {}: {record}", form.name)).collect();
        fired += usize::from(silent.is_empty());
        wrong.extend(silent.into_iter().chain(loud));
    }
    (fired, wrong)
}

/// Log sources and detections of our own, with names of several taxonomies, and in how many forms they fire.
const OWN: &[(&str, &str, usize)] = &[
    ("{product: aws, service: cloudtrail}", "{s: {eventName: A, status: success}, condition: s}", 1),
    ("{product: azure, service: activitylogs}", "{s: {CategoryValue: A, operationName|endswith: /B}, condition: s}", 3),
    ("{product: azure, service: signinlogs}", "{s: {Status: Success, userAgent|contains: a}, condition: s}", 3),
    ("{product: azure, service: signinlogs}", "{s: {ClientApp: a}, f: {RiskState: b}, condition: s and not f}", 3),
    (
        "{product: azure, service: auditlogs}",
        "{s: {properties.message: A, TargetResources|contains: b}, condition: s}",
        3,
    ),
    ("{product: azure, service: riskdetection}", "{s: {riskEventType: [a, b]}, condition: s}", 3),
    ("{product: gcp, service: gcp.audit}", "{s: {gcp.audit.method_name|startswith: a}, condition: s}", 1),
    ("{product: gcp, service: google_workspace.admin}", "{s: {eventName: A, new_value: 'false'}, condition: s}", 1),
    ("{product: kubernetes, service: audit}", "{s: {hostPath: '*', verb: create}, condition: s}", 1),
    ("{product: m365, service: audit}", "{s: {RequestType: a, Operation: B}, condition: s}", 1),
    ("{product: okta, service: okta}", "{s: {eventType: a.b, securityContext.isProxy: 'true'}, condition: s}", 2),
];

#[test]
fn every_form_of_a_log_is_met() {
    let forms = platforms::forms();
    for (logsource, detection, expected) in OWN {
        let rule = Rule::read("own", format!("title: T\nlogsource: {logsource}\ndetection: {detection}\n"));
        assert_eq!(judged(&rule, &loaded(&rule, true), &forms), (*expected, Vec::new()), "{detection}");
    }
}

#[test]
fn public_rules_fire_on_records_as_platforms_write_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/sigma/rules");
    if !folder.is_dir() {
        println!("skipped: corpus absent");
        return;
    }
    let forms = platforms::forms();
    let mut public = Vec::new();
    public_rules(&folder, &mut public, &forms);
    let mut counts: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut faults = Vec::new();
    for rule in &public {
        let (fired, wrong) = judged(rule, &loaded(rule, true), &forms);
        let (before, _) = judged(rule, &loaded(rule, false), &forms);
        let never = NEVER.iter().any(|(name, _)| *name == rule.name);
        let works = fired > 0 && wrong.is_empty();
        if works == never {
            faults.push(format!("{} ({fired}): {}", rule.name, wrong.join("\n  ")));
        }
        let count = counts.entry(format!("{}/{}", rule.product, rule.service)).or_default();
        count.0 += 1;
        count.1 += usize::from(works);
        count.2 += usize::from(before > 0);
    }
    let counts: Vec<_> =
        counts.iter().map(|(family, (all, with, without))| (family.as_str(), *all, *with, *without)).collect();
    assert!(faults.is_empty(), "{} rules:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(counts, COUNTS);
}
