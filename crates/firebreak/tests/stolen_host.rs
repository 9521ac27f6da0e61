//! A stolen Firebreak host: what the program says of it, responder by responder, held against `docs/stolen-host.md`. `BLESS=1`
//! writes the table anew.

mod program;

use firebreak::stolen;
use firebreak_act::RESPONDERS;
use program::firebreak;
use serde_json::Value;
use std::path::Path;

#[test]
fn the_page_says_what_a_stolen_host_leads_to() {
    let table = stolen::table(&stolen::judge(RESPONDERS));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/stolen-host.md");
    let page = std::fs::read_to_string(&path).unwrap();
    if std::env::var_os("BLESS").is_some() {
        let (head, rest) = page.split_once("| platform | rights of |").unwrap();
        let tail = rest.split_once("\n\n").map_or("", |(_, tail)| tail);
        return std::fs::write(&path, format!("{head}{table}\n{tail}")).unwrap();
    }
    assert!(page.contains(&table), "BLESS=1 writes it anew:\n{table}");
}

#[test]
fn the_program_prints_every_responder_once_and_counts_them() {
    let root = tempfile::tempdir().unwrap();
    let said = firebreak(root.path(), &["--json", "responders", "--stolen-host"]);
    assert_eq!(said.code, 0, "{}", said.error);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, each) = lines.split_last().unwrap();
    assert_eq!(each.len(), RESPONDERS.len());
    let count = |verdict: &str| each.iter().filter(|one| one["verdict"] == verdict).count();
    for verdict in ["denial_only", "undoes", "reads_data", "raises_rights", "unknown"] {
        assert_eq!(summary[verdict], count(verdict), "{verdict}");
    }
    let user = each.iter().find(|one| one["action"] == "aws_user/deny").unwrap();
    assert_eq!((&user["verdict"], &user["without_undo"]["by"]), (&"undoes".into(), &"computed".into()), "{user}");

    let said = firebreak(root.path(), &["responders", "--stolen-host"]);
    assert!(said.out.contains("aws_role_trust/close") && said.out.contains("raises rights"), "{}", said.out);
}
