//! Loading, seen from outside: what loads, and what each kind of mistake says.

use super::*;

fn load(text: &str) -> (Rules, Vec<Problem>) {
    Rules::load(&[RuleFile { path: "detectors/probe/rule.yml".to_owned(), text: text.to_owned() }])
}

const RULE: &str = "title: Probe\nid: a-1\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  selection:\n    \
                    eventName: GetCallerIdentity\n  condition: selection\nlevel: high\n";

#[test]
fn a_rule_and_its_correlation_load() {
    let text = format!(
        "{RULE}---\ntitle: Many probes\ncorrelation:\n  type: event_count\n  rules: [a-1]\n  group-by: [firebreak.actor]\n  \
         timespan: 10m\n  condition: {{gte: 3}}\n"
    );
    let (rules, problems) = load(&text);
    assert_eq!(problems, []);
    assert!(!rules.detections()[0].emits, "the correlation speaks for it");
    assert_eq!(rules.detections()[0].attributes.detector, "probe");
    assert_eq!(rules.correlations()[0].timespan_micros, 600_000_000);
    assert_eq!(rules.correlations()[0].references, [Reference::Detection(RuleIndex(0))]);
    let (rules, _) = load(&text.replace("type: event_count", "type: event_count\n  generate: true"));
    assert!(rules.detections()[0].emits);
}

#[test]
fn problems_name_rule_line_and_remedy() {
    let cases = [
        (RULE.replace("eventName:", "eventName|like:"), 6, "`like` is not a modifier"),
        (RULE.replace("condition: selection", "condition: selektion"), 7, "`selektion`"),
        (RULE.replace("level: high", "level: loud"), 8, "`loud`"),
        (RULE.replace("product: aws, service: cloudtrail", ""), 3, "names no product"),
        (RULE.replace("logsource: {product: aws, service: cloudtrail}\n", ""), 1, "no `logsource`"),
        (RULE.replace("eventName: Get", "eventName|re: (?!x)Get"), 6, "look-around"),
        (RULE.replace("eventName: Get", "eventName|expand: '%x%' # "), 6, "`%x%`"),
        (RULE.replace("detection:", "correlation: {}\ndetection:"), 4, "`detection` and `correlation`"),
        (RULE.replace("detection:", "filter:"), 4, "no rules"),
        (RULE.replace("condition: selection", "condition: selection | count() > 5"), 7, "without a time frame"),
        (RULE.replace("  condition: selection\n", ""), 4, "no `condition`"),
        (RULE.replace("level: high", "level: [high"), 8, "not YAML"),
        (RULE.replace("level: high", "title: again"), 8, "not YAML"),
    ];
    for (text, line, says) in cases {
        let (_, problems) = load(&text);
        let problem = problems.first().unwrap_or_else(|| panic!("no problem in {text}"));
        assert!(problem.reason.contains(says), "{says}: {problem}");
        assert!(!problem.hint.is_empty());
        // A parser may notice on the line after.
        let at = problem.position.line.unwrap_or_default();
        assert!(at == line || (says == "not YAML" && at <= line + 1), "{says}: line {at}");
    }
}

#[test]
fn one_broken_rule_leaves_its_neighbours() {
    let (rules, problems) = load(&format!("title: [\n---\n{RULE}"));
    assert_eq!((rules.detections().len(), problems.len()), (1, 1));
}

#[test]
fn correlations_that_cannot_work_are_refused() {
    let correlation = |body: &str| load(&format!("{RULE}---\ntitle: C\ncorrelation: {{{body}}}\n"));
    for (body, says) in [
        ("type: event_count, rules: [b], timespan: 1h, condition: {gte: 2}", "`b`"),
        ("type: event_count, rules: [a-1], timespan: 1y, condition: {gte: 2}", "timespan"),
        ("type: event_count, rules: [a-1], timespan: 1h", "no condition"),
        ("type: event_count, rules: [a-1], timespan: 1h, condition: {gt: 5, lt: 3}", "always or never"),
        ("type: value_count, rules: [a-1], timespan: 1h, condition: {gte: 2}", "no field"),
        ("type: value_count, rules: [a-1], timespan: 1h, condition: {gte: 2, field: []}", "0 fields"),
        ("type: value_count, rules: [a-1], timespan: 1h, condition: {gte: 2, field: [x, 5]}", "not a name"),
        ("type: value_sum, rules: [a-1], timespan: 1h, condition: {gte: 2, field: [x, y]}", "a list"),
        ("type: value_sum, rules: [a-1], timespan: 1h, condition: {gte: 2}", "no field"),
        ("type: value_avg, rules: [a-1], timespan: 1h, condition: {gt: 2, lt: 1, field: x}", "always or never"),
        ("type: value_percentile, rules: [a-1], timespan: 1h, condition: {gte: 2, field: x}", "no percentile"),
        (
            "type: value_percentile, rules: [a-1], timespan: 1h, condition: {gte: 2, field: x, percentile: 101}",
            "percentile",
        ),
        ("type: value_max, rules: [a-1], timespan: 1h, condition: {gte: 2, field: x}", "`value_max`"),
        ("type: temporal, rules: [a-1], timespan: 1h, condition: 'not a-1'", "nothing comes"),
        ("type: temporal, rules: [a-1], timespan: 1h, condition: {gte: 2}", "2 rules of 1"),
        ("type: event_count, rules: [a-1], timespan: 1h, window: 3, condition: {gte: 2}", "`window`"),
        ("type: temporal, rules: [a-1], timespan: 1h, condition: 'a-1 and b'", "condition"),
    ] {
        let (rules, problems) = correlation(body);
        assert!(rules.correlations().is_empty(), "{body}");
        assert!(problems.iter().any(|problem| problem.reason.contains(says)), "{body}: {problems:?}");
    }
}

#[test]
fn a_correlation_may_use_another_but_not_itself() {
    let text = format!(
        "title: Upper\nname: upper\ncorrelation: {{type: temporal, rules: [lower, a-1], timespan: 1h}}\n---\n{RULE}---\ntitle: \
         Lower\nname: lower\ncorrelation: {{type: event_count, rules: [a-1], timespan: 1h, condition: {{gte: 2}}}}\n---\ntitle: \
         Ring\nname: ring\ncorrelation: {{type: temporal, rules: [ring], timespan: 1h}}\n"
    );
    let (rules, problems) = load(&text);
    let titles: Vec<&str> = rules.correlations().iter().map(|rule| rule.attributes.title.as_str()).collect();
    assert_eq!(titles, ["Lower", "Upper"]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].reason.contains("`ring`"), "{}", problems[0]);
}

#[test]
fn repeated_ids_are_reported() {
    let (rules, problems) = load(&format!("{RULE}---\n{RULE}"));
    assert_eq!((rules.detections().len(), problems.len()), (1, 1));
}

#[test]
fn public_rules_load_unchanged() {
    let Some(files) = crate::corpus::files("sigma/rules", "yml") else { return };
    let (rules, problems) = Rules::load(&files);
    assert_eq!(problems, []);
    assert_eq!(rules.detections().len(), files.len());
    let Some(old) = crate::corpus::files("sigma/unsupported", "yml") else { return };
    let (rules, problems) = Rules::load(&old);
    let titles: Vec<&str> = rules.correlations().iter().map(|rule| rule.attributes.title.as_str()).collect();
    assert_eq!(titles.len(), 6, "aggregations of Sigma 1 with a time frame are correlations: {titles:?}");
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.position.line.is_some() && !problem.hint.is_empty()));
}

#[test]
fn an_aggregation_is_a_rule_and_a_correlation() {
    let text = RULE.replace("condition: selection", "timeframe: 10m\n  condition: selection | count() by user > 5");
    let (rules, problems) = load(&text);
    assert_eq!(problems, []);
    let (rule, correlation) = (&rules.detections()[0], &rules.correlations()[0]);
    assert!(!rule.emits && correlation.emits);
    assert_eq!(correlation.attributes.id.as_deref(), Some("a-1"));
    assert_eq!(correlation.kind, Kind::EventCount(Bounds { least: 6, most: None }));
    assert_eq!(correlation.references, [Reference::Detection(RuleIndex(0))]);
    let near = RULE.replace(
        "  condition: selection",
        "  other: {eventName: x}\n  timeframe: 1h\n  condition: selection | near other",
    );
    let (rules, problems) = load(&near);
    assert_eq!(problems, []);
    assert_eq!((rules.detections().len(), rules.correlations()[0].references.len()), (2, 2));
}

#[test]
fn the_shipped_detectors_load() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../detectors");
    let Ok(folders) = std::fs::read_dir(root) else { return };
    let rule = |folder: std::io::Result<std::fs::DirEntry>| {
        let path = folder.expect("a readable folder").path().join("rule.yml");
        let text = std::fs::read_to_string(&path).ok()?;
        Some(RuleFile { path: path.display().to_string(), text })
    };
    let files: Vec<RuleFile> = folders.filter_map(rule).collect();
    let (_, problems) = Rules::load(&files);
    assert!(problems.is_empty(), "{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    /// Text that looks like a rule, with something wrong anywhere.
    fn rule_like() -> impl Strategy<Value = String> {
        let parts = [
            "title: x",
            "id: a",
            "logsource: {product: aws}",
            "logsource: [",
            "detection:",
            "  s: {a|re: '('}",
            "  s:",
            "    a|expand: '%x%'",
            "    - b|contains|all: [x, y]",
            "  condition: s",
            "  condition: 1 of s* | count() by a > 3",
            "  timeframe: 5m",
            "---",
            "action: repeat",
            "action: global",
            "filter: {rules: any, s: {b: 1}, condition: not s}",
            "correlation: {type: temporal, rules: [a], timespan: 1h}",
            "correlation: {type: value_avg, rules: [a, a], group-by: [a], timespan: 1h, condition: {gte: .5, field: b}}",
            "transformations: [{type: field_name_mapping, mapping: {a: [b, c]}}]",
            "transformations: [{type: drop_detection_item}]",
            "tags: 3",
            "é: \u{0}",
        ];
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..14).prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        #[test]
        fn ends_in_rules_and_problems(text in prop_oneof![rule_like(), any::<String>()]) {
            let file = RuleFile { path: "r.yml".to_owned(), text };
            let options = LoadOptions { pipelines: vec![file.clone()], ..LoadOptions::default() };
            let (rules, problems) = Rules::load_with(&[file], &options);
            prop_assert!(problems.iter().all(|problem| !problem.reason.is_empty() && !problem.hint.is_empty()));
            rules.lint(&[KnownSource { product: "aws", service: "", fields: &["a"] }]);
            crate::Matcher::new(std::sync::Arc::new(rules));
        }
    }
}
