//! Cases for duties: a small table for each rule of matching, and the compiled one read whole. Not a test of the law.

use super::*;

const TABLE: &str = "\
jurisdiction,statute,individual_deadline_days,ag_required,ag_threshold,ag_deadline,source_url,source_date,confidence,regulator,pi_biometric,pi_gov_id,notes
US-CA,Cal. Civ. Code,30,yes,>500,15 days after notifying individuals,https://a.example,2026-01,high,Attorney General,yes,driver licence,\"quoted, with comma\"
US-TX,Tex. Bus. Code,60,yes,>=250,30 days,https://b.example,2026-01,medium,Attorney General,not tagged,,
US-GU,Guam Code,without unreasonable delay,no,,,https://c.example,2026-01,low,,,,
EU-GDPR,Art. 33 and 34,\"without undue delay, if high risk\",yes (supervisory authority),any,72 hours after becoming aware,https://d.example,2026-01,high,,,,
US-HIPAA,45 CFR 164,60,yes (HHS OCR),any,60 days after discovery (>=500),https://e.example,2026-01,high,,,,
EU-NIS2,Directive 2022/2555,n/a,yes (CSIRT),significant,24h early warning,https://f.example,2026-01,high,,,,
";

fn table() -> Vec<Rule> {
    let (rules, problems) = rules(TABLE, "laws.csv");
    assert_eq!(problems, []);
    rules
}

fn lost(class: &str, residency: &str, records: u64) -> Holding {
    Holding { class: DataClass::new(class), residency: Text::new(residency), records, bytes: None }
}

fn discovered() -> Time {
    Time::from_seconds(1_774_349_921)
}

/// Jurisdiction, notice, days until the deadline, coverage.
fn brief(lost: &[Holding]) -> Vec<(String, Notice, Option<i64>, Coverage)> {
    let (duties, _) = duties(lost, discovered(), &table());
    assert!(duties.iter().all(|duty| duty.standing == CONFIRM && !duty.source.is_empty()));
    let days = |at: Time| (at.seconds() - discovered().seconds()) / 86_400;
    duties
        .iter()
        .map(|duty| (duty.jurisdiction.to_string(), duty.notice, duty.deadline.at.map(days), duty.about[0].2))
        .collect()
}

#[test]
fn a_residents_state_sets_the_clock() {
    let found = brief(&[lost("ssn", "US-TX", 900)]);
    assert_eq!(
        found,
        [
            ("US-TX".into(), Notice::Authority, Some(30), Coverage::Named),
            ("US-HIPAA".into(), Notice::People, Some(60), Coverage::IfRegulated),
            ("US-TX".into(), Notice::People, Some(60), Coverage::Named),
            ("US-HIPAA".into(), Notice::Authority, None, Coverage::IfRegulated),
        ]
    );
}

#[test]
fn what_counts_from_something_else_has_words_and_no_date() {
    let (duties, _) = duties(&[lost("ssn", "US-CA", 9)], discovered(), &table());
    let authority =
        duties.iter().find(|d| d.jurisdiction == "US-CA" && d.notice == Notice::Authority).expect("California");
    assert_eq!(authority.deadline, Deadline { words: "15 days after notifying individuals".into(), at: None });
    assert_eq!(authority.addressee, "Attorney General; yes; >500");
    for words in ["14 business days preliminary notice", "24h early warning", "", "as soon as possible", "45"] {
        assert_eq!(date(words, discovered()), None, "{words}");
    }
    assert_eq!(date("36 hours", discovered()), Some(discovered().plus_seconds(129_600)));
}

#[test]
fn europe_has_one_rule_for_its_residents_and_all_their_data() {
    let found = brief(&[lost("message", "DE", 5)]);
    assert_eq!(found[0], ("EU-GDPR".into(), Notice::Authority, Some(3), Coverage::Named));
    assert!(found.contains(&("EU-NIS2".into(), Notice::Authority, None, Coverage::IfRegulated)));
    assert!(!found.iter().any(|(jurisdiction, ..)| jurisdiction.starts_with("US")));
}

#[test]
fn a_kind_of_data_that_the_table_does_not_name_is_doubtful() {
    let of = |class: &str, state: &str| {
        brief(&[lost(class, state, 5)])
            .into_iter()
            .find(|(jurisdiction, ..)| jurisdiction == state)
            .map(|found| found.3)
    };
    assert_eq!(of("interview_recording", "US-CA"), Some(Coverage::Named));
    assert_eq!(of("interview_recording", "US-TX"), Some(Coverage::Doubtful));
    assert_eq!(of("identity_document", "US-TX"), Some(Coverage::Doubtful));
    assert_eq!(of("contact", "US-CA"), Some(Coverage::Doubtful));
    assert_eq!(of("source_code", "US-CA"), None, "not about people");
}

#[test]
fn what_has_no_rule_or_no_residence_is_said() {
    let (duties, gaps) =
        duties(&[lost("ssn", "unknown", 7), lost("ssn", "IN", 8), lost("ssn", "US-TX", 0)], discovered(), &table());
    assert_eq!(duties, []);
    assert_eq!(gaps.len(), 2, "{gaps:?}");
    assert!(gaps.iter().any(|gap| gap.contains("`IN`")) && gaps.iter().any(|gap| gap.contains("7 records")));
}

#[test]
fn a_broken_row_is_left_out_and_reported_with_its_line() {
    let (rules, problems) = rules("jurisdiction,statute,source_url\nUS-CA,x,y\nUS-TX,x\n,x,y\n", "laws.csv");
    assert_eq!(rules.len(), 1);
    assert_eq!(problems.iter().map(|p| p.position.line).collect::<Vec<_>>(), [Some(3), Some(4)]);
    assert_eq!(super::rules("", "laws.csv").1.len(), 1);
}

#[test]
fn the_table_that_the_program_carries_is_read_whole() {
    let text = include_str!("../../../../../duties/notification-laws.csv");
    let (rules, problems) = rules(text, "notification-laws.csv");
    assert_eq!((rules.len(), problems.len()), (66, 0), "{problems:?}");
    let (duties, gaps) = duties(&[lost("ssn", "US-CA", 900), lost("contact", "FR", 5)], discovered(), &rules);
    assert!(gaps.is_empty(), "{gaps:?}");
    let has = |jurisdiction: &str| duties.iter().any(|duty| duty.jurisdiction == jurisdiction);
    assert!(has("US-CA") && has("EU-GDPR") && has("US-HIPAA") && !has("US-TX") && !has("UK-GDPR"));
    let states = rules.iter().filter(|rule| rule.jurisdiction.len() == 5 && rule.jurisdiction.starts_with("US-"));
    assert!(states.count() >= 50);
}

#[test]
fn what_a_scan_of_a_store_calls_classes_is_known_here() {
    for (class, wanted) in [
        ("provider_token", Kind::Column("pi_credentials")),
        ("assigned_secret", Kind::Column("pi_credentials")),
        ("driving_licence", Kind::Column("pi_gov_id")),
        ("medical_record_number", Kind::Column("pi_health")),
        ("model_weights", Kind::NotPersonal),
        ("email", Kind::Other),
    ] {
        assert_eq!(kind(&DataClass::new(class)), wanted, "{class}");
    }
    assert!(!is_personal(&DataClass::new("provider_token")) && is_personal(&DataClass::new("email")));
}
