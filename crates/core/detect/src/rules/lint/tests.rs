//! Each lint fires where it should and is quiet where it should.

use super::{KnownSource, Lint};
use crate::rules::{LoadOptions, RuleFile, Rules};

const SOURCES: [KnownSource<'static>; 3] = [
    KnownSource {
        product: "aws",
        service: "cloudtrail",
        fields: &["eventName", "eventSource", "userIdentity", "sourceIPAddress"],
    },
    KnownSource { product: "okta", service: "okta", fields: &["eventType", "actor"] },
    KnownSource { product: "slack", service: "audit", fields: &[] },
];

fn lints_of(text: &str) -> Vec<Lint> {
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: text.to_owned() }]);
    assert_eq!(problems, [], "{text}");
    rules.lint(&SOURCES)
}

fn names(text: &str) -> Vec<&'static str> {
    lints_of(text).into_iter().map(|lint| lint.name).collect()
}

fn rule(searches: &str, condition: &str) -> String {
    format!(
        "title: T\nid: t\ntags: [attack.t1528]\nlevel: low\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n{searches}  \
         condition: {condition}\n"
    )
}

fn item(item: &str) -> String {
    rule(&format!("  s:\n    {item}\n"), "s")
}

#[test]
fn items() {
    for (text, expected) in [
        ("eventName: GetObject", &[] as &[&str]),
        ("eventName|contains: Get", &[]),
        ("eventName|contains: 'Get*Object'", &[]),
        ("eventName|contains: '*Get'", &["needless_wildcard"]),
        (r"eventName|contains: 'Get\*'", &[]),
        ("eventName|startswith: 'Get*'", &[]),
        ("eventName|startswith: '*Get'", &["wildcard_undoes_modifier"]),
        ("eventName|endswith: 'Get*'", &["wildcard_undoes_modifier"]),
        ("eventName|contains: '*'", &["any_value"]),
        ("eventName: '*'", &[]),
        ("'': '*'", &["any_value"]),
        ("eventName|re: Get", &["plain_expression"]),
        ("eventName|re: 'Get.'", &[]),
        ("eventName|contains|all: [Get]", &["all_of_one"]),
        ("eventName|contains|all: [Get, Object]", &[]),
        ("eventName|all: [Get, Object]", &["all_equal", "two_values"]),
        ("eventName|all: [Get*, '*Object']", &[]),
        ("eventName|windash|contains: Get", &["no_dash"]),
        ("eventName|windash|contains: ' -Get'", &[]),
        ("eventName|fieldref: eventName", &["own_field"]),
        ("eventName|fieldref: eventSource", &[]),
        ("sourceIPAddress|cidr: 10.1.2.3/8", &["host_in_network"]),
        ("sourceIPAddress|cidr: [10.0.0.0/8, 10.1.2.3]", &[]),
        ("firebreak.outcome: Denied", &[]),
        ("firebreak.outcome|cased: Denied", &["impossible_value"]),
        ("firebreak.outcome: deny", &["impossible_value"]),
    ] {
        assert_eq!(names(&item(text)), expected, "{text}");
    }
}

#[test]
fn rules_that_cannot_fire() {
    let searches = "  a: {eventName: GetObject}\n  b: {eventName: PutObject}\n  c: {eventSource: s3}\n  n: {eventName: null}\n  p: \
                    {eventName|startswith: Get}\n";
    let using = |condition: &str| {
        // Every search is used, so that only this lint can speak.
        let names = names(&rule(searches, &format!("'{condition}'")));
        names.into_iter().filter(|name| *name != "unused_search").collect::<Vec<_>>()
    };
    for (condition, expected) in [
        ("a and c", &[] as &[&str]),
        ("a or b", &[]),
        ("a and b", &["two_values"]),
        ("a and not a", &["cannot_fire"]),
        ("a and not p", &["cannot_fire"]),
        ("p and not a", &[]),
        ("a and n", &["cannot_fire"]),
        ("c and n", &[]),
        ("a and not b", &[]),
        ("(a or b) and not (a or b)", &["cannot_fire"]),
        ("(a or b) and not (a or c)", &[]),
    ] {
        assert_eq!(using(condition), expected, "{condition}");
    }
}

#[test]
fn what_a_rule_should_say() {
    assert_eq!(names(&item("eventName: x").replace("level: low\n", "")), ["no_level"]);
    assert_eq!(names(&item("eventName: x").replace("tags: [attack.t1528]\n", "")), ["no_technique"]);
    assert_eq!(names(&item("eventName: x").replace("t1528", "impact")), [""; 0]);
    let two = "  s: {eventName: x}\n  unused: {eventName: y}\n";
    assert_eq!(names(&rule(two, "s")), ["unused_search"]);
    assert_eq!(names(&rule(&format!("{two}  timeframe: 5m\n"), "s | near unused")), [""; 0]);
}

#[test]
fn fields_and_sources() {
    for (text, expected) in [
        ("userIdentity.arn: x", &[] as &[&str]),
        ("eventNam: x", &["unknown_field"]),
        ("EventName: x", &["unknown_field"]),
        ("eventName.deep: x", &[]),
        ("eventNames: x", &["unknown_field"]),
        ("eventName|fieldref: other", &["unknown_field"]),
    ] {
        assert_eq!(names(&item(text)), expected, "{text}");
    }
    let lint = lints_of(&item("EventName: x")).remove(0);
    assert!(lint.cure.contains("`eventName`") && lint.position.line == Some(8), "{lint}");
    for (source, expected) in [
        ("product: slack", &[] as &[&str]),
        ("product: windows", &["no_source"]),
        ("product: aws, service: guardduty", &["no_source"]),
        ("category: webserver", &["no_source"]),
        ("service: audit", &[]),
        ("product: firebreak", &[]),
    ] {
        let text = item("firebreak.operation: x").replace("product: aws, service: cloudtrail", source);
        assert_eq!(names(&text), expected, "{source}");
    }
}

#[test]
fn equal_rules() {
    let one = item("eventName: x");
    let other = one.replace("id: t", "id: u");
    assert_eq!(names(&format!("{one}---\n{other}")), ["same_logic"]);
    assert_eq!(names(&format!("{one}---\n{}", other.replace("eventName: x", "eventName: y"))), [""; 0]);
}

#[test]
fn filters() {
    let filter = |rules: &str, source: &str, condition: &str| {
        format!(
            "{}---\ntitle: F\nlogsource: {{product: {source}}}\nfilter: {{rules: {rules}, s: {{eventName: y}}, condition: \
             '{condition}'}}\n",
            item("eventName|contains: x")
        )
    };
    assert_eq!(names(&filter("[t]", "aws", "not s")), [""; 0]);
    assert_eq!(names(&filter("[t, gone]", "aws", "not s")), ["filter_without_rule"]);
    assert_eq!(names(&filter("any", "okta", "not s")), ["filter_without_rule"]);
    assert_eq!(names(&filter("any", "aws", "s")), ["filter_keeps"]);
}

#[test]
fn spellings_that_a_pipeline_offers_are_not_the_authors() {
    let file = |text: &str| RuleFile { path: "r/rule.yml".to_owned(), text: text.to_owned() };
    let spelled = "transformations: [{id: s, type: field_name_mapping, mapping: {name: [eventName, EventName]}}]";
    let options = LoadOptions { taxonomies: vec![file(spelled)], ..LoadOptions::default() };
    for (written, expected) in [("name: x", &[] as &[&str]), ("nome: x", &["unknown_field"])] {
        let (rules, problems) = Rules::load_with(&[file(&item(written))], &options);
        assert_eq!(problems, []);
        let found: Vec<&str> = rules.lint(&SOURCES).into_iter().map(|lint| lint.name).collect();
        assert_eq!(found, expected, "{written}");
    }
}

#[test]
fn correlations() {
    let text = |correlation: &str| {
        let okta = item("eventType: x")
            .replace("id: t", "id: o")
            .replace("product: aws, service: cloudtrail", "product: okta");
        let slack =
            item("action: x").replace("id: t", "id: s").replace("product: aws, service: cloudtrail", "product: slack");
        format!(
            "{}---\n{okta}---\n{slack}---\ntitle: C\nlevel: low\ntags: [attack.t1528]\ncorrelation: {{timespan: 1h, {correlation}}}\n",
            item("eventName: x")
        )
    };
    for (correlation, expected) in [
        ("type: temporal, rules: [t, o], group-by: [firebreak.actor]", &[] as &[&str]),
        ("type: temporal, rules: [t, o], group-by: [eventName]", &["group_by_never"]),
        ("type: temporal, rules: [t, o], group-by: [eventName], aliases: {eventName: {o: eventType}}", &[]),
        ("type: temporal, rules: [t, s], group-by: [eventName]", &["group_by_across_products"]),
        ("type: temporal, rules: [t, s], group-by: [who], aliases: {who: {t: eventName, s: user}}", &[]),
        ("type: temporal, rules: [t], group-by: [eventName]", &["one_rule"]),
        ("type: value_count, rules: [t], group-by: [eventName], condition: {gte: 2, field: actor}", &["unknown_field"]),
        ("type: value_count, rules: [t], group-by: [eventName], condition: {gte: 2, field: eventSource}", &[]),
    ] {
        assert_eq!(names(&text(correlation)), expected, "{correlation}");
    }
}

#[test]
fn public_rules_give_few_lints() {
    let Some(files) = crate::corpus::files("sigma/rules", "yml") else { return };
    let (rules, problems) = Rules::load(&files);
    assert_eq!(problems, []);
    let lints = rules.lint(&[]);
    // A few ask for any value with `contains: '*'`, which is said and is true.
    let other: Vec<String> =
        lints.iter().filter(|lint| lint.name != "any_value").map(|lint| lint.to_string()).collect();
    assert!(other.is_empty(), "{}", other.join("\n"));
    assert!(lints.len() <= 5, "{} lints in {} rules", lints.len(), files.len());
}
