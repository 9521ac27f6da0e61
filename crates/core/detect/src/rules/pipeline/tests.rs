//! Each transformation and condition of a pipeline, by what a mapped rule meets.

use crate::conformance::{event_of, load, met};
use crate::rules::{LoadOptions, RuleFile};

const RULE: &str = "title: T\nid: t\nstatus: test\ntags: [attack.t1059]\nlogsource: {product: windows, category: process_creation}\n\
                    detection:\n  s:\n    Image|endswith: '\\cmd.exe'\n    User: [root, '%who%']\n  f: {Parent|fieldref: Image}\n  \
                    condition: s and not f\n";

fn options(pipelines: &[&str]) -> LoadOptions {
    let file = |text: &&str| RuleFile { path: "p.yml".to_owned(), text: (*text).to_owned() };
    LoadOptions { pipelines: pipelines.iter().map(file).collect(), ..LoadOptions::default() }
}

/// Whether the rule, sent through the pipelines, meets the record.
fn meets(rule: &str, pipelines: &[&str], product: &'static str, service: &'static str, body: &str) -> bool {
    let (rules, problems) = load(rule, &options(pipelines));
    assert_eq!(problems, [], "{pipelines:?}");
    !met(&rules, &event_of(product, service, body)).is_empty()
}

fn windows(steps: &str, body: &str) -> bool {
    meets(RULE, &[&format!("name: p\ntransformations:\n{steps}")], "windows", "x", body)
}

#[test]
fn fields_are_renamed() {
    for (step, body, expected) in [
        ("- {type: field_name_mapping, mapping: {Image: exe}}", r#"{"exe":"c:\\cmd.exe","User":"root"}"#, true),
        ("- {type: field_name_mapping, mapping: {Image: exe}}", r#"{"Image":"c:\\cmd.exe","User":"root"}"#, false),
        (
            "- {type: field_name_mapping, mapping: {Image: [exe, path]}}",
            r#"{"path":"c:\\cmd.exe","User":"root"}"#,
            true,
        ),
        // The field that is referred to is renamed as well.
        (
            "- {type: field_name_mapping, mapping: {Image: exe}}",
            r#"{"exe":"c:\\cmd.exe","User":"root","Parent":"c:\\cmd.exe"}"#,
            false,
        ),
        ("- {type: field_name_prefix, prefix: win.}", r#"{"win":{"Image":"c:\\cmd.exe","User":"root"}}"#, true),
        ("- {type: field_name_suffix, suffix: .raw}", r#"{"Image.raw":"c:\\cmd.exe","User.raw":"root"}"#, true),
        (
            "- {type: field_name_prefix_mapping, mapping: {Im: a., Ima: b.}}",
            r#"{"b":{"ge":"c:\\cmd.exe"},"User":"root"}"#,
            true,
        ),
        (
            "- {type: field_name_prefix, prefix: win., field_name_conditions: [{type: include_fields, fields: [Image, Parent]}]}",
            r#"{"win.Image":"c:\\cmd.exe","User":"root"}"#,
            true,
        ),
        (
            "- {type: field_name_prefix, prefix: win., field_name_conditions: [{type: exclude_fields, fields: ['Us.*'], mode: re}]}",
            r#"{"win.Image":"c:\\cmd.exe","User":"root"}"#,
            true,
        ),
        (
            "- {id: first, type: field_name_mapping, mapping: {Image: exe}}\n- {type: field_name_prefix, prefix: p., \
             field_name_conditions: [{type: processing_item_applied, processing_item_id: first}]}",
            r#"{"p.exe":"c:\\cmd.exe","User":"root"}"#,
            true,
        ),
    ] {
        assert_eq!(windows(step, body), expected, "{step} on {body}");
    }
}

#[test]
fn several_fields_together_have_the_values_of_one() {
    let mapping = "name: p\ntransformations: [{type: field_name_mapping, mapping: {f: [a, b]}}]";
    for (item, body, expected) in [
        ("f: x", r#"{"b":"x"}"#, true),
        ("f: x", r#"{"f":"x"}"#, false),
        ("f: null", "{}", true),
        ("f: null", r#"{"a":1}"#, false),
        ("f: null", r#"{"b":1}"#, false),
        ("f: [x, null]", "{}", true),
        ("f: [x, null]", r#"{"a":"y","b":"x"}"#, true),
        ("f: [x, null]", r#"{"a":"y"}"#, false),
        ("f|exists: true", r#"{"b":1}"#, true),
        ("f|exists: false", r#"{"b":1}"#, false),
        ("f|exists: false", "{}", true),
        ("f|neq: x", r#"{"a":"y","b":"x"}"#, false),
        ("f|neq: x", r#"{"a":"y"}"#, true),
        ("f|neq: null", r#"{"b":1}"#, true),
        ("f|neq: null", "{}", false),
        ("f|neq: [x, null]", r#"{"a":"y","b":"x"}"#, false),
        ("f|neq: [x, null]", r#"{"a":"y"}"#, true),
        ("f|contains|all: [x, y]", r#"{"a":"x","b":"y"}"#, true),
        ("f|contains|all: [x, y]", r#"{"a":"x","b":"x"}"#, false),
        ("f|contains|all|neq: [x, y]", r#"{"a":"x","b":"y"}"#, false),
        ("f|contains|all|neq: [x, y]", r#"{"a":"x","b":"x"}"#, true),
    ] {
        let rule = format!("title: T\nlogsource: {{product: p}}\ndetection:\n  s:\n    {item}\n  condition: ");
        let found = |condition: &str| meets(&format!("{rule}{condition}\n"), &[mapping], "p", "x", body);
        assert_eq!(found("s"), expected, "{item} on {body}");
        assert_eq!(found("not s"), !expected, "not {item} on {body}");
    }
}

#[test]
fn taxonomies_go_before_pipelines_and_leave_a_correlation_one_field() {
    let file = |text: &str| RuleFile { path: "t.yml".to_owned(), text: text.to_owned() };
    let options = LoadOptions {
        taxonomies: vec![file(
            "priority: 90\ntransformations: [{type: field_name_mapping, mapping: {f: [g, h], k: [j, k]}}]",
        )],
        pipelines: vec![file("priority: 1\ntransformations: [{type: field_name_mapping, mapping: {g: i}}]")],
        ..LoadOptions::default()
    };
    let text = "title: T\nid: t\nlogsource: {product: p}\ndetection: {s: {f: x}, condition: s}\n---\ntitle: C\n\
                correlation: {type: value_count, rules: [t], group-by: [k], timespan: 1h, condition: {gte: 2, field: f}}\n";
    let (rules, problems) = load(text, &options);
    assert_eq!(problems, []);
    for (body, expected) in [(r#"{"i":"x"}"#, 1), (r#"{"h":"x"}"#, 1), (r#"{"g":"x"}"#, 0)] {
        assert_eq!(met(&rules, &event_of("p", "x", body)).len(), expected, "{body}");
    }
    let correlation = &rules.correlations()[0];
    assert_eq!(correlation.group_by[0].field.spelled(), "k");
    assert_eq!(correlation.kind.fields().iter().map(crate::field::Field::spelled).collect::<Vec<_>>(), ["i"]);
}

#[test]
fn values_are_changed() {
    let rule = RULE.replace("User:", "User|expand:");
    let meets = |steps: &str, body: &str| {
        meets(&rule, &[&format!("vars: {{who: [ann, bob*]}}\ntransformations:\n{steps}")], "windows", "x", body)
    };
    let fill = "- {type: value_placeholders}";
    for (step, body, expected) in [
        (fill.to_owned(), r#"{"Image":"\\cmd.exe","User":"bobby"}"#, true),
        (fill.to_owned(), r#"{"Image":"\\cmd.exe","User":"carl"}"#, false),
        ("- {type: wildcard_placeholders}".to_owned(), r#"{"Image":"\\cmd.exe","User":"carl"}"#, true),
        (
            "- {type: value_placeholders, exclude: [who]}\n- {type: wildcard_placeholders, include: [who]}".to_owned(),
            r#"{"Image":"\\cmd.exe","User":"carl"}"#,
            true,
        ),
        (
            format!("{fill}\n- {{type: replace_string, regex: '^\\\\(\\w+)\\.exe$', replacement: '/\\1'}}"),
            r#"{"Image":"/bin/cmd","User":"root"}"#,
            true,
        ),
        (
            format!("{fill}\n- {{type: map_string, mapping: {{root: [admin, '0']}}}}"),
            r#"{"Image":"\\cmd.exe","User":0}"#,
            true,
        ),
        (
            format!("{fill}\n- {{type: map_string, mapping: {{root: admin}}}}"),
            r#"{"Image":"\\cmd.exe","User":"root"}"#,
            false,
        ),
        (
            format!(
                "{fill}\n- {{type: set_value, value: 7, field_name_conditions: [{{type: include_fields, fields: [User]}}]}}"
            ),
            r#"{"Image":"\\cmd.exe","User":7}"#,
            true,
        ),
    ] {
        assert_eq!(meets(&step, body), expected, "{step} on {body}");
    }
    // A placeholder that nothing fills is an error.
    let (rules, problems) = load(&rule, &options(&["transformations: [{type: value_placeholders}]"]));
    assert!(rules.detections().is_empty() && problems[0].reason.contains("`%who%`"));
}

#[test]
fn items_are_dropped_and_conditions_added() {
    let drop = |condition: &str| format!("- {{type: drop_detection_item, {condition}}}");
    let user = "field_name_conditions: [{type: include_fields, fields: [User]}]";
    for (step, body, expected) in [
        (drop(user), r#"{"Image":"\\cmd.exe"}"#, true),
        (
            drop("detection_item_conditions: [{type: match_string, cond: any, pattern: ro+t}]"),
            r#"{"Image":"\\cmd.exe"}"#,
            true,
        ),
        (
            drop("detection_item_conditions: [{type: match_string, cond: all, pattern: ro+t}]"),
            r#"{"Image":"\\cmd.exe"}"#,
            false,
        ),
        // Without its item the filter is gone, and not always true.
        (
            drop("field_name_conditions: [{type: include_fields, fields: [Parent]}]"),
            r#"{"Image":"\\cmd.exe","User":"root","Parent":"\\cmd.exe"}"#,
            true,
        ),
        (
            "- {type: add_condition, conditions: {host: [a, b]}}".to_owned(),
            r#"{"Image":"\\cmd.exe","User":"root","host":"b"}"#,
            true,
        ),
        ("- {type: add_condition, conditions: {host: a}}".to_owned(), r#"{"Image":"\\cmd.exe","User":"root"}"#, false),
        (
            "- {type: add_condition, negated: true, conditions: {host: a}}".to_owned(),
            r#"{"Image":"\\cmd.exe","User":"root"}"#,
            true,
        ),
        (
            "- {type: add_condition, template: true, conditions: {kind: '$product-$category'}}".to_owned(),
            r#"{"Image":"\\cmd.exe","User":"root","kind":"windows-process_creation"}"#,
            true,
        ),
    ] {
        assert_eq!(windows(&step, body), expected, "{step} on {body}");
    }
    let all = "transformations: [{type: drop_detection_item}]";
    let (rules, problems) = load(RULE, &options(&[all]));
    assert!(rules.detections().is_empty() && problems[0].reason.contains("drops everything"), "{problems:?}");
}

#[test]
fn log_sources_change_and_pipelines_have_an_order() {
    let late = "priority: 20\ntransformations:\n- {type: field_name_mapping, mapping: {exe: process.path}}\n- type: \
                change_logsource\n  product: edr\n  service: processes\n  rule_conditions: [{type: logsource, product: windows}]\n";
    let early = "priority: 10\ntransformations: [{type: field_name_mapping, mapping: {Image: exe}}]";
    let body = r#"{"process":{"path":"\\cmd.exe"},"User":"root"}"#;
    assert!(meets(RULE, &[late, early], "edr", "processes", body));
    assert!(!meets(RULE, &[late, early], "windows", "x", body));
    let swapped = late.replace("20", "5");
    assert!(!meets(RULE, &[&swapped, early], "edr", "processes", body));
}

#[test]
fn conditions_decide_whether_a_step_runs() {
    let body = r#"{"exe":"\\cmd.exe","User":"root"}"#;
    for (conditions, runs) in [
        ("rule_conditions: [{type: logsource, product: windows}]", true),
        ("rule_conditions: [{type: logsource, product: linux}]", false),
        ("rule_conditions: [{type: logsource, product: linux}], rule_cond_not: true", true),
        ("rule_conditions: [{type: logsource, product: linux}, {type: is_sigma_rule}], rule_cond_op: or", true),
        ("rule_conditions: [{type: logsource, product: linux}, {type: is_sigma_rule}]", false),
        ("rule_conditions: [{type: is_sigma_correlation_rule}]", false),
        ("rule_conditions: [{type: contains_detection_item, field: User, value: ROOT}]", true),
        ("rule_conditions: [{type: contains_detection_item, field: User, value: ann}]", false),
        ("rule_conditions: [{type: contains_field, field: Parent}]", true),
        ("rule_conditions: [{type: tag, tag: attack.t1059}]", true),
        ("rule_conditions: [{type: rule_attribute, attribute: status, value: test}]", true),
        ("rule_conditions: [{type: rule_attribute, attribute: status, value: stable}]", false),
        ("rule_conditions: [{type: processing_state, key: k, val: 3, op: gte}]", true),
        ("rule_conditions: [{type: processing_state, key: k, val: 4, op: gte}]", false),
        ("rule_conditions: [{type: processing_item_applied, processing_item_id: set}]", true),
        (
            "rule_conditions: {a: {type: is_sigma_rule}, b: {type: tag, tag: x}}, rule_cond_expression: a and not b",
            true,
        ),
        ("rule_conditions: {a: {type: is_sigma_rule}, b: {type: tag, tag: x}}, rule_cond_expression: a and b", false),
    ] {
        let steps = format!(
            "- {{id: set, type: set_state, key: k, val: 3}}\n- {{type: field_name_mapping, mapping: {{Image: exe}}, {conditions}}}"
        );
        assert_eq!(windows(&steps, body), runs, "{conditions}");
    }
}

#[test]
fn failures_are_problems() {
    for (step, says) in [
        ("{type: rule_failure, message: not here, rule_conditions: [{type: logsource, product: windows}]}", "not here"),
        (
            "{type: detection_item_failure, message: no users, field_name_conditions: [{type: include_fields, fields: [User]}]}",
            "no users",
        ),
    ] {
        let (rules, problems) = load(RULE, &options(&[&format!("transformations: [{step}]")]));
        assert!(rules.detections().is_empty(), "{step}");
        assert!(problems[0].reason.contains(says) && problems[0].position.input == "r/rule.yml", "{problems:?}");
    }
}

#[test]
fn what_is_not_supported_is_named_with_its_line() {
    for (text, line, says) in [
        ("transformations:\n- type: set_state\n  key: a\n  val: b\n- type: hashes_fields\n", 5, "`hashes_fields`"),
        ("name: x\npostprocessing:\n- type: embed\n", 2, "shapes queries"),
        ("transformations:\n- type: drop_detection_item\n  when: now\n", 2, "`when`"),
        ("transformations:\n- type: field_name_mapping\n", 2, "no map `mapping`"),
        ("transformations:\n- {type: set_state, key: a, val: b, rule_conditions: [{type: moon}]}\n", 2, "`moon`"),
        ("transformations:\n- {type: replace_string, regex: '(?=x)', replacement: ''}\n", 2, "look-around"),
        ("priority: high\n", 1, "priority"),
        ("steps: []\n", 1, "`steps`"),
        ("- a\n", 1, "not a pipeline"),
        ("transformations: [\n", 1, "not YAML"),
    ] {
        let (_, problems) = load(RULE, &options(&[text]));
        let problem = problems.first().unwrap_or_else(|| panic!("no problem in {text}"));
        assert!(problem.reason.contains(says), "{says}: {problem}");
        assert!(
            problem.position.line.is_some_and(|at| at == line || (says == "not YAML" && at <= line + 1)),
            "{problem}"
        );
        assert_eq!(problem.position.input, "p.yml");
        assert!(!problem.hint.is_empty());
    }
}

#[test]
fn correlations_are_mapped_as_their_rules() {
    let text = format!(
        "{RULE}---\ntitle: C\ncorrelation: {{type: value_count, rules: [t], group-by: [Computer], timespan: 1h, condition: {{gte: \
         2, field: Image}}}}\n"
    );
    let mapping = "transformations:\n- type: field_name_mapping\n  mapping: {Image: exe, Computer: host.name}\n  rule_conditions: \
                   [{type: logsource, product: windows}]\n- {type: change_logsource, product: edr}\n";
    let (rules, problems) = load(&text, &options(&[mapping]));
    assert_eq!(problems, []);
    let correlation = &rules.correlations()[0];
    assert_eq!(format!("{:?}", correlation.group_by[0].field), "Body(\"host.name\")");
    assert!(
        matches!(&correlation.kind, crate::rules::Kind::ValueCount(_, fields) if format!("{fields:?}") == "[Body(\"exe\")]")
    );
    let several = mapping.replace("host.name", "[a, b]");
    let (rules, problems) = load(&text, &options(&[&several]));
    assert!(rules.correlations().is_empty() && problems[0].reason.contains("several"), "{problems:?}");
}
