//! A small register against small maps.

use super::register::register;
use super::*;
use firebreak_model::{EdgeFact, Holding, Interval, Text};

const REGISTER: &str = r#"
format = "firebreak.register/1"

[[record]]
class = "tax_form"
at = ["resource:aws/arn:aws:s3:::forms", "resource:aws/arn:aws:s3:::tax-*"]
purpose = "report payments"
basis = "legal obligation"
owner = "payroll@a.example"
retention_days = 365
oldest = "2025-01-01"

[[record]]
class = "ssn"
at = ["resource:postgres/db/old", "resource:postgres/db/never"]
purpose = "payroll"
basis = "contract"
owner = "payroll@a.example"
retention_days = 30
deleted = "2026-02-01"
"#;

fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn holds(resource: &str, class: &str, records: u64, valid: Interval) -> Fact {
    let class_key = NodeKey::parse(&format!("data_class:{class}")).unwrap();
    let edge = EdgeFact::new(EdgeKind::Holds, NodeKey::parse(resource).unwrap(), class_key, valid, Time(0), "test");
    let holding = Holding { class: DataClass::new(class), residency: Text::new("US-CA"), records, bytes: None };
    Fact::Edge(EdgeFact { holding: Some(holding), ..edge })
}

fn ask(facts: &[Fact]) -> Custody {
    let (records, problems) = register(REGISTER, "register.toml");
    assert_eq!(problems, []);
    custody(&records, facts, at("2026-03-01T00:00:00Z"))
}

#[test]
fn what_is_declared_has_terms_and_what_is_kept_too_long_is_overdue() {
    let custody = ask(&[
        holds("resource:aws/arn:aws:s3:::forms", "tax_form", 5, Interval::ALWAYS),
        holds("resource:aws/arn:aws:s3:::tax-2024", "tax_form", 7, Interval::ALWAYS),
    ]);
    assert_eq!(custody.kept.len(), 2);
    assert!(custody.undeclared().next().is_none());
    assert_eq!(custody.overdue().count(), 2);
    assert_eq!(custody.kept[0].overdue_since, Some(at("2026-01-01T00:00:00Z")));
}

#[test]
fn a_copy_that_nobody_declared_shows_and_data_about_nobody_does_not() {
    let custody = ask(&[
        holds("resource:aws/arn:aws:s3:::backup", "tax_form", 5, Interval::ALWAYS),
        // The class is declared elsewhere, this place for another class only.
        holds("resource:aws/arn:aws:s3:::forms", "ssn", 5, Interval::ALWAYS),
        holds("resource:aws/arn:aws:s3:::forms", "source_code", 5, Interval::ALWAYS),
    ]);
    assert_eq!(custody.undeclared().count(), 2);
    assert_eq!(custody.kept.len(), 2);
    // What the register names and no inventory shows is told.
    assert_eq!(custody.unseen.len(), 1);
}

#[test]
fn a_deletion_is_proven_by_an_end_contradicted_by_what_is_there_and_else_unseen() {
    let ended = Interval::new(at("2025-01-01T00:00:00Z"), at("2026-02-02T00:00:00Z"));
    let gone = ask(&[holds("resource:postgres/db/old", "ssn", 9, ended)]);
    let proofs = |custody: &Custody| custody.deletions.iter().map(|one| one.proof).collect::<Vec<_>>();
    assert_eq!(proofs(&gone), [Proof::Proven, Proof::Unseen]);
    assert_eq!(gone.deletions[0].gone_since, Some(at("2026-02-02T00:00:00Z")));
    assert!(gone.kept.is_empty());
    let there = ask(&[holds("resource:postgres/db/old", "ssn", 9, Interval::ALWAYS)]);
    assert_eq!(proofs(&there), [Proof::Contradicted, Proof::Unseen]);
    // What is there although it was deleted is kept by nobody's leave.
    assert_eq!(there.undeclared().count(), 1);
}

#[test]
fn what_cannot_be_understood_is_told_with_its_line_and_declares_nothing() {
    for (from, to, line) in [
        ("oldest = \"2025-01-01\"", "oldest = \"soon\"", 4),
        ("\"resource:aws/arn:aws:s3:::forms\"", "\"identity:aws/x\"", 4),
        ("\"resource:postgres/db/old\", \"resource:postgres/db/never\"", "", 13),
    ] {
        let (records, problems) = register(&REGISTER.replace(from, to), "register.toml");
        assert_eq!((records.len(), problems.len()), (1, 1), "{problems:?}");
        assert_eq!(problems[0].position.line, Some(line), "{problems:?}");
    }
    for wrong in ["format = \"other/1\"\n", "format = \"firebreak.register/1\"\nrecords = []\n", "[[record]\n"] {
        let (records, problems) = register(wrong, "register.toml");
        assert_eq!((records.len(), problems.len()), (0, 1), "{wrong}");
    }
}
