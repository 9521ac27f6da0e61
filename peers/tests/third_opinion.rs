//! A third opinion: the same rules over the same records through our matcher, rsigma-eval 0.23 and sigma-rust 0.7. Which
//! rule meets which record must be the same, but for differences that are explained here one by one. (The second opinion
//! is the naive evaluator beside the matcher, in its own tests.)

use firebreak_model::LogSource;
use firebreak_peers::corpus;
use firebreak_peers::engines::{Ours, Rsigma, SigmaRust};
use firebreak_peers::shape::{Vocabulary, Wanted, rules};
use std::collections::{BTreeMap, BTreeSet};

/// Which engine said something else than ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Peer {
    Rsigma,
    SigmaRust,
}

/// Who alone says that a rule is met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Only {
    Ours,
    Theirs,
}

/// A difference: the engine, the rule, and who alone says that it is met.
type Difference = (Peer, String, Only);

/// Differences over the public rules, by rule id, and why ours is right or at least deliberate.
const EXPLAINED: &[(Peer, &str, Only, &str)] = &[
    (Peer::SigmaRust, "38e7f511-3f74-41d4-836e-f57dfa18eead", Only::Ours, MISSING_IS_NULL),
    (Peer::SigmaRust, "39c9f26d-6e3b-4dbb-9c7a-4154b0281112", Only::Ours, MISSING_IS_NULL),
    (Peer::SigmaRust, "e386b9b5-af12-450e-afff-761730fb8a98", Only::Ours, MISSING_IS_NULL),
    (Peer::SigmaRust, "62fff148-278d-497e-8ecd-ad6083231a35", Only::Ours, TEXT_OF_NUMBERS),
    (Peer::SigmaRust, "97fbabf8-8e1b-47a2-b7d5-a418d2b95e3d", Only::Ours, ELEMENTS_OF_ARRAYS),
];

/// AWS leaves `errorCode` out where there was no error, and public rules ask for `errorCode: null`. Sigma's text does not
/// say whether a missing field is null; here and in rsigma it is, so that these rules can fire at all.
const MISSING_IS_NULL: &str = "a missing field equals null";
/// The rule writes a number and the record holds it as text, or the other way round: Sigma compares values as text. To
/// sigma-rust a number and its text are two values.
const TEXT_OF_NUMBERS: &str = "a number equals its text";
/// The field is an array of texts: each element is a value of the field. sigma-rust compares the array as one value.
const ELEMENTS_OF_ARRAYS: &str = "an array stands for its elements";

/// What differs over `records`, with how many records show it.
fn differences(texts: &[String], records: &[String], routes: &[LogSource]) -> (BTreeMap<Difference, usize>, usize) {
    let (mut ours, problems) = Ours::load(texts, LogSource { product: "", service: "" });
    assert!(problems.is_empty(), "{problems:#?}");
    let (rsigma, problems) = Rsigma::load(texts);
    assert!(problems.is_empty(), "{problems:#?}");
    let (sigma_rust, problems) = SigmaRust::load(texts);
    assert!(problems.is_empty(), "{problems:#?}");
    let (mut found, mut met) = (BTreeMap::new(), 0);
    let mut note = |peer, own: &[String], theirs: &[String]| {
        for (one, other, only) in [(own, theirs, Only::Ours), (theirs, own, Only::Theirs)] {
            for rule in one.iter().filter(|rule| !other.contains(rule)) {
                *found.entry((peer, rule.clone(), only)).or_default() += 1;
            }
        }
    };
    for record in records {
        for route in routes {
            let own = ours.names(record, *route);
            met += own.len();
            note(Peer::Rsigma, &own, &rsigma.names(record, *route));
            if let Some(theirs) = sigma_rust.names(record, *route) {
                note(Peer::SigmaRust, &own, &theirs);
            }
        }
    }
    (found, met)
}

/// The texts that all three engines load.
fn loadable(texts: Vec<String>) -> Vec<String> {
    let loads = |text: &String| {
        let one = std::slice::from_ref(text);
        let ours = Ours::load(one, LogSource { product: "", service: "" }).1;
        ours.is_empty() && Rsigma::load(one).1.is_empty() && SigmaRust::load(one).1.is_empty()
    };
    texts.into_iter().filter(loads).collect()
}

/// Every real record at hand.
fn real_records() -> Vec<String> {
    let mut records = [corpus::cloudtrail("invictus-aws_dataset"), corpus::cloudtrail("stratus-red-team")].concat();
    for log_type in [
        "AWS.CloudTrail",
        "GitHub.Audit",
        "Okta.SystemLog",
        "GCP.AuditLog",
        "GSuite.ActivityEvent",
        "Azure.MonitorActivity",
        "Azure.Audit",
        "Amazon.EKS.Audit",
        "Slack.AuditLogs",
        "OneLogin.Events",
        "Duo.Administrator",
        "Duo.Authentication",
        "Microsoft365.Audit.AzureActiveDirectory",
        "Atlassian.Audit",
    ] {
        records.extend(corpus::labelled(log_type));
    }
    records
}

#[test]
fn public_rules_over_real_records() {
    let Some(files) = corpus::public_rules() else {
        println!("skipped: corpus absent");
        return;
    };
    let files: Vec<String> = files.into_iter().map(|(_, text)| text).collect();
    let total = files.len();
    let texts = loadable(files);
    let routes: BTreeSet<(String, String)> = texts.iter().filter_map(|text| route(text)).collect();
    let leaked = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let routes: Vec<LogSource> = routes
        .into_iter()
        .map(|(product, service)| LogSource { product: leaked(product), service: leaked(service) })
        .collect();
    let (found, met) = differences(&texts, &real_records(), &routes);
    println!("{} of {total} rules load everywhere; {met} times a record meets a rule", texts.len());
    assert!(met > 300, "the records meet hardly any rule: {met}");
    let explains = |difference: &Difference| {
        EXPLAINED
            .iter()
            .any(|(peer, rule, only, _)| (*peer, *rule, *only) == (difference.0, difference.1.as_str(), difference.2))
    };
    let unexplained: Vec<_> = found.iter().filter(|(difference, _)| !explains(difference)).collect();
    assert!(unexplained.is_empty(), "unexplained differences, with records that show them: {unexplained:#?}");
    let stale: Vec<_> = EXPLAINED
        .iter()
        .filter(|(peer, rule, only, _)| !found.contains_key(&(*peer, (*rule).to_owned(), *only)))
        .collect();
    assert!(stale.is_empty(), "explained, but there is no such difference: {stale:#?}");
}

/// The product and service that a rule names.
fn route(text: &str) -> Option<(String, String)> {
    let (rules, _) = firebreak_detect::Rules::load(&[firebreak_detect::RuleFile {
        path: "r.yml".to_owned(),
        text: text.to_owned(),
    }]);
    let route = &rules.detections().first()?.route;
    Some((route.product.as_ref()?.to_string(), route.service.as_deref().unwrap_or_default().to_owned()))
}

#[test]
fn generated_rules_over_real_records() {
    let records = [corpus::cloudtrail("invictus-aws_dataset"), corpus::cloudtrail("stratus-red-team")].concat();
    if records.is_empty() {
        println!("skipped: corpus absent");
        return;
    }
    generated(&records, 800);
}

#[test]
fn generated_rules_over_generated_records() {
    generated(&invented_records(600), 400);
}

/// Generated rules over `records` give the same everywhere.
fn generated(records: &[String], count: usize) {
    let operation = &["eventSource", "eventName"];
    let log_source = LogSource { product: "aws", service: "cloudtrail" };
    let wanted = Wanted {
        seed: 11,
        count,
        fields: 114,
        keyword_rules: 30,
        log_source: (log_source.product, log_source.service),
        operation,
        common: &["errorCode", "userAgent", "userIdentity.type", "userIdentity.arn", "list", "deep.list.name"],
    };
    let texts = rules(&wanted, &Vocabulary::of(records, operation));
    let (found, met) = differences(&texts, records, &[log_source]);
    assert!(met > records.len() / 20, "the records meet hardly any rule: {met}");
    let of_rule = |name: &str| texts.iter().find(|text| text.contains(name)).cloned().unwrap_or_default();
    // Two classes of the table above: a rule that asks for null, and one that asks a field in which records have arrays.
    let explained = |(peer, rule, only): &Difference| {
        let text = of_rule(rule);
        let arrays = text.contains("    list") || text.contains("    deep.list");
        *peer == Peer::SigmaRust && (arrays || *only == Only::Ours && text.contains(": null"))
    };
    let unexplained: Vec<_> = found.iter().filter(|(difference, _)| !explained(difference)).collect();
    for ((peer, rule, only), times) in &unexplained {
        println!("{peer:?}, only {only:?}, {times} records:\n{}", of_rule(rule));
    }
    assert!(unexplained.is_empty(), "{} differences", unexplained.len());
}

/// Records in which few values come in many shapes: nested, in arrays, as numbers, null, with capitals, missing.
fn invented_records(count: u64) -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % bound
    };
    let record = |number| {
        let source = ["s3.amazonaws.com", "iam.amazonaws.com", "S3.amazonaws.com"][below(3) as usize];
        let name = ["GetObject", "CreateUser", "deleteTrail", "PutBucketPolicy"][below(4) as usize];
        let agent = ["aws-cli/2.1 md/Botocore", "Boto3/1.40", "console.amazonaws.com", "Ünïcode/1"][below(4) as usize];
        let extra = [
            r#""errorCode":"AccessDenied""#,
            r#""errorCode":null"#,
            r#""readOnly":true"#,
            r#""tries":3"#,
            r#""list":["alpha","Beta","gamma-4"]"#,
            r#""deep":{"list":[{"name":"one"},{"name":"two","size":7}]}"#,
            r#""deep":{"list":[]}"#,
            r#""dotted.name":"value""#,
        ];
        let (one, two) = (extra[below(8) as usize], below(9));
        format!(
            r#"{{"eventID":"e-{number}","eventSource":"{source}","eventName":"{name}","userAgent":"{agent}",{one},"same":"e-{two}","requestParameters":{{"bucketName":"bucket-{two}","key":"a/b?c*{two}"}}}}"#
        )
    };
    (0..count).map(record).collect()
}
