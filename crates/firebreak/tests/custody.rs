//! Custody on the packaged company: its register against what its inventories say lies where, in numbers of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use program::firebreak;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const AT: &str = "2026-04-02T06:00:00Z";
const FORMS: &str = "resource:aws/arn:aws:s3:::meridian-payroll-forms";
const DATABASE: &str = "resource:postgres/db.meridian.internal/contractors";

fn custody(root: &Path, register: &str, code: i32) -> Value {
    fs::write(root.join("register.toml"), register).unwrap();
    let arguments =
        ["custody", "--json", "--inventory", "sand/inventory", "--register", "register.toml", "--as-of", AT];
    let said = firebreak(root, &arguments);
    assert_eq!(said.code, code, "{} {}", said.out, said.error);
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

/// Records of people by class and place, as the company's own statement has them.
fn stated(root: &Path) -> BTreeMap<(String, String), u64> {
    let estate: Value = serde_json::from_slice(&fs::read(root.join("sand/inventory/estate.json")).unwrap()).unwrap();
    let mut held: BTreeMap<(String, String), u64> = BTreeMap::new();
    for store in estate["stores"].as_array().unwrap() {
        for holding in store["holdings"].as_array().into_iter().flatten() {
            let key = (holding["class"].as_str().unwrap().to_owned(), store["resource"].as_str().unwrap().to_owned());
            *held.entry(key).or_default() += holding["records"].as_u64().unwrap();
        }
    }
    held
}

fn kept(answer: &Value) -> BTreeMap<(String, String), Value> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let all = answer["kept"].as_array().unwrap().iter();
    all.map(|one| ((text(one, "class"), text(one, "resource")), one.clone())).collect()
}

#[test]
fn purpose_basis_hands_copies_and_what_is_overdue_are_the_companys_own_numbers() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let register = format!(
        r#"format = "firebreak.register/1"
[[record]]
class = "tax_form"
at = ["{FORMS}"]
purpose = "report what contractors earn to the tax office"
basis = "legal obligation"
owner = "payroll@meridian.example"
processors = ["the payroll service"]
retention_days = 2555
oldest = "2021-01-04"
[[record]]
class = "ssn"
at = ["resource:postgres/db.meridian.internal/*"]
purpose = "pay contractors"
basis = "contract"
owner = "payroll@meridian.example"
retention_days = 400
oldest = "2025-01-01"
"#
    );
    let answer = custody(root.path(), &register, 3);
    let (truth, kept) = (stated(root.path()), kept(&answer));
    for ((class, resource), one) in &kept {
        assert_eq!(
            one["records"].as_u64(),
            truth.get(&(class.clone(), resource.clone())).copied(),
            "{class} {resource}"
        );
    }
    let of = |class: &str, place: &str| &kept[&(class.to_owned(), place.to_owned())];
    let forms = of("tax_form", FORMS);
    assert_eq!(forms["terms"]["basis"], "legal obligation");
    assert_eq!(
        (&forms["terms"]["processors"][0], &forms["overdue_since"]),
        (&"the payroll service".into(), &Value::Null)
    );
    // The database holds the same forms: nobody declared that, so it is a copy.
    assert_eq!(of("tax_form", DATABASE)["terms"], Value::Null);
    assert_eq!(of("ssn", DATABASE)["overdue_since"], "2026-02-05T00:00:00Z", "400 days after the first of 2025");
    assert_eq!(answer["overdue"], 1);
    let copies = kept.values().filter(|one| one["terms"].is_null()).count();
    assert_eq!(answer["undeclared"].as_u64(), Some(copies as u64));
    assert!(!kept.keys().any(|(class, _)| class == "source_code"), "source code is no record of people");
}

#[test]
fn a_deletion_that_an_inventory_contradicts_is_no_deletion() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let deleted = |place: &str| {
        format!(
            "format = \"firebreak.register/1\"\n[[record]]\nclass = \"ssn\"\nat = [\"{place}\"]\npurpose = \"payroll\"\nbasis = \
             \"contract\"\nowner = \"payroll@meridian.example\"\nretention_days = 30\ndeleted = \"2026-02-01\"\n"
        )
    };
    let answer = custody(root.path(), &deleted(DATABASE), 3);
    assert_eq!(answer["deletions"][0]["proof"], "contradicted");
    let nowhere = custody(root.path(), &deleted("resource:postgres/db.meridian.internal/old"), 3);
    assert_eq!(nowhere["deletions"][0]["proof"], "unseen", "no inventory ever held it, which proves nothing");
}
