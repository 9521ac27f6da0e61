//! The detectors on logs of real accounts, and on other people's labelled events, against the committed score.

#![allow(clippy::print_stdout, reason = "scores are printed, and a skipped test says so")]

mod logs;
mod score;

use score::{Score, page, techniques};
use std::fs;

/// Prints every row that is judged otherwise than labelled.
fn print(score: &Score) {
    for (log_type, one) in &score.labelled.log_types {
        println!(
            "{log_type}: {} of {} bad found, {} of {} good quiet, {} unread",
            one.true_found, one.true_total, one.false_quiet, one.false_total, one.unread
        );
        one.otherwise.iter().for_each(|line| println!("  {line}"));
    }
    let account = &score.account;
    println!("one account: {} events, {} findings", account.events, account.findings.len());
    let by = techniques::counts(&account.findings);
    by.iter().for_each(|(detector, count)| println!("  {count:>3} {detector}"));
    println!("on Terraform alone: {:?}", account.noise);
    println!("{}", score.json());
}

#[test]
fn score() {
    let Some(score) = Score::measure() else { return };
    print(&score);
    let path = logs::root().join("docs/score.md");
    let new = page::render(&score);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &new).expect("a writable page");
    }
    let old = fs::read_to_string(&path).expect("the committed score");
    let worse = page::worse(&old, &new);
    assert!(worse.is_empty(), "judged worse than `docs/score.md` says:\n{}", worse.join("\n"));
}

#[test]
fn techniques_are_found_in_real_accounts() {
    let mut run = logs::Run::new(logs::rules());
    if let Some(folder) = score::corpus("invictus-aws_dataset/CloudTrail") {
        let account = techniques::account(&mut run, &folder);
        assert_eq!(account.events, 2_900);
        assert!(account.silent.is_empty(), "not found: {:?}", account.silent);
        assert!(account.findings.len() <= 80, "{} findings in one afternoon", account.findings.len());
    }
    if let Some(folder) = score::corpus("stratus-red-team") {
        let files = techniques::files(&mut run, &folder);
        assert!(files.missed.is_empty(), "missed: {:?}", files.missed);
    }
}
